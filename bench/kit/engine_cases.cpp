#include <memory>
#include <numeric>

#include "trommel/engine.h"

#include "bench/kit/case.h"
#include "bench/kit/event_stream.h"
#include "bench/kit/timing.h"
#include "kernels/cpu/window_store.h"

namespace trommel::bench {
namespace {

constexpr size_t kBatchesPerTurn = 4;  // They are in the cache when their turn comes.
constexpr uint64_t kMillion = 1'000'000;

EventStreamOptions scaled(EventStreamOptions options, Scale scale) {
    if (scale == Scale::full) return options;
    options.live /= 256;
    options.keys = (options.keys + 255) / 256;
    options.window_events /= 256;
    return options;
}

// What engine and window cases share: batches that are filled outside the timing.
class EventCase : public Case {
   public:
    EventCase(const EventStreamOptions& options, Scale scale)
        : options_(scaled(options, scale)),
          config_(EventStream::job(options_)),
          stream_(options_),
          rows_(config_) {
        for (size_t b = 0; b < kBatchesPerTurn; ++b) {
            batches_.push_back(
                std::make_unique<RecordBatch>(config_, config_.engine.batch_records));
        }
    }

    // A round is a window, so that each has one to close.
    Sample round() override {
        const auto events =
            static_cast<uint64_t>(config_.windows[0].size_us / EventStream::kStepUs);
        Sample sample;
        while (sample.events < events) {
            sample.seconds += turn();
            sample.events += config_.engine.batch_records * kBatchesPerTurn;
        }
        return sample;
    }

   protected:
    double turn() {
        for (auto& batch : batches_) stream_.fill(*batch);
        const double begin = cpu_seconds();
        for (auto& batch : batches_) take(*batch);
        return cpu_seconds() - begin;
    }
    virtual void take(RecordBatch& batch) = 0;

    const EventStreamOptions options_;
    Config config_;
    EventStream stream_;
    std::vector<std::unique_ptr<RecordBatch>> batches_;
    RowBatch rows_;
};

// Dedup and windows, through Engine::push() and take_rows().
class EngineCase final : public EventCase {
   public:
    using EventCase::EventCase;

    Status prepare() override {
        if (Status status = Engine::create(config_, engine_); !status.ok()) return status;
        while (stream_.events() < options_.live * 5 / 2) turn();
        return {};
    }
    std::string wrong() const override {
        const Ledger ledger = engine_->ledger();
        if (!ledger.adds_up()) return "the ledger does not add up: " + to_text(ledger);
        if (ledger[Verdict::unique] == stream_.unique()) return {};
        return "found " + std::to_string(ledger[Verdict::unique]) + " unique events of " +
               std::to_string(stream_.unique());
    }
    uint64_t footprint_bytes() const override {
        const Report report = engine_->report();
        return report.shards[0].id_bytes + report.shards[0].key_bytes;
    }
    uint64_t huge_page_bytes() const override {
        return engine_->report().shards[0].huge_page_bytes;
    }
    std::vector<Metric> metrics() const override {
        const ShardReport shard = engine_->report().shards[0];
        return {{"bytes_per_id", "B",
                 static_cast<double>(shard.id_bytes) / static_cast<double>(shard.live_ids)}};
    }

   private:
    void take(RecordBatch& batch) override {
        if (!engine_->push(batch).ok()) return;
        while (engine_->take_rows(rows_)) {
        }
    }

    std::unique_ptr<Engine> engine_;
};

// The windows of one shard alone.
class WindowCase final : public EventCase {
   public:
    WindowCase(const EventStreamOptions& options, Scale scale)
        : EventCase(options, scale),
          budget_(config_.engine.memory_bytes),
          store_(config_, 5, cpu::detect_simd(), budget_),
          out_(config_, store_.layout()),
          all_(config_.engine.batch_records),
          refused_(config_.engine.batch_records) {
        std::iota(all_.begin(), all_.end(), 0u);
    }

    Status prepare() override {
        while (stream_.events() < options_.window_events * 3 / 2) turn();
        return {};
    }
    std::string wrong() const override {
        const bool right = refused_count_ == 0 && added_ == stream_.events() && taken_ > 0;
        return right ? "" : std::to_string(refused_count_) + " events found no room";
    }
    uint64_t footprint_bytes() const override { return store_.committed_bytes(); }

   private:
    void take(RecordBatch& batch) override {
        store_.advance(batch.time_us[0] - *config_.time.out_of_order_us);
        while (store_.take_closed(out_, 1024)) taken_ += out_.count();
        refused_count_ += store_.add(batch, all_.data(), batch.count, refused_.data());
        added_ += batch.count;
    }

    cpu::MemoryBudget budget_;
    cpu::WindowStore store_;
    cpu::PartialRows out_;
    std::vector<uint32_t> all_, refused_;
    uint64_t refused_count_ = 0, added_ = 0, taken_ = 0;
};

std::unique_ptr<Case> windows(const EventStreamOptions& options, Scale scale) {
    return std::make_unique<WindowCase>(options, scale);
}
std::unique_ptr<Case> engine(const EventStreamOptions& options, Scale scale) {
    return std::make_unique<EngineCase>(options, scale);
}

}  // namespace

std::vector<CaseInfo> window_cases() {
    return {
        {"windows", "1 M keys, windows of 10 M events: count, sum, min, max",
         [](Scale s) {
             return windows({.live = 16, .keys = kMillion, .window_events = 10 * kMillion}, s);
         }},
        {"windows-zipf", "the same with keys of probability 1 / rank",
         [](Scale s) {
             return windows(
                 {.live = 16, .keys = kMillion, .skew = Keys::zipf, .window_events = 10 * kMillion},
                 s);
         }},
        {"windows-one-key", "the same with all events of one key",
         [](Scale s) {
             return windows(
                 {.live = 16, .keys = kMillion, .skew = Keys::one, .window_events = 10 * kMillion},
                 s);
         }},
    };
}

std::vector<CaseInfo> engine_cases() {
    return {
        {"engine", "dedup and windows: 16 M ids within a horizon, 1 M keys, one thread",
         [](Scale s) { return engine({.live = 16 * kMillion, .keys = kMillion}, s); }},
        {"engine-one-key", "the same with all events of one key",
         [](Scale s) {
             return engine({.live = 16 * kMillion, .keys = kMillion, .skew = Keys::one}, s);
         }},
        {"engine-small", "dedup and windows in cache: 1 M ids, 100 thousand keys",
         [](Scale s) { return engine({.live = kMillion, .keys = kMillion / 10}, s); }},
    };
}

}  // namespace trommel::bench
