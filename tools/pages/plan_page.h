#pragma once
#include <string>

#include "tools/pages/html_report.h"
#include "tools/plan/check.h"
#include "tools/plan/model.h"

namespace trommel::tools {

// The page of `trommel plan --report`: every figure with its formula, and what moves it.
Page plan_page(const Plan& plan, std::vector<Fact> facts);

// The page of `trommel plan --check --report`: predicted against measured.
Page plan_check_page(const PlanReport& report, std::vector<Fact> facts);

}  // namespace trommel::tools
