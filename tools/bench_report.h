#pragma once
#include <string>

#include "bench/kit/load_report.h"

namespace trommel::tools {

// A report of this program on this machine, without figures yet.
bench::LoadReport load_report(const std::string& command);

// On stdout, as a table or as JSON.
void print(const bench::LoadReport& report, bool json);

}  // namespace trommel::tools
