#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "kernels/cpu/block_filter_pass.h"
#include "kernels/cpu/filter_clock.h"
#include "kernels/cpu/id_memory.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/simd_level.h"
#include "kernels/rules/filter.h"

namespace trommel::cpu {

struct BlockFilterOptions {
    rules::FilterGeometry geometry;
    uint32_t group_begin = 0,
             group_end = rules::kGroups;  // The hash groups that this filter holds.
    SimdLevel simd = SimdLevel::scalar;
    bool forgets = false;  // OnFull::forget; a finite horizon.
};

// The memory of ids of approximate mode: a blocked Bloom filter of fixed size. One 64-byte line
// decides an event. With a finite horizon, lines age in place and are swept at the pace of the
// watermark; `forever` has smaller cells without ages, and a loop of its own. Answers
// depend on the order of arrival and the seed behind the hashes only, not on batch cuts, groups or
// SIMD level. Essay with drawing and numbers: block_filter.md.
class BlockFilter final : public IdMemory {
   public:
    // Null when the budget or the machine does not have filter_bytes(geometry, group_begin,
    // group_end).
    static std::unique_ptr<BlockFilter> create(const BlockFilterOptions& options,
                                               MemoryBudget& budget);

    // Work: at most a quarter of the lines for each slice that the watermark moves on, all of them
    // at most.
    void advance(int64_t watermark_us, int64_t time_us) override;

    // An event is `full` when its time does not fit the eleven slices from the floor on (the caller
    // may advance() with a later watermark if it has one), or when it is new and has ids_max ids in
    // view. With OnFull::forget the floor moves on at such an event instead, for as long as
    // anything is older than its slice, and a time below the floor counts as of the floor's slice.
    // Precondition: advance() has been called.
    void judge(const IdColumns& ids, const uint32_t* rows, uint32_t count,
               Outcome* outcomes) override;

    // judge() has forgotten what helps.
    bool forget_oldest(uint32_t) override { return false; }
    int64_t horizon_shortened_us() const override { return shortened_us_; }

    // A filter cannot forget one id without forgetting parts of others: the id stays remembered,
    // and its copies are duplicates.
    void take_back(const IdColumns&, const uint32_t*, uint32_t, const Outcome*,
                   const Verdict*) override {}

    uint64_t live_ids() const override;
    uint64_t committed_bytes() const override { return region_.usable_bytes(); }
    Stretch lines() const override { return {region_.data(), region_.usable_bytes()}; }

    // The lines, for tests and checkpoints.
    std::span<const uint64_t> words() const { return {words_, lines_ * rules::kFilterWords}; }

   private:
    BlockFilter(const BlockFilterOptions& options, MemoryBudget& budget);

    // What FilterClock asks for.
    friend class FilterClock;
    void clear();
    void sweep(uint64_t line, uint64_t count, uint32_t keep);
    void drop_slots(uint32_t count);
    void renew_ages();

    // Rows whose times fit, and the oldest and newest of their slots.
    struct Run {
        uint32_t count = 0;
        uint8_t oldest = 0, newest = 0;
    };

    Run fill_slots(const int64_t* times_us, const uint32_t* rows, uint32_t count);
    bool has_room_for(const Run& run) const;
    void judge_plain(const IdColumns& ids, const uint32_t* rows, uint32_t count, Outcome* outcomes);
    void count_new(const FilterPass& pass, const Run& run);
    uint32_t judge_near_capacity(const FilterPass& pass);
    void reach(int64_t time_us);
    bool forget_for(uint32_t slot);
    void raise_floor(int64_t floor);

    static constexpr uint32_t kRunRows = 256;

    const uint64_t first_line_;
    const uint64_t lines_per_group_;
    const uint64_t lines_;
    const uint64_t ids_max_;  // Of this filter's groups.
    const int64_t horizon_us_;
    const int64_t slice_us_;  // 0: forever.
    const bool forgets_;
    const FilterKernels kernels_;
    Region region_;
    uint64_t* words_ = nullptr;

    FilterClock clock_;
    std::array<rules::FilterAge, rules::kFilterSlots> ages_{};
    std::array<uint64_t, rules::kFilterSlots> ids_{};  // How many are remembered, by slot.
    std::array<uint8_t, kRunRows> slots_{};

    int64_t shortened_us_ = 0;
};

}  // namespace trommel::cpu
