#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "kernels/cpu/cell_layout.h"
#include "kernels/cpu/slab_pool.h"

namespace trommel::cpu {

// A sparse array of cells by key slot: a radix tree of 16-way nodes. A node with up to four
// children keeps them packed, one with more keeps them at their digit. A pane that has every key
// costs its cells plus 3 %, one that has a few of a million keys about 60 bytes more per cell
// (window_store.md). A block of cells has their bodies first and all their carries behind, so that
// what events touch lies close together. Plain data; CellSpace holds the code and the memory.
struct SlotMap {
    struct Node {
        SlabPool::Ref children =
            SlabPool::kNone;  // A block of nodes, at the lowest level of cells.
        // Bit d: there is a child of digit d. Where cells stand at full width, one that is not
        // empty is there without its bit (see full_width_leaf()).
        uint16_t present = 0;
        uint16_t direct = 0;  // Children stand at their digit, else packed.
    };
    Node root;
    uint32_t count = 0;   // Cells,
    uint32_t leaves = 0;  // and blocks that they lie in.
    uint32_t height = 0;  // Levels of nodes below the root.
};

class CellSpace final : public CarryPlaces {
   public:
    CellSpace(const CellLayout& layout, SlabPool& pool);

    // nullptr when the slot has no cell.
    char* find(const SlotMap& map, uint32_t slot) const;
    // Makes an empty cell if the slot has none; nullptr when there is no memory (nothing has
    // changed that can be seen). Adding may move cells of the same map: see moves().
    char* find_or_add(SlotMap& map, uint32_t slot);
    // Grows when a cell that existed was moved by find_or_add().
    uint64_t moves() const { return moves_; }

    // Adds what `from` holds to `into`; both are cells of maps.
    void combine(char* into, const char* from) const { layout_.combine(into, *this, from, *this); }
    // The same into a cell in one piece, and a copy of one.
    void add_to(char* into, const char* from) const { layout_.combine(into, from, *this); }
    void copy(char* into, const char* from) const { layout_.copy(into, from, *this); }
    char* carries_of(const char* cell) const override;

    // The leaf of a slot, if its cells stand at full width; else kNone. There cells never move, and
    // the caller may add one that is empty by adding events to it and one to the map's count.
    SlabPool::Ref full_width_leaf(const SlotMap& map, uint32_t slot) const;
    // The most that adding one cell may take from the pool.
    uint64_t bytes_to_add() const {
        return cells_.block_bytes(cells_.width) + kHeightMax * sizeof(Node) * nodes_.width;
    }
    // How many slots a leaf is for, as a power of two.
    uint32_t leaf_bits() const { return leaf_bits_; }
    struct Leaves {  // For loops over cells of full-width leaves.
        char* pool;
        uint32_t bits, body_bytes;

        char* cell(SlabPool::Ref leaf, uint32_t slot) const {
            return pool + size_t{leaf} * 8 + size_t{slot & ((1u << bits) - 1)} * body_bytes;
        }
    };
    Leaves leaves() const { return {pool_.at(0), leaf_bits_, cells_.bytes}; }

    // visit(slot, cell) for each cell, by ascending slot.
    template <typename Visit>
    void for_each(const SlotMap& map, Visit&& visit) const {
        visit_from(map, 0, [&](uint32_t slot, const char* cell) {
            visit(slot, cell);
            return true;
        });
    }
    // The same from slot `from` on, until visit() says false; then it is false as well.
    template <typename Visit>
    bool visit_from(const SlotMap& map, uint32_t from, Visit&& visit) const {
        return visit_node(map.root, map.height, 0, from, visit);
    }
    // Frees everything.
    void clear(SlotMap& map);
    // Frees cells, the last first, each after let_go(slot), until about `work` of them were looked
    // at, which is taken off it. True once all are gone. In between the map is good for nothing but
    // going on with it.
    template <typename LetGo>
    bool clear_some(SlotMap& map, int64_t& work, LetGo&& let_go) {
        note_fullness(map);
        if (!free_some(map.root, map.height, 0, work, let_go)) return false;
        map = {};
        return true;
    }

    const CellLayout& layout() const { return layout_; }
    const SlabPool& pool() const { return pool_; }

   private:
    static constexpr uint32_t kBits = 4;
    static constexpr uint32_t kPackedMax = 4;
    static constexpr uint32_t kHeightMax = 32 / kBits + 1;
    static constexpr size_t kLeafBytesMax = SlabPool::kBlockBytesMax;
    using Node = SlotMap::Node;
    struct Shape {                                 // Of a node's children: cells or nodes.
        uint32_t bytes = 0;                        // Of a node, or of a cell's body,
        uint32_t carry_bytes = 0;                  // and of its carries.
        uint32_t width = 0;                        // 2^bits.
        std::array<SlabPool::Class, 4> classes{};  // Blocks for 1, 2, 4 and `width` of them.

        size_t block_bytes(uint32_t count) const { return size_t{count} * (bytes + carry_bytes); }
        // Where the carries of a child are in a block for `count` of them.
        size_t carries_at(uint32_t count, uint32_t place) const {
            return size_t{count} * bytes + size_t{place} * carry_bytes;
        }
    };

    char* cell_at(const Node& leaf, uint32_t place) const {
        return pool_.at(leaf.children) + size_t{place} * cells_.bytes;
    }
    bool has_cell(const Node& leaf, uint32_t digit) const {
        if ((leaf.present >> digit & 1) != 0) return true;
        return leaf.direct != 0 && CellLayout::count(cell_at(leaf, digit)) != 0;
    }
    const Node* leaf_node(const SlotMap& map, uint32_t slot) const;
    static uint32_t ones(uint32_t bits);
    static uint32_t position(const Node& node, uint32_t digit);
    Shape shape_of(uint32_t bytes, uint32_t carry_bytes, uint32_t width);
    uint32_t bits_covered(const SlotMap& map) const { return leaf_bits_ + kBits * map.height; }
    Node* nodes(const Node& node) const { return reinterpret_cast<Node*>(pool_.at(node.children)); }
    char* add_child(Node& node, uint32_t digit, const Shape& shape);
    bool make_room(Node& node, uint32_t count, const Shape& shape);
    bool begin_full_width(Node& leaf);
    void clear_leaf(SlabPool::Ref leaf) const;
    bool cover(SlotMap& map, uint32_t slot);
    void note_fullness(SlotMap& map);

    // How far apart the slots of a node's children are, as a power of two.
    uint32_t shift_of(uint32_t height) const {
        return height == 0 ? 0 : leaf_bits_ + kBits * (height - 1);
    }

    template <typename Visit>
    bool visit_node(const Node& node, uint32_t height, uint32_t slot, uint32_t from,
                    Visit& visit) const {
        const uint32_t width = height == 0 ? cells_.width : nodes_.width;
        const uint32_t shift = shift_of(height);
        const uint32_t first = from > slot ? (from - slot) >> shift : 0;
        if (first >= width) return true;
        uint32_t packed = ones(node.present & ((uint32_t{1} << first) - 1));
        for (uint32_t digit = first; digit < width; ++digit) {
            if (height == 0 && node.direct != 0) {
                const char* const cell = cell_at(node, digit);
                if (CellLayout::count(cell) != 0 && !visit(slot | digit, cell)) return false;
                continue;
            }
            if ((node.present >> digit & 1) == 0) continue;
            const uint32_t place = node.direct != 0 ? digit : packed++;
            const bool go_on = height == 0 ? visit(slot | digit, cell_at(node, place))
                                           : visit_node(nodes(node)[place], height - 1,
                                                        slot | digit << shift, from, visit);
            if (!go_on) return false;
        }
        return true;
    }

    // Children go from the last to the first, so that those that are left keep their places.
    template <typename LetGo>
    bool free_some(Node& node, uint32_t height, uint32_t slot, int64_t& work, LetGo& let_go) {
        if (node.present == 0) return true;
        if (height == 0) {
            if (work <= 0) return false;
            work -= cells_.width;
            const auto visit = [&](uint32_t cell_slot, const char*) {
                let_go(cell_slot);
                return true;
            };
            visit_node(node, 0, slot, 0, visit);
        }
        while (height > 0 && node.present != 0) {
            const uint32_t digit = static_cast<uint32_t>(std::bit_width(node.present)) - 1;
            Node& child = nodes(node)[position(node, digit)];
            const uint32_t child_slot = slot | digit << shift_of(height);
            if (!free_some(child, height - 1, child_slot, work, let_go)) return false;
            node.present = static_cast<uint16_t>(node.present & ~(uint32_t{1} << digit));
        }
        pool_.free(node.children);
        return true;
    }

    const CellLayout& layout_;
    SlabPool& pool_;
    uint32_t leaf_bits_ = 0;
    Shape cells_, nodes_;
    uint64_t moves_ = 0;
    // Were the leaves of the map that was cleared last full enough to begin the next ones at full
    // width? Panes of a job resemble each other.
    bool full_width_ = false;
};

}  // namespace trommel::cpu
