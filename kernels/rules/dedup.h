#pragma once
#include <cstdint>

#include "trommel/config.h"

#include "kernels/rules/divide.h"
#include "kernels/rules/host_device.h"

// What is a duplicate, and when may an id be forgotten (contract D2, D3).
namespace trommel::rules {

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

static_assert(dedup_ticks(1).tick_us == 1000 && dedup_ticks(1).reach == 1);
static_assert(dedup_ticks(64000).tick_us == 1000 && dedup_ticks(64000).reach == 64);
static_assert(dedup_ticks(64001).tick_us == 1001 && dedup_ticks(64001).reach == 64);
static_assert(tick_of(-1, dedup_ticks(64000)) == -1 &&
              tick_of(12345, dedup_ticks(kForeverUs)) == 0);
static_assert(is_duplicate(0, 64, 64) && !is_duplicate(0, 65, 64) && is_duplicate(64, 0, 64));
static_assert(oldest_tick_needed(100000, 0, 0, dedup_ticks(64000)) == 36);
static_assert(oldest_tick_needed(100000, 1000, 1, dedup_ticks(64000)) == 34);

}  // namespace trommel::rules
