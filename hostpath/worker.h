#pragma once
#include <cstdint>

#include "hostpath/batch.h"
#include "hostpath/emitter.h"
#include "hostpath/fifo.h"
#include "hostpath/prefault.h"
#include "hostpath/progress.h"
#include "hostpath/row_pace.h"
#include "hostpath/spsc_ring.h"
#include "kernels/cpu/backend.h"

namespace trommel::hostpath {

// Owns a shard: has its share of a batch judged, then hands out some of the rows that are final. As
// many batches are under way as the shard takes; each is sent on, in order, when its verdicts
// stand, and none waits for the next to come. One thread calls step().
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

    // Sends on what is judged; takes a batch and submits it, or hands out a piece of what is final.
    // Waits for nobody but a device that has rows to bring.
    Progress step();

   private:
    struct UnderWay {
        Batch* batch;
        uint64_t stretches;  // Submitted up to and with this batch.
    };

    bool must_wait();
    void submit();
    bool send_judged();
    bool hand_out(int64_t work);
    void send(Batch* batch, cpu::PartialRows* rows);
    Batch* oldest() { return under_way_.empty() ? batch_ : under_way_.front().batch; }

    const uint32_t index_;
    cpu::Backend& shard_;
    Rings& rings_;
    Prefault* const prefault_;
    const RowPace pace_;
    Batch* batch_ = nullptr;  // In hand, and not submitted yet.
    Fifo<UnderWay> under_way_;
    uint64_t submitted_ = 0;             // Stretches.
    cpu::PartialRows* block_ = nullptr;  // Free, for the next rows.
    int64_t told_end_us_ = INT64_MIN;    // What the emitter knows to be complete.
};

// Submits a shard's rows of a batch, on a worker's thread or on the caller's. Returns in how many
// stretches.
uint32_t submit_share(cpu::Backend& shard, Batch& batch, uint32_t index);

}  // namespace trommel::hostpath
