#pragma once
#include <cstdint>

#include "hostpath/batch.h"
#include "hostpath/emitter.h"
#include "hostpath/prefault.h"
#include "hostpath/progress.h"
#include "hostpath/spsc_ring.h"
#include "kernels/cpu/shard.h"

namespace trommel::hostpath {

// Owns a shard and runs every step on a batch before it takes the next. One thread calls step().
class Worker {
   public:
    struct Rings {
        SpscRing<Batch*> inbox;
        SpscRing<FromWorker> outbox;  // Never full: as large as all that can be under way.
        SpscRing<cpu::PartialRows*> free_blocks;  // From the emitter.
    };

    // `prefault` may be null.
    Worker(uint32_t index, cpu::Shard& shard, Rings& rings, Prefault* prefault)
        : index_(index), shard_(shard), rings_(rings), prefault_(prefault) {}

    // Takes a batch, or goes on with one whose rows found no free block. Never waits.
    Progress step();

   private:
    bool send_closed_rows();

    const uint32_t index_;
    cpu::Shard& shard_;
    Rings& rings_;
    Prefault* const prefault_;
    Batch* batch_ = nullptr;
    cpu::PartialRows* block_ = nullptr;  // Free, for the next rows.
};

// Judges a shard's rows of a batch, on a worker's thread or on the caller's.
void judge_share(cpu::Shard& shard, Batch& batch, uint32_t index);

}  // namespace trommel::hostpath
