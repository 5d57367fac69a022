#pragma once
#include <vector>

#include "bench/kit/case.h"

namespace trommel::bench {

// Whole jobs on one thread, from a file in the page cache to rows that nobody wants, beside what
// the engine does with the same events when they are in memory: in batches that the cache holds.
// The one that reads JSON is there only in a build with simdjson, beside which it is measured.
std::vector<CaseInfo> file_cases();

}  // namespace trommel::bench
