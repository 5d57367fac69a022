#include "kernels/cpu/slot_map.h"

#include <bit>
#include <cstring>

#include "kernels/rules/assert.h"

namespace trommel::cpu {

namespace {

constexpr uint32_t kLeavesMeasured = 16;  // Fewer say nothing.

}  // namespace

CellSpace::CellSpace(const CellLayout& layout, SlabPool& pool) : layout_(layout), pool_(pool) {
    while (leaf_bits_ < kBits && (size_t{layout.bytes()} << (leaf_bits_ + 1)) <= kLeafBytesMax) {
        ++leaf_bits_;
    }
    cells_ = shape_of(layout.body_bytes(), layout.carry_bytes(), uint32_t{1} << leaf_bits_);
    nodes_ = shape_of(sizeof(Node), 0, uint32_t{1} << kBits);
}

CellSpace::Shape CellSpace::shape_of(uint32_t bytes, uint32_t carry_bytes, uint32_t width) {
    Shape shape{bytes, carry_bytes, width, {}};
    const uint32_t sizes[] = {1, 2, 4, width};
    for (size_t s = 0; s < shape.classes.size(); ++s) {
        shape.classes[s] = pool_.add_class(shape.block_bytes(std::min(sizes[s], width)));
    }
    return shape;
}

// The number of bits set in a 16-bit word. The baseline processor has no instruction for it.
uint32_t CellSpace::ones(uint32_t bits) {
    bits -= bits >> 1 & 0x5555;
    bits = (bits & 0x3333) + (bits >> 2 & 0x3333);
    bits = (bits + (bits >> 4)) & 0x0f0f;
    return (bits + (bits >> 8)) & 0x1f;
}

uint32_t CellSpace::position(const Node& node, uint32_t digit) {
    if (node.direct != 0) return digit;
    return ones(node.present & ((uint32_t{1} << digit) - 1));
}

// The node whose children are the slot's cell and its neighbours; nullptr when none has been added.
const SlotMap::Node* CellSpace::leaf_node(const SlotMap& map, uint32_t slot) const {
    if (uint64_t{slot} >> bits_covered(map) != 0) return nullptr;
    const Node* node = &map.root;
    for (uint32_t height = map.height; height > 0; --height) {
        const uint32_t digit = slot >> (leaf_bits_ + kBits * (height - 1)) & (nodes_.width - 1);
        if ((node->present >> digit & 1) == 0) return nullptr;
        node = nodes(*node) + position(*node, digit);
    }
    return node;
}

char* CellSpace::find(const SlotMap& map, uint32_t slot) const {
    const Node* const node = leaf_node(map, slot);
    const uint32_t digit = slot & (cells_.width - 1);
    if (node == nullptr || !has_cell(*node, digit)) return nullptr;
    return cell_at(*node, position(*node, digit));
}

SlabPool::Ref CellSpace::full_width_leaf(const SlotMap& map, uint32_t slot) const {
    const Node* const node = leaf_node(map, slot);
    return node == nullptr || node->direct == 0 ? SlabPool::kNone : node->children;
}

char* CellSpace::find_or_add(SlotMap& map, uint32_t slot) {
    if (!cover(map, slot)) return nullptr;
    Node* node = &map.root;
    for (uint32_t height = map.height; height > 0; --height) {
        const uint32_t digit = slot >> (leaf_bits_ + kBits * (height - 1)) & (nodes_.width - 1);
        if ((node->present >> digit & 1) != 0) {
            node = nodes(*node) + position(*node, digit);
            continue;
        }
        char* const added = add_child(*node, digit, nodes_);
        if (added == nullptr) return nullptr;
        const Node empty;
        std::memcpy(added, &empty, sizeof empty);
        node = reinterpret_cast<Node*>(added);
    }
    const uint32_t digit = slot & (cells_.width - 1);
    if (has_cell(*node, digit)) return cell_at(*node, position(*node, digit));
    const bool is_first = node->present == 0;
    if (is_first && full_width_) begin_full_width(*node);
    // A lone cell, and one of a direct node, is added without moving another.
    if (!is_first && node->direct == 0) ++moves_;
    char* const cell = add_child(*node, digit, cells_);
    if (cell == nullptr) return nullptr;
    layout_.clear(cell);
    ++map.count;
    map.leaves += is_first;
    return cell;
}

// Puts new roots on top until the map reaches `slot`.
bool CellSpace::cover(SlotMap& map, uint32_t slot) {
    while (uint64_t{slot} >> bits_covered(map) != 0) {
        if (map.root.present != 0) {
            Node above;
            char* const below = add_child(above, 0, nodes_);
            if (below == nullptr) return false;
            std::memcpy(below, &map.root, sizeof map.root);
            map.root = above;
        }
        ++map.height;
    }
    return true;
}

// Room for a child of `digit`, with undefined contents; nullptr, and nothing changed, without
// memory.
char* CellSpace::add_child(Node& node, uint32_t digit, const Shape& shape) {
    const uint32_t count = ones(node.present);
    if (!make_room(node, count, shape)) return nullptr;
    const uint32_t place = position(node, digit);
    char* const block = pool_.at(node.children);
    char* const at = block + size_t{place} * shape.bytes;
    if (node.direct == 0) {
        const uint32_t behind = count - place;
        std::memmove(at + shape.bytes, at, size_t{behind} * shape.bytes);
        char* const carries = block + shape.carries_at(std::bit_ceil(count + 1), place);
        std::memmove(carries + shape.carry_bytes, carries, size_t{behind} * shape.carry_bytes);
    }
    node.present = static_cast<uint16_t>(node.present | 1u << digit);
    return at;
}

// Moves the children to the next larger block when theirs is full.
bool CellSpace::make_room(Node& node, uint32_t count, const Shape& shape) {
    if (node.direct != 0 || (count != 0 && !std::has_single_bit(count))) return true;
    TROMMEL_DCHECK(count <= kPackedMax && count < shape.width);
    const size_t next = count == 0 ? 0 : static_cast<size_t>(std::bit_width(count));
    const SlabPool::Ref block = pool_.allocate(shape.classes[next]);
    if (block == SlabPool::kNone) return false;
    char* const to = pool_.at(block);
    if (count > 0) {
        const char* from = pool_.at(node.children);
        const char* carries = from + shape.carries_at(count, 0);
        if (count < kPackedMax) {
            std::memcpy(to, from, size_t{count} * shape.bytes);
            std::memcpy(to + shape.carries_at(2 * count, 0), carries,
                        size_t{count} * shape.carry_bytes);
        } else {
            if (&shape == &cells_) clear_leaf(block);
            for (uint32_t digit = 0; digit < shape.width; ++digit) {
                if ((node.present >> digit & 1) == 0) continue;
                std::memcpy(to + size_t{digit} * shape.bytes, from, shape.bytes);
                std::memcpy(to + shape.carries_at(shape.width, digit), carries, shape.carry_bytes);
                from += shape.bytes;
                carries += shape.carry_bytes;
            }
            node.direct = 1;
        }
        pool_.free(node.children);
    }
    node.children = block;
    return true;
}

// A leaf whose cells will stand at their digit; false when there is no memory for one.
bool CellSpace::begin_full_width(Node& leaf) {
    const SlabPool::Ref block = pool_.allocate(cells_.classes.back());
    if (block == SlabPool::kNone) return false;
    clear_leaf(block);
    leaf.children = block;
    leaf.direct = 1;
    return true;
}

char* CellSpace::carries_of(const char* cell) const {
    const SlabPool::Block block = pool_.block_of(cell);
    const auto cells = static_cast<uint32_t>(block.bytes / cells_.block_bytes(1));
    const auto place = static_cast<uint32_t>(cell - block.data) / cells_.bytes;
    return block.data + cells_.carries_at(cells, place);
}

void CellSpace::clear_leaf(SlabPool::Ref leaf) const {
    for (uint32_t slot = 0; slot < cells_.width; ++slot) layout_.clear(leaves().cell(leaf, slot));
}

void CellSpace::clear(SlotMap& map) {
    int64_t work = INT64_MAX;
    clear_some(map, work, [](uint32_t) {});
}

// Of a map that is about to be cleared; once.
void CellSpace::note_fullness(SlotMap& map) {
    if (map.leaves >= kLeavesMeasured) full_width_ = map.count / map.leaves >= cells_.width / 2;
    map.leaves = 0;
}

}  // namespace trommel::cpu
