#pragma once
#include <cstdint>

#include "kernels/cpu/slab_pool.h"
#include "kernels/cpu/slot_map.h"

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
    void erase(int64_t index);

    // visit(piece) for disjoint panes and ranges of panes that together hold the cells of the panes
    // [begin, end). With `combine`, ranges are first combined where that is worth its memory.
    // Precondition: nothing will be added to these panes any more.
    template <typename Visit>
    void cover(int64_t begin, int64_t end, bool combine, Visit&& visit) {
        if (root_ != kNone) cover_node(root_, biased(begin), biased(end), combine, visit);
    }
    // Frees all combined ranges; false when there was none.
    bool drop_combined();

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
    static uint32_t side(const Node& node, uint64_t index) {
        return static_cast<uint32_t>(index >> (node.level - 1) & 1);
    }
    Node& node(Ref ref) const { return *reinterpret_cast<Node*>(pool_.at(ref)); }
    Ref leftmost(Ref ref) const;
    void combine_range(Node& range);
    void forget_combined(Node& range);
    void drop_below(Ref ref);

    template <typename Visit>
    void for_each_piece(Ref ref, Visit& visit) {
        const Node& piece = node(ref);
        if (piece.state == State::combined) return visit(ref);
        for (const Ref child : piece.child) for_each_piece(child, visit);
    }

    template <typename Visit>
    void cover_node(Ref ref, uint64_t begin, uint64_t end, bool combine, Visit& visit) {
        Node& range = node(ref);
        const uint64_t last = range.first + ((uint64_t{1} << range.level) - 1);
        if (last < begin || range.first >= end) return;
        if (range.first >= begin && last < end) {
            if (combine) combine_range(range);
            return for_each_piece(ref, visit);
        }
        for (const Ref child : range.child) cover_node(child, begin, end, combine, visit);
    }

    SlabPool& pool_;
    CellSpace& cells_;
    const SlabPool::Class node_class_;
    Ref root_ = kNone;
    uint64_t count_ = 0;
    uint64_t combined_ = 0;  // Ranges that hold cells.
};

}  // namespace trommel::cpu
