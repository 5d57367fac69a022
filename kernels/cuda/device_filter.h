#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>

#include "kernels/cpu/filter_clock.h"
#include "kernels/cpu/memory.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/filter_stages.h"
#include "kernels/rules/assert.h"
#include "kernels/rules/filter.h"

namespace trommel::cuda {

struct DeviceFilterOptions {
    rules::FilterGeometry geometry;
    uint32_t events_max = 1 << 20;  // Longest batch.
};

// The memory of ids of approximate mode in a device's memory: the lines of cpu::BlockFilter, with
// the same answers bit for bit while no more than ids_max ids are in view. Beyond that (contract
// D6) new ids are `full`, by what was in view at the start of a batch. OnFull::forget is not here
// yet. The lines are charged to the budget, 12 bytes per event of the longest batch are not. Device
// and budget must outlive it. One owner, one thread.
template <Device D>
class DeviceFilter {
   public:
    // Null when there is not enough memory.
    static std::unique_ptr<DeviceFilter> create(D& device, const DeviceFilterOptions& options,
                                                cpu::MemoryBudget& budget) {
        std::unique_ptr<DeviceFilter> filter(new DeviceFilter(device, options, budget));
        return filter->allocate_all() ? std::move(filter) : nullptr;
    }
    ~DeviceFilter() {
        device_.wait_all();
        budget_.give(charged_bytes_);
    }
    DeviceFilter(const DeviceFilter&) = delete;
    DeviceFilter& operator=(const DeviceFilter&) = delete;

    // As cpu::IdMemory::advance(); queues the sweeps that are due.
    void advance(int64_t watermark_us, int64_t time_us) {
        if (slice_us_ != 0) clock_.advance(watermark_us, time_us, *this);
    }

    // FilterBatch::slot of an event, after advance().
    uint8_t slot_of(int64_t time_us) const {
        if (slice_us_ == 0) return 0;
        const int64_t slot = rules::filter_slice_of(time_us, slice_us_) - clock_.floor();
        return slot < 0 || slot >= int64_t{rules::kFilterSlots} ? uint8_t{rules::kFilterSlots}
                                                                : static_cast<uint8_t>(slot);
    }

    // Queues the work for a batch, on Queue::compute. It halts nothing. Batches are judged in the
    // order in which they are submitted.
    void submit(const FilterBatch& batch) {
        TROMMEL_ASSERT(batch.count <= events_max_);
        TROMMEL_ASSERT(slice_us_ == 0 || clock_.has_started());
        const FilterRef filter{words_.data(), lines_per_group_, ids_.data(), ids_max_};
        device_.launch(batch.count, FindLines{batch, lines_per_group_, line_.data(), row_.data()});
        device_.sort(line_.data(), row_.data(), batch.count,
                     static_cast<uint32_t>(std::bit_width(lines_ - 1)));
        device_.launch(1, FindRoom{filter, roomy_.data()});
        if (slice_us_ == 0) {
            device_.launch(batch.count, JudgePlainLines{batch, filter, line_.data(), row_.data(),
                                                        roomy_.data()});
            return;
        }
        JudgeLines judge{batch, filter, line_.data(), row_.data(), roomy_.data(), {}};
        for (uint32_t slot = 0; slot < rules::kFilterSlots; ++slot) {
            judge.age[slot] = rules::filter_age(clock_.floor(), slot);
        }
        device_.launch(batch.count, judge);
    }

    // Waits.
    uint64_t live_ids() {
        device_.copy_out(Queue::compute, ids_image_.data(), ids_.data(), ids_.bytes());
        device_.wait_all();
        uint64_t live = 0;
        for (uint32_t s = 0; s < rules::kFilterSlots; ++s) live += ids_image_[s];
        return live;
    }

    // In device memory, for tests and checkpoints.
    const Array<D, uint64_t>& words() const { return words_; }

   private:
    DeviceFilter(D& device, const DeviceFilterOptions& options, cpu::MemoryBudget& budget)
        : device_(device),
          budget_(budget),
          lines_per_group_(options.geometry.lines_per_group),
          lines_(rules::kGroups * lines_per_group_),
          ids_max_(options.geometry.ids_max),
          slice_us_(rules::filter_slice_us(options.geometry.horizon_us)),
          events_max_(options.events_max),
          clock_(options.geometry, lines_) {}

    bool allocate_all() {
        const uint64_t bytes = lines_ * rules::kFilterLineBytes;
        if (!budget_.take(bytes)) return false;
        charged_bytes_ = bytes;
        words_ = Array<D, uint64_t>(device_, lines_ * rules::kFilterWords);
        ids_ = Array<D, uint64_t>(device_, rules::kFilterSlots);
        ids_image_ = PinnedArray<D, uint64_t>(device_, rules::kFilterSlots);
        roomy_ = Array<D, uint64_t>(device_, 1);
        line_ = Array<D, uint64_t>(device_, events_max_);
        row_ = Array<D, uint32_t>(device_, events_max_);
        if (!words_ || !ids_ || !ids_image_ || !roomy_ || !line_ || !row_ ||
            !device_.reserve_sort(events_max_)) {
            return false;
        }
        clear();
        device_.fill(Queue::compute, ids_.data(), 0, ids_.bytes());
        return true;
    }

    // What FilterClock asks for.
    friend class cpu::FilterClock;
    void clear() { device_.fill(Queue::compute, words_.data(), 0, words_.bytes()); }
    void sweep(uint64_t line, uint64_t count, uint32_t keep) {
        uint64_t* at = words_.data() + line * rules::kFilterWords;
        for (uint64_t left = count * rules::kFilterWords; left > 0;) {
            const auto words = static_cast<uint32_t>(std::min<uint64_t>(left, uint64_t{1} << 31));
            device_.launch(words, SweepWords{at, keep});
            at += words;
            left -= words;
        }
    }
    void drop_slots(uint32_t count) { device_.launch(1, DropSlots{ids_.data(), count}); }

    D& device_;
    cpu::MemoryBudget& budget_;
    const uint64_t lines_per_group_;
    const uint64_t lines_;
    const uint64_t ids_max_;
    const int64_t slice_us_;  // 0: forever.
    const uint32_t events_max_;
    cpu::FilterClock clock_;
    uint64_t charged_bytes_ = 0;
    Array<D, uint64_t> words_, ids_, roomy_, line_;
    Array<D, uint32_t> row_;
    PinnedArray<D, uint64_t> ids_image_;
};

}  // namespace trommel::cuda
