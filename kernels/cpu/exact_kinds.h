#pragma once
#include <cstdint>

#include "kernels/cpu/byte_arena.h"
#include "kernels/cpu/exact_line.h"
#include "kernels/cpu/id_memory.h"
#include "kernels/rules/hash.h"

namespace trommel::cpu {

// How the three kinds of ids use a line.
struct Kind64 {
    using Line = Line64;
    struct Entry {
        uint64_t id;
    };
    // Of the `live` slots of a line, those that hold the id of this row.
    static uint32_t same(const Line& line, uint32_t live, const IdColumns& ids, uint32_t row,
                         const ByteArena*) {
        uint32_t slots = 0;
        for (uint32_t slot = 0; slot < Line::kSlots; ++slot) {
            slots |= uint32_t{line.id[slot] == ids.lo[row]} << slot;
        }
        return slots & live;
    }
    static bool matches(const Entry& entry, const IdColumns& ids, uint32_t row, const ByteArena*) {
        return entry.id == ids.lo[row];
    }
    static Entry entry(const Line& line, uint32_t slot) { return {line.id[slot]}; }
    static bool make(Entry& entry, const IdColumns& ids, uint32_t row, uint16_t, uint16_t,
                     ByteArena*) {
        entry = {ids.lo[row]};
        return true;
    }
    static void store(Line& line, uint32_t slot, const Entry& entry) { line.id[slot] = entry.id; }
    static uint64_t hash(const Entry& entry, const rules::HashSeed& seed) {
        return rules::hash_u64(entry.id, seed);
    }
    static void keep_until(const Entry&, uint16_t, uint16_t, ByteArena*) {}
    static void prefetch_bytes(const Line&, uint64_t, const ByteArena*) {}
};

struct Kind128 {
    using Line = Line128;
    struct Entry {
        uint64_t lo, hi;
    };
    static uint32_t same(const Line& line, uint32_t live, const IdColumns& ids, uint32_t row,
                         const ByteArena*) {
        uint32_t slots = 0;
        for (uint32_t slot = 0; slot < Line::kSlots; ++slot) {
            const uint64_t apart = (line.lo[slot] ^ ids.lo[row]) | (line.hi[slot] ^ ids.hi[row]);
            slots |= uint32_t{apart == 0} << slot;
        }
        return slots & live;
    }
    static bool matches(const Entry& entry, const IdColumns& ids, uint32_t row, const ByteArena*) {
        return entry.lo == ids.lo[row] && entry.hi == ids.hi[row];
    }
    static Entry entry(const Line& line, uint32_t slot) { return {line.lo[slot], line.hi[slot]}; }
    static bool make(Entry& entry, const IdColumns& ids, uint32_t row, uint16_t, uint16_t,
                     ByteArena*) {
        entry = {ids.lo[row], ids.hi[row]};
        return true;
    }
    static void store(Line& line, uint32_t slot, const Entry& entry) {
        line.lo[slot] = entry.lo;
        line.hi[slot] = entry.hi;
    }
    static uint64_t hash(const Entry& entry, const rules::HashSeed& seed) {
        return rules::hash_u128(entry.lo, entry.hi, seed);
    }
    static void keep_until(const Entry&, uint16_t, uint16_t, ByteArena*) {}
    static void prefetch_bytes(const Line&, uint64_t, const ByteArena*) {}
};

// lo is the placement hash, hi the place of the bytes; only equal bytes are the same id.
struct KindVerified : Kind128 {
    static bool matches(const Entry& entry, const IdColumns& ids, uint32_t row,
                        const ByteArena* arena) {
        return entry.lo == ids.hash[row] && arena->at(entry.hi) == ids.text[row];
    }
    static uint32_t same(const Line& line, uint32_t live, const IdColumns& ids, uint32_t row,
                         const ByteArena* arena) {
        uint32_t slots = 0;
        for (uint32_t slot = 0; slot < Line::kSlots; ++slot) {
            if ((live >> slot & 1) == 0) continue;  // Its bytes may be gone.
            slots |= uint32_t{matches(entry(line, slot), ids, row, arena)} << slot;
        }
        return slots;
    }
    static bool make(Entry& entry, const IdColumns& ids, uint32_t row, uint16_t tick,
                     uint16_t floor, ByteArena* arena) {
        entry = {ids.hash[row], arena->append(ids.text[row], tick, floor)};
        return entry.hi != ByteArena::kNowhere;
    }
    static uint64_t hash(const Entry& entry, const rules::HashSeed&) { return entry.lo; }
    // Asks for the bytes that the id of this hash will be compared with, if the line knows any.
    static void prefetch_bytes(const Line& line, uint64_t hash, const ByteArena* arena) {
        for (uint32_t slot = 0; slot < Line::kSlots; ++slot) {
            if (line.lo[slot] == hash) arena->prefetch(line.hi[slot]);
        }
    }
    static void keep_until(const Entry& entry, uint16_t tick, uint16_t floor, ByteArena* arena) {
        arena->keep_until(entry.hi, tick, floor);
    }
};

}  // namespace trommel::cpu
