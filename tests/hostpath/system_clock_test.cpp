#include <gtest/gtest.h>

#include "trommel/clock.h"

namespace trommel {
namespace {

TEST(SystemClock, TheMonotonicClockNeverGoesBack) {
    int64_t before_us = system_clock().monotonic_us();
    for (int i = 0; i < 10'000; ++i) {
        const int64_t now_us = system_clock().monotonic_us();
        ASSERT_GE(now_us, before_us);
        before_us = now_us;
    }
}

TEST(SystemClock, TheWallClockCountsMicrosecondsSince1970) {
    constexpr int64_t kYearUs = int64_t{31'556'952} * 1'000'000;
    EXPECT_GT(system_clock().wall_us(), 50 * kYearUs);   // 2020
    EXPECT_LT(system_clock().wall_us(), 230 * kYearUs);  // 2200
}

}  // namespace
}  // namespace trommel
