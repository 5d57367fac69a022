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
#include "kernels/rules/window.h"

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
    void advance(int64_t watermark_us) { watermark_us_ = watermark_us; }

    // Replaces `out` by the next rows, at most `rows_max` (> 0), until about `work` cells were
    // looked at, moved or freed, which is taken off it. False, and no rows, when all is handed out
    // and dropped; true without rows: not yet.
    bool take(PartialRows& out, uint32_t rows_max, int64_t& work);

    // Has it anything to do?
    bool is_closing() const { return step_ != Step::idle || has_rows(); }
    // Are there final rows that were not handed out?
    bool has_rows() const;
    // Every row of a window that ends up to here was handed out.
    int64_t complete_end_us() const;
    // Final windows that have rows left, counted up to `max`.
    uint32_t windows_waiting(uint32_t max) const;

    bool has_windows() const { return !specs_.empty(); }
    // Frees what only makes closing quicker, unless it is under way; false when there was nothing.
    bool give_up_caches();
    uint64_t committed_bytes() const { return order_.committed_bytes(); }

   private:
    struct Spec {
        uint32_t window;  // Index into Config::windows.
        uint32_t name_rank;
        int64_t size_us, slide_us;
        int64_t done_end_us = INT64_MIN;  // Its windows up to this end have been handed out.
    };
    // Of the window that is being closed: ranges of its panes are combined, then all of its pieces,
    // their cells go to the sorter, and from there out; panes that are done with are dropped.
    enum class Step : uint8_t { idle, combine, merge, gather, hand_out, drop };
    enum class Cells : uint8_t { piece, merged, scattered };  // Where a row's cell is found.
    struct Open {
        Spec* spec = nullptr;
        int64_t start_us = 0, end_us = 0;
        Cells cells = Cells::piece;
    };

    int64_t index_of(int64_t time_us) const {
        return rules::pane_index(time_us, offset_us_, pane_us_);
    }
    int64_t start_of(PaneTree::Ref pane) const {
        return rules::pane_start(panes_.index(pane), offset_us_, pane_us_);
    }
    int64_t next_end(const Spec& spec, int64_t done_end_us) const;
    int64_t next_end() const;

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
    bool is_finished(PaneTree::Ref pane) const;

    const CellLayout& layout_;
    CellSpace& cells_;
    KeyDictionary& keys_;
    PaneTree& panes_;
    const int64_t offset_us_, pane_us_, lateness_us_;
    std::vector<Spec> specs_;
    int64_t watermark_us_ = INT64_MIN;

    Step step_ = Step::idle;
    Open open_;
    std::vector<PaneTree::Ref> pieces_;  // What the open window is combined from.
    SlotMap merged_;                     // The pieces combined, when there is memory for it.
    size_t piece_ = 0;                   // Where a walk over the cells goes on,
    uint32_t slot_ = 0;                  // and from which slot.
    RowOrder order_;
    std::vector<char> scratch_;  // One cell.
};

}  // namespace trommel::cpu
