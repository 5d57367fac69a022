#pragma once
// The loop of find_slots() for the level whose file includes this, inside its namespace:
// TROMMEL_TARGET and matches(line, tag), a bit for each entry with the tag, are that file's.
#include "kernels/cpu/slot_search.h"

TROMMEL_TARGET uint32_t search_lines(const SlotSearch& search) {
    const SlotSearch local = search;  // The compiler must fear that `slots` is a part of it.
    uint32_t missing = 0;
    for (uint32_t i = 0; i < local.count; ++i) {
        const SlotLine& line = local.lines[local.places[i] * local.line_count >> 32];
        // The bit beyond the entries leads to the unused state, which is kEmpty.
        const uint32_t bits = matches(line, local.tags[i]) | 1u << SlotLine::kEntries;
        const uint32_t slot = line.state[__builtin_ctz(bits)] - 1;
        local.slots[i] = slot;
        local.missing[missing] = i;
        missing += slot == UINT32_MAX;
    }
    return missing;
}
