#pragma once
#include <cstdint>

#include "trommel/config.h"

#include "kernels/rules/host_device.h"

// Watermarks and lateness (contract T1 to T4, T7). "Unknown" is minus infinity: nothing is late
// yet.
namespace trommel::rules {

inline constexpr int64_t kUnknownUs = INT64_MIN;
inline constexpr int64_t kEndOfInputUs = INT64_MAX;

// T1: nothing older than this is expected from a partition whose newest event time is `newest_us`.
TROMMEL_HD constexpr int64_t watermark_of(int64_t newest_us, int64_t out_of_order_us) {
    return newest_us == kUnknownUs ? kUnknownUs : newest_us - out_of_order_us;
}

// T3: late iff the event's pane can no longer be open. `pane_end_us` is the event's own time in a
// job with a session window or with no window; `watermark_us` the later of its partition's
// watermark before it and the job's.
TROMMEL_HD constexpr bool is_late(int64_t pane_end_us, int64_t allowed_lateness_us,
                                  int64_t watermark_us) {
    return pane_end_us + allowed_lateness_us <= watermark_us;
}

// T7: how far ahead of the slowest partition may another one be? `forever` has no limit
// (INT64_MAX).
TROMMEL_HD constexpr int64_t drift_max_us(int64_t horizon_us, int64_t max_drift_us_or_negative) {
    if (horizon_us == kForeverUs) return INT64_MAX;
    if (max_drift_us_or_negative >= 0) return max_drift_us_or_negative;
    if (horizon_us > 2 * kTimeLimitUs / 256) return INT64_MAX;  // Further than any two times.
    return 256 * horizon_us;
}

// Does `slow_us` lag so far behind `lead_us` that it must not be waited for any longer?
TROMMEL_HD constexpr bool has_drifted(int64_t lead_us, int64_t slow_us, int64_t drift_us) {
    return slow_us != kUnknownUs && lead_us - slow_us > drift_us;
}

// E3, T6: may an event have this time? `max_time_us` is inclusive; INT64_MAX: no such bound.
TROMMEL_HD constexpr bool is_valid_time(int64_t time_us, int64_t max_time_us) {
    return time_us > -kTimeLimitUs && time_us < kTimeLimitUs && time_us <= max_time_us;
}

static_assert(is_valid_time(kTimeLimitUs - 1, INT64_MAX) &&
              !is_valid_time(kTimeLimitUs, INT64_MAX));
static_assert(is_valid_time(7, 7) && !is_valid_time(8, 7) && !is_valid_time(-kTimeLimitUs, 7));
static_assert(is_late(10, 5, 15) && !is_late(10, 5, 14) && !is_late(10, 5, kUnknownUs));
static_assert(watermark_of(kUnknownUs, 5) == kUnknownUs && watermark_of(3, 5) == -2);
static_assert(drift_max_us(10, -1) == 2560 && drift_max_us(10, 7) == 7);
static_assert(drift_max_us(kForeverUs, -1) == INT64_MAX);
static_assert(has_drifted(11, 0, 10) && !has_drifted(10, 0, 10) && !has_drifted(10, kUnknownUs, 0));

}  // namespace trommel::rules
