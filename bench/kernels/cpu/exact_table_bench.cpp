#include "bench/kernels/cpu/bench_sizes.h"
#include "bench/kernels/cpu/id_memory_bench.h"
#include "kernels/cpu/exact_table.h"

namespace trommel::bench {
namespace {

void exact_table(benchmark::State& state, cpu::IdKind kind) {
    JudgeStream stream(state.range(0));
    cpu::ExactTableOptions options;
    options.kind = kind;
    options.horizon_us = stream.horizon_us();
    options.rows_max = kBatchRows;
    options.seed = JudgeStream::seed();
    options.simd = level_of(state);
    options.expected_ids = static_cast<uint64_t>(state.range(0));
    cpu::MemoryBudget budget(uint64_t{4} << 30);
    const auto table = make_exact_table(options, budget);
    if (!table) return state.SkipWithError("no memory for the table");
    stream.run(state, *table, kind != cpu::IdKind::u64);
}
BENCHMARK_CAPTURE(exact_table, u64, cpu::IdKind::u64)->Apply(sizes_and_levels)->UseManualTime();
BENCHMARK_CAPTURE(exact_table, u128, cpu::IdKind::u128)->Apply(sizes_and_levels)->UseManualTime();

}  // namespace
}  // namespace trommel::bench
