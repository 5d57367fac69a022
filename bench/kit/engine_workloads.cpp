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
    workload.what =
        "exact dedup of 64-bit ids, " + std::to_string(options_.live) + " within the horizon";
    return workload;
}

std::vector<uint32_t> default_batch_sizes(bool quick) {
    if (quick) return {256, 1024};
    return {1024, 4096, 16384, 65536};
}

std::string check_batch_sizes(const std::vector<uint32_t>& sizes, uint64_t events) {
    for (size_t i = 0; i < sizes.size(); ++i) {
        if (sizes[i] < 1 || sizes[i] > 65536) return "a batch has 1 to 65536 events";
        if (i > 0 && sizes[i] <= sizes[i - 1]) return "sizes go up";
    }
    // Half of the events are timed, and the batches at both ends should not matter.
    const uint64_t least = uint64_t{16} * sizes.back();
    if (events >= least) return "";
    return std::to_string(events) + " events are too few for batches of " +
           std::to_string(sizes.back()) + "; take at least " + std::to_string(least);
}

bool has_gpu(const std::vector<EngineSide>& sides) {
    return std::any_of(sides.begin(), sides.end(),
                       [](const EngineSide& side) { return side.engine == EngineType::gpu; });
}

Status engines_here(const std::vector<EngineSide>& sides) {
    for (const EngineSide& side : sides) {
        Config config;
        config.engine.type = side.engine;
        config.engine.threads = side.shards;
        if (Status status = to_status(validate(config)); !status.ok()) return status;
    }
    return {};
}

}  // namespace trommel::bench
