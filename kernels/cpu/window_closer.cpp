#include "kernels/cpu/window_closer.h"

#include <algorithm>
#include <tuple>

#include "kernels/cpu/prefetch.h"

namespace trommel::cpu {
namespace {

constexpr int64_t kNoEnd = INT64_MAX;
constexpr uint32_t kPrefetchRows = 32;  // Rows on their way out that are asked for ahead.

}  // namespace

WindowCloser::WindowCloser(const Config& config, const Parts& parts)
    : layout_(parts.layout),
      cells_(parts.cells),
      keys_(parts.keys),
      panes_(parts.panes),
      offset_us_(config.window_offset_us),
      pane_us_(rules::pane_us(config)),
      lateness_us_(config.time.allowed_lateness_us),
      order_(parts.keys, parts.budget),
      scratch_(parts.layout.bytes()) {
    const std::vector<uint32_t> ranks = window_name_ranks(config);
    for (uint32_t w = 0; w < config.windows.size(); ++w) {
        const Window& window = config.windows[w];
        if (!rules::is_aligned(window.kind)) continue;
        specs_.push_back({w, ranks[w], window.size_us, window.slide_us, INT64_MIN});
    }
    pieces_.reserve(kPanesPerWindowMax);
}

// The end of the spec's next window with an event after those up to `done_end_us`, final or not;
// kNoEnd: there is none.
int64_t WindowCloser::next_end(const Spec& spec, int64_t done_end_us) const {
    if (done_end_us == INT64_MIN) {
        const PaneTree::Ref first = panes_.first();
        return first == PaneTree::kNone
                   ? kNoEnd
                   : rules::first_end_after(start_of(first), offset_us_, spec.slide_us);
    }
    // The window after the last one, or when it is empty the first that the next event is in.
    const int64_t end_us = done_end_us + spec.slide_us;
    const PaneTree::Ref pane = panes_.at_or_after(index_of(end_us - spec.size_us));
    if (pane == PaneTree::kNone) return kNoEnd;
    return std::max(end_us, rules::first_end_after(start_of(pane), offset_us_, spec.slide_us));
}

// The least of all specs. kNoEnd is beyond every final end but that of the input's end.
int64_t WindowCloser::next_end() const {
    int64_t least = kNoEnd;
    for (const Spec& spec : specs_) least = std::min(least, next_end(spec, spec.done_end_us));
    return least;
}

bool WindowCloser::has_rows() const {
    const int64_t end_us = next_end();
    return end_us != kNoEnd && rules::is_final(end_us, lateness_us_, watermark_us_);
}

int64_t WindowCloser::complete_end_us() const {
    const int64_t final_us = rules::final_end(lateness_us_, watermark_us_);
    const int64_t next_us = next_end();
    return next_us == kNoEnd ? final_us : std::min(final_us, next_us - 1);
}

uint32_t WindowCloser::windows_waiting(uint32_t max) const {
    uint32_t waiting = 0;
    for (const Spec& spec : specs_) {
        int64_t end_us = next_end(spec, spec.done_end_us);
        while (end_us != kNoEnd && rules::is_final(end_us, lateness_us_, watermark_us_)) {
            if (++waiting == max) return max;
            end_us = next_end(spec, end_us);
        }
    }
    return waiting;
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
    const auto rank = [](const Open& open) {
        return std::tuple{open.end_us, open.start_us, open.spec->name_rank};
    };
    Open next;
    for (Spec& spec : specs_) {
        const int64_t end_us = next_end(spec, spec.done_end_us);
        if (end_us == kNoEnd || !rules::is_final(end_us, lateness_us_, watermark_us_)) continue;
        const Open candidate{&spec, end_us - spec.size_us, end_us, Cells::piece};
        if (next.spec == nullptr || rank(candidate) < rank(next)) next = candidate;
    }
    if (next.spec == nullptr) return false;
    open_ = next;
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
    const bool merged = open_.cells == Cells::merged;
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
    const int64_t begin = index_of(open_.start_us), end = index_of(open_.end_us);
    const bool again = open_.spec->slide_us < open_.spec->size_us;
    if (again && !panes_.combine(begin, end, work)) return false;
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
        if (fits) layout_.combine(into, cell);
        return fits;
    });
    if (fits && !all) return false;
    if (!fits) cells_.clear(merged_);
    open_.cells = fits ? Cells::merged : Cells::scattered;
    begin_gathering();
    return true;
}

// Begins to give the window's rows to order_.
void WindowCloser::begin_gathering() {
    uint64_t rows = merged_.count;
    if (open_.cells != Cells::merged) {
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
    open_.spec->done_end_us = open_.end_us;
    step_ = Step::drop;
    return true;
}

void WindowCloser::append(PartialRows& out, const RowOrder::Row& row) {
    if (const RowOrder::Row* const later = order_.peek(kPrefetchRows)) {
        ask_for_all(cells_.pool().at(later->cell), layout_.bytes());
        keys_.prefetch(later->slot);
    }
    out.window.push_back(open_.spec->window);
    out.start_us.push_back(open_.start_us);
    out.end_us.push_back(open_.end_us);
    keys_.append_to(out, row.slot);
    const char* const cell = cell_of(row);
    out.cells.insert(out.cells.end(), cell, cell + layout_.bytes());
}

const char* WindowCloser::cell_of(const RowOrder::Row& row) {
    if (open_.cells != Cells::scattered) return cells_.pool().at(row.cell);
    layout_.clear(scratch_.data());
    for (const PaneTree::Ref piece : pieces_) {
        const char* const cell = cells_.find(panes_.cells(piece), row.slot);
        if (cell != nullptr) layout_.combine(scratch_.data(), cell);
    }
    return scratch_.data();
}

// The earliest panes go when the last window that covers them has been handed out, of every spec.
bool WindowCloser::drop(int64_t& work) {
    if (!cells_.clear_some(merged_, work, [](uint32_t) {})) return false;
    for (;;) {
        const PaneTree::Ref pane = panes_.first();
        if (pane == PaneTree::kNone || !is_finished(pane)) break;
        const auto let_go = [this](uint32_t slot) { keys_.let_go(slot); };
        if (!panes_.erase_some(panes_.index(pane), work, let_go)) return false;
    }
    open_ = {};
    step_ = Step::idle;
    return true;
}

bool WindowCloser::is_finished(PaneTree::Ref pane) const {
    const int64_t start_us = start_of(pane);
    return std::all_of(specs_.begin(), specs_.end(), [&](const Spec& spec) {
        return rules::last_end_covering(start_us, offset_us_, spec.slide_us, spec.size_us) <=
               spec.done_end_us;
    });
}

}  // namespace trommel::cpu
