#include "bench/kit/load_job.h"

#include <cstdio>

namespace trommel::bench {

Config config_of(const LoadJob& job) {
    Config config;
    config.dedup.id_type = IdType::u64;
    config.dedup.horizon_us = job.horizon_us;
    config.time.out_of_order_us = job.out_of_order_us;
    config.key = {{"key", FieldType::integer}};
    config.values = {{"v0", 0}};
    config.aggregates = {{"count", AggregateKind::count, 0, 0},
                         {"sum", AggregateKind::sum, 0, 0},
                         {"min", AggregateKind::min, 0, 0},
                         {"max", AggregateKind::max, 0, 0}};
    config.windows = {{"w", WindowKind::tumbling, job.window_us, job.window_us, 0}};
    config.engine.threads = job.threads;
    config.engine.memory_bytes = job.memory_bytes;
    config.engine.prefault = job.prefault;
    return config;
}

net::DecodeOptions decode_of(const LoadJob& job) {
    const Config config = config_of(job);
    net::DecodeOptions decode;
    decode.format = net::Format::binary;
    decode.id.form = net::IdForm::u64;
    decode.time.form = net::TimeForm::us;
    decode.key = config.key;
    decode.values = config.values;
    return decode;
}

net::SyntheticOptions stream_of(const LoadJob& job, uint64_t events) {
    net::SyntheticOptions stream;
    stream.events = events;
    stream.keys = job.keys;
    stream.duplicate_share = job.duplicate_share;
    stream.duplicate_distance = job.duplicate_distance;
    net::keep_to(config_of(job), stream);
    return stream;
}

// An id may stay for two ticks beyond its horizon (contract D2) and until its page is visited
// again; two windows are open at once.
int64_t full_after_us(const LoadJob& job) {
    return job.horizon_us + job.horizon_us / 8 + job.out_of_order_us + 2 * job.window_us;
}

std::string to_text(const LoadJob& job) {
    char text[256];
    std::snprintf(text, sizeof text,
                  "exact dedup of 64-bit ids with a horizon of %.4g s, %.4g %% duplicates, %llu "
                  "keys, a window of %.4g s with count, sum, min, max, threads %u",
                  static_cast<double>(job.horizon_us) / 1e6, 100 * job.duplicate_share,
                  static_cast<unsigned long long>(job.keys),
                  static_cast<double>(job.window_us) / 1e6, job.threads);
    return text;
}

}  // namespace trommel::bench
