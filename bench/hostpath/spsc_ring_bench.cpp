#include <benchmark/benchmark.h>
#include <memory>
#include <thread>

#include "hostpath/spsc_ring.h"

namespace trommel::bench {
namespace {

using Ring = hostpath::SpscRing<int64_t>;

// `n` numbers from one thread to another. With fewer than two cores it measures the scheduler.
void spsc_ring(benchmark::State& state) {
    static std::unique_ptr<Ring> ring;
    const bool producer = state.thread_index() == 0;
    if (producer) ring = std::make_unique<Ring>(static_cast<size_t>(state.range(1)));
    bool in_order = true;
    for (auto _ : state) {  // The threads wait for each other before and behind the loop.
        for (int64_t n = 0; n < state.range(0); ++n) {
            int64_t got = n;
            while (!(producer ? ring->try_push(n) : ring->try_pop(got))) std::this_thread::yield();
            in_order &= got == n;
        }
    }
    if (producer) state.SetItemsProcessed(state.iterations() * state.range(0));
    if (!in_order) state.SkipWithError("numbers came out of order");
}
BENCHMARK(spsc_ring)
    ->ArgNames({"n", "capacity"})
    ->Args({1 << 16, 64})
    ->Args({1 << 16, 1 << 12})
    ->Threads(2)
    ->UseRealTime();

}  // namespace
}  // namespace trommel::bench
