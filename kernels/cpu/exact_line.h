#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/rules/dedup.h"
#include "kernels/rules/partition.h"

// The 64-byte lines of the exact table (essay: exact_table.md).
namespace trommel::cpu {

// Ticks are kept modulo 2^16. One is live when it lies at most kLiveTicks above the floor, the
// oldest tick that can still matter; every other value means an empty slot.
inline constexpr uint32_t kLiveTicks = static_cast<uint32_t>(rules::kTickSpan);
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
    // The table grows when more than this share of its slots is live (essay: exact_table.md).
    static constexpr double kFillGrow = 0.385;
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
    static constexpr double kFillGrow = 0.485;
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

// Bit i is set when slot i of the line is live. Without a branch: which ones are is anybody's
// guess.
template <class Line>
uint32_t live_slots(const Line& line, uint16_t floor) {
    uint32_t slots = 0;
    for (uint32_t slot = 0; slot < Line::kSlots; ++slot) {
        slots |= uint32_t{is_live(line.tick[slot], floor)} << slot;
    }
    return slots;
}

constexpr uint16_t later_tick(uint16_t a, uint16_t b, uint16_t floor) {
    return static_cast<uint16_t>(a - floor) > static_cast<uint16_t>(b - floor) ? a : b;
}

template <class Line>
constexpr typename Line::Bits overflow_bit(uint64_t hash) {
    return static_cast<typename Line::Bits>(
        typename Line::Bits{1} << (rules::overflow_bits_of(hash) % Line::kOverflowBits));
}

// Notes that an id of this hash, remembered with `tick`, has moved on from the line.
template <class Line>
void mark_overflow(Line& line, uint64_t hash, uint16_t tick, uint16_t floor) {
    if (!is_live(line.overflow_tick, floor)) {
        line.overflow_bits = 0;
        line.overflow_tick = tick;
    }
    const auto bits = line.overflow_bits | overflow_bit<Line>(hash);
    line.overflow_bits = static_cast<typename Line::Bits>(bits);
    line.overflow_tick = later_tick(line.overflow_tick, tick, floor);
}

}  // namespace trommel::cpu
