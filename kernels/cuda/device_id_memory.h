#pragma once
#include <cstdint>
#include <memory>

#include "trommel/config.h"

#include "kernels/cpu/approximate_ids.h"
#include "kernels/cpu/backend.h"
#include "kernels/cuda/device_filter.h"
#include "kernels/cuda/device_ids.h"
#include "kernels/cuda/lane_column.h"
#include "kernels/rules/assert.h"
#include "kernels/rules/dedup.h"
#include "kernels/rules/window.h"

namespace trommel::cuda {

// What a shard remembers of ids, in a device's memory: an exact table of 64 or 128 bits, or the
// filter; and the columns that it is asked with. One owner, one thread.
template <Device D>
class DeviceIdMemory {
   public:
    // The ids of a batch, from when it is loaded until it is judged.
    struct Lane {
        LaneColumn<D, uint64_t> lo, hi, hash;
        LaneColumn<D, uint8_t> slot;
        Array<D, uint64_t> place;
    };

    // Null when there is not enough memory to begin with. Device and budget must outlive it.
    static std::unique_ptr<DeviceIdMemory> create(D& device, const Config& config,
                                                  const cpu::ShardOptions& options,
                                                  cpu::MemoryBudget& budget) {
        std::unique_ptr<DeviceIdMemory> ids(new DeviceIdMemory(device, options.rows_max));
        return ids->make(config, options, budget) ? std::move(ids) : nullptr;
    }

    // False when there is no memory for it. At set-up.
    bool allocate(Lane& lane) const;

    // Reads IdBatch::time_us?
    bool needs_times() const { return needs_times_; }

    // As cpu::IdMemory::advance().
    void advance(int64_t watermark_us, int64_t time_us) {
        with_exact([&](auto& ids) { ids.advance(watermark_us, time_us); });
        if (filter_) filter_->advance(watermark_us, time_us);
    }
    // Pins the columns that load() will read. At set-up.
    void pin(PinnedColumns<D>& pinned, const cpu::IdColumns& ids, uint32_t rows_max) const {
        if (filter_) {
            pinned.add(ids.hash, rows_max);
        } else {
            pinned.add(ids.lo, rows_max);
            if (u128_) pinned.add(ids.hi, rows_max);
        }
    }
    // May load() forget ids early, when no watermark bounds how new an event is? What was loaded
    // for the same batch before would be about others then.
    bool may_forget_on_load() const { return filter_ && filter_->forgets(); }
    // Sends the columns of these events on Queue::in; after advance(), which is not called again
    // before the batch that they are part of is submitted, and when what the lane's last batch
    // queued is done.
    void load(Lane& lane, const PinnedColumns<D>& pinned, const cpu::IdColumns& ids,
              const LanePart& part) {
        if (filter_) {
            lane.hash.send(device_, pinned, ids.hash, part);
            const bool has_moved = filter_->find_slots(ids.time_us, part.rows, part.count,
                                                       lane.slot.image() + part.begin);
            TROMMEL_ASSERT(part.begin == 0 || !has_moved);
            lane.slot.send(device_, part);
        } else {
            lane.lo.send(device_, pinned, ids.lo, part);
            if (u128_) lane.hi.send(device_, pinned, ids.hi, part);
        }
    }

    // See DeviceIds.
    void submit(const Lane& lane, IdBatch& batch) {
        batch.lo = lane.lo.on_device();
        batch.hi = lane.hi.on_device();
        batch.place = lane.place.data();
        with_exact([&](auto& ids) { ids.submit(batch); });
        if (!filter_) return;
        filter_->submit({lane.hash.on_device(), lane.slot.on_device(), batch.count, batch.outcome,
                         batch.counts});
    }
    // Is a batch that follows on a halted one submitted again? A filter halts nothing and is not
    // halted: what it has taken in stays, and so do its outcomes.
    bool is_submitted_again() const { return filter_ == nullptr; }
    Stage go_on(IdBatch& batch, Stage halted) {
        Stage next = Stage::cells;
        with_exact([&](auto& ids) { next = ids.go_on(batch, halted); });
        return next;
    }
    void take_back(const IdBatch& batch, const Verdict* verdict) {
        with_exact([&](auto& ids) { ids.take_back(batch, verdict); });
    }

    // What a batch came to, once it is judged.
    void note_counts(const IdCounts& counts) {
        if (filter_) filter_->note_counts(counts);
    }
    int64_t horizon_shortened_us() const {
        if (filter_) return filter_->horizon_shortened_us();
        return u64_ ? u64_->horizon_shortened_us() : u128_->horizon_shortened_us();
    }
    // `newest`: the last batch that was submitted. Waits.
    uint64_t live_ids(const IdBatch& newest) {
        uint64_t live = filter_ ? filter_->live_ids() : 0;
        with_exact([&](auto& ids) { live = ids.live_ids(newest); });
        return live;
    }

   private:
    DeviceIdMemory(D& device, uint32_t rows_max) : device_(device), rows_max_(rows_max) {}

    template <class F>
    void with_exact(const F& f) {
        if (u64_) f(*u64_);
        if (u128_) f(*u128_);
    }
    bool make(const Config& config, const cpu::ShardOptions& options, cpu::MemoryBudget& budget);

    D& device_;
    const uint32_t rows_max_;
    bool needs_times_ = false;
    std::unique_ptr<DeviceIds<D, Ids64>> u64_;  // One of the three.
    std::unique_ptr<DeviceIds<D, Ids128>> u128_;
    std::unique_ptr<DeviceFilter<D>> filter_;
};

template <Device D>
bool DeviceIdMemory<D>::make(const Config& config, const cpu::ShardOptions& options,
                             cpu::MemoryBudget& budget) {
    const DedupOptions& dedup = config.dedup;
    if (dedup.mode == DedupMode::approximate) {
        filter_ = DeviceFilter<D>::create(
            device_,
            {cpu::filter_geometry(config), rows_max_, config.engine.on_full == OnFull::forget},
            budget);
        return filter_ != nullptr;
    }
    DeviceIdsOptions exact;
    exact.horizon_us = dedup.horizon_us;
    exact.allowed_lateness_us = config.time.allowed_lateness_us;
    exact.lateness_pane_us = rules::lateness_pane_us(config);
    exact.seed = rules::hash_seed(options.seed, rules::Purpose::id);
    exact.events_max = rows_max_;
    exact.forgets = config.engine.on_full == OnFull::forget;
    needs_times_ = dedup.horizon_us != kForeverUs;
    if (!rules::has_wide_ids(dedup)) {
        u64_ = DeviceIds<D, Ids64>::create(device_, exact, budget);
        return u64_ != nullptr;
    }
    u128_ = DeviceIds<D, Ids128>::create(device_, exact, budget);
    return u128_ != nullptr;
}

template <Device D>
bool DeviceIdMemory<D>::allocate(Lane& lane) const {
    if (filter_) {
        lane.hash = {device_, rows_max_};
        lane.slot = {device_, rows_max_};
        return lane.hash && lane.slot;
    }
    lane.lo = {device_, rows_max_};
    lane.place = {device_, rows_max_};
    if (u128_) lane.hi = {device_, rows_max_};
    return lane.lo && lane.place && (!u128_ || lane.hi);
}

}  // namespace trommel::cuda
