#include "kernels/cpu/slot_table.h"

#include <algorithm>

#include "kernels/rules/assert.h"

namespace trommel::cpu {
namespace {

constexpr uint64_t kLinesMin = 32;
constexpr uint64_t kReserveMax = uint64_t{1} << 37;
// A table is replaced at 70 % and may fill up to 87.5 % when there is no memory for another one.
constexpr uint64_t kFillTenths = 7;

size_t reserve_bytes(const MemoryBudget& budget) {
    return static_cast<size_t>(std::min(budget.max_bytes(), kReserveMax));
}

}  // namespace

SlotTable::SlotTable(MemoryBudget& budget)
    : tables_{{Region(reserve_bytes(budget), budget)}, {Region(reserve_bytes(budget), budget)}} {}

uint32_t SlotTable::candidate(uint32_t hash) const {
    const Table& table = tables_[now_];
    if (table.lines == 0) return kNoSlot;
    const Line& line = table.home(hash);
    const uint32_t bits = line.matches(hash);
    return bits == 0 ? kNoSlot : line.state[static_cast<uint32_t>(__builtin_ctz(bits))] - kFirst;
}

bool SlotTable::insert(uint32_t hash, uint32_t slot) {
    grow_if_needed();
    Table& table = tables_[now_];
    if (table.taken >= table.lines * (kPerLine - 1)) return false;
    TROMMEL_DCHECK(slot <= kSlotMax);
    table.taken += place(table, hash, slot);
    ++live_;
    return true;
}

// Puts the slot into the first entry that is free on its way; true when that was an empty one.
bool SlotTable::place(Table& table, uint32_t hash, uint32_t slot) {
    for (uint64_t index = table.home_index(hash);; index = table.after(index)) {
        Line& line = table.line(index);
        for (uint32_t i = 0; i < kPerLine; ++i) {
            if (line.state[i] >= kFirst) continue;
            const bool was_empty = line.state[i] == kEmpty;
            line.hash[i] = hash;
            line.state[i] = slot + kFirst;
            return was_empty;
        }
    }
}

void SlotTable::erase(uint32_t hash, uint32_t slot) {
    const bool found = erase_in(tables_[now_], 0, hash, slot) ||
                       (moving_ && erase_in(tables_[1 - now_], moved_, hash, slot));
    TROMMEL_ASSERT(found);
    --live_;
}

bool SlotTable::erase_in(Table& table, uint64_t from, uint32_t hash, uint32_t slot) {
    for (uint64_t index = table.home_index(hash);; index = table.after(index)) {
        Line& line = table.line(index);
        for (uint32_t i = 0; index >= from && i < kPerLine; ++i) {
            if (line.state[i] != slot + kFirst || line.hash[i] != hash) continue;
            line.state[i] = kErased;
            // No search goes past a line that has an empty entry, so its last taken entry may become
            // empty again, and any erased ones before it.
            if (line.has_empty()) {
                uint32_t last = kPerLine - 1;
                while (last > 0 && line.state[last - 1] == kEmpty) --last;
                while (last > 0 && line.state[last - 1] == kErased) {
                    line.state[--last] = kEmpty;
                    --table.taken;
                }
            }
            return true;
        }
        if (line.has_empty()) return false;
    }
}

// Starts a table of twice the size, or of the same size when erased entries fill this one.
void SlotTable::grow_if_needed() {
    Table& table = tables_[now_];
    if (moving_ || table.taken * 10 < table.lines * kPerLine * kFillTenths) return;
    const bool crowded = live_ * 10 >= table.lines * kPerLine * 4;
    const uint64_t lines = std::max(kLinesMin, crowded ? table.lines * 2 : table.lines);
    Table& next = tables_[1 - now_];
    if (!next.region.grow_to(lines * sizeof(Line))) return;
    next.lines = lines;
    next.taken = 0;
    moving_ = table.lines > 0;
    moved_ = 0;
    now_ = 1 - now_;
}

void SlotTable::move_some(uint64_t lines) {
    if (!moving_) return;
    Table& from = tables_[1 - now_];
    Table& to = tables_[now_];
    constexpr uint64_t kAhead = 8;
    for (; lines > 0 && moved_ < from.lines; --lines, ++moved_) {
        if (moved_ + kAhead < from.lines) {
            const Line& later = from.line(moved_ + kAhead);
            for (const uint32_t hash : later.hash) __builtin_prefetch(&to.home(hash), 1);
        }
        const Line& line = from.line(moved_);
        for (uint32_t i = 0; i < kPerLine; ++i) {
            if (line.state[i] < kFirst) continue;
            to.taken += place(to, line.hash[i], line.state[i] - kFirst);
        }
    }
    if (moved_ < from.lines) return;
    moving_ = false;
    from.lines = from.taken = 0;
    from.region.shrink_to_zero();
}

}  // namespace trommel::cpu
