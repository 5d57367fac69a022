#include "bench/kernels/cpu/bench_sizes.h"
#include "bench/kernels/cpu/id_memory_bench.h"
#include "kernels/cpu/block_filter.h"

namespace trommel::bench {
namespace {

void block_filter(benchmark::State& state, double error_rate) {
    JudgeStream stream(state.range(0));
    rules::FilterDemand demand;
    demand.error_rate = error_rate;
    // Ids within one and a half horizons; the watermark moves once per batch, so one batch more.
    demand.capacity = static_cast<uint64_t>(state.range(0)) * 3 / 2 + kBatchRows;
    demand.horizon_us = stream.horizon_us();
    cpu::BlockFilterOptions options;
    options.geometry = rules::filter_geometry(demand);
    options.simd = level_of(state);
    cpu::MemoryBudget budget(uint64_t{4} << 30);
    const auto filter = cpu::BlockFilter::create(options, budget);
    if (!filter) return state.SkipWithError("no memory for the filter");
    stream.run(state, *filter, false, error_rate);
}
BENCHMARK_CAPTURE(block_filter, one_in_1000, 1e-3)->Apply(sizes_and_levels)->UseManualTime();
BENCHMARK_CAPTURE(block_filter, one_in_50, 2e-2)->Apply(sizes_and_levels)->UseManualTime();

}  // namespace
}  // namespace trommel::bench
