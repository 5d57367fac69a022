#include <numeric>
#include <utility>
#include <vector>

#include "bench/kernels/cpu/bench_sizes.h"
#include "bench/kit/timing.h"
#include "kernels/cpu/cell_layout.h"
#include "kernels/rules/hash.h"

namespace trommel::bench {
namespace {

constexpr uint32_t kRows = 4096;

Config config_of(const std::vector<AggregateKind>& kinds) {
    Config config;
    config.dedup.id_type = IdType::u64;
    config.values = {{"v", 0}};
    for (const AggregateKind kind : kinds) config.aggregates.push_back({"a", kind, 0, 0});
    return config;
}

// Cells at random places, so that beyond the cache it is the memory that is measured.
void cell_update(benchmark::State& state, const std::vector<AggregateKind>& kinds) {
    const Config config = config_of(kinds);
    const cpu::CellLayout layout(config);
    const auto cell_count = static_cast<uint64_t>(state.range(0));
    std::vector<char> cells(cell_count * layout.bytes());
    for (uint64_t c = 0; c < cell_count; ++c) layout.clear(&cells[c * layout.bytes()]);
    RecordBatch batch(config, kRows);
    std::vector<uint32_t> rows(kRows);
    std::iota(rows.begin(), rows.end(), 0u);
    for (int64_t v = 0; v < int64_t{kRows}; ++v) batch.add(0, v, &v);

    std::vector<char*> targets(kRows);
    uint64_t events = 0;
    for (auto _ : state) {
        for (char*& target : targets) {
            target = &cells[rules::mix64(++events) % cell_count * layout.bytes()];
        }
        const double begin = cpu_seconds();
        layout.update(targets.data(), batch, rows.data(), kRows);
        state.SetIterationTime(cpu_seconds() - begin);
    }
    state.SetItemsProcessed(state.iterations() * kRows);
    uint64_t counted = 0;
    for (uint64_t c = 0; c < cell_count; ++c) {
        counted += cpu::CellLayout::count(&cells[c * layout.bytes()]);
    }
    if (counted != events) state.SkipWithError("the cells have lost events");
}

using Kind = AggregateKind;
BENCHMARK_CAPTURE(cell_update, count, {Kind::count})->Apply(sizes)->UseManualTime();
BENCHMARK_CAPTURE(cell_update, count_sum_min_max, {Kind::count, Kind::sum, Kind::min, Kind::max})
    ->Apply(sizes)
    ->UseManualTime();
BENCHMARK_CAPTURE(cell_update, first_last, {Kind::first, Kind::last})
    ->Apply(sizes)
    ->UseManualTime();

}  // namespace
}  // namespace trommel::bench
