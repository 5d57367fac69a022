#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "bench/kit/case.h"
#include "bench/kit/id_stream.h"
#include "bench/kit/timing.h"
#include "hostpath/prefault.h"
#include "kernels/cpu/approximate_ids.h"
#include "kernels/cpu/exact_table.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace trommel::bench {
namespace {

constexpr uint32_t kBatchesPerTurn = 4;  // They are in the cache when their turn comes.
constexpr uint64_t kTextSeed = 5;

enum class Ids : uint8_t { u64, u128, bytes, verified };

struct Setting {
    Ids ids = Ids::u64;
    uint64_t live = 0;      // Ids that are remembered when the timing ends.
    bool expiring = false;  // A horizon with `live` ids in it, in steady state.
    double error_rate = 0;  // Of the filter; 0: exact.
    uint32_t duplicates_of_5 = 1;
    bool grows = false;  // The table is not told how many ids are coming.
};

// Insert-if-absent into the memory of one shard, hashing included. The system's page faults are
// outside the timing. Without expiry the last quarter of the ids is timed, when the table is as
// full as it gets.
class DedupCase : public Case {
   public:
    DedupCase(const Setting& setting, Scale scale)
        : setting_(setting),
          live_(scale == Scale::full ? setting.live : setting.live / 256),
          has_text_(setting.ids == Ids::bytes || setting.ids == Ids::verified),
          seed_(rules::hash_seed(1, rules::Purpose::id)),
          budget_(uint64_t{12} << 30),
          stream_(live_ / 2, setting.duplicates_of_5, has_text_),
          outcomes_(kBatchRows),
          rows_(kBatchRows) {
        for (uint32_t row = 0; row < kBatchRows; ++row) rows_[row] = row;
        // A turn of a small table must not run past its end.
        const uint32_t batches = scale == Scale::full ? kBatchesPerTurn : 1;
        for (uint32_t b = 0; b < batches; ++b) batches_.emplace_back(has_text_);
    }

    Status prepare() override {
        if (Status status = cpu::simd_from_environment(simd_); !status.ok()) return status;
        memory_ = setting_.error_rate > 0 ? make_filter() : make_table();
        if (!memory_) return Status::error(Code::memory_full, "no memory for the table");
        const uint64_t events = setting_.expiring ? 2 * events_of(live_) : events_of(live_ / 4 * 3);
        while (stream_.events() < events) turn();
        return {};
    }

    Sample round() override {
        Sample sample;
        const uint64_t events = events_of(live_) / (setting_.expiring ? 4 : 4 * kRoundsOfQuarter);
        while (sample.events < events) {
            sample.seconds += turn();
            sample.events += kBatchRows * batches_.size();
        }
        return sample;
    }

    std::string wrong() const override {
        const uint64_t expected = stream_.unique();
        const double lost = lost_share();
        const bool right = setting_.error_rate > 0
                               ? found_ <= expected && lost <= setting_.error_rate
                               : found_ == expected;
        if (right) return {};
        return "found " + std::to_string(found_) + " unique ids of " + std::to_string(expected);
    }

    uint64_t footprint_bytes() const override { return memory_->committed_bytes(); }
    cpu::Stretch lines() const override { return memory_->lines(); }
    uint64_t huge_page_bytes() const override { return memory_->huge_bytes(); }
    std::vector<Metric> metrics() const override {
        std::vector<Metric> metrics;
        const auto bytes = static_cast<double>(memory_->committed_bytes());
        if (setting_.error_rate > 0) {
            metrics.push_back({"bits_per_id", "", 8 * bytes / static_cast<double>(live_)});
            metrics.push_back({"lost_share", "", lost_share()});
        } else {
            const auto live = static_cast<double>(std::max<uint64_t>(memory_->live_ids(), 1));
            metrics.push_back({"bytes_per_id", "B", bytes / live});
        }
        return metrics;
    }

    static constexpr uint64_t kRoundsOfQuarter = 7;

   protected:
    // Judges the next batches of the stream; CPU seconds.
    double turn() {
        for (IdBatch& batch : batches_) stream_.fill(batch);
        double seconds = 0;
        for (IdBatch& batch : batches_) {
            const double begin = cpu_seconds();
            judge(batch);
            const double spent = cpu_seconds() - begin;
            note_batch(spent);
            seconds += spent;
            for (const cpu::Outcome outcome : outcomes_) found_ += outcome == cpu::Outcome::unique;
        }
        return seconds;
    }
    virtual void note_batch(double) {}
    cpu::IdMemory& memory() { return *memory_; }

    const Setting setting_;
    uint64_t live_;

    std::vector<IdBatch> batches_;

   private:
    uint64_t events_of(uint64_t ids) const { return ids / (5 - setting_.duplicates_of_5) * 5; }
    double lost_share() const {
        const auto expected = static_cast<double>(std::max<uint64_t>(stream_.unique(), 1));
        return (expected - static_cast<double>(found_)) / expected;
    }
    std::unique_ptr<cpu::IdMemory> make_table() {
        cpu::ExactTableOptions options;
        options.kind = setting_.ids == Ids::u64        ? cpu::IdKind::u64
                       : setting_.ids == Ids::verified ? cpu::IdKind::verified
                                                       : cpu::IdKind::u128;
        if (setting_.expiring) options.horizon_us = static_cast<int64_t>(events_of(live_));
        options.rows_max = kBatchRows;
        options.seed = seed_;
        options.simd = simd_;
        options.expected_ids = setting_.grows ? 0 : live_;
        return make_exact_table(options, budget_);
    }
    std::unique_ptr<cpu::IdMemory> make_filter() {
        Config config;
        config.dedup.mode = DedupMode::approximate;
        config.dedup.error_rate = setting_.error_rate;
        // Ids within one and a half horizons, which is what a filter is asked for; and a batch,
        // because time moves on by batches.
        config.dedup.capacity = (setting_.expiring ? live_ * 3 / 2 : live_) + kBatchRows;
        if (setting_.expiring) config.dedup.horizon_us = static_cast<int64_t>(events_of(live_));
        config.time.out_of_order_us = 0;
        return make_approximate_ids(config, 0, rules::kGroups, simd_, budget_);
    }

    void judge(IdBatch& batch) {
        if (has_text_) {
            for (uint32_t row = 0; row < kBatchRows; ++row) {
                const std::string_view id = batch.text[row];
                const XXH128_hash_t hash = XXH3_128bits_withSeed(id.data(), id.size(), kTextSeed);
                batch.lo[row] = hash.low64;
                batch.hi[row] = hash.high64;
            }
        }
        if (setting_.ids == Ids::u64) {
            for (uint32_t row = 0; row < kBatchRows; ++row) {
                batch.hash[row] = rules::hash_u64(batch.lo[row], seed_);
            }
        } else {
            for (uint32_t row = 0; row < kBatchRows; ++row) {
                batch.hash[row] = rules::hash_u128(batch.lo[row], batch.hi[row], seed_);
            }
        }
        memory_->advance(batch.time_us[0], batch.time_us[0]);
        memory_->judge(batch.columns(), rows_.data(), kBatchRows, outcomes_.data());
    }

    const bool has_text_;
    const rules::HashSeed seed_;
    cpu::SimdLevel simd_ = cpu::SimdLevel::scalar;
    cpu::MemoryBudget budget_;
    std::unique_ptr<cpu::IdMemory> memory_;
    IdStream stream_;
    std::vector<cpu::Outcome> outcomes_;
    std::vector<uint32_t> rows_;
    uint64_t found_ = 0;
};

// How long single batches take while the table grows 64-fold: alone, or with a helper for its page
// faults (EngineOptions::prefault).
class GrowthCase final : public DedupCase {
   public:
    GrowthCase(Scale scale, bool with_helper)
        : DedupCase({.live = uint64_t{64} << 20, .grows = true}, scale),
          with_helper_(with_helper) {}

    Status prepare() override {
        if (with_helper_) {
            helper_ = std::jthread([this](const std::stop_token& stopped) {
                while (!stopped.stop_requested()) {
                    if (prefault_.step() == hostpath::Progress::worked) continue;
                    std::this_thread::sleep_for(std::chrono::microseconds(100));
                }
            });
        }
        const uint64_t target = live_;
        live_ = target / 64 * 4 / 3;  // DedupCase fills three quarters of it.
        const Status status = DedupCase::prepare();
        live_ = target;
        times_.clear();
        return status;
    }
    std::vector<Metric> metrics() const override {
        std::vector<double> times = times_;
        std::sort(times.begin(), times.end());
        const double median = times[times.size() / 2];
        const double p999 = times[times.size() - 1 - times.size() / 1000];
        std::vector<Metric> metrics = DedupCase::metrics();
        metrics.push_back({"batch_median", "us", median * 1e6});
        metrics.push_back({"batch_p999", "x median", p999 / median});
        metrics.push_back({"batch_worst", "x median", times.back() / median});
        return metrics;
    }
    Sample round() override {
        Sample sample;
        const uint64_t events = live_ / 64 * 63 * 5 / 4 / kRoundsOfQuarter;
        while (sample.events < events) {
            sample.seconds += turn();
            sample.events += kBatchRows * batches_.size();
        }
        return sample;
    }

   private:
    void note_batch(double seconds) override {
        times_.push_back(seconds);
        if (with_helper_) prefault_.announce(memory());
    }

    const bool with_helper_;
    std::vector<double> times_;
    hostpath::Prefault prefault_;
    std::jthread helper_;  // After what it uses.
};

std::unique_ptr<Case> dedup(const Setting& setting, Scale scale) {
    return std::make_unique<DedupCase>(setting, scale);
}

constexpr uint64_t kMillion = uint64_t{1} << 20;

}  // namespace

std::vector<CaseInfo> dedup_cases() {
    return {
        {"exact-64", "64-bit ids, a table of 64 M, its last quarter",
         [](Scale s) { return dedup({.live = 64 * kMillion}, s); }},
        {"exact-128", "128-bit ids, a table of 64 M, its last quarter",
         [](Scale s) { return dedup({.ids = Ids::u128, .live = 64 * kMillion}, s); }},
        {"expiring", "64-bit ids, 16 M within a horizon, steady state",
         [](Scale s) { return dedup({.live = 16 * kMillion, .expiring = true}, s); }},
        {"expiring-128", "the same with 128-bit ids",
         [](Scale s) {
             return dedup({.ids = Ids::u128, .live = 16 * kMillion, .expiring = true}, s);
         }},
        {"expiring-bytes", "the same with 36-byte ids, by their hash",
         [](Scale s) {
             return dedup({.ids = Ids::bytes, .live = 16 * kMillion, .expiring = true}, s);
         }},
        {"expiring-verified", "the same with 36-byte ids, kept and compared",
         [](Scale s) {
             return dedup({.ids = Ids::verified, .live = 16 * kMillion, .expiring = true}, s);
         }},
        {"approximate", "a filter for 64 M ids without expiry at 10 bits per id, its last quarter",
         [](Scale s) { return dedup({.live = 64 * kMillion, .error_rate = 0.0107}, s); }},
        {"approximate-fine", "the same at an error rate of 1e-3",
         [](Scale s) { return dedup({.live = 64 * kMillion, .error_rate = 1e-3}, s); }},
        {"approximate-aged", "an aged filter, 64 M ids within a horizon, error rate 1e-3",
         [](Scale s) {
             return dedup({.live = 64 * kMillion, .expiring = true, .error_rate = 1e-3}, s);
         }},
        {"growth", "64-bit ids, from 1 M to 64 M, a helper for page faults: how long batches take",
         [](Scale s) -> std::unique_ptr<Case> { return std::make_unique<GrowthCase>(s, true); }},
        {"growth-alone", "the same without a helper",
         [](Scale s) -> std::unique_ptr<Case> { return std::make_unique<GrowthCase>(s, false); }},
    };
}

}  // namespace trommel::bench
