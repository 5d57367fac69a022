#include "kernels/cpu/window_store.h"

#include <algorithm>

#include "kernels/cpu/prefetch.h"
#include "kernels/rules/assert.h"
#include "kernels/rules/window.h"

namespace trommel::cpu {
namespace {

constexpr uint32_t kPart = KeyDictionary::kPart;
constexpr uint32_t kDenseShare = 32;  // A pane with 1/32 of the slots is worth a shortcut.
constexpr SlabPool::Ref kNoLeaf = SlabPool::kNone;
constexpr size_t kShortcutShare = 64;  // Of the budget, at most: a leaf has more bytes than that.

}  // namespace

WindowStore::WindowStore(const Config& config, uint64_t seed, SimdLevel simd, MemoryBudget& budget)
    : budget_(budget),
      layout_(config),
      offset_us_(config.window_offset_us),
      pane_us_(rules::pane_us(config)),
      pool_(budget),
      cells_(layout_, pool_),
      keys_(config, seed, simd, budget, pool_),
      panes_(pool_, cells_),
      closer_(config, {layout_, cells_, keys_, panes_, budget}),
      shortcut_{PaneTree::kNone, 0, 0, false, Region(budget.max_bytes() / kShortcutShare, budget)} {
}

uint32_t WindowStore::add(const RecordBatch& batch, const uint32_t* rows, uint32_t count,
                          uint32_t* refused) {
    if (!closer_.has_windows()) return 0;
    uint32_t refused_count = 0;
    for (uint32_t begin = 0; begin < count; begin += kPart) {
        uint32_t* const out = refused + refused_count;
        uint32_t left = add_part(batch, rows + begin, std::min(kPart, count - begin), out);
        while (left > 0 && give_up_caches()) left = add_part(batch, out, left, out);
        refused_count += left;
    }
    return refused_count;
}

// `refused` may be `rows`.
uint32_t WindowStore::add_part(const RecordBatch& batch, const uint32_t* rows, uint32_t count,
                               uint32_t* refused) {
    std::array<uint32_t, kPart> slots;
    keys_.find_or_add(batch, rows, count, slots.data());

    // Not between two events: a cell that was found by the shortcut is added only when it is
    // updated, and must not be added by the walk in the meantime.
    if (count > 0) move_shortcut(pane_of(index_of(batch.time_us[rows[count - 1]])));

    // Cells are found and asked for first, and updated when all are on their way.
    Placed placed;
    Walk walk, misfits;
    take_shortcut(batch, rows, slots.data(), count, placed, walk);
    walk_to_cells(batch, walk, placed, misfits);
    count_events(placed);
    layout_.update_values(placed.cell.data(), cells_, batch, placed.row.data(), placed.count);
    for (uint32_t i = 0; i < misfits.count; ++i) {
        refused[i] = misfits.row[i];
        leave_no_trace(batch.time_us[misfits.row[i]], misfits.slot[i]);
    }
    return misfits.count;
}

// Without a branch: whether an event is late is nothing that a processor can foresee.
void WindowStore::take_shortcut(const RecordBatch& batch, const uint32_t* rows,
                                const uint32_t* slots, uint32_t count, Placed& placed,
                                Walk& walk) const {
    const CellSpace::Leaves leaves = cells_.leaves();
    const Shortcut& shortcut = shortcut_;
    const int64_t* const time_us = batch.time_us.data();
    const auto* const refs = shortcut.pane == PaneTree::kNone ? &kNoLeaf : &shortcut.leaf(0);
    const uint32_t known = shortcut.pane == PaneTree::kNone ? 0 : shortcut.leaves;
    const int64_t start_us = shortcut.start_us, pane_us = pane_us_;
    uint32_t quick = 0, others = 0;
    for (uint32_t i = 0; i < count; ++i) {
        const uint32_t row = rows[i], slot = slots[i], leaf = slot >> leaves.bits;
        const bool is_in_pane = rules::is_in_pane(time_us[row], start_us, pane_us);
        // The entry behind the last is kNone.
        const SlabPool::Ref ref = refs[is_in_pane && leaf < known ? leaf : known];
        char* const cell = leaves.cell(ref, slot);
        ask_for_all(cell, leaves.body_bytes);
        placed.row[quick] = row;
        placed.slot[quick] = slot;
        placed.cell[quick] = cell;
        walk.row[others] = row;
        walk.slot[others] = slot;
        quick += ref != SlabPool::kNone;
        others += ref == SlabPool::kNone;
    }
    placed.count = placed.quick = quick;
    walk.count = others;
}

// Adds the cells that are missing; events of those that cannot be added are `refused`.
void WindowStore::walk_to_cells(const RecordBatch& batch, const Walk& walk, Placed& placed,
                                Walk& refused) {
    std::array<PaneTree::Ref, kPart> panes;
    std::array<uint32_t, kPart> new_holders;
    uint32_t new_count = 0;
    const uint64_t moves = cells_.moves();
    PaneTree::Ref pane = PaneTree::kNone, cell_pane = PaneTree::kNone;
    int64_t pane_start_us = 0;
    uint32_t cell_slot = KeyDictionary::kNoSlot;
    char* cell = nullptr;
    for (uint32_t i = 0; i < walk.count; ++i) {
        const uint32_t row = walk.row[i], slot = walk.slot[i];
        const int64_t time_us = batch.time_us[row];
        if (pane == PaneTree::kNone || !rules::is_in_pane(time_us, pane_start_us, pane_us_)) {
            const int64_t index = index_of(time_us);
            pane_start_us = rules::pane_start(index, offset_us_, pane_us_);
            pane = pane_of(index);
        }
        bool is_new = false;
        if (slot != cell_slot || pane != cell_pane) cell = cell_in(pane, slot, is_new);
        cell_slot = slot;
        cell_pane = pane;
        if (cell == nullptr) {
            refused.row[refused.count] = row;
            refused.slot[refused.count++] = slot;
            continue;
        }
        ask_for_all(cell, layout_.body_bytes());
        new_holders[new_count] = slot;
        new_count += is_new;
        panes[placed.count] = pane;
        placed.row[placed.count] = row;
        placed.slot[placed.count] = slot;
        placed.cell[placed.count++] = cell;
    }
    if (cells_.moves() != moves) {  // Cells of the shortcut never move.
        for (uint32_t i = placed.quick; i < placed.count; ++i) {
            placed.cell[i] = cells_.find(panes_.cells(panes[i]), placed.slot[i]);
        }
    }
    for (uint32_t i = 0; i < new_count; ++i) keys_.hold(new_holders[i]);
}

// Counts the events. A quick cell that is empty has not been added to its pane yet.
void WindowStore::count_events(const Placed& placed) {
    std::array<uint32_t, kPart> new_holders;
    uint32_t new_count = 0;
    for (uint32_t i = 0; i < placed.quick; ++i) {
        char* const cell = placed.cell[i];
        new_holders[new_count] = placed.slot[i];
        new_count += CellLayout::count(cell) == 0;
        CellLayout::count_one(cell);
    }
    for (uint32_t i = placed.quick; i < placed.count; ++i) CellLayout::count_one(placed.cell[i]);
    if (new_count == 0) return;
    panes_.cells(shortcut_.pane).count += new_count;
    for (uint32_t i = 0; i < new_count; ++i) keys_.prefetch_holders(new_holders[i]);
    for (uint32_t i = 0; i < new_count; ++i) keys_.hold(new_holders[i]);
}

// The pane, made if need be; kNone when it is final or there is no memory.
PaneTree::Ref WindowStore::pane_of(int64_t index) {
    if (index < closer_.open_from()) return PaneTree::kNone;
    Recent& recent = recent_[static_cast<uint64_t>(index) % kRecentPanes];
    if (recent.pane == PaneTree::kNone || recent.index != index) {
        recent = {index, panes_.find_or_add(index)};
    }
    return recent.pane;
}

// The key's cell in the pane, made if need be; nullptr when any of the three is missing.
char* WindowStore::cell_in(PaneTree::Ref pane, uint32_t slot, bool& is_new) {
    if (pane == PaneTree::kNone || slot == KeyDictionary::kNoSlot) return nullptr;
    SlotMap& map = panes_.cells(pane);
    const uint32_t before = map.count;
    char* const cell = cells_.find_or_add(map, slot);
    is_new = map.count != before;
    if (pane == shortcut_.pane && cell != nullptr) {
        const uint32_t leaf = slot >> cells_.leaf_bits();
        if (leaf < shortcut_.leaves) shortcut_.leaf(leaf) = cells_.full_width_leaf(map, slot);
    }
    return cell;
}

// Gives the pane the shortcut if it is worth it, and newer than the one that has it.
void WindowStore::move_shortcut(PaneTree::Ref pane) {
    if (pane == PaneTree::kNone || shortcut_.given_up) return;
    const uint32_t leaves = keys_.slots() >> cells_.leaf_bits();
    if (pane == shortcut_.pane && leaves <= shortcut_.leaves + shortcut_.leaves / 2) return;
    if (panes_.cells(pane).count < keys_.slots() / kDenseShare) return;
    if (shortcut_.pane != PaneTree::kNone && panes_.index(pane) < panes_.index(shortcut_.pane)) {
        return;
    }
    shortcut_.pane = PaneTree::kNone;
    if (!shortcut_.refs.grow_to((size_t{leaves} + 1) * sizeof(SlabPool::Ref))) return;
    std::fill_n(&shortcut_.leaf(0), leaves + 1, SlabPool::kNone);
    shortcut_.leaves = leaves;
    shortcut_.start_us = start_of(pane);
    shortcut_.pane = pane;
}

// A key or pane that was made for a refused event, and that no other event has used, goes again.
void WindowStore::leave_no_trace(int64_t time_us, uint32_t slot) {
    if (slot != KeyDictionary::kNoSlot) keys_.release_unheld(slot);
    const PaneTree::Ref pane = panes_.find(index_of(time_us));
    if (pane != PaneTree::kNone && panes_.cells(pane).count == 0) drop_pane(pane);
}

bool WindowStore::give_up_shortcut() {
    if (shortcut_.refs.usable_bytes() == 0) return false;
    shortcut_.pane = PaneTree::kNone;
    shortcut_.leaves = 0;
    shortcut_.given_up = true;
    shortcut_.refs.shrink_to_zero();
    return true;
}

// Frees keys that nobody holds and what only makes things quicker; false when there was nothing to
// free.
bool WindowStore::give_up_caches() {
    const bool keys = keys_.release_idle() || give_up_shortcut();
    return closer_.give_up_caches() || keys;
}

void WindowStore::advance(int64_t watermark_us) {
    closer_.advance(watermark_us);
    const bool is_final =
        shortcut_.pane != PaneTree::kNone && panes_.index(shortcut_.pane) < closer_.open_from();
    if (is_final) shortcut_.pane = PaneTree::kNone;  // It takes events without asking further.
}

bool WindowStore::take_closed(PartialRows& out, uint32_t rows_max, int64_t& work) {
    const uint64_t panes = panes_.count();
    const bool is_closing = closer_.take(out, rows_max, work);
    if (panes_.count() < panes) shortcut_.given_up = false;
    return is_closing;
}

bool WindowStore::has_room(const RecordBatch& batch, const uint32_t* rows, uint32_t count) const {
    if (count == 0) return true;
    const uint64_t of_pool = count * (cells_.bytes_to_add() + PaneTree::bytes_to_add()) +
                             keys_.text_bytes_to_add(batch, rows, count);
    return pool_.bytes_to_add(of_pool) + keys_.bytes_to_add(count) <= budget_.left_bytes();
}

// What is provided and not used yet is about as much as what is used: with half of the budget it
// stays within it.
Stretch WindowStore::take_ahead() {
    if (budget_.used_bytes() > budget_.max_bytes() / 2) return {};
    Stretch ahead = keys_.take_ahead();
    if (ahead.bytes == 0) ahead = pool_.take_ahead();
    if (ahead.bytes == 0) ahead = closer_.take_ahead();
    return ahead;
}

void WindowStore::drop_pane(PaneTree::Ref pane) {
    if (pane == shortcut_.pane) shortcut_.pane = PaneTree::kNone;
    shortcut_.given_up = false;
    const int64_t index = panes_.index(pane);
    recent_[static_cast<uint64_t>(index) % kRecentPanes] = {};
    panes_.erase(index);
}

WindowMemory window_memory(const Config& config) {
    const CellLayout layout(config);
    WindowMemory memory;
    // A slab of each size in use, the smallest table, and the arrays by slot.
    memory.fixed_bytes = key_shape(config) == KeyShape::encoded ? 384 << 10 : 160 << 10;
    // Record and use of a slot, and its entry in a table that is between 35 % and 70 % full.
    memory.bytes_per_key = 16 + 16;
    // The cell and its share of half-filled nodes.
    memory.bytes_per_cell = layout.bytes() + layout.bytes() / 4 + 8;
    // Its links and times, the cell, and the key's root.
    memory.bytes_per_session = 56 + layout.bytes() + 4;
    return memory;
}

}  // namespace trommel::cpu
