#include "kernels/rules/lateness.h"

#include <gtest/gtest.h>

namespace trommel::rules {
namespace {

TEST(LatenessRule, AnEventIsLateFromTheMomentItsPaneAndLatenessHavePassed) {
    EXPECT_FALSE(is_late(100, 20, 119));
    EXPECT_TRUE(is_late(100, 20, 120));
    EXPECT_FALSE(is_late(-kTimeLimitUs, 0, kUnknownUs)) << "nothing is late while nothing is known";
    EXPECT_TRUE(is_late(kTimeLimitUs, kTimeLimitUs - 1, kEndOfInputUs));
}

TEST(LatenessRule, AWatermarkTrailsTheNewestEventByTheDisorder) {
    EXPECT_EQ(watermark_of(-kTimeLimitUs + 1, kTimeLimitUs - 1), -2 * kTimeLimitUs + 2);
    EXPECT_EQ(watermark_of(kUnknownUs, kTimeLimitUs - 1), kUnknownUs);
}

TEST(LatenessRule, TheDriftIs256HorizonsUnlessTheJobSaysOtherwise) {
    EXPECT_EQ(drift_max_us(1000, -1), 256'000);
    EXPECT_EQ(drift_max_us(1000, 0), 0);
    EXPECT_EQ(drift_max_us(kForeverUs, 5), INT64_MAX) << "forever: none";
    EXPECT_EQ(drift_max_us(kTimeLimitUs - 1, -1), INT64_MAX) << "further than any two times";
}

TEST(LatenessRule, ImpossibleTimesAreThoseBeyondTheRangeOrTheLimit) {
    EXPECT_TRUE(is_valid_time(-kTimeLimitUs + 1, INT64_MAX));
    EXPECT_FALSE(is_valid_time(-kTimeLimitUs, INT64_MAX));
    EXPECT_FALSE(is_valid_time(INT64_MIN, INT64_MAX));
    EXPECT_FALSE(is_valid_time(11, 10));
}

}  // namespace
}  // namespace trommel::rules
