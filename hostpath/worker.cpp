#include "hostpath/worker.h"

#include "hostpath/memory_plan.h"
#include "kernels/rules/assert.h"

namespace trommel::hostpath {

void advance_shard(cpu::Shard& shard, const Batch& batch, uint32_t index) {
    const uint32_t begin = batch.shard_begin[index], end = batch.shard_begin[index + 1];
    shard.advance(batch.watermark_us,
                  begin == end ? rules::kUnknownUs : batch.records.time_us[batch.order[begin]]);
}

void judge_share(cpu::Shard& shard, Batch& batch, uint32_t index) {
    const uint32_t begin = batch.shard_begin[index], end = batch.shard_begin[index + 1];
    shard.judge(batch.records, batch.ids, batch.order.data() + begin, end - begin);
}

Progress Worker::step() {
    if (batch_ == nullptr) {
        if (!rings_.inbox.try_pop(batch_)) return Progress::idle;
        advance_shard(shard_, *batch_, index_);
    }
    if (!send_closed_rows()) return Progress::idle;
    judge_share(shard_, *batch_, index_);
    const bool last = batch_->last;
    TROMMEL_ASSERT(rings_.outbox.try_push({batch_, nullptr, &shard_.full()}));
    batch_ = nullptr;
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
