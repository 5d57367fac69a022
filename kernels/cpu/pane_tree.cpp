#include "kernels/cpu/pane_tree.h"

#include <bit>

#include "kernels/rules/assert.h"

namespace trommel::cpu {

PaneTree::PaneTree(SlabPool& pool, CellSpace& cells)
    : pool_(pool), cells_(cells), node_class_(pool.add_class(sizeof(Node))) {}

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

void PaneTree::erase(int64_t index) {
    const uint64_t wanted = biased(index);
    Ref* link = &root_;
    Ref* above = nullptr;
    while (node(*link).level > 0) {
        // No window will use this range as a whole again: one of its panes is not needed any more.
        forget_combined(node(*link));
        above = link;
        link = &node(*link).child[side(node(*link), wanted)];
    }
    const Ref pane = *link;
    TROMMEL_ASSERT(node(pane).first == wanted);
    cells_.clear(node(pane).cells);
    if (above == nullptr) {
        root_ = kNone;
    } else {
        const Ref range = *above;
        *above = node(range).child[1 - side(node(range), wanted)];
        pool_.free(range);
    }
    pool_.free(pane);
    --count_;
}

void PaneTree::forget_combined(Node& range) {
    if (range.state == State::combined) --combined_;
    cells_.clear(range.cells);
    range.state = State::unknown;
}

// Decides once whether the range is worth combining: only when that at least halves the cells to
// visit. So no range's pieces hold more than twice as many cells as it has keys, and all combined
// ranges together hold at most as many cells as the panes do.
void PaneTree::combine_range(Node& range) {
    if (range.level == 0 || range.state != State::unknown) return;
    range.visited = 0;
    range.state = State::scattered;
    bool fits = true;
    const auto add = [&](uint32_t slot, const char* cell) {
        char* const into = fits ? cells_.find_or_add(range.cells, slot) : nullptr;
        fits = into != nullptr;
        if (fits) cells_.combine(into, cell);
    };
    const auto add_piece = [&](Ref piece) {
        range.visited += node(piece).cells.count;
        if (fits) cells_.for_each(node(piece).cells, add);
    };
    for (const Ref child : range.child) {
        combine_range(node(child));
        for_each_piece(child, add_piece);
    }
    if (fits && uint64_t{2} * range.cells.count <= range.visited) {
        range.state = State::combined;
        ++combined_;
    } else {
        cells_.clear(range.cells);
    }
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
