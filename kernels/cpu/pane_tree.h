#pragma once
#include <cstdint>
#include <vector>

#include "kernels/cpu/slab_pool.h"
#include "kernels/cpu/slot_map.h"
#include "kernels/rules/assert.h"

namespace trommel::cpu {

// The open panes of a shard in order of time: a binary radix tree over pane indices in which only
// branching nodes exist, so that empty stretches of time cost nothing. A branching node stands for
// an aligned range of 2^level panes and may hold their cells combined, so that a window of n panes
// is combined from O(log n) pieces (window_store.md). One owner, one thread.
class PaneTree {
   public:
    using Ref = SlabPool::Ref;
    static constexpr Ref kNone = SlabPool::kNone;

    PaneTree(SlabPool& pool, CellSpace& cells);

    // |index| < 2^62. kNone when there is no such pane, or no memory for it.
    Ref find(int64_t index) const;
    Ref find_or_add(int64_t index);
    Ref at_or_after(int64_t index) const;  // The earliest pane that is not before `index`.
    Ref first() const { return root_ == kNone ? kNone : leftmost(root_); }

    int64_t index(Ref pane) const { return static_cast<int64_t>(node(pane).first) - kBias; }
    SlotMap& cells(Ref pane) const { return node(pane).cells; }
    // Removes a pane and frees its cells.
    void erase(int64_t index) {
        int64_t work = INT64_MAX;
        erase_some(index, work, [](uint32_t) {});
    }
    // The same in steps: frees cells, after let_go(slot), until about `work` of them were looked
    // at, which is taken off it. True once the pane is gone; in between, it only waits for the next
    // step.
    template <typename LetGo>
    bool erase_some(int64_t index, int64_t& work, LetGo&& let_go);

    // Combines ranges of the panes [begin, end) where that is worth its memory, until about `work`
    // cells were looked at, which is taken off it. True once all are; until then call it for the
    // same panes, and nothing else that changes them. Precondition: nothing will be added to these
    // panes any more.
    bool combine(int64_t begin, int64_t end, int64_t& work);
    // visit(piece) for disjoint panes and ranges of panes that together hold the cells of the panes
    // [begin, end). Uses what has been combined.
    template <typename Visit>
    void cover(int64_t begin, int64_t end, Visit&& visit) {
        if (root_ != kNone) cover_node(root_, biased(begin), biased(end), visit);
    }
    // Frees all combined ranges; false when there was none. Not while combine() is under way.
    bool drop_combined();

    // The most that a new pane may take from the pool.
    static constexpr uint64_t bytes_to_add() { return 2 * sizeof(Node); }

    uint64_t count() const { return count_; }

   private:
    static constexpr int64_t kBias = int64_t{1} << 62;
    enum class State : uint8_t {
        unknown,    // Not looked at yet.
        scattered,  // Combining saves too little: use the children.
        combined,   // `cells` holds all of the range. Panes always are.
    };
    struct Node {
        uint64_t first;    // The least biased index of the range.
        uint64_t visited;  // Cells that a walk over the range's pieces visits; not of panes.
        SlotMap cells;
        Ref child[2];
        uint8_t level;  // The range is 2^level panes; 0: a pane.
        State state;
    };

    static uint64_t biased(int64_t index) { return static_cast<uint64_t>(index + kBias); }
    static bool contains(const Node& node, uint64_t index) {
        return (node.first ^ index) >> node.level == 0;
    }
    static uint64_t last_of(const Node& node) {
        return node.first + ((uint64_t{1} << node.level) - 1);
    }
    static bool is_within(const Node& node, uint64_t begin, uint64_t end) {
        return node.first >= begin && last_of(node) < end;
    }
    static uint32_t side(const Node& node, uint64_t index) {
        return static_cast<uint32_t>(index >> (node.level - 1) & 1);
    }
    Node& node(Ref ref) const { return *reinterpret_cast<Node*>(pool_.at(ref)); }
    Ref leftmost(Ref ref) const;
    struct Combining {  // The range that is being combined.
        Ref range = kNone;
        std::vector<Ref> pieces;
        size_t piece = 0;   // Of these, the next to go on with,
        uint32_t slot = 0;  // from this slot on.
        bool is_worth_it = true;
    };

    Ref first_undecided(Ref ref, uint64_t begin, uint64_t end) const;
    void begin_combining(Ref range);
    bool combine_pieces(int64_t& work);
    bool end_combining(int64_t& work);
    void set_unknown(Node& range);
    void forget_combined(Node& range);
    void drop_below(Ref ref);

    template <typename Visit>
    void for_each_piece(Ref ref, Visit& visit) {
        const Node& piece = node(ref);
        if (piece.state == State::combined) return visit(ref);
        for (const Ref child : piece.child) for_each_piece(child, visit);
    }

    template <typename Visit>
    void cover_node(Ref ref, uint64_t begin, uint64_t end, Visit& visit) {
        const Node& range = node(ref);
        if (last_of(range) < begin || range.first >= end) return;
        if (is_within(range, begin, end)) return for_each_piece(ref, visit);
        for (const Ref child : range.child) cover_node(child, begin, end, visit);
    }

    SlabPool& pool_;
    CellSpace& cells_;
    const SlabPool::Class node_class_;
    Ref root_ = kNone;
    uint64_t count_ = 0;
    uint64_t combined_ = 0;  // Ranges that hold cells.
    Combining combining_;
};

template <typename LetGo>
bool PaneTree::erase_some(int64_t index, int64_t& work, LetGo&& let_go) {
    const uint64_t wanted = biased(index);
    Ref* link = &root_;
    Ref* above = nullptr;
    while (node(*link).level > 0) {
        // No window will use this range as a whole again: one of its panes is not needed any more.
        Node& range = node(*link);
        set_unknown(range);
        if (!cells_.clear_some(range.cells, work, [](uint32_t) {})) return false;
        above = link;
        link = &range.child[side(range, wanted)];
    }
    const Ref pane = *link;
    TROMMEL_ASSERT(node(pane).first == wanted);
    if (!cells_.clear_some(node(pane).cells, work, let_go)) return false;
    if (above == nullptr) {
        root_ = kNone;
    } else {
        const Ref range = *above;
        *above = node(range).child[1 - side(node(range), wanted)];
        pool_.free(range);
    }
    pool_.free(pane);
    --count_;
    return true;
}

}  // namespace trommel::cpu
