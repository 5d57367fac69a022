#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "trommel/record_batch.h"

namespace trommel::bench {

// An in-memory database of DuckDB, on one thread, with a table `events` of (id, k, t, v).
class DuckDb {
   public:
    DuckDb();
    ~DuckDb();
    DuckDb(const DuckDb&) = delete;
    DuckDb& operator=(const DuckDb&) = delete;

    static std::string version();

    // 64-bit ids, one integer key, one value.
    void append(const RecordBatch& batch);
    // The integers of the one row that the query gives; none when something went wrong.
    std::vector<int64_t> query_row(const std::string& sql, uint32_t columns);
    const std::string& error() const { return error_; }  // Empty: nothing went wrong so far.

   private:
    struct Handles;
    std::unique_ptr<Handles> handles_;
    std::string error_;
};

}  // namespace trommel::bench
