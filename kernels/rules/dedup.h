#pragma once
#include <cstdint>

#include "trommel/config.h"

#include "kernels/rules/divide.h"
#include "kernels/rules/host_device.h"

// What is a duplicate, and when may an id be forgotten (contract D2, D3).
namespace trommel::rules {

// Are ids 128 bits? Byte strings are hashes of that many, and so are ids within a key.
constexpr bool has_wide_ids(const DedupOptions& dedup) {
    return dedup.id_type != IdType::u64 || dedup.scope == Scope::key;
}

// How a job cuts time for remembering ids. For `forever`, every time is tick 0.
struct DedupTicks {
    int64_t tick_us = 0;  // 0: forever.
    int64_t reach = 0;    // Ticks.
};

TROMMEL_HD constexpr DedupTicks dedup_ticks(int64_t horizon_us) {
    if (horizon_us == kForeverUs) return {};
    const int64_t share = (horizon_us + 63) / 64;
    const int64_t tick_us = share > 1000 ? share : 1000;
    return {tick_us, (horizon_us + tick_us - 1) / tick_us};
}

TROMMEL_HD constexpr int64_t tick_of(int64_t time_us, const DedupTicks& ticks) {
    return ticks.tick_us == 0 ? 0 : floor_div(time_us, ticks.tick_us);
}

// Is an event of tick `tick` a copy of one that is remembered with `remembered`?
TROMMEL_HD constexpr bool is_duplicate(int64_t remembered, int64_t tick, int64_t reach) {
    return remembered - tick <= reach && tick - remembered <= reach;
}

// The oldest tick that an on-time event could still match, once the job's watermark is
// `watermark_us`. `pane_us` is the pane of the lateness rule (0 with sessions). Ids with an earlier
// tick may be forgotten. Precondition: a finite horizon, and a watermark that is neither unknown
// nor the end of input.
TROMMEL_HD constexpr int64_t oldest_tick_needed(int64_t watermark_us, int64_t allowed_lateness_us,
                                                int64_t pane_us, const DedupTicks& ticks) {
    return tick_of(watermark_us - allowed_lateness_us - pane_us, ticks) - ticks.reach;
}

// The shortest horizon that makes sense: an event may be this much older than one already judged.
TROMMEL_HD constexpr int64_t horizon_min_us(int64_t out_of_order_us, int64_t allowed_lateness_us,
                                            int64_t pane_us) {
    return out_of_order_us + allowed_lateness_us + pane_us;
}

// What an id is remembered with after an event of it (D2).
TROMMEL_HD constexpr int64_t remembered_after(int64_t remembered, int64_t tick, int64_t reach) {
    return is_duplicate(remembered, tick, reach) || tick < remembered ? remembered : tick;
}

// A memory of ids keeps ticks apart from its floor, the oldest that can still matter, up to this
// many above it. 400 horizons of drift (T7) are 25,600 ticks, on either side of the first event
// while no watermark is known: then the floor is kAnchorTicks below it.
inline constexpr int64_t kTickSpan = 52000;
inline constexpr int64_t kAnchorTicks = 25900;

enum class TickPlace : uint8_t {
    kept,
    forgotten,  // Its copies were forgotten early (D6, forget): unique, and leaves no trace.
    outside,    // There is no room for it (D6).
};

// `is_shortened`: ids were forgotten before their time.
TROMMEL_HD constexpr TickPlace place_of_tick(int64_t tick, int64_t floor, bool is_shortened) {
    if (tick < floor) return is_shortened ? TickPlace::forgotten : TickPlace::outside;
    return tick - floor < kTickSpan ? TickPlace::kept : TickPlace::outside;
}

static_assert(dedup_ticks(1).tick_us == 1000 && dedup_ticks(1).reach == 1);
static_assert(dedup_ticks(64000).tick_us == 1000 && dedup_ticks(64000).reach == 64);
static_assert(dedup_ticks(64001).tick_us == 1001 && dedup_ticks(64001).reach == 64);
static_assert(tick_of(-1, dedup_ticks(64000)) == -1 &&
              tick_of(12345, dedup_ticks(kForeverUs)) == 0);
static_assert(is_duplicate(0, 64, 64) && !is_duplicate(0, 65, 64) && is_duplicate(64, 0, 64));
static_assert(remembered_after(0, 64, 64) == 0 && remembered_after(0, 65, 64) == 65);
static_assert(remembered_after(65, 0, 64) == 65);
static_assert(place_of_tick(5, 5, false) == TickPlace::kept &&
              place_of_tick(5 + kTickSpan, 5, true) == TickPlace::outside);
static_assert(place_of_tick(4, 5, true) == TickPlace::forgotten &&
              place_of_tick(4, 5, false) == TickPlace::outside);
static_assert(oldest_tick_needed(100000, 0, 0, dedup_ticks(64000)) == 36);
static_assert(oldest_tick_needed(100000, 1000, 1, dedup_ticks(64000)) == 34);

}  // namespace trommel::rules
