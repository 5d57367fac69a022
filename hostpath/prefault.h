#pragma once
#include "hostpath/progress.h"
#include "hostpath/spsc_ring.h"
#include "kernels/cpu/memory.h"

namespace trommel::hostpath {

// Takes the page faults of a shard's growth off its thread's hands: the shard's thread says which
// memory its ids will take next, and a helper's has the system provide it. Neither waits for the
// other; a helper that is too slow, or a system that cannot, leaves the faults where they were.
class Prefault {
   public:
    // The owner's thread, after each batch; a shard, or an IdMemory by itself.
    template <class Owner>
    void announce(Owner& owner) {
        for (;;) {
            if (coming_.bytes == 0) coming_ = owner.take_ahead();
            if (coming_.bytes == 0 || !ring_.try_push(coming_)) return;
            coming_ = {};
        }
    }

    // The helper's thread: one huge page.
    Progress step() {
        cpu::Stretch stretch;
        if (!ring_.try_pop(stretch)) return Progress::idle;
        cpu::populate(stretch);
        return Progress::worked;
    }

   private:
    cpu::Stretch coming_;  // Had no room in the ring. The owner's.
    SpscRing<cpu::Stretch> ring_{cpu::Region::kAheadBytes / cpu::kHugePageBytes};
};

}  // namespace trommel::hostpath
