#pragma once
#include <cstdint>

// The few functions of DuckDB's C interface that we call, in our words: the packages that bring
// its library (tools/setup --peers) bring no header. The interface is stable since DuckDB 1.0.
extern "C" {
using duckdb_database = struct DuckdbDatabase*;
using duckdb_connection = struct DuckdbConnection*;
using duckdb_appender = struct DuckdbAppender*;
struct duckdb_result {
    uint64_t deprecated_numbers[3];
    void* deprecated_columns;
    char* deprecated_message;
    void* internal;
};
enum duckdb_state : int { DuckDBSuccess = 0, DuckDBError = 1 };

const char* duckdb_library_version();
duckdb_state duckdb_open(const char* path, duckdb_database* out);  // Null: in memory.
void duckdb_close(duckdb_database* database);
duckdb_state duckdb_connect(duckdb_database database, duckdb_connection* out);
void duckdb_disconnect(duckdb_connection* connection);

duckdb_state duckdb_query(duckdb_connection connection, const char* sql, duckdb_result* out);
const char* duckdb_result_error(duckdb_result* result);
int64_t duckdb_value_int64(duckdb_result* result, uint64_t column, uint64_t row);
void duckdb_destroy_result(duckdb_result* result);

duckdb_state duckdb_appender_create(duckdb_connection connection, const char* schema,
                                    const char* table, duckdb_appender* out);
duckdb_state duckdb_append_uint64(duckdb_appender appender, uint64_t value);
duckdb_state duckdb_append_int64(duckdb_appender appender, int64_t value);
duckdb_state duckdb_appender_end_row(duckdb_appender appender);
duckdb_state duckdb_appender_destroy(duckdb_appender* appender);  // Flushes.
}
