#pragma once
#include <cstdint>

#include "hostpath/batch.h"
#include "hostpath/emitter.h"
#include "hostpath/prefault.h"
#include "hostpath/progress.h"
#include "hostpath/row_pace.h"
#include "hostpath/spsc_ring.h"
#include "kernels/cpu/backend.h"

namespace trommel::hostpath {

// Owns a shard: judges its share of a batch, then hands out some of the rows that are final. One
// thread calls step().
class Worker {
   public:
    struct Rings {
        SpscRing<Batch*> inbox;
        SpscRing<FromWorker> outbox;              // Never full: has room for messages_max().
        SpscRing<cpu::PartialRows*> free_blocks;  // From the emitter.
    };

    // All that can be under way at a time: each batch, each block, and after each batch once that
    // the rows that were final before it have left.
    static constexpr uint32_t messages_max(uint32_t batches, uint32_t blocks) {
        return 2 * batches + 1 + blocks;
    }

    // `prefault` may be null.
    Worker(uint32_t index, cpu::Backend& shard, Rings& rings, Prefault* prefault,
           const RowPace& pace = {})
        : index_(index), shard_(shard), rings_(rings), prefault_(prefault), pace_(pace) {}

    // Takes a batch and judges it, or hands out a piece of what is final. Never waits.
    Progress step();

   private:
    void judge();
    bool hand_out(int64_t work);
    void send(Batch* batch, cpu::PartialRows* rows);

    const uint32_t index_;
    cpu::Backend& shard_;
    Rings& rings_;
    Prefault* const prefault_;
    const RowPace pace_;
    Batch* batch_ = nullptr;             // In hand, and not judged yet.
    cpu::PartialRows* block_ = nullptr;  // Free, for the next rows.
    int64_t told_end_us_ = INT64_MIN;    // What the emitter knows to be complete.
};

// Judges a shard's rows of a batch, on a worker's thread or on the caller's.
void judge_share(cpu::Backend& shard, Batch& batch, uint32_t index);

}  // namespace trommel::hostpath
