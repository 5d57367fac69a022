#pragma once
#include <cstdint>
#include <memory>

#include "trommel/config.h"

#include "kernels/cpu/approximate_ids.h"
#include "kernels/cpu/backend.h"
#include "kernels/cuda/device_filter.h"
#include "kernels/cuda/device_ids.h"
#include "kernels/cuda/lane_column.h"
#include "kernels/rules/dedup.h"
#include "kernels/rules/window.h"

namespace trommel::cuda {

// What a shard remembers of ids, in a device's memory: an exact table of 64 or 128 bits, or the
// filter; and the columns of a batch that it is asked with. One owner, one thread.
template <Device D>
class DeviceIdMemory {
   public:
    // Null when there is not enough memory to begin with. Device and budget must outlive it.
    static std::unique_ptr<DeviceIdMemory> create(D& device, const Config& config,
                                                  const cpu::ShardOptions& options,
                                                  cpu::MemoryBudget& budget) {
        std::unique_ptr<DeviceIdMemory> ids(new DeviceIdMemory(device));
        return ids->allocate(config, options, budget) ? std::move(ids) : nullptr;
    }

    // Reads IdBatch::time_us?
    bool needs_times() const { return needs_times_; }

    // As cpu::IdMemory::advance().
    void advance(int64_t watermark_us, int64_t time_us) {
        with_exact([&](auto& ids) { ids.advance(watermark_us, time_us); });
        if (filter_) filter_->advance(watermark_us, time_us);
    }
    // Sends the columns of these events on Queue::in; after advance(), and when what the last batch
    // queued is done.
    void load(IdBatch& batch, const cpu::IdColumns& ids, const uint32_t* rows) {
        const uint32_t count = batch.count;
        if (filter_) {
            hash_.send(device_, ids.hash, rows, count);
            for (uint32_t k = 0; k < count; ++k) {
                slot_.image()[k] = filter_->slot_of(ids.time_us[rows[k]]);
            }
            slot_.send(device_, count);
        } else {
            lo_.send(device_, ids.lo, rows, count);
            if (u128_) hi_.send(device_, ids.hi, rows, count);
        }
        batch.lo = lo_.on_device();
        batch.hi = hi_.on_device();
        batch.place = place_.data();
    }

    // See DeviceIds. A filter halts nothing, and what it has taken in stays.
    void submit(IdBatch& batch) {
        with_exact([&](auto& ids) { ids.submit(batch); });
        if (!filter_) return;
        filter_->submit({hash_.on_device(), slot_.on_device(), batch.count, batch.outcome});
    }
    Stage go_on(IdBatch& batch, Stage halted) {
        Stage next = Stage::cells;
        with_exact([&](auto& ids) { next = ids.go_on(batch, halted); });
        return next;
    }
    void take_back(const IdBatch& batch, const Verdict* verdict) {
        with_exact([&](auto& ids) { ids.take_back(batch, verdict); });
    }

    int64_t horizon_shortened_us() const {
        return u64_ ? u64_->horizon_shortened_us() : u128_ ? u128_->horizon_shortened_us() : 0;
    }
    // `newest`: the last batch that was submitted. Waits.
    uint64_t live_ids(const IdBatch& newest) {
        uint64_t live = filter_ ? filter_->live_ids() : 0;
        with_exact([&](auto& ids) { live = ids.live_ids(newest); });
        return live;
    }

   private:
    explicit DeviceIdMemory(D& device) : device_(device) {}

    template <class F>
    void with_exact(const F& f) {
        if (u64_) f(*u64_);
        if (u128_) f(*u128_);
    }
    bool allocate(const Config& config, const cpu::ShardOptions& options,
                  cpu::MemoryBudget& budget);

    D& device_;
    bool needs_times_ = false;
    std::unique_ptr<DeviceIds<D, Ids64>> u64_;  // One of the three.
    std::unique_ptr<DeviceIds<D, Ids128>> u128_;
    std::unique_ptr<DeviceFilter<D>> filter_;
    LaneColumn<D, uint64_t> lo_, hi_, hash_;
    LaneColumn<D, uint8_t> slot_;
    Array<D, uint64_t> place_;
};

template <Device D>
bool DeviceIdMemory<D>::allocate(const Config& config, const cpu::ShardOptions& options,
                                 cpu::MemoryBudget& budget) {
    const DedupOptions& dedup = config.dedup;
    const uint32_t rows = options.rows_max;
    if (dedup.mode == DedupMode::approximate) {
        filter_ = DeviceFilter<D>::create(device_, {cpu::filter_geometry(config), rows}, budget);
        hash_ = {device_, rows};
        slot_ = {device_, rows};
        return filter_ && hash_ && slot_;
    }
    DeviceIdsOptions exact;
    exact.horizon_us = dedup.horizon_us;
    exact.allowed_lateness_us = config.time.allowed_lateness_us;
    exact.lateness_pane_us = rules::lateness_pane_us(config);
    exact.seed = rules::hash_seed(options.seed, rules::Purpose::id);
    exact.events_max = rows;
    exact.forgets = config.engine.on_full == OnFull::forget;
    needs_times_ = dedup.horizon_us != kForeverUs;
    lo_ = {device_, rows};
    place_ = {device_, rows};
    if (!lo_ || !place_) return false;
    if (!rules::has_wide_ids(dedup)) {
        u64_ = DeviceIds<D, Ids64>::create(device_, exact, budget);
        return u64_ != nullptr;
    }
    hi_ = {device_, rows};
    u128_ = DeviceIds<D, Ids128>::create(device_, exact, budget);
    return hi_ && u128_;
}

}  // namespace trommel::cuda
