#pragma once
#include <benchmark/benchmark.h>
#include <numeric>
#include <vector>

#include "bench/kit/id_stream.h"
#include "bench/kit/timing.h"
#include "kernels/cpu/id_memory.h"
#include "kernels/rules/hash.h"

namespace trommel::bench {

// One adaptor for every memory of ids: a steady state with `live` ids within the horizon, one event
// in five a copy. Only the judging is timed, not the making of events.
class JudgeStream {
   public:
    explicit JudgeStream(int64_t live)
        : horizon_(live / 4 * 5),
          stream_(static_cast<uint64_t>(live) / 2, 1, false),
          batch_(false),
          rows_(kBatchRows),
          outcomes_(kBatchRows) {
        std::iota(rows_.begin(), rows_.end(), 0u);
    }

    int64_t horizon_us() const { return horizon_; }
    static rules::HashSeed seed() { return rules::hash_seed(1, rules::Purpose::id); }

    // May call unique ids duplicates, `lost_share` of them.
    void run(benchmark::State& state, cpu::IdMemory& memory, bool wide, double lost_share = 0) {
        while (stream_.events() < 2 * static_cast<uint64_t>(horizon_)) judge_next(memory, wide);
        for (auto _ : state) state.SetIterationTime(judge_next(memory, wide));
        state.SetItemsProcessed(state.iterations() * kBatchRows);
        const auto unique = static_cast<double>(stream_.unique());
        const auto found = static_cast<double>(found_);
        if (found > unique || found < unique * (1 - lost_share)) {
            state.SkipWithError("wrong number of unique ids");
        }
    }

   private:
    double judge_next(cpu::IdMemory& memory, bool wide) {
        stream_.fill(batch_);
        for (uint32_t row = 0; row < kBatchRows; ++row) {
            batch_.hash[row] = wide ? rules::hash_u128(batch_.lo[row], batch_.hi[row], seed())
                                    : rules::hash_u64(batch_.lo[row], seed());
        }
        const double begin = cpu_seconds();
        memory.advance(batch_.time_us[0], batch_.time_us[0]);
        memory.judge(batch_.columns(), rows_.data(), kBatchRows, outcomes_.data());
        const double seconds = cpu_seconds() - begin;
        for (const cpu::Outcome outcome : outcomes_) found_ += outcome == cpu::Outcome::unique;
        return seconds;
    }

    const int64_t horizon_;  // An event each microsecond.
    IdStream stream_;
    IdBatch batch_;
    std::vector<uint32_t> rows_;
    std::vector<cpu::Outcome> outcomes_;
    uint64_t found_ = 0;
};

}  // namespace trommel::bench
