#include "hostpath/worker.h"

#include <algorithm>
#include <utility>

#include "hostpath/memory_plan.h"
#include "kernels/rules/assert.h"

namespace trommel::hostpath {

void judge_share(cpu::Backend& shard, Batch& batch, uint32_t index) {
    const uint32_t* rows = batch.order.data() + batch.shard_begin[index];
    const uint32_t* const end = batch.order.data() + batch.shard_begin[index + 1];
    for (const Batch::Stretch& stretch : batch.stretches) {
        const uint32_t* const stretch_end = std::lower_bound(rows, end, stretch.row_end);
        if (rows == stretch_end) continue;
        shard.advance_ids(stretch.watermark_us, batch.records.time_us[*rows]);
        shard.judge(batch.records, batch.ids, rows, static_cast<uint32_t>(stretch_end - rows));
        rows = stretch_end;
    }
}

Progress Worker::step() {
    if (batch_ == nullptr && rings_.inbox.try_pop(batch_)) shard_.advance(batch_->watermark_us);
    const bool must_wait = batch_ == nullptr || pace_.rows_first(shard_, *batch_, index_);
    if (must_wait) return hand_out(pace_.work_per_piece) ? Progress::worked : Progress::idle;
    // The batch is the emitter's as soon as it is sent.
    const bool last = batch_->last;
    const int64_t work = pace_.work_after(shard_, *batch_);
    judge();
    if (last) return Progress::finished;
    hand_out(work);
    return Progress::worked;
}

void Worker::judge() {
    judge_share(shard_, *batch_, index_);
    send(std::exchange(batch_, nullptr), nullptr);
    if (prefault_ != nullptr) prefault_->announce(shard_);
}

// False when there was nothing to do, or no free block to do it with.
bool Worker::hand_out(int64_t work) {
    bool worked = false;
    while (work > 0 && shard_.is_closing()) {
        if (block_ == nullptr && !rings_.free_blocks.try_pop(block_)) break;
        shard_.take_closed(*block_, kRowsPerBlock, work);
        if (block_->count() > 0) send(batch_, std::exchange(block_, nullptr));
        worked = true;
    }
    const bool untold = shard_.complete_end_us() != told_end_us_;
    if (worked && untold && !shard_.has_rows()) send(nullptr, nullptr);
    return worked;
}

void Worker::send(Batch* batch, cpu::PartialRows* rows) {
    // A status that is not ok does not change any more, so the emitter may look at it.
    const Status* const full = shard_.full().ok() ? nullptr : &shard_.full();
    told_end_us_ = shard_.complete_end_us();
    TROMMEL_ASSERT(rings_.outbox.try_push({batch, rows, told_end_us_, full}));
}

}  // namespace trommel::hostpath
