#pragma once
#include <string>

#include "bench/kit/load_report.h"
#include "tools/pages/html_report.h"

namespace trommel::tools {

// The page of `trommel bench ingest` and `trommel bench sustain`. Of a run that did not add up it
// says so and shows no figure. `time`: when it was written.
Page load_page(const bench::LoadReport& report, const std::string& time);

}  // namespace trommel::tools
