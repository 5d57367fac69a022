#include "kernels/cpu/slot_table.h"

#include <algorithm>
#include <numeric>

#include "kernels/rules/assert.h"

namespace trommel::cpu {
namespace {

constexpr uint64_t kLinesMin = 32;
constexpr uint64_t kReserveMax = uint64_t{1} << 37;
// A table is replaced at 70 % and may fill up to 87.5 % when there is no memory for another one.
constexpr uint64_t kFillTenths = 7;
constexpr uint64_t kAheadTenths = 6;  // From then on the next one's memory is provided.

size_t reserve_bytes(const MemoryBudget& budget) {
    return static_cast<size_t>(std::min(budget.max_bytes(), kReserveMax));
}

}  // namespace

SlotTable::SlotTable(const rules::HashSeed& seed, SimdLevel simd, MemoryBudget& budget)
    : seed_(seed),
      find_slots_(find_slots(simd)),
      tables_{{Region(reserve_bytes(budget), budget)}, {Region(reserve_bytes(budget), budget)}} {}

void SlotTable::find_places(const uint64_t* tags, uint32_t count, uint32_t* places) const {
    const rules::HashSeed seed = seed_;  // Copies: the compiler must fear that `places` is a part
    const Table& table = tables_[now_];  // of us.
    const char* const lines = table.region.data();
    const uint64_t line_count = table.lines;
    for (uint32_t i = 0; i < count; ++i) {
        const uint64_t place = rules::hash_u64(tags[i], seed) >> 32;
        places[i] = static_cast<uint32_t>(place);
        ask_for(lines + (place * line_count >> 32) * sizeof(Line));
    }
}

uint32_t SlotTable::find_usual(const uint64_t* tags, const uint32_t* places, uint32_t count,
                               uint32_t* slots, uint32_t* missing) const {
    const Table& table = tables_[now_];
    if (table.lines == 0) {
        std::fill_n(slots, count, kNoSlot);
        std::iota(missing, missing + count, 0u);
        return count;
    }
    return find_slots_({&table.line(0), table.lines, tags, places, count, slots, missing});
}

bool SlotTable::insert(uint64_t tag, uint32_t place, uint32_t slot) {
    grow_if_needed();
    // What is still to be moved needs room in the new table as well.
    if (is_full() && moving_) {
        move_some(UINT64_MAX);
        grow_if_needed();
    }
    if (is_full()) return false;
    TROMMEL_DCHECK(slot <= kSlotMax);
    put(tables_[now_], tag, place, slot + 1);
    return true;
}

// Into the first empty entry on the tag's way.
void SlotTable::put(Table& table, uint64_t tag, uint32_t place, uint32_t state) {
    uint64_t index = table.home_index(place);
    while (!has_empty(table.line(index))) index = table.after(index);
    Line& line = table.line(index);
    uint32_t entry = 0;
    while (line.state[entry] != kEmpty) ++entry;
    line.tag[entry] = tag;
    line.state[entry] = state;
    ++table.taken;
}

void SlotTable::erase(uint64_t tag, uint32_t slot) {
    const uint32_t place = place_of(tag);
    const bool found = erase_in(tables_[now_], 0, place, slot) ||
                       (moving_ && erase_in(tables_[1 - now_], moved_, place, slot));
    TROMMEL_ASSERT(found);
}

bool SlotTable::erase_in(Table& table, uint64_t from, uint32_t place, uint32_t slot) const {
    if (table.lines == 0) return false;
    for (uint64_t index = table.home_index(place);; index = table.after(index)) {
        const Line& line = table.line(index);
        for (uint32_t i = 0; index >= from && i < kPerLine; ++i) {
            if (line.state[i] != slot + 1) continue;
            fill_hole(table, from, index, i);
            --table.taken;
            return true;
        }
        if (has_empty(line)) return false;
    }
}

// The last entry of the line takes the place of the one that goes.
void SlotTable::empty_entry(Line& line, uint32_t entry) {
    uint32_t last = kPerLine - 1;
    while (line.state[last] == kEmpty) --last;
    line.tag[entry] = line.tag[last];
    line.state[entry] = line.state[last];
    line.state[last] = kEmpty;
}

// A search ends at a line that is not full, so a hole in a full line must be filled by an entry
// that went past that line, if there is one; it leaves a hole in its turn. No entry is ever marked
// as erased, so keys that come and go do not fill the table.
void SlotTable::fill_hole(Table& table, uint64_t from, uint64_t index, uint32_t entry) const {
    const auto distance = [&](uint64_t begin, uint64_t end) {
        return end >= begin ? end - begin : end + table.lines - begin;
    };
    bool stop = has_empty(table.line(index));
    for (uint64_t next = table.after(index); !stop; next = table.after(next)) {
        Line& line = table.line(next);
        stop = has_empty(line) || next == index;
        if (next < from) continue;  // Nothing that counts, but searches go through it.
        for (uint32_t i = 0; i < kPerLine && line.state[i] != kEmpty; ++i) {
            if (distance(table.home_index(place_of(line.tag[i])), next) < distance(index, next))
                continue;
            Line& hole = table.line(index);
            hole.tag[entry] = line.tag[i];
            hole.state[entry] = line.state[i];
            index = next;
            entry = i;
            break;
        }
    }
    empty_entry(table.line(index), entry);
}

// Starts a table of twice the size.
void SlotTable::grow_if_needed() {
    Table& table = tables_[now_];
    if (moving_ || table.taken * 10 < table.lines * kPerLine * kFillTenths) return;
    const uint64_t lines = std::max(kLinesMin, table.lines * 2);
    Table& next = tables_[1 - now_];
    if (!next.region.grow_to(lines * sizeof(Line))) return;
    next.lines = lines;
    next.taken = 0;
    moving_ = table.lines > 0;
    moved_ = 0;
    now_ = 1 - now_;
}

// Places are scattered, so a new table is touched all over at once: without this the first keys
// after its beginning pay for all of its page faults.
Stretch SlotTable::take_ahead() {
    const Table& table = tables_[now_];
    if (moving_ || table.taken * 10 < table.lines * kPerLine * kAheadTenths) return {};
    return tables_[1 - now_].region.take_ahead(2 * table.lines * sizeof(Line));
}

// A table that is begun has at most so many lines, for it is begun at 70 % of half its entries;
// there are never more than two at a time.
uint64_t SlotTable::bytes_to_add(uint64_t count) const {
    const uint64_t entries = tables_[0].taken + tables_[1].taken + count;
    const uint64_t lines = tables_[now_].lines;
    if (entries * 10 < lines * kPerLine * kFillTenths) return 0;
    const uint64_t lines_begun = 2 * (entries * 10 / (kPerLine * kFillTenths) + 1);
    return 2 * std::max(kLinesMin, lines_begun) * sizeof(Line) + 2 * kHugePageBytes;
}

void SlotTable::move_some(uint64_t lines) {
    if (!moving_) return;
    Table& from = tables_[1 - now_];
    Table& to = tables_[now_];
    constexpr uint64_t kAhead = 8;
    for (; lines > 0 && moved_ < from.lines; --lines, ++moved_) {
        if (moved_ + kAhead < from.lines) {
            const Line& later = from.line(moved_ + kAhead);
            for (const uint64_t tag : later.tag) {
                ask_for(&to.home(place_of(tag)));
            }
        }
        const Line& line = from.line(moved_);
        for (uint32_t i = 0; i < kPerLine && line.state[i] != kEmpty; ++i) {
            put(to, line.tag[i], place_of(line.tag[i]), line.state[i]);
            --from.taken;
        }
    }
    if (moved_ < from.lines) return;
    moving_ = false;
    from.lines = from.taken = 0;
    from.region.shrink_to_zero();
}

}  // namespace trommel::cpu
