#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "bench/kit/engine_comparison.h"
#include "bench/kit/recorded_events.h"

namespace trommel::bench {

// The workloads that `trommel bench --engine` brings itself, all over the same made-up events,
// which are in memory before anything is timed: one in five is a copy, a sixth of the events is
// within the horizon, and half of all have been seen when the timing begins.
//
//   dedup           exact deduplication of 64-bit ids
//   dedup-windows   the same, and a tumbling window with count, sum, min and max per key
class EngineWorkloads {
   public:
    static constexpr uint64_t kEventsPreset = 24'000'000, kEventsQuick = 60'000;
    static constexpr uint64_t kEventsMin = 1000;
    static constexpr std::string_view kNames[] = {"dedup", "dedup-windows"};

    explicit EngineWorkloads(uint64_t events);  // At least kEventsMin; 32 bytes each.

    // They borrow the events from here.
    const std::vector<EngineWorkload>& all() const { return all_; }

   private:
    EngineWorkload windows() const;
    EngineWorkload dedup() const;

    const EventStreamOptions options_;
    const RecordedEvents events_;
    std::vector<EngineWorkload> all_;
};

// 1 Ki to 64 Ki events, and with a GPU to 1 Mi; `quick`: sizes that a few events fill.
std::vector<uint32_t> default_batch_sizes(bool quick, const std::vector<EngineSide>& sides);
// What is wrong with the sizes, for these sides and a stream of so many events, or "". The first
// has to be one that every side has.
std::string check_batch_sizes(const std::vector<uint32_t>& sizes,
                              const std::vector<EngineSide>& sides, uint64_t events);
bool has_gpu(const std::vector<EngineSide>& sides);
// Can all of them be had here? invalid_config, and which not and why.
Status engines_here(const std::vector<EngineSide>& sides);

}  // namespace trommel::bench
