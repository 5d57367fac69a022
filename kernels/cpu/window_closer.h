#pragma once
#include <cstdint>
#include <vector>

#include "trommel/config.h"

#include "kernels/cpu/cell_layout.h"
#include "kernels/cpu/key_dictionary.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/pane_tree.h"
#include "kernels/cpu/partial_rows.h"
#include "kernels/cpu/row_order.h"
#include "kernels/cpu/slot_map.h"
#include "kernels/cpu/window_schedule.h"

namespace trommel::cpu {

// Hands out the rows of windows that are final, in W4 order, and drops the panes that no window
// needs any more; all of it in small steps, between which events may be added to other panes
// (window_store.md). One owner, one thread.
class WindowCloser {
   public:
    struct Parts {  // Of the store whose windows it closes.
        const CellLayout& layout;
        CellSpace& cells;
        KeyDictionary& keys;
        PaneTree& panes;
        MemoryBudget& budget;
    };
    WindowCloser(const Config& config, const Parts& parts);

    // Of the job; it never goes back.
    void advance(int64_t watermark_us) { schedule_.advance(watermark_us); }
    // Panes from this index on may still get events.
    int64_t open_from() const { return schedule_.open_from(); }

    // Replaces `out` by the next rows, at most `rows_max` (> 0), until about `work` cells were
    // looked at, moved or freed, which is taken off it. False, and no rows, when all is handed out
    // and dropped; true without rows: not yet.
    bool take(PartialRows& out, uint32_t rows_max, int64_t& work);

    // Has it anything to do?
    bool is_closing() const { return step_ != Step::idle || has_rows(); }
    // Are there final rows that were not handed out?
    bool has_rows() const { return schedule_.has_next(first_from()); }
    // Every row of a window that ends up to here was handed out.
    int64_t complete_end_us() const { return schedule_.complete_end_us(first_from()); }
    // Final windows that have rows left, counted up to `max`.
    uint32_t windows_waiting(uint32_t max) const { return schedule_.waiting(first_from(), max); }

    bool has_windows() const { return schedule_.has_windows(); }
    // Frees what only makes closing quicker, unless it is under way; false when there was nothing.
    bool give_up_caches();
    uint64_t committed_bytes() const { return order_.committed_bytes(); }
    // No window has more rows than there are keys that are held. See IdMemory.
    Stretch take_ahead() { return order_.take_ahead(keys_.held()); }

   private:
    struct FirstFrom {  // For the schedule.
        const PaneTree& panes;
        int64_t operator()(int64_t index) const {
            const PaneTree::Ref pane =
                index == INT64_MIN ? panes.first() : panes.at_or_after(index);
            return pane == PaneTree::kNone ? WindowSchedule::kNoPane : panes.index(pane);
        }
    };
    // Of the window that is being closed: ranges of its panes are combined, then all of its pieces,
    // their cells go to the sorter, and from there out; panes that are done with are dropped.
    enum class Step : uint8_t { idle, combine, merge, gather, hand_out, drop };
    enum class Cells : uint8_t { piece, merged, scattered };  // Where a row's cell is found.

    FirstFrom first_from() const { return {panes_}; }
    bool open_next();
    bool go_on(PartialRows& out, uint32_t rows_max, int64_t& work);
    template <typename Visit>
    bool visit_some(int64_t& work, Visit&& visit);
    bool combine(int64_t& work);
    bool merge(int64_t& work);
    void begin_gathering();
    bool gather(int64_t& work);
    bool hand_out(PartialRows& out, uint32_t rows_max, int64_t& work);
    void append(PartialRows& out, const RowOrder::Row& row);
    const char* cell_of(const RowOrder::Row& row);
    bool drop(int64_t& work);

    const CellLayout& layout_;
    CellSpace& cells_;
    KeyDictionary& keys_;
    PaneTree& panes_;
    WindowSchedule schedule_;

    Step step_ = Step::idle;
    OpenWindow open_;
    Cells cells_are_ = Cells::piece;
    std::vector<PaneTree::Ref> pieces_;  // What the open window is combined from.
    SlotMap merged_;                     // The pieces combined, when there is memory for it.
    size_t piece_ = 0;                   // Where a walk over the cells goes on,
    uint32_t slot_ = 0;                  // and from which slot.
    RowOrder order_;
    std::vector<char> scratch_;  // One cell.
};

}  // namespace trommel::cpu
