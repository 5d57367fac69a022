#pragma once
#include <cstdint>

namespace trommel::bench {

// Dedup and windows over the events of one horizon, against the queries that a user of DuckDB
// would write. Prints a table; false: the answers were not the same.
bool compare_duckdb(uint64_t live_ids, uint64_t keys, uint64_t rounds);

}  // namespace trommel::bench
