#pragma once
#include <cstdint>
#include <vector>

#include "tests/kit/oracle.h"

namespace trommel::testkit {

// The rows of all windows of a job over its unique events, in the contract's order (W1 to W4).
std::vector<OracleRow> window_rows(const Config& config, const std::vector<OracleEvent>& unique);

// sum / count, both of values kept times 10^value_digits, at `digits` fraction digits, half to
// even.
int128 mean(int128 sum, uint64_t count, int value_digits, int digits);

}  // namespace trommel::testkit
