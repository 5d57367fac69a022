#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "trommel/config.h"
#include "trommel/record_batch.h"
#include "trommel/report.h"
#include "trommel/status.h"

#include "kernels/cpu/id_memory.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/partial_rows.h"
#include "kernels/cpu/simd_level.h"
#include "kernels/cpu/window_store.h"

namespace trommel::cpu {

struct ShardOptions {
    uint32_t index = 0, shards = 1;
    uint64_t seed = 0;       // The job's.
    uint64_t id_bytes = 0;   // This shard's share of memory for ids,
    uint64_t key_bytes = 0;  // and for keys and panes.
    uint32_t rows_max = 0;   // Longest batch.
    SimdLevel simd = SimdLevel::scalar;
};

// A stretch of the hash groups: their ids, and the windows of the events that had them. Runs every
// step on a batch before it takes the next. One owner, one thread; shares nothing, locks nothing.
class Shard {
   public:
    static Status create(const Config& config, const ShardOptions& options,
                         std::unique_ptr<Shard>& shard);

    // Moves the windows' watermark to the job's, before the coming events.
    void advance(int64_t watermark_us);
    // Moves the ids' watermark, which may run ahead of the windows' within a batch; `time_us` is
    // the time of one of the coming events.
    void advance_ids(int64_t watermark_us, int64_t time_us);
    // The next final rows of this shard's aligned windows, in order, in steps of about `work`
    // cells: see WindowStore. False when there is none now, and nothing left to be dropped.
    bool take_closed(PartialRows& rows, uint32_t rows_max, int64_t& work);
    bool is_closing() const { return windows_ && windows_->is_closing(); }
    bool has_rows() const { return windows_ && windows_->has_rows(); }
    // Every row of a window that ends up to here was taken.
    int64_t complete_end_us() const { return windows_ ? windows_->complete_end_us() : INT64_MAX; }
    uint32_t windows_waiting(uint32_t max) const {
        return windows_ ? windows_->windows_waiting(max) : 0;
    }
    // Would no event be refused that is not refused when all rows are taken first?
    bool has_room(const RecordBatch& batch, const uint32_t* rows, uint32_t count) const {
        return !windows_ || windows_->has_room(batch, rows, count);
    }
    // Judges the on-time events rows[0..count) of the batch and adds the unique ones to their
    // panes. Writes batch.verdict of these rows only.
    void judge(RecordBatch& batch, const IdColumns& ids, const uint32_t* rows, uint32_t count);

    // See IdMemory.
    Stretch take_ahead() {
        const Stretch ahead = ids_ ? ids_->take_ahead() : Stretch();
        return ahead.bytes == 0 && windows_ ? windows_->take_ahead() : ahead;
    }

    // OnFull::stop: says what was full once it was; the events that it hit are refused.
    const Status& full() const { return full_; }
    ShardReport report() const;
    int64_t horizon_shortened_us() const { return ids_ ? ids_->horizon_shortened_us() : 0; }

   private:
    Shard(const Config& config, const ShardOptions& options);

    void make_room(const IdColumns& ids, const uint32_t* rows, uint32_t count);
    void note_full(const char* what, const MemoryBudget& budget);

    const OnFull on_full_;
    MemoryBudget id_budget_, key_budget_;
    std::unique_ptr<IdMemory> ids_;         // Null: no deduplication.
    std::unique_ptr<WindowStore> windows_;  // Null: no aligned windows.
    std::vector<Outcome> outcomes_, retry_outcomes_;
    std::vector<uint32_t> survivors_, refused_;
    uint64_t events_ = 0, unique_ = 0;
    Status full_;
};

}  // namespace trommel::cpu
