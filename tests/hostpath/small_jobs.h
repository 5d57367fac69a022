#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "trommel/config.h"
#include "trommel/record_batch.h"

#include "tests/kit/oracle.h"
#include "tests/kit/random_job.h"

// Small jobs and events for the tests of this folder.
namespace trommel::hostpath {

// Deduplicates 64-bit ids for ever; nothing is late.
inline Config dedup_job() {
    Config config;
    config.dedup.id_type = IdType::u64;
    config.output = Output::unique;
    config.engine.memory_bytes = uint64_t{64} << 20;
    config.engine.seed = 42;
    config.engine.batch_records = 64;
    return config;
}

// The same, and counts and sums its one value by an integer key in tumbling windows of 10 ms.
inline Config window_job() {
    Config config = dedup_job();
    config.output = Output::windows;
    config.key = {{"k", FieldType::integer}};
    config.values = {{"v", 0}};
    config.aggregates = {{"count", AggregateKind::count, 0, 0}, {"sum", AggregateKind::sum, 0, 0}};
    config.windows = {{"w", WindowKind::tumbling, 10'000, 10'000, 0}};
    config.time.out_of_order_us = 0;
    return config;
}

inline Config session_job(int64_t gap_us) {
    Config config = window_job();
    config.windows = {{"s", WindowKind::session, 0, 0, gap_us}};
    return config;
}

inline std::string u64_id(uint64_t id) {
    std::string bytes;
    for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(id >> shift);
    return bytes;
}

// An event of a job without keys and values.
inline testkit::OracleEvent event(uint64_t id, int64_t time_us, uint32_t partition = 0) {
    testkit::OracleEvent event;
    event.id = u64_id(id);
    event.time_us = time_us;
    event.partition = partition;
    return event;
}

inline testkit::OracleEvent corrupt_event(uint32_t partition = 0) {
    testkit::OracleEvent event = hostpath::event(0, 0, partition);
    event.corrupt = true;
    return event;
}

// An event of window_job().
inline testkit::OracleEvent keyed(uint64_t id, int64_t time_us, int64_t key, int64_t value = 1) {
    testkit::OracleEvent event = hostpath::event(id, time_us);
    event.key = {{FieldType::integer, key, ""}};
    event.values = {value};
    return event;
}

// One event for each time, with ids of their own.
inline std::vector<testkit::OracleEvent> events_at(const std::vector<int64_t>& times_us,
                                                   uint64_t first_id = 0) {
    std::vector<testkit::OracleEvent> events;
    for (const int64_t time_us : times_us) events.push_back(event(first_id++, time_us));
    return events;
}

inline std::vector<Verdict> verdicts_of(const RecordBatch& batch) {
    return {batch.verdict.begin(), batch.verdict.begin() + batch.count};
}

}  // namespace trommel::hostpath
