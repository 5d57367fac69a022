#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/id_memory.h"
#include "kernels/rules/dedup.h"
#include "kernels/rules/partition.h"

// The 64-byte lines of the exact table (essay: exact_table.md).
namespace trommel::cpu {

// Ticks are kept modulo 2^16. One is live when it lies at most kLiveTicks above the floor, the
// oldest tick that can still matter; every other value means an empty slot. 400 horizons of drift
// (contract T7) are 25,600 ticks, on either side of the first event while no watermark is known.
inline constexpr uint32_t kLiveTicks = 52000;
inline constexpr int64_t kAnchorTicks =
    25900;  // Floor below the first event while nothing is known.
// A page is swept at least once while the floor moves on by this much, so that no dead tick comes
// to life again: dead ticks have 65,536 - 52,000 = 13,536 to go, and a sweep may take twice its due
// when the table doubles meanwhile.
inline constexpr int64_t kSweepTicks = 6000;

constexpr bool is_live(uint16_t tick, uint16_t floor) {
    return static_cast<uint16_t>(tick - floor) < kLiveTicks;
}

static_assert(is_live(5, 5) && !is_live(4, 5) && is_live(static_cast<uint16_t>(5 + 51999), 5));
static_assert(!is_live(static_cast<uint16_t>(5 + 52000), 5) && is_live(3, 65530));
static_assert(2 * kSweepTicks < 65536 - int64_t{kLiveTicks});

// Six 64-bit ids.
struct Line64 {
    static constexpr uint32_t kSlots = 6;
    static constexpr uint32_t kOverflowBits = 16;
    using Bits = uint16_t;

    uint64_t id[6];
    uint16_t tick[6];
    uint16_t overflow_tick;  // Newest tick of an id that overflowed from here; the bits are void
                             // after it.
    Bits overflow_bits;  // One bit for 1/16 of the ids: has any of them moved on to the next line?
};

// Three 128-bit ids; or, with `verify`, three hashes and the places of the ids' bytes.
struct Line128 {
    static constexpr uint32_t kSlots = 3;
    static constexpr uint32_t kOverflowBits = 64;
    using Bits = uint64_t;

    uint64_t lo[3];
    uint64_t hi[3];
    uint16_t tick[3];
    uint16_t overflow_tick;
    Bits overflow_bits;
};

static_assert(sizeof(Line64) == 64 && offsetof(Line64, tick) == 48);
static_assert(sizeof(Line128) == 64 && offsetof(Line128, tick) == 48);
static_assert(offsetof(Line64, overflow_tick) == 60 && offsetof(Line128, overflow_tick) == 54);

// Where ids live: linear hashing over pages (Litwin, VLDB 1980). The first `split` pages of this
// round have been split, so one more bit of the hash decides among them. Pages of a group lie
// `groups` apart.
struct PageMap {
    uint64_t groups = 1, group_begin = 0;
    uint64_t split = 0;
    uint32_t level = 0;

    uint64_t pages() const { return (groups << level) + split; }
    void add_page() {
        if (++split < groups << level) return;
        split = 0;
        ++level;
    }
    uint64_t page_of(uint64_t hash) const {
        const uint64_t bits = rules::page_bits_of(hash);
        const uint64_t page =
            (bits & ((uint64_t{1} << level) - 1)) * groups + (rules::group_of(hash) - group_begin);
        // No branch: half-way through a round nobody could predict it.
        const uint64_t one_more = (bits >> level) & uint64_t{page < split};
        return page + one_more * (groups << level);
    }
    uint32_t home_line(uint64_t hash) const {
        return static_cast<uint32_t>(page_of(hash) * rules::kLinesPerPage + rules::line_of(hash));
    }
};

// The work of one pass over the home lines of a batch, shared by the SIMD variants.
struct HomePass {
    char* lines;                 // The table.
    const uint32_t* line_index;  // Of rows[k].
    const uint32_t* rows;
    const uint16_t* ticks;  // Of rows[k].
    uint32_t count;
    const uint64_t* hash;  // Of row.
    const uint64_t* lo;    // Of row.
    const uint64_t* hi;    // Of row; Line128 only.
    uint16_t floor;
    uint32_t reach;
    uint32_t* live_by_tick;  // 65,536 counters.
    uint8_t* outcomes;       // Outcome of rows[k]; not written for deferred ones.
    uint32_t* deferred;      // Out: positions k that one line could not decide, in order.
    uint32_t deferred_count;
    uint32_t inserted;  // Out.
};

// How far ahead lines are asked for. 128 reached the highest rate of random line updates on an AMD
// EPYC of family 26 (330 M/s against 197 at 48 for 256 MiB); an Intel Xeon of model 207 does not
// care between 64 and 256.
inline constexpr uint32_t kLookahead = 128;

void home_pass_64_scalar(HomePass& pass);
void home_pass_128_scalar(HomePass& pass);
void home_pass_64_avx2(HomePass& pass);
void home_pass_128_avx2(HomePass& pass);
void home_pass_64_avx512(HomePass& pass);
void home_pass_128_avx512(HomePass& pass);

}  // namespace trommel::cpu
