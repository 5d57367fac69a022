#include "bench/kit/engine_workloads.h"

#include <algorithm>

namespace trommel::bench {
namespace {

constexpr uint64_t kKeysMax = 1'000'000;

EventStreamOptions options_for(uint64_t events) {
    EventStreamOptions options;
    options.live = events / 6;
    options.keys = std::clamp<uint64_t>(options.live / 4, 1, kKeysMax);
    return options;
}

}  // namespace

EngineWorkloads::EngineWorkloads(uint64_t events)
    : options_(options_for(events)), events_(options_, events), all_{dedup(), windows()} {}

EngineWorkload EngineWorkloads::windows() const {
    EngineWorkload workload;
    workload.name = kNames[1];
    workload.config = EventStream::job(options_);
    workload.events = events_.id.size();
    workload.unique = events_.unique;
    workload.warm_events = events_.id.size() / 2;
    workload.make_source = [this] {
        return std::make_unique<RecordedSource>(events_, events_.id.size() / 2);
    };
    workload.bytes_per_event = 4 * sizeof(uint64_t);  // Id, time, key, value.
    workload.what = "exact dedup of 64-bit ids, " + std::to_string(options_.live) +
                    " within the horizon, and a tumbling window with count, sum, min, max of " +
                    std::to_string(options_.keys) + " keys";
    return workload;
}

EngineWorkload EngineWorkloads::dedup() const {
    EngineWorkload workload = windows();
    workload.name = kNames[0];
    workload.config.output = Output::unique;
    workload.config.windows.clear();
    workload.config.aggregates.clear();
    workload.config.key.clear();
    workload.config.values.clear();
    workload.bytes_per_event = 2 * sizeof(uint64_t);  // Id, time.
    workload.what =
        "exact dedup of 64-bit ids, " + std::to_string(options_.live) + " within the horizon";
    return workload;
}

}  // namespace trommel::bench
