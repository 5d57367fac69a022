#pragma once
#include <cstdint>

#include "trommel/int128.h"

#include "kernels/cuda/atomics.h"
#include "kernels/cuda/cell_words.h"
#include "kernels/rules/hash.h"
#include "kernels/rules/host_device.h"

namespace trommel::cuda {

// The cells of one pane by key: open addressing, linear probing. A block of device memory holds the
// number of places that are taken, then capacity+1 cells; the last is that of the key whose word
// means "no key". Cells are added and found at the same time; nothing is ever removed.
struct CellTable {
    static constexpr uint32_t kHeaderWords = 4;  // A sector, so that cells begin with one.

    uint64_t* block = nullptr;
    uint32_t capacity = 0;
    uint32_t limit = 0;  // Places that may be taken; at most capacity.

    TROMMEL_HD uint32_t cells() const { return capacity + 1; }
    TROMMEL_HD uint64_t* cell(uint32_t place, uint32_t words) const {
        return in_device_memory(block) + kHeaderWords + uint64_t{place} * words;
    }
    TROMMEL_HD uint64_t* used() const { return in_device_memory(block); }

    // The key's cell, added if need be; null when it is not there and the limit is reached. A place
    // is reserved before it is taken, so the limit holds whatever runs at the same time. But a new
    // key is reserved for by all who bring it, until one of them has added it and the others have
    // given their places back: a hundred thousand threads of a few keys are more than a small table
    // has places. So who gets none looks a few times again, and null may come while there is room
    // (PaneTables::make_room).
    TROMMEL_HD uint64_t* find_or_add(uint64_t key, uint32_t words,
                                     const rules::HashSeed& seed) const {
        if (key == CellWords::kNoKey) return cell(capacity, words);
        uint32_t place = place_of(key, seed), looks = kLooks;
        for (uint32_t probes = 0; probes < capacity;) {
            uint64_t* const at = cell(place, words);
            const uint64_t seen = load(&at[CellWords::kKey]);
            if (seen == key) return at;
            if (seen == CellWords::kNoKey) {
                if (!reserve()) {
                    if (--looks == 0) return nullptr;
                    continue;
                }
                const uint64_t before = exchange_if(&at[CellWords::kKey], seen, key);
                if (before == CellWords::kNoKey) return at;
                add_alike(used(), ~uint64_t{0});
                if (before == key) return at;
            }
            ++probes;
            place = place + 1 == capacity ? 0 : place + 1;
        }
        return nullptr;
    }

   private:
    static constexpr uint32_t kLooks = 16;

    TROMMEL_HD uint32_t place_of(uint64_t key, const rules::HashSeed& seed) const {
        const uint64_t hash = rules::hash_u64(key, seed);
        return static_cast<uint32_t>(static_cast<uint128>(hash) * capacity >> 64);
    }
    TROMMEL_HD bool reserve() const {
        if (load(used()) >= limit) return false;
        if (take_number(used()) < limit) return true;
        add_alike(used(), ~uint64_t{0});
        return false;
    }
};

// Item: a cell. Makes a fresh block an empty table.
struct ClearTable {
    CellTable table;
    CellWords layout;

    TROMMEL_HD void operator()(uint32_t place) const {
        uint64_t* const cell = table.cell(place, layout.words);
        cell[CellWords::kKey] = CellWords::kNoKey;
        layout.clear(cell);
        if (place == 0) *table.used() = 0;
    }
};

// Item: a cell of `from`. Moves those that have events to a larger table; the others were added for
// events that were refused, or that will come again.
struct MoveCells {
    CellTable from, to;
    CellWords layout;
    rules::HashSeed seed;

    TROMMEL_HD void operator()(uint32_t place) const {
        const uint64_t* const cell = from.cell(place, layout.words);
        if (cell[CellWords::kCount] == 0) return;
        uint64_t* into = to.find_or_add(cell[CellWords::kKey], layout.words, seed);
        if (into == nullptr) return;  // Never: no item reserves more than the one place it takes.
        into = in_device_memory(into);
        for (uint32_t w = CellWords::kCount; w < layout.words; ++w) into[w] = cell[w];
    }
};

}  // namespace trommel::cuda
