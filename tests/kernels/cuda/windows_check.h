#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "kernels/cpu/simd_level.h"
#include "kernels/cpu/window_store.h"
#include "kernels/cuda/device_windows.h"
#include "kernels/cuda/pinned_columns.h"
#include "tests/kit/random.h"

namespace trommel::cuda {

struct WindowsCheck {
    uint64_t seed = 1;
    uint32_t batches = 10;
    uint32_t batch_events = 4096;  // At most 65536.
    uint64_t keys = 1000;
    uint64_t budget_bytes = uint64_t{32} << 20;
};

// Do the windows of a device answer as the CPU's do, for every aggregate, tumbling and sliding, in
// batches that grow the tables and that are skewed or not? For programs without GoogleTest too.
template <Device D>
class CheckedWindows {
   public:
    CheckedWindows(D& device, const WindowsCheck& check)
        : device_(device),
          check_(check),
          random_(check.seed),
          device_budget_(check.budget_bytes),
          host_budget_(check.budget_bytes),
          windows_(DeviceWindows<D>::create(device, config_, {check.seed, cpu::detect_simd()},
                                            device_budget_, host_budget_)),
          store_budget_(uint64_t{8} << 30),
          store_(config_, check.seed, cpu::detect_simd(), store_budget_),
          batch_(config_, check.batch_events),
          pinned_(device),
          key_(device, check.batch_events),
          time_(device, check.batch_events),
          value_(device, check.batch_events),
          verdict_(device, check.batch_events),
          cell_(device, check.batch_events),
          counts_(device, 1),
          halted_(device, 1),
          counts_image_(device, 1),
          halted_image_(device, 1) {
        pinned_.add(batch_.key_int.data(), check.batch_events);
        pinned_.add(batch_.time_us.data(), check.batch_events);
        pinned_.add(batch_.values[0].data(), check.batch_events);
        pinned_.add(batch_.verdict.data(), check.batch_events);
    }

    // What is wrong; empty: nothing.
    std::string fault() {
        if (windows_ == nullptr) return "no memory to begin with";
        device_.fill(Queue::compute, halted_.data(), 0, halted_.bytes());
        for (uint32_t b = 0; b < check_.batches; ++b) {
            // Every third batch has a key that half of the events have.
            make_batch(b % 3 == 2);
            if (!add()) return "a batch was halted for ever, or: " + std::string(device_.error());
            advance(newest_us_ - kDisorderUs);
            if (!same_rows()) return fault_;
        }
        advance(INT64_MAX);
        return same_rows() ? "" : fault_;
    }
    uint64_t rows() const { return rows_seen_; }

   private:
    static constexpr int64_t kPaneUs = 1000, kDisorderUs = 3 * kPaneUs;

    static Config all_aggregates() {
        Config config;
        config.key = {{"k", FieldType::integer}};
        config.values = {{"v", 0}};
        for (int kind = 0; kind <= static_cast<int>(AggregateKind::last); ++kind) {
            config.aggregates.push_back({"a", static_cast<AggregateKind>(kind), 0, 0});
        }
        config.windows = {{"t", WindowKind::tumbling, kPaneUs, kPaneUs, 0},
                          {"s", WindowKind::sliding, 5 * kPaneUs, kPaneUs, 0}};
        return config;
    }

    int64_t any_value() {
        if (random_.one_in(50)) return INT64_MIN;
        return random_.one_in(50) ? INT64_MAX : random_.between(-999, 999);
    }
    void make_batch(bool is_skewed) {
        batch_.clear();
        rows_.clear();
        for (uint32_t e = 0; e < check_.batch_events; ++e) {
            const int64_t value = any_value();
            const uint32_t row =
                batch_.add(uint64_t{e}, newest_us_ - random_.between(0, kDisorderUs - 1), &value);
            const bool is_hot = is_skewed && random_.one_in(2);
            batch_.set_key(row, is_hot ? -1 : static_cast<int64_t>(random_.below(check_.keys)) - 5);
            batch_.verdict[row] = random_.one_in(4) ? Verdict::duplicate : Verdict::unique;
            if (batch_.verdict[row] == Verdict::unique) rows_.push_back(row);
            newest_us_ += random_.one_in(check_.batch_events / 8 + 1) ? kPaneUs / 3 : 0;
        }
    }

    bool add() {
        std::vector<uint32_t> refused(rows_.size());
        store_.add(batch_, rows_.data(), static_cast<uint32_t>(rows_.size()), refused.data());
        const uint32_t count = batch_.count;
        device_.copy_in(Queue::compute, key_.data(), batch_.key_int.data(), count * 8);
        device_.copy_in(Queue::compute, time_.data(), batch_.time_us.data(), count * 8);
        device_.copy_in(Queue::compute, value_.data(), batch_.values[0].data(), count * 8);
        device_.copy_in(Queue::compute, verdict_.data(), batch_.verdict.data(), count);
        device_.fill(Queue::compute, counts_.data(), 0, counts_.bytes());
        WindowBatch batch;
        batch.number = ++number_;
        batch.count = count;
        batch.key = key_.data();
        batch.time_us = time_.data();
        batch.values.column[0] = value_.data();
        batch.verdict = verdict_.data();
        batch.cell = cell_.data();
        batch.counts = counts_.data();
        batch.halted = halted_.data();
        for (uint32_t tries = 0; tries < 1000 && !device_.is_lost(); ++tries) {
            windows_->submit(batch);
            device_.copy_out(Queue::compute, halted_image_.data(), halted_.data(), 8);
            device_.copy_out(Queue::compute, counts_image_.data(), counts_.data(), counts_.bytes());
            device_.wait_all();
            if (halted_image_[0] == 0) {
                windows_->note_counts(count, counts_image_[0]);
                return !device_.is_lost() && counts_image_[0].refused == 0;
            }
            windows_->make_room();
            device_.fill(Queue::compute, halted_.data(), 0, halted_.bytes());
        }
        return false;
    }

    void advance(int64_t watermark_us) {
        store_.advance(watermark_us);
        windows_->advance(watermark_us);
    }

    bool same_rows() {
        cpu::PartialRows expected(config_, store_.layout()), rows(config_, store_.layout());
        for (;;) {
            const bool any = store_.take_closed(expected, kRowsPerTake);
            if (windows_->take_closed(rows, kRowsPerTake) != any) {
                fault_ = any ? "rows are missing: " : "rows too many: ";
                fault_ += windows_->error();
                return false;
            }
            if (!any) return true;
            if (!are_equal(expected, rows)) return false;
            rows_seen_ += rows.count();
        }
    }
    bool are_equal(const cpu::PartialRows& expected, const cpu::PartialRows& rows) {
        std::vector<int128> wanted(config_.aggregates.size()), found(wanted.size());
        const bool same_windows = rows.window == expected.window &&
                                  rows.start_us == expected.start_us &&
                                  rows.end_us == expected.end_us;
        if (!same_windows || rows.key_int != expected.key_int) {
            fault_ = "windows or keys differ after row " + std::to_string(rows_seen_);
            return false;
        }
        for (uint32_t r = 0; r < rows.count(); ++r) {
            store_.layout().finish(expected.cell(r), wanted.data());
            store_.layout().finish(rows.cell(r), found.data());
            const auto at = std::mismatch(wanted.begin(), wanted.end(), found.begin());
            if (at.first == wanted.end()) continue;
            fault_ = "aggregate " + std::to_string(at.first - wanted.begin()) + " of row " +
                     std::to_string(rows_seen_ + r) + " is " + to_text(*at.second) +
                     " instead of " + to_text(*at.first);
            return false;
        }
        return true;
    }
    static constexpr uint32_t kRowsPerTake = 1000;

    D& device_;
    const WindowsCheck check_;
    const Config config_ = all_aggregates();
    testkit::Random random_;
    cpu::MemoryBudget device_budget_, host_budget_;
    std::unique_ptr<DeviceWindows<D>> windows_;
    cpu::MemoryBudget store_budget_;
    cpu::WindowStore store_;
    RecordBatch batch_;
    PinnedColumns<D> pinned_;  // Of the batch.
    std::vector<uint32_t> rows_;
    int64_t newest_us_ = 0;
    uint64_t number_ = 0, rows_seen_ = 0;
    std::string fault_;
    Array<D, uint64_t> key_;
    Array<D, int64_t> time_, value_;
    Array<D, Verdict> verdict_;
    Array<D, uint64_t*> cell_;
    Array<D, WindowCounts> counts_;
    Array<D, uint64_t> halted_;
    PinnedArray<D, WindowCounts> counts_image_;
    PinnedArray<D, uint64_t> halted_image_;
};

}  // namespace trommel::cuda
