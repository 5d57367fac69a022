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
    bool forgets = false;           // OnFull::forget; a finite horizon.
};

// The memory of ids of approximate mode in a device's memory (filter.md): the lines of
// cpu::BlockFilter, with the same answers bit for bit while no more than ids_max ids are in view.
// Beyond that (contract D6) new ids are `full`, or the oldest go early, by what was in view at the
// start of a batch or of a piece of an eighth of ids_max. The lines are charged to the budget, 12
// bytes per event of the longest batch are not. Device and budget must outlive it. One owner, one
// thread.
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

    // Writes FilterBatch::slot of the events of a batch, after advance(). With OnFull::forget every
    // time fits: the floor moves on for what is too new, and what is older than the floor counts as
    // of its slice. True when it has moved: slots that were written before are no longer right.
    bool find_slots(const int64_t* time_us, const uint32_t* rows, uint32_t count, uint8_t* slots) {
        int64_t newest_us = INT64_MIN;
        for (uint32_t k = 0; k < count; ++k) {
            newest_us = std::max(newest_us, time_us[rows[k]]);
            slots[k] = slot_of(time_us[rows[k]]);
        }
        if (!forgets_ || !reach(newest_us)) return false;
        for (uint32_t k = 0; k < count; ++k) slots[k] = slot_of(time_us[rows[k]]);
        return true;
    }
    bool forgets() const { return forgets_; }

    // Queues the work for a batch, on Queue::compute. It halts nothing. Batches are judged in the
    // order in which they are submitted; long ones in pieces.
    void submit(const FilterBatch& batch) {
        TROMMEL_ASSERT(batch.count <= events_max_);
        TROMMEL_ASSERT(slice_us_ == 0 || clock_.has_started());
        for (uint32_t begin = 0; begin < batch.count; begin += piece_max_) {
            submit_piece({batch.hash + begin, batch.slot + begin,
                          std::min(piece_max_, batch.count - begin), batch.outcome + begin,
                          batch.counts});
        }
    }

    // What a batch came to, once it is judged.
    void note_counts(const IdCounts& counts) { note_early(counts.slices_early); }
    // How much too early ids were forgotten, at worst, as far as it is known.
    int64_t horizon_shortened_us() const { return shortened_us_; }

    // Waits.
    uint64_t live_ids() {
        device_.copy_out(Queue::compute, state_image_.data(), state_.data(), state_.bytes());
        device_.wait_all();
        return rules::filter_view(state_image_[0].ids, 0);
    }

    // In device memory, for tests and checkpoints.
    const Array<D, uint64_t>& words() const { return words_; }

   private:
    static constexpr uint32_t kPieceMin = 256;  // Fewer than a launch is worth.

    DeviceFilter(D& device, const DeviceFilterOptions& options, cpu::MemoryBudget& budget)
        : device_(device),
          budget_(budget),
          lines_per_group_(options.geometry.lines_per_group),
          lines_(rules::kGroups * lines_per_group_),
          ids_max_(options.geometry.ids_max),
          horizon_us_(options.geometry.horizon_us),
          slice_us_(rules::filter_slice_us(horizon_us_)),
          events_max_(options.events_max),
          piece_max_(static_cast<uint32_t>(
              std::clamp<uint64_t>(ids_max_ / 8, kPieceMin, std::max(events_max_, kPieceMin)))),
          forgets_(options.forgets),
          clock_(options.geometry, lines_) {}

    bool allocate_all() {
        const uint64_t bytes = lines_ * rules::kFilterLineBytes;
        if (!budget_.take(bytes)) return false;
        charged_bytes_ = bytes;
        words_ = Array<D, uint64_t>(device_, lines_ * rules::kFilterWords);
        state_ = Array<D, FilterState>(device_, 1);
        state_image_ = PinnedArray<D, FilterState>(device_, 1);
        line_ = Array<D, uint64_t>(device_, events_max_);
        row_ = Array<D, uint32_t>(device_, events_max_);
        if (!words_ || !state_ || !state_image_ || !line_ || !row_ ||
            !device_.reserve_sort(events_max_)) {
            return false;
        }
        clear();
        device_.fill(Queue::compute, state_.data(), 0, state_.bytes());
        return true;
    }

    void submit_piece(const FilterBatch& batch) {
        const FilterRef filter{words_.data(), lines_per_group_, state_.data(), ids_max_};
        const FindRoom find_room{filter, clock_.floor()};
        device_.launch(batch.count, FindLines{batch, lines_per_group_, line_.data(), row_.data()});
        device_.sort(line_.data(), row_.data(), batch.count,
                     static_cast<uint32_t>(std::bit_width(lines_ - 1)));
        device_.launch(1, find_room);
        if (slice_us_ == 0) {
            device_.launch(batch.count, JudgePlainLines{batch, filter, line_.data(), row_.data()});
            return;
        }
        JudgeLines judge{batch, filter, line_.data(), row_.data(), FilterTurn::only, {}};
        for (uint32_t slot = 0; slot < rules::kFilterSlots; ++slot) {
            judge.age[slot] = rules::filter_age(clock_.floor(), slot);
        }
        if (!forgets_) return device_.launch(batch.count, judge);
        judge.turn = FilterTurn::first;
        device_.launch(batch.count, judge);
        device_.launch(1, ForgetOldest{find_room, floor_early(), batch.counts});
        judge.turn = FilterTurn::second;
        device_.launch(batch.count, judge);
    }

    uint8_t slot_of(int64_t time_us) const {
        if (slice_us_ == 0) return 0;
        const int64_t slot = rules::filter_slice_of(time_us, slice_us_) - clock_.floor();
        if (forgets_ && slot < 0) return 0;
        return slot < 0 || slot >= int64_t{rules::kFilterSlots} ? uint8_t{rules::kFilterSlots}
                                                                : static_cast<uint8_t>(slot);
    }
    // Moves the floor on to where this time fits. False when it did before.
    bool reach(int64_t newest_us) {
        const int64_t floor =
            rules::filter_slice_of(newest_us, slice_us_) - int64_t{rules::kFilterSlots - 1};
        if (floor <= clock_.floor()) return false;
        clock_.move_floor(floor, *this);
        note_early(floor_early());
        return true;
    }
    // Slices; more than are looked back do not matter.
    uint32_t floor_early() const {
        return static_cast<uint32_t>(
            std::min(clock_.floor() - clock_.due_floor(), int64_t{rules::kFilterLook}));
    }
    void note_early(uint32_t slices) {
        const int64_t early_us = std::min(slices, rules::kFilterLook) * slice_us_;
        shortened_us_ = std::max(shortened_us_, std::min(early_us, horizon_us_));
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
    void drop_slots(uint32_t count) { device_.launch(1, DropSlots{state_.data(), count}); }

    D& device_;
    cpu::MemoryBudget& budget_;
    const uint64_t lines_per_group_;
    const uint64_t lines_;
    const uint64_t ids_max_;
    const int64_t horizon_us_;
    const int64_t slice_us_;  // 0: forever.
    const uint32_t events_max_;
    const uint32_t piece_max_;  // Room is looked for before each, so so many more come in at most.
    const bool forgets_;
    cpu::FilterClock clock_;
    uint64_t charged_bytes_ = 0;
    int64_t shortened_us_ = 0;
    Array<D, uint64_t> words_, line_;
    Array<D, uint32_t> row_;
    Array<D, FilterState> state_;
    PinnedArray<D, FilterState> state_image_;
};

}  // namespace trommel::cuda
