#pragma once
#include <benchmark/benchmark.h>

#include "kernels/cpu/simd_level.h"

// The arguments of the benchmarks: how many things there are, from what the cache holds to well
// beyond it, and the SIMD levels that this machine has.
namespace trommel::bench {

inline constexpr int64_t kSizes[] = {1 << 16, 1 << 20, 1 << 24};

inline void sizes(benchmark::internal::Benchmark* benchmark) {
    benchmark->ArgName("n");
    for (const int64_t size : kSizes) benchmark->Arg(size);
}

inline void sizes_and_levels(benchmark::internal::Benchmark* benchmark) {
    benchmark->ArgNames({"n", "simd"});
    for (const int64_t size : kSizes) {
        for (int64_t l = 0; l <= static_cast<int64_t>(cpu::detect_simd()); ++l) {
            benchmark->Args({size, l});
        }
    }
}

// Of sizes_and_levels(); shown beside the figures.
inline cpu::SimdLevel level_of(benchmark::State& state) {
    const auto level = static_cast<cpu::SimdLevel>(state.range(1));
    state.SetLabel(to_text(level));
    return level;
}

}  // namespace trommel::bench
