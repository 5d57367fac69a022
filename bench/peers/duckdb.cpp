#include "bench/peers/duckdb.h"

#include "bench/peers/duckdb_c.h"

namespace trommel::bench {

struct DuckDb::Handles {
    duckdb_database database = nullptr;
    duckdb_connection connection = nullptr;
};

DuckDb::DuckDb() : handles_(std::make_unique<Handles>()) {
    if (duckdb_open(nullptr, &handles_->database) != DuckDBSuccess ||
        duckdb_connect(handles_->database, &handles_->connection) != DuckDBSuccess) {
        error_ = "it cannot be opened";
        return;
    }
    query_row("SET threads = 1", 0);
    query_row("CREATE TABLE events (id UBIGINT, k BIGINT, t BIGINT, v BIGINT)", 0);
}

DuckDb::~DuckDb() {
    duckdb_disconnect(&handles_->connection);
    duckdb_close(&handles_->database);
}

std::string DuckDb::version() {
    return duckdb_library_version();
}

void DuckDb::append(const RecordBatch& batch) {
    if (!error_.empty()) return;
    duckdb_appender appender = nullptr;
    bool good =
        duckdb_appender_create(handles_->connection, nullptr, "events", &appender) == DuckDBSuccess;
    for (uint32_t row = 0; good && row < batch.count; ++row) {
        good = duckdb_append_uint64(appender, batch.id_lo[row]) == DuckDBSuccess &&
               duckdb_append_int64(appender, batch.key_int[row]) == DuckDBSuccess &&
               duckdb_append_int64(appender, batch.time_us[row]) == DuckDBSuccess &&
               duckdb_append_int64(appender, batch.values[0][row]) == DuckDBSuccess &&
               duckdb_appender_end_row(appender) == DuckDBSuccess;
    }
    if (duckdb_appender_destroy(&appender) != DuckDBSuccess || !good) error_ = "appending failed";
}

std::vector<int64_t> DuckDb::query_row(const std::string& sql, uint32_t columns) {
    std::vector<int64_t> row;
    if (!error_.empty()) return row;
    duckdb_result result{};
    if (duckdb_query(handles_->connection, sql.c_str(), &result) == DuckDBSuccess) {
        for (uint32_t c = 0; c < columns; ++c) row.push_back(duckdb_value_int64(&result, c, 0));
    } else {
        const char* const message = duckdb_result_error(&result);
        error_ = message != nullptr ? message : "a query failed";
    }
    duckdb_destroy_result(&result);
    return row;
}

}  // namespace trommel::bench
