#pragma once
#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <numeric>
#include <vector>

#include "kernels/cpu/window_store.h"
#include "kernels/cuda/device_windows.h"
#include "tests/kernels/cpu/naive_windows.h"
#include "tests/kernels/cuda/test_device.h"

namespace trommel::cuda {

inline constexpr uint64_t kPlenty = uint64_t{32} << 20;

struct WindowsPairOptions {
    uint64_t seed = 1;
    uint64_t device_bytes = kPlenty;
    uint64_t host_bytes = kPlenty;
    uint64_t gap_bytes = 0;  // More of the device, for what gaps between blocks take.
};

// Windows on a device of threads, and the CPU's, which get the events that the device did not
// refuse.
class WindowsPair {
   public:
    using Device = TestDevice;
    static constexpr uint32_t kRowsMax = 4096;

    WindowsPair(const Config& config, const WindowsPairOptions& options)
        : config_(config),
          // Hardly more than the budget and a batch: what is not charged is not there.
          device_({.seed = options.seed,
                   .device_bytes = options.device_bytes + options.device_bytes / 8 +
                                   options.gap_bytes + batch_bytes(config)}),
          device_budget_(options.device_bytes),
          host_budget_(options.host_bytes),
          windows_(DeviceWindows<Device>::create(
              device_, config_, {options.seed, cpu::detect_simd()}, device_budget_, host_budget_)),
          budget_(uint64_t{1} << 30),
          store_(config_, 7, cpu::detect_simd(), budget_),
          batch_(config_, kRowsMax),
          taken_(config_, store_.layout()),
          key_(device_, kRowsMax),
          time_(device_, kRowsMax),
          verdict_(device_, kRowsMax),
          cell_(device_, kRowsMax),
          counts_(device_, 1),
          halted_(device_, 1),
          key_image_(device_, kRowsMax),
          time_image_(device_, kRowsMax),
          verdict_image_(device_, kRowsMax),
          counts_image_(device_, 1),
          halted_image_(device_, 1) {
        for (size_t v = 0; v < config_.values.size(); ++v) {
            values_.emplace_back(device_, kRowsMax);
            value_images_.emplace_back(device_, kRowsMax);
        }
        device_.fill(Queue::compute, halted_.data(), 0, halted_.bytes());
    }

    // Returns how many were refused.
    size_t add(const std::vector<cpu::naive::Event>& events) {
        return add_rows(cpu::naive::fill(config_, events, batch_));
    }
    // With the rows that lie between them.
    size_t add_with_neighbours(const std::vector<cpu::naive::Event>& events) {
        cpu::naive::fill(config_, events, batch_);
        std::vector<uint32_t> rows(batch_.count);
        std::iota(rows.begin(), rows.end(), 0u);
        return add_rows(rows);
    }

    bool has_room_for(const std::vector<cpu::naive::Event>& events) {
        const std::vector<uint32_t> rows = cpu::naive::fill(config_, events, batch_);
        const auto count = static_cast<uint32_t>(rows.size());
        if (count == 0) return true;
        int64_t oldest = INT64_MAX, newest = INT64_MIN;
        for (const uint32_t row : rows) {
            oldest = std::min(oldest, batch_.time_us[row]);
            newest = std::max(newest, batch_.time_us[row]);
        }
        const KeyHandles* const handles = windows_->handles();
        return windows_->has_room(oldest, newest, count) &&
               (handles == nullptr || handles->has_room(batch_, rows.data(), count));
    }

    void advance(int64_t watermark_us) {
        windows_->advance(watermark_us);
        store_.advance(watermark_us);
    }

    // What is final comes out of both, equally.
    void take(uint32_t rows_max) {
        std::vector<cpu::naive::Row> expected, rows;
        while (store_.take_closed(taken_, 1000)) {
            cpu::naive::append(config_, store_.layout(), taken_, expected);
        }
        EXPECT_EQ(windows_->has_rows(), !expected.empty());
        for (int64_t work = 1; windows_->take_closed(taken_, rows_max, work); work = 20) {
            ASSERT_LE(taken_.count(), rows_max);
            cpu::naive::append(config_, store_.layout(), taken_, rows);
        }
        EXPECT_FALSE(windows_->is_closing());
        EXPECT_EQ(windows_->complete_end_us(), store_.complete_end_us());
        ASSERT_STREQ(windows_->error(), "");
        ASSERT_EQ(rows.size(), expected.size());
        for (size_t r = 0; r < rows.size(); ++r) ASSERT_EQ(rows[r], expected[r]) << "row " << r;
        rows_ += rows.size();
    }

    void finish(uint32_t rows_max = 1000) {
        advance(INT64_MAX);
        take(rows_max);
        EXPECT_EQ(windows_->panes(), 0u);
        if (windows_->handles() != nullptr) {
            EXPECT_EQ(windows_->handles()->keys().held(), 0u);
        }
    }

    void expect_skewed(bool skewed) {
        windows_->note_counts(WindowBatch::kTwinEvery, {0, skewed ? uint64_t{1} : 0});
    }
    // Of the last batch.
    const WindowCounts& last_counts() { return counts_image_[0]; }

    DeviceWindows<Device>& windows() { return *windows_; }
    Device& device() { return device_; }
    uint32_t halts() const { return halts_; }
    size_t rows() const { return rows_; }

   private:
    static size_t batch_bytes(const Config& config) {
        const size_t columns = 3 + config.values.size();  // With key, time and cell.
        return kRowsMax * (columns * sizeof(uint64_t) + sizeof(Verdict)) + 32 * 512;
    }
    size_t add_rows(const std::vector<uint32_t>& rows) {
        run(rows);
        std::vector<uint32_t> accepted;
        for (const uint32_t row : rows) {
            if (verdict_image_[row] == Verdict::unique) accepted.push_back(row);
        }
        for (uint32_t row = 0; row < batch_.count; ++row) {
            if (!std::binary_search(rows.begin(), rows.end(), row)) {
                EXPECT_EQ(verdict_image_[row], Verdict::duplicate);
            }
        }
        EXPECT_EQ(counts_image_[0].refused, rows.size() - accepted.size());
        std::vector<uint32_t> refused(rows.size());
        EXPECT_EQ(store_.add(batch_, accepted.data(), static_cast<uint32_t>(accepted.size()),
                             refused.data()),
                  0u);
        EXPECT_LE(device_budget_.used_bytes(), device_budget_.max_bytes());
        return rows.size() - accepted.size();
    }

    void run(const std::vector<uint32_t>& rows) {
        std::fill_n(verdict_image_.data(), batch_.count, Verdict::duplicate);
        for (const uint32_t row : rows) verdict_image_[row] = Verdict::unique;
        std::copy_n(batch_.time_us.begin(), batch_.count, time_image_.data());
        std::fill_n(key_image_.data(), batch_.count, 0);
        if (KeyHandles* const handles = windows_->handles()) {
            std::vector<uint64_t> of_rows(rows.size());
            handles->find_or_add(batch_, rows.data(), static_cast<uint32_t>(rows.size()),
                                 of_rows.data());
            for (size_t i = 0; i < rows.size(); ++i) key_image_[rows[i]] = of_rows[i];
        } else if (key_shape(config_) == KeyShape::integer) {
            std::copy_n(batch_.key_int.begin(), batch_.count, key_image_.data());
        }
        WindowBatch batch;
        batch.number = ++number_;
        batch.count = batch_.count;
        batch.key = key_shape(config_) == KeyShape::none ? nullptr : key_.data();
        batch.time_us = time_.data();
        batch.verdict = verdict_.data();
        batch.cell = cell_.data();
        batch.counts = counts_.data();
        batch.halted = halted_.data();
        device_.copy_in(Queue::compute, key_.data(), key_image_.data(), key_.bytes());
        device_.copy_in(Queue::compute, time_.data(), time_image_.data(), time_.bytes());
        device_.copy_in(Queue::compute, verdict_.data(), verdict_image_.data(), verdict_.bytes());
        device_.fill(Queue::compute, counts_.data(), 0, counts_.bytes());
        for (size_t v = 0; v < values_.size(); ++v) {
            std::copy_n(batch_.values[v].begin(), batch_.count, value_images_[v].data());
            device_.copy_in(Queue::compute, values_[v].data(), value_images_[v].data(),
                            values_[v].bytes());
            batch.values.column[v] = values_[v].data();
        }
        while (!submit(batch)) {
            ++halts_;
            windows_->make_room();
            device_.fill(Queue::compute, halted_.data(), 0, halted_.bytes());
        }
    }
    bool submit(const WindowBatch& batch) {
        windows_->submit(batch);
        device_.copy_out(Queue::compute, halted_image_.data(), halted_.data(), halted_.bytes());
        device_.copy_out(Queue::compute, verdict_image_.data(), verdict_.data(), verdict_.bytes());
        device_.copy_out(Queue::compute, counts_image_.data(), counts_.data(), counts_.bytes());
        device_.wait_all();
        return halted_image_[0] == 0;
    }

    Config config_;
    Device device_;
    cpu::MemoryBudget device_budget_, host_budget_;
    std::unique_ptr<DeviceWindows<Device>> windows_;
    cpu::MemoryBudget budget_;
    cpu::WindowStore store_;
    RecordBatch batch_;
    cpu::PartialRows taken_;
    Array<Device, uint64_t> key_;
    Array<Device, int64_t> time_;
    Array<Device, Verdict> verdict_;
    Array<Device, uint64_t*> cell_;
    Array<Device, WindowCounts> counts_;
    Array<Device, uint64_t> halted_;
    std::vector<Array<Device, int64_t>> values_;
    PinnedArray<Device, uint64_t> key_image_;
    PinnedArray<Device, int64_t> time_image_;
    PinnedArray<Device, Verdict> verdict_image_;
    PinnedArray<Device, WindowCounts> counts_image_;
    PinnedArray<Device, uint64_t> halted_image_;
    std::vector<PinnedArray<Device, int64_t>> value_images_;
    uint64_t number_ = 0;
    uint32_t halts_ = 0;
    size_t rows_ = 0;
};

}  // namespace trommel::cuda
