#include "hostpath/worker.h"

#include <algorithm>

#include "hostpath/memory_plan.h"
#include "kernels/rules/assert.h"

namespace trommel::hostpath {

void judge_share(cpu::Shard& shard, Batch& batch, uint32_t index) {
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
    if (batch_ == nullptr) {
        if (!rings_.inbox.try_pop(batch_)) return Progress::idle;
        shard_.advance(batch_->watermark_us);
    }
    if (!send_closed_rows()) return Progress::idle;
    judge_share(shard_, *batch_, index_);
    const bool last = batch_->last;
    // A status that is not ok does not change any more, so the emitter may look at it.
    const Status* const full = shard_.full().ok() ? nullptr : &shard_.full();
    TROMMEL_ASSERT(rings_.outbox.try_push({batch_, nullptr, full}));
    batch_ = nullptr;
    if (prefault_ != nullptr) prefault_->announce(shard_);
    return last ? Progress::finished : Progress::worked;
}

// False when rows are left and there is no block for them.
bool Worker::send_closed_rows() {
    for (;;) {
        if (block_ == nullptr && !rings_.free_blocks.try_pop(block_)) return false;
        if (!shard_.take_closed(*block_, kRowsPerBlock)) return true;
        TROMMEL_ASSERT(rings_.outbox.try_push({batch_, block_, nullptr}));
        block_ = nullptr;
    }
}

}  // namespace trommel::hostpath
