#include "tests/kit/fake_clock.h"

#include <gtest/gtest.h>

namespace trommel::testkit {
namespace {

TEST(FakeClock, StandsStillUntilItIsMoved) {
    FakeClock clock(1000);
    EXPECT_EQ(clock.wall_us(), 1000);
    EXPECT_EQ(clock.wall_us(), 1000);
    EXPECT_EQ(clock.monotonic_us(), 0);
    clock.advance(5);
    EXPECT_EQ(clock.wall_us(), 1005);
    EXPECT_EQ(clock.monotonic_us(), 5);
}

TEST(FakeClock, OnlyTheWallClockCanBeSet) {
    FakeClock clock;
    clock.advance(10);
    clock.set_wall(-3);
    EXPECT_EQ(clock.wall_us(), -3);
    EXPECT_EQ(clock.monotonic_us(), 10);
}

TEST(FakeClock, WithAStepEveryReadingTakesTime) {
    FakeClock clock(0, 7);
    EXPECT_EQ(clock.monotonic_us(), 7);
    EXPECT_EQ(clock.monotonic_us(), 14);
    EXPECT_EQ(clock.wall_us(), 21);
}

}  // namespace
}  // namespace trommel::testkit
