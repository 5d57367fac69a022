#pragma once
#include <vector>

#include "bench/kit/case.h"

namespace trommel::bench {

// From bytes to the columns of a batch, and from a file to rows. Those that read JSON are there
// only in a build with simdjson, beside which they are measured.
std::vector<CaseInfo> decode_cases();

}  // namespace trommel::bench
