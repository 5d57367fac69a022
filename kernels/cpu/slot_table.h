#pragma once
#include <cstdint>

#include "kernels/cpu/memory.h"
#include "kernels/cpu/prefetch.h"
#include "kernels/cpu/slot_search.h"
#include "kernels/rules/hash.h"

namespace trommel::cpu {

// From 64-bit tags to key slots: open addressing in lines of five entries, of which a lookup
// touches one in the usual case. A tag is a key or the hash of one; where two keys may share a tag,
// the caller compares. Growth is incremental: the old table is emptied into the new one a few lines
// at a time, and both are looked at until that is done. One owner, one thread.
class SlotTable {
   public:
    static constexpr uint32_t kNoSlot = UINT32_MAX;

    SlotTable(const rules::HashSeed& seed, SimdLevel simd, MemoryBudget& budget);

    // Where a tag is looked for; the calls below want it with the tag.
    uint32_t place_of(uint64_t tag) const {
        return static_cast<uint32_t>(rules::hash_u64(tag, seed_) >> 32);
    }
    void prefetch(uint32_t place) const { ask_for(&tables_[now_].home(place)); }
    // Asks for the line behind it, where a tag goes whose line is full.
    void prefetch_next(uint32_t place) const { ask_for(&tables_[now_].home(place) + 1); }
    // places[i] becomes place_of(tags[i]), and its line is asked for.
    void find_places(const uint64_t* tags, uint32_t count, uint32_t* places) const;
    // slots[i] becomes the slot of tags[i] in the line where it is usually found, or kNoSlot. Where
    // two slots there share the tag it is any number. Returns how many are kNoSlot; `missing` (room
    // for `count`) becomes their numbers.
    uint32_t find_usual(const uint64_t* tags, const uint32_t* places, uint32_t count,
                        uint32_t* slots, uint32_t* missing) const;
    // The first slot of this tag for which is_key(slot), or kNoSlot.
    template <typename IsKey>
    uint32_t find(uint64_t tag, uint32_t place, IsKey&& is_key) const {
        const uint32_t found = find_in(tables_[now_], 0, tag, place, is_key);
        if (found != kNoSlot || !moving_) return found;
        return find_in(tables_[1 - now_], moved_, tag, place, is_key);
    }
    // Adds a slot that is not there; false when there is no memory. Precondition: slot <= kSlotMax.
    static constexpr uint32_t kSlotMax = UINT32_MAX - 2;
    bool insert(uint64_t tag, uint32_t place, uint32_t slot);
    // Precondition: the slot is there with this tag.
    void erase(uint64_t tag, uint32_t slot);
    // Moves at most `lines` lines to the new table while one is growing. Calling it with half of
    // the number of inserts keeps ahead of them; else an insert moves all that are left.
    void move_some(uint64_t lines);

    // The most memory that adding so many may take.
    uint64_t bytes_to_add(uint64_t count) const;
    bool moving() const { return moving_; }
    // Of the table that will follow this one, from shortly before it is begun. See
    // IdMemory::take_ahead().
    Stretch take_ahead();
    uint64_t committed_bytes() const {
        return tables_[0].region.usable_bytes() + tables_[1].region.usable_bytes();
    }

   private:
    static constexpr uint32_t kPerLine = SlotLine::kEntries;
    static constexpr uint32_t kEmpty = SlotLine::kEmpty;
    using Line = SlotLine;
    struct Table {
        Region region;
        uint64_t lines = 0;
        uint64_t taken = 0;  // Entries that are neither empty nor moved away.

        Line& line(uint64_t index) const { return reinterpret_cast<Line*>(region.data())[index]; }
        uint64_t home_index(uint32_t place) const { return place * lines >> 32; }
        Line& home(uint32_t place) const { return line(home_index(place)); }
        uint64_t after(uint64_t index) const { return index + 1 == lines ? 0 : index + 1; }
    };

    // Lines below `from` have been moved to the other table and count only as full or not.
    template <typename IsKey>
    static uint32_t find_in(const Table& table, uint64_t from, uint64_t tag, uint32_t place,
                            IsKey& is_key) {
        if (table.lines == 0) return kNoSlot;
        for (uint64_t index = table.home_index(place);; index = table.after(index)) {
            const Line& line = table.line(index);
            if (index >= from) {
                for (uint32_t i = 0; i < kPerLine && line.state[i] != kEmpty; ++i) {
                    const uint32_t slot = line.state[i] - 1;
                    if (line.tag[i] == tag && is_key(slot)) return slot;
                }
            }
            if (has_empty(line)) return kNoSlot;
        }
    }

    // Every line may be full but one entry, which ends a search that finds nothing.
    bool is_full() const {
        return tables_[0].taken + tables_[1].taken >= tables_[now_].lines * (kPerLine - 1);
    }
    static bool has_empty(const Line& line) { return line.state[kPerLine - 1] == kEmpty; }
    static void empty_entry(Line& line, uint32_t entry);
    void grow_if_needed();
    static void put(Table& table, uint64_t tag, uint32_t place, uint32_t state);
    bool erase_in(Table& table, uint64_t from, uint32_t place, uint32_t slot) const;
    void fill_hole(Table& table, uint64_t from, uint64_t index, uint32_t entry) const;

    const rules::HashSeed seed_;
    const FindSlots find_slots_;
    Table tables_[2];
    int now_ = 0;          // tables_[now_] takes what is new.
    bool moving_ = false;  // The other one still holds slots, in lines from moved_ on.
    uint64_t moved_ = 0;
};

}  // namespace trommel::cpu
