#pragma once
#include <cstdint>
#include <numeric>

#include "trommel/config.h"

#include "kernels/rules/divide.h"
#include "kernels/rules/host_device.h"

// Panes and aligned windows (contract W1, T3, T4). Times and durations are below 2^60, so that an
// end plus a lateness is below 2^62 and no sum here can overflow. A watermark may be any int64_t:
// INT64_MIN is "nothing is known", INT64_MAX the end of the input.
namespace trommel::rules {

TROMMEL_HD constexpr bool is_aligned(WindowKind kind) {
    return kind != WindowKind::session;
}

// The pane all aligned windows of the job share: the greatest common divisor of their sizes and
// slides; 0 when there is none.
constexpr int64_t pane_us(const Window* windows, size_t count) {
    int64_t pane = 0;
    for (size_t w = 0; w < count; ++w) {
        if (!is_aligned(windows[w].kind)) continue;
        pane = std::gcd(std::gcd(pane, windows[w].size_us), windows[w].slide_us);
    }
    return pane;
}
inline int64_t pane_us(const Config& config) {
    return pane_us(config.windows.data(), config.windows.size());
}

// The pane that lateness is judged by (T3): zero for a job with a session window, or with no
// window.
inline int64_t lateness_pane_us(const Config& config) {
    for (const Window& window : config.windows) {
        if (!is_aligned(window.kind)) return 0;
    }
    return pane_us(config);
}

// Pane i is [offset + i*pane, offset + (i+1)*pane). Precondition: pane_us > 0.
TROMMEL_HD constexpr int64_t pane_index(int64_t time_us, int64_t offset_us, int64_t pane_us) {
    return floor_div(time_us - offset_us, pane_us);
}
TROMMEL_HD constexpr int64_t pane_start(int64_t index, int64_t offset_us, int64_t pane_us) {
    return offset_us + index * pane_us;
}
static_assert(pane_index(10, 0, 10) == 1);  // On the boundary: the next pane.
static_assert(pane_index(9, 0, 10) == 0);
static_assert(pane_index(-1, 0, 10) == -1);
static_assert(pane_index(12, 3, 10) == 0 && pane_index(2, 3, 10) == -1);
static_assert(pane_start(pane_index(-1, 3, 10), 3, 10) == -7);

// Is the time in the pane that begins at `start_us`? One comparison. Precondition: pane_us > 0.
TROMMEL_HD constexpr bool is_in_pane(int64_t time_us, int64_t start_us, int64_t pane_us) {
    return static_cast<uint64_t>(time_us - start_us) < static_cast<uint64_t>(pane_us);
}
static_assert(is_in_pane(10, 10, 10) && is_in_pane(19, 10, 10));
static_assert(!is_in_pane(20, 10, 10) && !is_in_pane(9, 10, 10));

// The end of the pane that holds an event; panes of zero length end where they are (T3).
TROMMEL_HD constexpr int64_t pane_end(int64_t time_us, int64_t offset_us, int64_t pane_us) {
    if (pane_us == 0) return time_us;
    return pane_start(pane_index(time_us, offset_us, pane_us) + 1, offset_us, pane_us);
}
static_assert(pane_end(9, 0, 10) == 10 && pane_end(10, 0, 10) == 20 && pane_end(-1, 0, 10) == 0);
static_assert(pane_end(10, 0, 0) == 10);

// Windows of a slide end at offset + k*slide, for their size is a multiple of it. The windows that
// cover a time end at first_end_after, one slide later, and so on up to last_end_covering.
TROMMEL_HD constexpr int64_t first_end_after(int64_t time_us, int64_t offset_us, int64_t slide_us) {
    return pane_end(time_us, offset_us, slide_us);
}
TROMMEL_HD constexpr int64_t last_end_covering(int64_t time_us, int64_t offset_us, int64_t slide_us,
                                               int64_t size_us) {
    return pane_start(pane_index(time_us, offset_us, slide_us), offset_us, slide_us) + size_us;
}
static_assert(first_end_after(10, 0, 5) == 15 && last_end_covering(10, 0, 5, 20) == 30);
static_assert(first_end_after(9, 0, 5) == 10 && last_end_covering(9, 0, 5, 20) == 25);
static_assert(first_end_after(-1, 0, 5) == last_end_covering(-1, 0, 5, 5));  // Tumbling: only one.

// A window is final once the watermark has passed its end by the allowed lateness (T4).
TROMMEL_HD constexpr bool is_final(int64_t end_us, int64_t lateness_us, int64_t watermark_us) {
    return end_us + lateness_us <= watermark_us;
}
static_assert(is_final(10, 5, 15));  // Exactly on the edge: final.
static_assert(!is_final(10, 5, 14));
static_assert(!is_final(-kTimeLimitUs, 0, INT64_MIN));
static_assert(is_final(2 * kTimeLimitUs, kTimeLimitUs - 1, INT64_MAX));

// The last end that is final: is_final(e, …) iff e <= final_end(…).
TROMMEL_HD constexpr int64_t final_end(int64_t lateness_us, int64_t watermark_us) {
    if (watermark_us == INT64_MAX) return INT64_MAX;
    return watermark_us < INT64_MIN + lateness_us ? INT64_MIN : watermark_us - lateness_us;
}
static_assert(final_end(5, 15) == 10 && final_end(5, INT64_MIN) == INT64_MIN);
static_assert(final_end(5, INT64_MAX) == INT64_MAX && final_end(0, INT64_MIN) == INT64_MIN);

}  // namespace trommel::rules
