#pragma once
#include <string>

#include "tools/plan/model.h"

namespace trommel::tools {

// A plan for people: section by section, each line with its value, its formula and what it rests
// on; then what matters most, and the warnings.
std::string plan_table(const Plan& plan);

// The same for programs: {"lines":[{"id","section","value","unit","formula",…}], "warnings":[…],
// "sensitivity":[…]}.
std::string plan_json(const Plan& plan);

}  // namespace trommel::tools
