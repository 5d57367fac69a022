#pragma once
#include <array>
#include <cstdint>

#include "trommel/config.h"
#include "trommel/record_batch.h"

#include "kernels/cpu/cell_layout.h"
#include "kernels/cpu/key_dictionary.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/pane_tree.h"
#include "kernels/cpu/partial_rows.h"
#include "kernels/cpu/slab_pool.h"
#include "kernels/cpu/slot_map.h"
#include "kernels/cpu/window_closer.h"
#include "kernels/rules/window.h"

namespace trommel::cpu {

// What windows cost in memory, for `trommel check`. Estimates of the usual case, per shard.
struct WindowMemory {
    uint64_t fixed_bytes = 0;
    uint64_t bytes_per_key = 0;      // Without the text of an encoded key.
    uint64_t bytes_per_cell = 0;     // Per key and pane that has an event of it.
    uint64_t bytes_per_session = 0;  // Per open session.
};
WindowMemory window_memory(const Config& config);

// One shard's tumbling and sliding windows: keys, panes and their cells (window_store.md).
// One owner, one thread. Everything that grows is charged to the budget, which must outlive it.
class WindowStore {
   public:
    WindowStore(const Config& config, uint64_t seed, SimdLevel simd, MemoryBudget& budget);

    // Adds the events `rows[0..count)` of the batch (unique, on time) to the cells of their panes.
    // An event that needs a key, pane or cell for which there is no memory leaves no trace; its row
    // is written to `refused` (room for `count`), in order. Returns how many. Events of panes that
    // advance() has made final are refused too.
    uint32_t add(const RecordBatch& batch, const uint32_t* rows, uint32_t count, uint32_t* refused);

    // Moves the watermark; it never goes back. INT64_MAX: the input has ended. Cheap.
    void advance(int64_t watermark_us);

    // Replaces `out` by the next final rows in W4 order, at most `rows_max` (> 0); false when there
    // is none now. Events may be added between two takes.
    bool take_closed(PartialRows& out, uint32_t rows_max) {
        int64_t work = INT64_MAX;
        return take_closed(out, rows_max, work);
    }
    // The same in steps, and the panes that are done with are dropped in them as well: stops when
    // about `work` cells were looked at, moved or freed, which is taken off it. True without rows:
    // there is more to do. Takes more than that at a time only where memory is short.
    bool take_closed(PartialRows& out, uint32_t rows_max, int64_t& work);
    bool is_closing() const { return closer_.is_closing(); }
    // See WindowCloser.
    bool has_rows() const { return closer_.has_rows(); }
    int64_t complete_end_us() const { return closer_.complete_end_us(); }
    uint32_t windows_waiting(uint32_t max) const { return closer_.windows_waiting(max); }
    // Is there certainly memory for these events, even while windows are closing? What that needs
    // and holds is given up for an event only between two windows.
    bool has_room(const RecordBatch& batch, const uint32_t* rows, uint32_t count) const;

    const CellLayout& layout() const { return layout_; }
    uint32_t keys() const { return keys_.held(); }
    uint64_t panes() const { return panes_.count(); }
    Stretch take_ahead();  // See IdMemory.
    uint64_t committed_bytes() const {
        return pool_.committed_bytes() + keys_.committed_bytes() + closer_.committed_bytes() +
               shortcut_.refs.usable_bytes();
    }

   private:
    struct Placed {  // Events of one part whose cells have been found: the quick ones, then others.
        std::array<uint32_t, KeyDictionary::kPart> row, slot;
        std::array<char*, KeyDictionary::kPart> cell;
        uint32_t quick = 0, count = 0;  // Quick: by the shortcut.
    };
    struct Walk {  // Events of one part whose cells the shortcut does not know.
        std::array<uint32_t, KeyDictionary::kPart> row, slot;
        uint32_t count = 0;
    };
    // A shortcut past the nodes of the newest pane that has many of the keys: where the full-width
    // leaf of a slot is. Only makes things quicker.
    struct Shortcut {
        PaneTree::Ref pane = PaneTree::kNone;
        int64_t start_us = 0;   // Of the pane.
        uint32_t leaves = 0;    // That it covers.
        bool given_up = false;  // There was no memory for it; until a pane goes.
        Region refs;            // [leaf] SlabPool::Ref; kNone: not known, as the one at `leaves`.

        SlabPool::Ref& leaf(uint32_t number) const {
            return reinterpret_cast<SlabPool::Ref*>(refs.data())[number];
        }
    };
    PaneTree::Ref pane_of(int64_t index);
    uint32_t add_part(const RecordBatch& batch, const uint32_t* rows, uint32_t count,
                      uint32_t* refused);
    char* cell_in(PaneTree::Ref pane, uint32_t slot, bool& is_new);
    void take_shortcut(const RecordBatch& batch, const uint32_t* rows, const uint32_t* slots,
                       uint32_t count, Placed& placed, Walk& walk) const;
    void walk_to_cells(const RecordBatch& batch, const Walk& walk, Placed& placed, Walk& refused);
    void count_events(const Placed& placed);
    void move_shortcut(PaneTree::Ref pane);
    void leave_no_trace(int64_t time_us, uint32_t slot);
    bool give_up_shortcut();
    bool give_up_caches();
    int64_t index_of(int64_t time_us) const {
        return rules::pane_index(time_us, offset_us_, pane_us_);
    }
    int64_t start_of(PaneTree::Ref pane) const {
        return rules::pane_start(panes_.index(pane), offset_us_, pane_us_);
    }
    void drop_pane(PaneTree::Ref pane);

    const MemoryBudget& budget_;
    const CellLayout layout_;
    const int64_t offset_us_, pane_us_;

    SlabPool pool_;
    CellSpace cells_;
    KeyDictionary keys_;
    PaneTree panes_;
    WindowCloser closer_;

    // Panes that were used lately, by the low bits of their index.
    static constexpr size_t kRecentPanes = 64;
    struct Recent {
        int64_t index = INT64_MIN;
        PaneTree::Ref pane = PaneTree::kNone;
    };
    std::array<Recent, kRecentPanes> recent_;
    Shortcut shortcut_;
};

}  // namespace trommel::cpu
