#pragma once
#include <cstdint>
#include <cstring>

#include "kernels/cpu/memory.h"

namespace trommel::cpu {

// From a 32-bit hash to key slots: open addressing in lines of eight entries, of which a lookup
// touches one in the usual case. It knows nothing of keys: the caller compares. Growth is
// incremental: the old table is emptied into the new one a few lines at a time, and both are looked
// at until that is done. One owner, one thread.
class SlotTable {
   public:
    static constexpr uint32_t kNoSlot = UINT32_MAX;

    explicit SlotTable(MemoryBudget& budget);

    void prefetch(uint32_t hash) const { __builtin_prefetch(&tables_[now_].home(hash), 1); }
    // The slot of this hash in the line where it is usually found, or kNoSlot. A hint, for
    // prefetching: where two slots there share the hash it is any number.
    uint32_t candidate(uint32_t hash) const {
        const Table& table = tables_[now_];
        if (table.lines == 0) return kNoSlot;
        const Line& line = table.home(hash);
        const uint32_t bits = line.matches(hash);
        return bits == 0 ? kNoSlot : line.state[__builtin_ctz(bits)] - 1;  // kEmpty - 1: kNoSlot.
    }
    // The first slot of this hash for which is_key(slot), or kNoSlot.
    template <typename IsKey>
    uint32_t find(uint32_t hash, IsKey&& is_key) const {
        const uint32_t found = find_in(tables_[now_], 0, hash, is_key);
        if (found != kNoSlot || !moving_) return found;
        return find_in(tables_[1 - now_], moved_, hash, is_key);
    }
    // Adds a slot that is not there; false when there is no memory. Precondition: slot <= kSlotMax.
    static constexpr uint32_t kSlotMax = UINT32_MAX - 2;
    bool insert(uint32_t hash, uint32_t slot);
    // Precondition: the slot is there with this hash.
    void erase(uint32_t hash, uint32_t slot);
    // Moves at most `lines` lines to the new table while one is growing. Calling it with half of
    // the number of inserts keeps ahead of them.
    void move_some(uint64_t lines);

    bool moving() const { return moving_; }
    uint64_t committed_bytes() const {
        return tables_[0].region.usable_bytes() + tables_[1].region.usable_bytes();
    }

   private:
    static constexpr uint32_t kPerLine = 8;
    static constexpr uint32_t kEmpty = 0;  // Else an entry's state is its slot plus one.
    // Four numbers at once, in the baseline instructions of any processor.
    using Four = uint32_t __attribute__((vector_size(16)));
    using Two = uint64_t __attribute__((vector_size(16)));
    static Four load(const uint32_t* from) {
        Four four;
        std::memcpy(&four, from, sizeof four);
        return four;
    }
    struct Line {
        uint32_t hash[kPerLine];
        uint32_t state[kPerLine];

        // Bit i: entry i has this hash. Empty entries may have any; they are the last.
        uint32_t matches(uint32_t wanted) const {
            constexpr Four kLow = {1, 2, 4, 8}, kHigh = {16, 32, 64, 128};
            const Four bits =
                (Four(load(hash) == wanted) & kLow) | (Four(load(hash + 4) == wanted) & kHigh);
            const auto halves = reinterpret_cast<Two>(bits);
            const uint64_t both = halves[0] | halves[1];
            return static_cast<uint32_t>(both | both >> 32);
        }
        bool has_empty() const { return state[kPerLine - 1] == kEmpty; }  // Filled from the front.
        void empty_entry(uint32_t entry);
    };
    static_assert(sizeof(Line) == 64);
    struct Table {
        Region region;
        uint64_t lines = 0;
        uint64_t taken = 0;  // Entries that are not empty; not kept while they are moved away.

        Line& line(uint64_t index) const { return reinterpret_cast<Line*>(region.data())[index]; }
        uint64_t home_index(uint32_t hash) const { return hash * lines >> 32; }
        Line& home(uint32_t hash) const { return line(home_index(hash)); }
        uint64_t after(uint64_t index) const { return index + 1 == lines ? 0 : index + 1; }
    };

    // Lines below `from` have been moved to the other table and count only as full or not.
    template <typename IsKey>
    static uint32_t find_in(const Table& table, uint64_t from, uint32_t hash, IsKey& is_key) {
        if (table.lines == 0) return kNoSlot;
        for (uint64_t index = table.home_index(hash);; index = table.after(index)) {
            const Line& line = table.line(index);
            if (index >= from) {
                for (uint32_t bits = line.matches(hash); bits != 0; bits &= bits - 1) {
                    const uint32_t slot = line.state[__builtin_ctz(bits)] - 1;
                    if (slot != kNoSlot && is_key(slot)) return slot;
                }
            }
            if (line.has_empty()) return kNoSlot;
        }
    }

    void grow_if_needed();
    static void place(Table& table, uint32_t hash, uint32_t state);
    static bool erase_in(Table& table, uint64_t from, uint32_t hash, uint32_t slot);
    static void fill_hole(Table& table, uint64_t from, uint64_t index, uint32_t entry);

    Table tables_[2];
    int now_ = 0;          // tables_[now_] takes what is new.
    bool moving_ = false;  // The other one still holds slots, in lines from moved_ on.
    uint64_t moved_ = 0;
};

}  // namespace trommel::cpu
