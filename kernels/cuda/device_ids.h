#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "trommel/config.h"

#include "kernels/cpu/memory.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/id_stages.h"
#include "kernels/rules/assert.h"
#include "kernels/rules/dedup.h"
#include "kernels/rules/hash.h"
#include "kernels/rules/lateness.h"
#include "kernels/rules/partition.h"

namespace trommel::cuda {

struct DeviceIdsOptions {
    int64_t horizon_us = kForeverUs;
    int64_t allowed_lateness_us = 0;
    int64_t lateness_pane_us = 0;
    rules::HashSeed seed;                      // Decides where ids live; secret.
    uint32_t events_max = 1 << 20;             // Longest batch, at most IdWord::kEventsMax.
    bool forgets = false;                      // OnFull::forget.
    uint64_t stamps_max = IdWord::kStampsMax;  // Smaller in tests only.
};

// Exact memory of ids in a device's memory (exact_ids.md), for ids of Kind (id_slots.h); answers as
// cpu::make_exact_table's does. Slots are charged to the budget, and as much more as the largest
// group takes, so that each can always be written anew; 15 bytes per event of the longest batch are
// not. Device and budget must outlive it. One owner, one thread.
template <Device D, class Kind>
class DeviceIds {
    using Slot = typename Kind::Slot;

   public:
    // Null when there is not enough memory to begin with.
    static std::unique_ptr<DeviceIds> create(D& device, const DeviceIdsOptions& options,
                                             cpu::MemoryBudget& budget) {
        std::unique_ptr<DeviceIds> ids(new DeviceIds(device, options, budget));
        return ids->allocate_all() ? std::move(ids) : nullptr;
    }
    ~DeviceIds() {
        device_.wait_all();
        budget_.give(charged_bytes_);
    }
    DeviceIds(const DeviceIds&) = delete;
    DeviceIds& operator=(const DeviceIds&) = delete;

    // Moves on in time, for batches that are submitted for the first time after it: as
    // cpu::IdMemory::advance(). Cheap.
    void advance(int64_t watermark_us, int64_t time_us);

    // Queues the work for a batch, on Queue::compute. When it is done, and *batch.halted is not of
    // this batch's claim or resolve, outcomes are final. Batches are submitted in the order of
    // their numbers.
    void submit(IdBatch& batch) {
        if (batch.stamp == 0) batch.floor = floor_;
        queue(batch);
    }

    // For the batch that was halted, when its work and that of all later ones is done. Makes room
    // for it or resolves it, and says at which stage it goes on: at claim it is to be submitted
    // again, at cells the windows' stages are to be queued; and then all later batches are to be
    // submitted again, in order. Clears *batch.halted. Waits.
    Stage go_on(IdBatch& batch, Stage halted);

    // Queues forgetting the events of a batch that are unique by their ids and whose verdict
    // ([count], device memory) is `refused` all the same: as cpu::IdMemory::take_back(). Before the
    // next batch is submitted, or on a batch that is submitted again.
    void take_back(const IdBatch& batch, const Verdict* verdict) {
        device_.launch(batch.count, TakeBackIds{batch, verdict, known_before_.data()});
        if (batch.number != resolved_batch_) return;
        device_.launch(contested_count_, TakeBackContested{batch, ticks_, verdict,
                                                           known_before_.data(), contested()});
    }

    // How much too early ids were forgotten, at worst.
    int64_t horizon_shortened_us() const { return shortened_us_; }
    // By the last advance(). `newest`: the last batch that was submitted. Waits.
    uint64_t live_ids(const IdBatch& newest);
    uint64_t slots() const {
        uint64_t count = 0;
        for (const Array<D, Slot>& group : slots_) count += group.count();
        return count;
    }

   private:
    static constexpr uint32_t kCapacityMin = 16, kCapacityMax = uint32_t{1} << 31;
    // How far the floor may be above the base of ticks.
    static constexpr int64_t kRebaseTicks = 6000;
    static_assert(kRebaseTicks + rules::kTickSpan < (1 << IdWord::kTickBits) - 1);
    static constexpr uint32_t kTickCounts = 1u << IdWord::kTickBits;

    DeviceIds(D& device, const DeviceIdsOptions& options, cpu::MemoryBudget& budget)
        : device_(device),
          budget_(budget),
          options_(options),
          ticks_(rules::dedup_ticks(options.horizon_us)) {
        TROMMEL_ASSERT(options.events_max <= IdWord::kEventsMax);
        TROMMEL_ASSERT(options.stamps_max <= IdWord::kStampsMax);
    }
    bool allocate_all();

    // 5/8: an id that is there is found in 1.8 slots then, another is known to be new after 4. 7/8,
    // where there is no memory: 4.5 and 32.
    static uint32_t usual_limit(uint32_t capacity) { return capacity / 8 * 5; }
    static uint32_t full_limit(uint32_t capacity) { return capacity / 8 * 7; }
    static uint32_t capacity_for(uint64_t ids) {
        const uint64_t capacity = (ids * 8 / 5 + 16) / 8 * 8;
        return static_cast<uint32_t>(std::clamp<uint64_t>(capacity, kCapacityMin, kCapacityMax));
    }
    static uint64_t bytes_of(uint32_t capacity) { return (uint64_t{capacity} + 1) * sizeof(Slot); }
    // What each group can have at the same time, and one of them twice.
    uint32_t even_share() const {
        const uint64_t slots = budget_.max_bytes() / sizeof(Slot) / (rules::kGroups + 1);
        return static_cast<uint32_t>(std::clamp<uint64_t>(slots, 8, kCapacityMax) / 8 * 8 - 8);
    }

    IdTable<Kind> table() const { return {groups_.data(), counts_.data(), options_.seed}; }
    void queue(IdBatch& batch);
    void resolve(const IdBatch& batch);
    ContestedEvents contested() const { return {keys_.data(), events_.data(), contested_count_}; }
    void make_room(IdBatch& batch);
    bool make_room_in(uint32_t group, const IdBatch& batch);
    bool prepare_rebuild(uint32_t group, uint32_t capacity, uint32_t limit, const IdBatch& batch);
    void rebuild_prepared(const IdBatch& batch);
    bool charge(uint32_t group, uint64_t bytes);
    void settle_charges();
    bool forget_oldest(IdBatch& batch, uint64_t events);
    void count_needed(const IdBatch& batch, uint64_t stamp);
    // Launches a functor for all slots, in few launches: of groups of one size there are as many in
    // one as 32 bits can count.
    template <class F>
    void for_slots(const IdGroup<Kind>* groups, uint64_t largest, const F& make_functor) {
        const auto stride = static_cast<uint32_t>(largest);
        const auto at_once = static_cast<uint32_t>(
            std::clamp<uint64_t>(uint64_t{UINT32_MAX} / stride, 1, rules::kGroups));
        for (uint32_t first = 0; first < rules::kGroups; first += at_once) {
            const uint32_t count = std::min(at_once, rules::kGroups - first);
            device_.launch(count * stride, make_functor(SlotRange<Kind>{groups, first, stride}));
        }
    }
    template <class F>
    void for_slots(const F& make_functor) {
        for_slots(groups_.data(), largest_bytes(slots_) / sizeof(Slot), make_functor);
    }
    void wait() {
        device_.record(Queue::compute, done_);
        device_.wait(done_);
    }

    D& device_;
    cpu::MemoryBudget& budget_;
    const DeviceIdsOptions options_;
    const rules::DedupTicks ticks_;

    // Of the next batch. A batch keeps the floor that it was first submitted with, also when it is
    // submitted again and later ones have been here meanwhile.
    bool is_anchored_ = false;
    int64_t floor_ = 0;
    int64_t needed_floor_ = 0;  // Where the contract alone would have it.
    int64_t forced_floor_ = INT64_MIN;
    int64_t shortened_us_ = 0;
    int64_t base_ = 0;    // Of the batch that was submitted last.
    uint64_t stamp_ = 0;  // Of the batch that was submitted last.

    using Groups = std::array<Array<D, Slot>, rules::kGroups>;
    static uint64_t largest_bytes(const Groups& groups) {
        uint64_t bytes = 0;
        for (const Array<D, Slot>& group : groups) bytes = std::max<uint64_t>(bytes, group.bytes());
        return bytes;
    }

    Groups slots_;
    Groups next_slots_;  // Of groups that are to be written anew.
    uint64_t charged_bytes_ = 0;
    typename D::Ticket done_{};
    Array<D, IdGroup<Kind>> groups_;
    PinnedArray<D, IdGroup<Kind>> groups_image_;  // What the device has, or will.
    Array<D, IdGroup<Kind>> next_groups_;
    PinnedArray<D, IdGroup<Kind>> next_groups_image_;
    Array<D, IdGroupCounts> counts_;
    PinnedArray<D, IdGroupCounts> counts_image_;
    Array<D, uint32_t> tick_counts_;  // With OnFull::forget.
    PinnedArray<D, uint32_t> tick_counts_image_;

    // To take back and to resolve with. Of the batch that was judged last: those under way after it
    // have to wait until it is done with.
    Array<D, uint16_t> known_before_;
    uint64_t resolved_batch_ = 0;
    uint32_t contested_count_ = 0;
    Array<D, uint8_t> flags_;
    Array<D, uint64_t> keys_;
    Array<D, uint32_t> events_;  // And how many.
    PinnedArray<D, uint32_t> count_image_;
};

template <Device D, class Kind>
bool DeviceIds<D, Kind>::allocate_all() {
    const uint64_t begin_bytes = (rules::kGroups + uint64_t{1}) * bytes_of(kCapacityMin);
    if (!budget_.take(begin_bytes)) return false;
    charged_bytes_ = begin_bytes;
    done_ = device_.make_ticket();
    groups_ = {device_, rules::kGroups};
    groups_image_ = {device_, rules::kGroups};
    next_groups_ = {device_, rules::kGroups};
    next_groups_image_ = {device_, rules::kGroups};
    counts_ = {device_, rules::kGroups};
    counts_image_ = {device_, rules::kGroups};
    known_before_ = {device_, options_.events_max};
    flags_ = {device_, options_.events_max};
    keys_ = {device_, options_.events_max};
    events_ = {device_, options_.events_max + size_t{1}};
    count_image_ = {device_, 1};
    if (!groups_ || !groups_image_ || !next_groups_ || !next_groups_image_ || !counts_ ||
        !counts_image_ || !known_before_ || !flags_ || !keys_ || !events_ || !count_image_ ||
        !device_.reserve_sort(options_.events_max) ||
        !device_.reserve_select(options_.events_max)) {
        return false;
    }
    if (options_.forgets && ticks_.tick_us != 0) {
        tick_counts_ = {device_, kTickCounts};
        tick_counts_image_ = {device_, kTickCounts};
        if (!tick_counts_ || !tick_counts_image_) return false;
    }
    for (uint32_t g = 0; g < rules::kGroups; ++g) {
        slots_[g] = {device_, kCapacityMin + size_t{1}};
        if (!slots_[g]) return false;
        device_.fill(Queue::compute, slots_[g].data(), 0, slots_[g].bytes());
        groups_image_[g] = {slots_[g].data(), kCapacityMin, usual_limit(kCapacityMin), kNotClosed};
        next_groups_image_[g] = {};
    }
    device_.fill(Queue::compute, counts_.data(), 0, counts_.bytes());
    device_.copy_in(Queue::compute, groups_.data(), groups_image_.data(), groups_.bytes());
    wait();
    return !device_.is_lost();
}

// --- Time

template <Device D, class Kind>
void DeviceIds<D, Kind>::advance(int64_t watermark_us, int64_t time_us) {
    if (ticks_.tick_us == 0 || watermark_us == rules::kEndOfInputUs) return;
    if (!is_anchored_) {
        is_anchored_ = true;
        floor_ = base_ = rules::tick_of(time_us, ticks_) - rules::kAnchorTicks;
        needed_floor_ = floor_;
    }
    if (watermark_us == rules::kUnknownUs) return;
    needed_floor_ = rules::oldest_tick_needed(watermark_us, options_.allowed_lateness_us,
                                              options_.lateness_pane_us, ticks_);
    floor_ = std::max(floor_, needed_floor_);
}

// --- Batches

template <Device D, class Kind>
void DeviceIds<D, Kind>::queue(IdBatch& batch) {
    TROMMEL_ASSERT(batch.count <= options_.events_max);
    batch.floor = std::max(batch.floor, forced_floor_);
    batch.is_shortened = shortened_us_ > 0;
    if (batch.floor - base_ > kRebaseTicks) {
        const auto way = static_cast<uint64_t>(batch.floor - base_);
        for_slots([&](SlotRange<Kind> range) {
            return RebaseTicks<Kind>{range, way, batch.halted};
        });
        base_ = batch.floor;
    }
    batch.base = base_;
    if (++stamp_ == options_.stamps_max) {
        for_slots([&](SlotRange<Kind> range) { return ForgetClaims<Kind>{range, batch.halted}; });
        stamp_ = 1;
    }
    batch.stamp = stamp_;
    device_.launch(batch.count, ClaimIds<Kind>{batch, table(), ticks_});
    device_.launch(batch.count, JudgeIds{batch, ticks_, known_before_.data()});
}

template <Device D, class Kind>
Stage DeviceIds<D, Kind>::go_on(IdBatch& batch, Stage halted) {
    base_ = batch.base;  // What was queued for later batches did nothing.
    stamp_ = batch.stamp;
    device_.fill(Queue::compute, batch.halted, 0, sizeof *batch.halted);
    if (halted == Stage::claim) make_room(batch);
    if (halted == Stage::resolve) resolve(batch);
    return halted == Stage::claim ? Stage::claim : Stage::cells;
}

template <Device D, class Kind>
void DeviceIds<D, Kind>::resolve(const IdBatch& batch) {
    uint32_t* const found = events_.data() + options_.events_max;
    device_.launch(batch.count, FlagContested{batch, flags_.data()});
    device_.select(flags_.data(), batch.count, events_.data(), found);
    device_.copy_out(Queue::compute, count_image_.data(), found, sizeof *found);
    wait();
    if (device_.is_lost()) return;
    resolved_batch_ = batch.number;
    contested_count_ = count_image_[0];
    device_.launch(contested_count_, KeyContested{batch, events_.data(), keys_.data()});
    device_.sort(keys_.data(), events_.data(), contested_count_, 64);
    device_.launch(contested_count_, ResolveContested{batch, ticks_, contested()});
}

// --- Room

template <Device D, class Kind>
void DeviceIds<D, Kind>::count_needed(const IdBatch& batch, uint64_t stamp) {
    device_.launch(rules::kGroups, ClearNeeded{counts_.data()});
    for_slots([&](SlotRange<Kind> range) {
        return CountNeeded<Kind>{range, time_of(batch, ticks_), stamp, counts_.data()};
    });
    device_.copy_out(Queue::compute, counts_image_.data(), counts_.data(), counts_.bytes());
    wait();
}

template <Device D, class Kind>
void DeviceIds<D, Kind>::make_room(IdBatch& batch) {
    for (;;) {
        count_needed(batch, batch.stamp);
        if (device_.is_lost()) return;
        uint64_t lacked = 0;
        for (uint32_t g = 0; g < rules::kGroups; ++g) {
            if (counts_image_[g].lacked > 0 && !make_room_in(g, batch)) {
                lacked += counts_image_[g].lacked;
            }
        }
        rebuild_prepared(batch);
        if (device_.is_lost()) return;
        if (lacked == 0) return;
        if (!forget_oldest(batch, lacked)) break;
        batch.floor = forced_floor_;
    }
    // The device's counts say which groups lack room still.
    for (uint32_t g = 0; g < rules::kGroups; ++g) {
        if (counts_image_[g].lacked > 0) groups_image_[g].closed_floor = batch.floor;
    }
    device_.launch(rules::kGroups, ClearLacked{counts_.data()});
    device_.copy_in(Queue::compute, groups_.data(), groups_image_.data(), groups_.bytes());
    wait();
}

// A group is written anew, without its dead, into as large a table as there is memory for: twice
// what its ids need, or half as much again, or what is left. Not into more than its share while
// that will do: else those that double first leave too little for others, which are as many ids
// to each group. False when there is no room to be had.
template <Device D, class Kind>
bool DeviceIds<D, Kind>::make_room_in(uint32_t g, const IdBatch& batch) {
    const uint64_t needed = counts_image_[g].needed;
    const uint32_t share = even_share();
    // Copies in a batch count several times in `lacked`, so it is not wholly believed.
    const uint64_t wanted = needed + std::min<uint64_t>(counts_image_[g].lacked, 4 * needed + 64);
    for (const uint64_t ids :
         {std::max(wanted, 2 * needed), needed + needed / 2, needed + needed / 4}) {
        uint32_t capacity = capacity_for(ids);
        uint32_t limit = usual_limit(capacity);
        if (capacity >= share && needed + needed / 16 < full_limit(share)) {
            capacity = share;
            limit = full_limit(share);
        }
        if (limit > needed && prepare_rebuild(g, capacity, limit, batch)) return true;
    }
    const uint32_t present = groups_image_[g].capacity;
    return needed + needed / 16 < full_limit(present) &&
           prepare_rebuild(g, present, full_limit(present), batch);
}

template <Device D, class Kind>
bool DeviceIds<D, Kind>::prepare_rebuild(uint32_t g, uint32_t capacity, uint32_t limit,
                                         const IdBatch& batch) {
    const auto allocate = [&] {
        if (!charge(g, bytes_of(capacity))) return false;
        next_slots_[g] = {device_, capacity + size_t{1}};
        return static_cast<bool>(next_slots_[g]);
    };
    if (!allocate()) {
        rebuild_prepared(batch);  // Which leaves what those had before.
        if (!allocate()) return false;
    }
    next_groups_image_[g] = {next_slots_[g].data(), capacity, limit, kNotClosed};
    counts_image_[g].lacked = 0;
    return true;
}

template <Device D, class Kind>
void DeviceIds<D, Kind>::rebuild_prepared(const IdBatch& batch) {
    if (const uint64_t largest = largest_bytes(next_slots_); largest > 0) {
        device_.copy_in(Queue::compute, next_groups_.data(), next_groups_image_.data(),
                        next_groups_.bytes());
        for_slots(next_groups_.data(), largest / sizeof(Slot), [&](SlotRange<Kind> range) {
            return ClearSlots<Kind>{range, counts_.data()};
        });
        for_slots([&](SlotRange<Kind> range) {
            return MoveIds<Kind>{range, next_groups_.data(), counts_.data(), time_of(batch, ticks_),
                                 options_.seed};
        });
        for (uint32_t g = 0; g < rules::kGroups; ++g) {
            if (next_slots_[g]) groups_image_[g] = next_groups_image_[g];
        }
        device_.copy_in(Queue::compute, groups_.data(), groups_image_.data(), groups_.bytes());
        wait();
        for (uint32_t g = 0; g < rules::kGroups; ++g) {
            if (!next_slots_[g]) continue;
            slots_[g] = std::move(next_slots_[g]);
            next_slots_[g].clear();
            next_groups_image_[g] = {};
        }
    }
    settle_charges();
}

// Charged are all groups, and the largest once more; while some are written anew, these twice.
// False, and nothing changed, if there is no room for group g to be written into `bytes` too.
template <Device D, class Kind>
bool DeviceIds<D, Kind>::charge(uint32_t g, uint64_t bytes) {
    uint64_t meanwhile = bytes, after = 0, largest = 0;
    for (uint32_t i = 0; i < rules::kGroups; ++i) {
        meanwhile += slots_[i].bytes() + next_slots_[i].bytes();
        const uint64_t own = i == g           ? bytes
                             : next_slots_[i] ? next_slots_[i].bytes()
                                              : slots_[i].bytes();
        after += own;
        largest = std::max(largest, own);
    }
    const uint64_t needed = std::max(meanwhile, after + largest);
    if (needed <= charged_bytes_) return true;
    if (!budget_.take(needed - charged_bytes_)) return false;
    charged_bytes_ = needed;
    return true;
}
// Gives back what is not needed any more. Nothing is being written anew.
template <Device D, class Kind>
void DeviceIds<D, Kind>::settle_charges() {
    const uint64_t needed = slots() * sizeof(Slot) + largest_bytes(slots_);
    budget_.give(charged_bytes_ - needed);
    charged_bytes_ = needed;
}

// OnFull::forget: raises the floor over the oldest ids, at least as many as there are events that
// lack room and never the newest tick. False when there is nothing older.
template <Device D, class Kind>
bool DeviceIds<D, Kind>::forget_oldest(IdBatch& batch, uint64_t events) {
    if (!tick_counts_) return false;
    const IdTime time = time_of(batch, ticks_);
    device_.fill(Queue::compute, tick_counts_.data(), 0, tick_counts_.bytes());
    for_slots([&](SlotRange<Kind> range) {
        return CountTicks<Kind>{range, time, batch.stamp, tick_counts_.data()};
    });
    device_.copy_out(Queue::compute, tick_counts_image_.data(), tick_counts_.data(),
                     tick_counts_.bytes());
    wait();
    if (device_.is_lost()) return false;
    uint64_t live = 0;
    uint32_t newest = 0;
    for (uint32_t bits = 1; bits < kTickCounts; ++bits) {
        live += tick_counts_image_[bits];
        if (tick_counts_image_[bits] > 0) newest = bits;
    }
    const uint64_t wanted = std::max(live / 16, events);
    uint64_t forgotten = 0;
    auto bits = static_cast<uint32_t>(time.bits_of(batch.floor));
    while (bits < newest && forgotten < wanted) forgotten += tick_counts_image_[bits++];
    if (forgotten == 0) return false;
    forced_floor_ = time.tick_of_bits(bits);
    floor_ = std::max(floor_, forced_floor_);
    const int64_t early_us = (forced_floor_ - needed_floor_) * ticks_.tick_us;
    shortened_us_ = std::max(shortened_us_, std::min(early_us, options_.horizon_us));
    return true;
}

template <Device D, class Kind>
uint64_t DeviceIds<D, Kind>::live_ids(const IdBatch& newest) {
    IdBatch now = newest;
    now.floor = std::max(newest.floor, floor_);
    count_needed(now, 0);
    uint64_t live = 0;
    for (uint32_t g = 0; g < rules::kGroups; ++g) live += counts_image_[g].needed;
    return live;
}

}  // namespace trommel::cuda
