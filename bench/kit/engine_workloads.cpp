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
    // Room for as many of the longest batches as a GPU has under way and in its queues.
    workload.config.engine.memory_bytes = uint64_t{12} << 30;
    workload.config.engine.shares = {.ids = 50, .keys = 25, .batches = 25};
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

std::vector<uint32_t> default_batch_sizes(bool quick, const std::vector<EngineSide>& sides) {
    if (quick) return {256, 1024};
    std::vector<uint32_t> sizes{1024, 4096, 16384, 65536};
    if (has_gpu(sides)) sizes.insert(sizes.end(), {1 << 18, 1 << 20});
    return sizes;
}

std::string check_batch_sizes(const std::vector<uint32_t>& sizes,
                              const std::vector<EngineSide>& sides, uint64_t events) {
    uint32_t most = 0, most_of_all = kGpuBatchRecordsMax;
    for (const EngineSide& side : sides) {
        most = std::max(most, batch_records_max(side));
        most_of_all = std::min(most_of_all, batch_records_max(side));
    }
    for (size_t i = 0; i < sizes.size(); ++i) {
        if (sizes[i] < 1 || sizes[i] > most) {
            return "a batch has 1 to " + std::to_string(most) + " events";
        }
        if (i > 0 && sizes[i] <= sizes[i - 1]) return "sizes go up";
    }
    if (sizes[0] > most_of_all) {
        return "no batch of a CPU has more than " + std::to_string(most_of_all) +
               " events; take a smaller one too";
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
