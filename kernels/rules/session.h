#pragma once
#include <cstdint>

#include "kernels/rules/host_device.h"

// Session windows (contract W2): events of one key at most `gap` apart belong together.
namespace trommel::rules {

// Does an event at `time_us` belong to the session whose events lie in [first_us, last_us]?
// Times below 2^60: no difference here can overflow.
TROMMEL_HD constexpr bool joins_session(int64_t time_us, int64_t first_us, int64_t last_us,
                                        int64_t gap_us) {
    return first_us - time_us <= gap_us && time_us - last_us <= gap_us;
}
static_assert(joins_session(15, 5, 10, 5));  // Exactly the gap after the last event: still joined.
static_assert(!joins_session(16, 5, 10, 5));
static_assert(joins_session(0, 5, 10, 5) && !joins_session(-1, 5, 10, 5));
static_assert(joins_session(7, 5, 10, 0) && !joins_session(11, 5, 10, 0));

// The session is [first, last + gap).
TROMMEL_HD constexpr int64_t session_end(int64_t last_us, int64_t gap_us) {
    return last_us + gap_us;
}
static_assert(session_end(10, 5) == 15);

}  // namespace trommel::rules
