#pragma once
#include <cstdint>

#include "trommel/config.h"
#include "trommel/record_batch.h"

#include "kernels/cpu/key_dictionary.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/partial_rows.h"
#include "kernels/cpu/simd_level.h"
#include "kernels/cpu/slab_pool.h"

namespace trommel::cuda {

// Numbers for encoded keys, whose texts stay on the host. A key is held by the newest pane that an
// event of it was in, whatever became of the event: panes go in order, so when that one has gone no
// cell can have its number any more, and the device need not be asked. One owner, one thread.
class KeyHandles {
   public:
    static constexpr uint64_t kNone = ~uint64_t{0};

    KeyHandles(const Config& config, uint64_t seed, cpu::SimdLevel simd, cpu::MemoryBudget& budget);

    // handles[i] becomes that of the key of rows[i], kNone when it is new and there is no memory.
    void find_or_add(const RecordBatch& batch, const uint32_t* rows, uint32_t count,
                     uint64_t* handles);
    // Will find_or_add() have memory for the keys of these rows? A bound, as the CPU's windows have
    // it.
    bool has_room(const RecordBatch& batch, const uint32_t* rows, uint32_t count) const;
    // Panes before this index are gone.
    void let_go_before(int64_t pane_index);

    const cpu::KeyDictionary& keys() const { return keys_; }
    void append_to(cpu::PartialRows& rows, uint64_t handle) const {
        keys_.append_to(rows, static_cast<uint32_t>(handle));
    }
    uint64_t committed_bytes() const {
        return pool_.committed_bytes() + keys_.committed_bytes() + newest_.usable_bytes();
    }

   private:
    uint32_t find_part(const RecordBatch& batch, uint32_t* rows, uint32_t* at, uint32_t count,
                       uint64_t* handles);
    bool hold(uint32_t slot, int64_t pane_index);
    int64_t& newest(uint32_t slot) { return reinterpret_cast<int64_t*>(newest_.data())[slot]; }

    const int64_t offset_us_, pane_us_;
    const cpu::MemoryBudget& budget_;
    cpu::SlabPool pool_;
    cpu::KeyDictionary keys_;
    cpu::Region newest_;  // [slot] The pane, from kFirst on; 0: nobody holds it.
};

}  // namespace trommel::cuda
