#include "hostpath/worker.h"

#include <algorithm>
#include <utility>

#include "hostpath/memory_plan.h"
#include "kernels/rules/assert.h"

namespace trommel::hostpath {

uint32_t submit_share(cpu::Backend& shard, Batch& batch, uint32_t index) {
    const uint32_t* rows = batch.order.data() + batch.shard_begin[index];
    const uint32_t* const end = batch.order.data() + batch.shard_begin[index + 1];
    uint32_t stretches = 0;
    for (const Batch::Stretch& stretch : batch.stretches) {
        const uint32_t* const stretch_end = std::lower_bound(rows, end, stretch.row_end);
        if (rows == stretch_end) continue;
        shard.advance_ids(stretch.watermark_us, batch.records.time_us[*rows]);
        shard.submit(batch.records, batch.ids(), rows, static_cast<uint32_t>(stretch_end - rows));
        rows = stretch_end;
        ++stretches;
    }
    return stretches;
}

Progress Worker::step() {
    bool worked = send_judged();
    if (batch_ == nullptr && rings_.inbox.try_pop(batch_)) shard_.advance(batch_->watermark_us);
    if (must_wait()) {
        worked |= hand_out(pace_.work_per_piece);
        return worked ? Progress::worked : Progress::idle;
    }
    // The batch is the emitter's as soon as it is sent.
    const bool last = batch_->last;
    const int64_t work = pace_.work_after(shard_, *batch_);
    submit();
    send_judged();
    if (last) return Progress::finished;
    hand_out(work);
    return Progress::worked;
}

// The last batch has no records: it is judged when it is submitted, and all others have to be.
bool Worker::must_wait() {
    return batch_ == nullptr || shard_.is_busy() || (batch_->last && !under_way_.empty()) ||
           pace_.rows_first(shard_, *batch_, index_);
}

void Worker::submit() {
    submitted_ += submit_share(shard_, *batch_, index_);
    under_way_.push_back({std::exchange(batch_, nullptr), submitted_});
    if (prefault_ != nullptr) prefault_->announce(shard_);
}

bool Worker::send_judged() {
    bool any = false;
    const uint64_t judged = submitted_ - shard_.under_way();
    while (!under_way_.empty() && under_way_.front().stretches <= judged) {
        send(under_way_.front().batch, nullptr);
        under_way_.pop_front();
        any = true;
    }
    return any;
}

// False when there was nothing to do, or no free block to do it with.
bool Worker::hand_out(int64_t work) {
    bool worked = false;
    while (work > 0 && shard_.is_closing()) {
        if (block_ == nullptr && !rings_.free_blocks.try_pop(block_)) break;
        shard_.take_closed(*block_, kRowsPerBlock, work);
        if (block_->count() > 0) send(oldest(), std::exchange(block_, nullptr));
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
