#pragma once
#include "trommel/config.h"

namespace trommel::cuda {

// Ids, windows and a value that no aggregate reads: what a shard has to carry.
inline Config job(int64_t horizon_us = 1'000'000) {
    Config config;
    config.dedup.id_type = IdType::u64;
    config.dedup.horizon_us = horizon_us;
    config.time.out_of_order_us = 10'000;
    config.key = {{"key", FieldType::integer}};
    config.values = {{"unread", 0}, {"v", 0}};
    config.aggregates = {{"count", AggregateKind::count, 0, 0}, {"sum", AggregateKind::sum, 1, 0}};
    config.windows = {{"w", WindowKind::tumbling, 100'000, 100'000, 0}};
    return config;
}

}  // namespace trommel::cuda
