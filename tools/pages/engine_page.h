#pragma once
#include <string>

#include "bench/kit/engine_report.h"
#include "tools/pages/html_report.h"

namespace trommel::tools {

// The page of `trommel bench --engine --report`: for each workload rates and times by the size of
// batches, the batches that each engine needs by rate, the break-even, and the GPU's limits. A
// workload whose engines disagree has a note and no figure.
Page engine_page(const bench::EngineReport& report, const std::string& version,
                 const std::string& time);

}  // namespace trommel::tools
