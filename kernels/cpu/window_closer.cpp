#include "kernels/cpu/window_closer.h"

#include "kernels/cpu/prefetch.h"

namespace trommel::cpu {
namespace {

constexpr uint32_t kPrefetchRows = 32;  // Rows on their way out that are asked for ahead.

}  // namespace

WindowCloser::WindowCloser(const Config& config, const Parts& parts)
    : layout_(parts.layout),
      cells_(parts.cells),
      keys_(parts.keys),
      panes_(parts.panes),
      schedule_(config),
      order_(parts.keys, parts.budget),
      scratch_(parts.layout.bytes()) {
    pieces_.reserve(kPanesPerWindowMax);
}

bool WindowCloser::give_up_caches() {
    if (step_ != Step::idle) return false;
    const bool combined = panes_.drop_combined();
    return order_.give_back() || combined;
}

bool WindowCloser::take(PartialRows& out, uint32_t rows_max, int64_t& work) {
    out.clear();
    while (out.count() < rows_max && !out.key_bytes_full()) {
        if (step_ == Step::idle && !open_next()) return out.count() > 0;
        if (work <= 0 || !go_on(out, rows_max, work)) return true;
    }
    return true;
}

// Opens the next final window in W4 order.
bool WindowCloser::open_next() {
    if (!schedule_.next(first_from(), open_)) return false;
    cells_are_ = Cells::piece;
    step_ = Step::combine;
    return true;
}

// False: the work was used up before the step was done, or `out` is full.
bool WindowCloser::go_on(PartialRows& out, uint32_t rows_max, int64_t& work) {
    switch (step_) {
        case Step::idle:
            return true;
        case Step::combine:
            return combine(work);
        case Step::merge:
            return merge(work);
        case Step::gather:
            return gather(work);
        case Step::hand_out:
            return hand_out(out, rows_max, work);
        case Step::drop:
            return drop(work);
    }
    return true;
}

// visit(slot, cell) for cells that were not visited yet, while it is true and there is work left.
// True once all were.
template <typename Visit>
bool WindowCloser::visit_some(int64_t& work, Visit&& visit) {
    const bool merged = cells_are_ == Cells::merged;
    const size_t maps = merged ? 1 : pieces_.size();
    for (; piece_ < maps; ++piece_, slot_ = 0) {
        const SlotMap& map = merged ? merged_ : panes_.cells(pieces_[piece_]);
        const bool all = cells_.visit_from(map, slot_, [&](uint32_t slot, const char* cell) {
            slot_ = slot + 1;
            return visit(slot, cell) && --work > 0;
        });
        if (!all) return false;
    }
    return true;
}

// Finds out what the window's cells are made of. Ranges of panes are combined beforehand only for a
// sliding window, which will use them again.
bool WindowCloser::combine(int64_t& work) {
    const int64_t begin = schedule_.index_of(open_.start_us);
    const int64_t end = schedule_.index_of(open_.end_us);
    if (open_.is_sliding && !panes_.combine(begin, end, work)) return false;
    pieces_.clear();
    panes_.cover(begin, end, [this](PaneTree::Ref piece) { pieces_.push_back(piece); });
    order_.begin_window();
    piece_ = slot_ = 0;
    step_ = Step::merge;
    if (pieces_.size() == 1) begin_gathering();
    return true;
}

// Combines the pieces, if there is memory for it.
bool WindowCloser::merge(int64_t& work) {
    bool fits = true;
    const bool all = visit_some(work, [&](uint32_t slot, const char* cell) {
        char* const into = cells_.find_or_add(merged_, slot);
        fits = into != nullptr;
        if (fits) cells_.combine(into, cell);
        return fits;
    });
    if (fits && !all) return false;
    if (!fits) cells_.clear(merged_);
    cells_are_ = fits ? Cells::merged : Cells::scattered;
    begin_gathering();
    return true;
}

// Begins to give the window's rows to order_.
void WindowCloser::begin_gathering() {
    uint64_t rows = merged_.count;
    if (cells_are_ != Cells::merged) {
        for (const PaneTree::Ref piece : pieces_) rows += panes_.cells(piece).count;
    }
    order_.begin_pass(rows);
    piece_ = slot_ = 0;
    step_ = Step::gather;
}

bool WindowCloser::gather(int64_t& work) {
    const SlabPool& pool = cells_.pool();
    const bool all = visit_some(work, [&](uint32_t slot, const char* cell) {
        order_.add(slot, pool.ref_of(cell));
        return true;
    });
    if (!all) return false;
    order_.end_pass();
    step_ = Step::hand_out;
    return true;
}

bool WindowCloser::hand_out(PartialRows& out, uint32_t rows_max, int64_t& work) {
    for (;;) {
        if (!order_.prepare(work)) return false;
        const RowOrder::Row* const row = order_.peek();
        if (row == nullptr) break;
        if (work-- <= 0 || out.count() >= rows_max || out.key_bytes_full()) return false;
        append(out, *row);
        order_.pop();
    }
    if (!order_.is_complete()) {
        begin_gathering();
        return true;
    }
    schedule_.finish(open_);
    step_ = Step::drop;
    return true;
}

void WindowCloser::append(PartialRows& out, const RowOrder::Row& row) {
    if (const RowOrder::Row* const later = order_.peek(kPrefetchRows)) {
        ask_for_all(cells_.pool().at(later->cell), layout_.body_bytes());
        keys_.prefetch(later->slot);
    }
    out.window.push_back(open_.window);
    out.start_us.push_back(open_.start_us);
    out.end_us.push_back(open_.end_us);
    keys_.append_to(out, row.slot);
    const char* const cell = cell_of(row);
    out.cells.insert(out.cells.end(), cell, cell + layout_.bytes());
}

const char* WindowCloser::cell_of(const RowOrder::Row& row) {
    if (cells_are_ != Cells::scattered) {
        cells_.copy(scratch_.data(), cells_.pool().at(row.cell));
        return scratch_.data();
    }
    layout_.clear(scratch_.data());
    for (const PaneTree::Ref piece : pieces_) {
        const char* const cell = cells_.find(panes_.cells(piece), row.slot);
        if (cell != nullptr) cells_.add_to(scratch_.data(), cell);
    }
    return scratch_.data();
}

// The earliest panes go when the last window that covers them has been handed out, of every spec.
bool WindowCloser::drop(int64_t& work) {
    if (!cells_.clear_some(merged_, work, [](uint32_t) {})) return false;
    for (;;) {
        const PaneTree::Ref pane = panes_.first();
        if (pane == PaneTree::kNone || schedule_.needs(panes_.index(pane))) break;
        const auto let_go = [this](uint32_t slot) { keys_.let_go(slot); };
        if (!panes_.erase_some(panes_.index(pane), work, let_go)) return false;
    }
    step_ = Step::idle;
    return true;
}

}  // namespace trommel::cpu
