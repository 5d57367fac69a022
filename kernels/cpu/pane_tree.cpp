#include "kernels/cpu/pane_tree.h"

#include <bit>

#include "trommel/config.h"

#include "kernels/rules/assert.h"

namespace trommel::cpu {

PaneTree::PaneTree(SlabPool& pool, CellSpace& cells)
    : pool_(pool), cells_(cells), node_class_(pool.add_class(sizeof(Node))) {
    combining_.pieces.reserve(kPanesPerWindowMax);
}

PaneTree::Ref PaneTree::leftmost(Ref ref) const {
    while (node(ref).level > 0) ref = node(ref).child[0];
    return ref;
}

PaneTree::Ref PaneTree::find(int64_t index) const {
    const uint64_t wanted = biased(index);
    Ref ref = root_;
    while (ref != kNone) {
        const Node& here = node(ref);
        if (!contains(here, wanted)) return kNone;
        if (here.level == 0) return ref;
        ref = here.child[side(here, wanted)];
    }
    return kNone;
}

PaneTree::Ref PaneTree::find_or_add(int64_t index) {
    const uint64_t wanted = biased(index);
    Ref* link = &root_;
    while (*link != kNone) {
        Node& here = node(*link);
        if (!contains(here, wanted)) break;
        if (here.level == 0) return *link;
        TROMMEL_DCHECK(here.state != State::combined);
        link = &here.child[side(here, wanted)];
    }
    if (!pool_.ensure(node_class_, *link == kNone ? 1 : 2)) return kNone;
    const Ref pane = pool_.allocate(node_class_);
    node(pane) = {wanted, 0, {}, {kNone, kNone}, 0, State::combined};
    ++count_;
    if (*link == kNone) return *link = pane;

    // The smallest aligned range that holds both the new pane and what stands here.
    const uint64_t other = node(*link).first;
    const auto level = static_cast<uint8_t>(std::bit_width(wanted ^ other));
    const Ref range = pool_.allocate(node_class_);
    node(range) = {wanted >> level << level, 0, {}, {*link, *link}, level, State::unknown};
    node(range).child[side(node(range), wanted)] = pane;
    *link = range;
    return pane;
}

PaneTree::Ref PaneTree::at_or_after(int64_t index) const {
    const uint64_t wanted = biased(index);
    Ref later = kNone;  // What comes after everything below `ref`.
    Ref ref = root_;
    while (ref != kNone) {
        const Node& here = node(ref);
        if (here.first >= wanted) return leftmost(ref);
        if (!contains(here, wanted)) break;  // All of it is before `wanted`.
        // Not a pane: one that contains `wanted` begins there.
        const uint32_t digit = side(here, wanted);
        if (digit == 0) later = here.child[1];
        ref = here.child[digit];
    }
    return later == kNone ? kNone : leftmost(later);
}

void PaneTree::set_unknown(Node& range) {
    if (range.state == State::combined) --combined_;
    range.state = State::unknown;
}

void PaneTree::forget_combined(Node& range) {
    set_unknown(range);
    cells_.clear(range.cells);
}

bool PaneTree::combine(int64_t begin, int64_t end, int64_t& work) {
    if (root_ == kNone) return true;
    for (;;) {
        if (combining_.range == kNone) {
            const Ref range = first_undecided(root_, biased(begin), biased(end));
            if (range == kNone) return true;
            begin_combining(range);
        }
        if (!combine_pieces(work) || !end_combining(work)) return false;
    }
}

// The first range within [begin, end) of which it was not decided whether to combine it, though it
// was of all ranges in it.
PaneTree::Ref PaneTree::first_undecided(Ref ref, uint64_t begin, uint64_t end) const {
    const Node& range = node(ref);
    if (range.level == 0 || last_of(range) < begin || range.first >= end) return kNone;
    const bool is_whole = is_within(range, begin, end);
    if (is_whole && range.state != State::unknown) return kNone;
    for (const Ref child : range.child) {
        const Ref below = first_undecided(child, begin, end);
        if (below != kNone) return below;
    }
    return is_whole ? ref : kNone;
}

void PaneTree::begin_combining(Ref ref) {
    combining_.range = ref;
    combining_.piece = 0;
    combining_.slot = 0;
    combining_.is_worth_it = true;
    combining_.pieces.clear();
    Node& range = node(ref);
    range.visited = 0;
    const auto add_piece = [&](Ref piece) {
        range.visited += node(piece).cells.count;
        combining_.pieces.push_back(piece);
    };
    for (const Ref child : range.child) for_each_piece(child, add_piece);
}

// Combining is worth its memory only when it at least halves the cells to visit. So no range's
// pieces hold more than twice as many cells as it has keys, and all combined ranges together hold
// at most as many cells as the panes do. False: the work was used up before.
bool PaneTree::combine_pieces(int64_t& work) {
    Node& range = node(combining_.range);
    const auto add = [&](uint32_t slot, const char* cell) {
        char* const into = cells_.find_or_add(range.cells, slot);
        combining_.is_worth_it =
            into != nullptr && uint64_t{2} * range.cells.count <= range.visited;
        if (!combining_.is_worth_it) return false;
        cells_.combine(into, cell);
        combining_.slot = slot + 1;
        return --work > 0;
    };
    while (combining_.is_worth_it && combining_.piece < combining_.pieces.size()) {
        const SlotMap& from = node(combining_.pieces[combining_.piece]).cells;
        if (!cells_.visit_from(from, combining_.slot, add)) {
            if (combining_.is_worth_it) return false;
            break;
        }
        ++combining_.piece;
        combining_.slot = 0;
    }
    return true;
}

bool PaneTree::end_combining(int64_t& work) {
    Node& range = node(combining_.range);
    if (!combining_.is_worth_it && !cells_.clear_some(range.cells, work, [](uint32_t) {})) {
        return false;
    }
    range.state = combining_.is_worth_it ? State::combined : State::scattered;
    combined_ += combining_.is_worth_it;
    combining_.range = kNone;
    return true;
}

bool PaneTree::drop_combined() {
    if (combined_ == 0) return false;
    drop_below(root_);
    return true;
}

void PaneTree::drop_below(Ref ref) {
    Node& range = node(ref);
    if (range.level == 0) return;
    forget_combined(range);
    for (const Ref child : range.child) drop_below(child);
}

}  // namespace trommel::cpu
