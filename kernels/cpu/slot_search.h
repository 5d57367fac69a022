#pragma once
#include <cstdint>

#include "kernels/cpu/simd_level.h"

// The loop of SlotTable that looks at one line per key, one file per SIMD level. All levels give
// the same answers.
namespace trommel::cpu {

struct alignas(64) SlotLine {
    static constexpr uint32_t kEntries = 5;
    static constexpr uint32_t kEmpty = 0;  // Else an entry's state is its slot plus one.

    uint64_t tag[kEntries];        // Of an empty entry any; they are the last of their line.
    uint32_t state[kEntries + 1];  // The last one stays kEmpty: no entry.
};
static_assert(sizeof(SlotLine) == 64);

struct SlotSearch {
    const SlotLine* lines;
    uint64_t line_count;
    const uint64_t* tags;
    const uint32_t* places;  // Of each tag, as a share of 2^32 of all lines.
    uint32_t count;
    // Out, of each tag: its slot if its line has it, else UINT32_MAX. Where two slots of the line
    // share the tag it is the first one's.
    uint32_t* slots;
    uint32_t* missing;  // Out: which slots are UINT32_MAX, room for `count`.
};
// Returns how many slots are UINT32_MAX.
using FindSlots = uint32_t (*)(const SlotSearch& search);
FindSlots find_slots(SimdLevel level);

uint32_t find_slots_scalar(const SlotSearch& search);
uint32_t find_slots_avx2(const SlotSearch& search);
uint32_t find_slots_avx512(const SlotSearch& search);

}  // namespace trommel::cpu
