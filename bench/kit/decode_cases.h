#pragma once
#include <vector>

#include "bench/kit/case.h"

namespace trommel::bench {

// From bytes to the columns of a batch. The one that reads JSON is there only in a build with
// simdjson, beside which it is measured.
std::vector<CaseInfo> decode_cases();

}  // namespace trommel::bench
