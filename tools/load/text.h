#pragma once
#include <string>

#include "trommel/status.h"

#include "bench/kit/load_report.h"
#include "tools/exit_code.h"

namespace trommel::tools {

// A report of this program on this machine, without figures yet.
bench::LoadReport load_report(const std::string& command);

// Says on stderr what was wrong; returns what to exit with.
ExitCode refuse(const Status& status);

// On stdout, as a table or as JSON.
void print(const bench::LoadReport& report, bool json);

}  // namespace trommel::tools
