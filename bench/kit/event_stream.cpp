#include "bench/kit/event_stream.h"

#include <algorithm>
#include <cmath>

#include "kernels/rules/hash.h"

namespace trommel::bench {
namespace {

uint64_t horizon_events(const EventStreamOptions& options) {
    return options.live * 5 / (5 - EventStream::kDuplicatesOf5);
}

}  // namespace

EventStream::EventStream(const EventStreamOptions& options)
    : options_(options), reach_(horizon_events(options) / 2 * 4 / 5) {}

Config EventStream::job(const EventStreamOptions& options) {
    Config config;
    const auto horizon = static_cast<int64_t>(horizon_events(options));
    const int64_t window = options.window_events > 0 ? static_cast<int64_t>(options.window_events)
                                                     : std::max<int64_t>(horizon / 2, 1);
    config.dedup.id_type = IdType::u64;
    config.dedup.horizon_us = horizon * kStepUs;
    config.time.out_of_order_us = 100 * kStepUs;
    config.key = {{"key", FieldType::integer}};
    config.values = {{"v", 0}};
    config.aggregates = {{"count", AggregateKind::count, 0, 0},
                         {"sum", AggregateKind::sum, 0, 0},
                         {"min", AggregateKind::min, 0, 0},
                         {"max", AggregateKind::max, 0, 0}};
    config.windows = {{"w", WindowKind::tumbling, window * kStepUs, window * kStepUs, 0}};
    config.engine.memory_bytes = uint64_t{6} << 30;
    config.engine.batch_records = 4096;
    return config;
}

int64_t EventStream::key(uint64_t random) const {
    switch (options_.skew) {
        case Keys::uniform:
            return static_cast<int64_t>(random % options_.keys);
        case Keys::zipf: {
            // Log-uniform: the density of 1 / rank.
            const double u = static_cast<double>(random >> 11) * 0x1p-53;
            const double rank = std::exp(u * std::log(static_cast<double>(options_.keys)));
            return static_cast<int64_t>(std::min(rank, static_cast<double>(options_.keys) - 1));
        }
        case Keys::one:
            return 7;
    }
    return 0;
}

void EventStream::fill(RecordBatch& batch) {
    batch.clear();
    for (uint32_t row = 0; row < batch.capacity; ++row, ++events_) {
        const uint64_t random = rules::mix64(events_ * 0x9e3779b97f4a7c15u + 1);
        const bool copy = random % 5 < kDuplicatesOf5 && unique_ > 0;
        const uint64_t back = (random >> 20) % std::min(std::max<uint64_t>(unique_, 1), reach_ + 1);
        const uint64_t number = copy ? unique_ - 1 - back : unique_++;
        const auto value = static_cast<int64_t>(random >> 40);
        const auto time_us = static_cast<int64_t>(events_) * kStepUs;
        batch.set_key(batch.add(rules::mix64(number + 7), time_us, &value),
                      key(rules::mix64(random)));
    }
}

}  // namespace trommel::bench
