#include <numeric>
#include <vector>

#include "bench/kernels/cpu/bench_sizes.h"
#include "bench/kit/event_stream.h"
#include "bench/kit/timing.h"
#include "kernels/cpu/window_store.h"

namespace trommel::bench {
namespace {

// Events into the cells of a window that has two for each key, and windows being closed.
class Windows {
   public:
    Windows(uint64_t keys, Keys skew)
        : options_{.live = 16, .keys = keys, .skew = skew, .window_events = 2 * keys},
          config_(EventStream::job(options_)),
          stream_(options_),
          budget_(config_.engine.memory_bytes),
          store_(config_, 5, cpu::detect_simd(), budget_),
          batch_(config_, config_.engine.batch_records),
          out_(config_, store_.layout()),
          rows_(batch_.capacity),
          refused_(batch_.capacity) {
        std::iota(rows_.begin(), rows_.end(), 0u);
    }

    uint64_t events() const { return stream_.events(); }
    uint64_t window_events() const { return options_.window_events; }
    uint32_t batch_rows() const { return batch_.capacity; }

    // Adds a batch; CPU seconds.
    double step() {
        stream_.fill(batch_);
        const double begin = cpu_seconds();
        store_.advance(batch_.time_us[0] - *config_.time.out_of_order_us);
        while (store_.take_closed(out_, 1024)) count_taken();
        refused_count_ += store_.add(batch_, rows_.data(), batch_.count, refused_.data());
        return cpu_seconds() - begin;
    }

    // Windows were taken, and each with all of its events.
    bool is_right() const {
        return refused_count_ == 0 && taken_ > 0 && taken_ % options_.window_events == 0;
    }

   private:
    void count_taken() {
        for (uint32_t r = 0; r < out_.count(); ++r) taken_ += cpu::CellLayout::count(out_.cell(r));
    }

    const EventStreamOptions options_;
    const Config config_;
    EventStream stream_;
    cpu::MemoryBudget budget_;
    cpu::WindowStore store_;
    RecordBatch batch_;
    cpu::PartialRows out_;
    std::vector<uint32_t> rows_, refused_;
    uint64_t refused_count_ = 0, taken_ = 0;
};

void window_store(benchmark::State& state, Keys skew) {
    Windows windows(static_cast<uint64_t>(state.range(0)), skew);
    while (windows.events() < windows.window_events() * 3 / 2) windows.step();
    for (auto _ : state) state.SetIterationTime(windows.step());
    state.SetItemsProcessed(state.iterations() * windows.batch_rows());
    if (!windows.is_right()) state.SkipWithError("events are missing in the windows");
}
BENCHMARK_CAPTURE(window_store, uniform, Keys::uniform)->Apply(sizes)->UseManualTime();
BENCHMARK_CAPTURE(window_store, zipf, Keys::zipf)->Apply(sizes)->UseManualTime();
BENCHMARK_CAPTURE(window_store, one_key, Keys::one)->Apply(sizes)->UseManualTime();

}  // namespace
}  // namespace trommel::bench
