#include "kernels/rules/divide.h"

#include <gtest/gtest.h>
#include <random>

#include "trommel/config.h"
#include "trommel/int128.h"

namespace trommel::rules {
namespace {

TEST(DivideRule, FloorDivRoundsTowardsMinusInfinity) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 10'000; ++i) {
        const auto dividend = static_cast<int64_t>(random()) >> (i % 63);
        const auto divisor = static_cast<int64_t>(random() >> (1 + i % 62)) + 1;
        const int64_t quotient = floor_div(dividend, divisor);
        const auto rest = static_cast<int128>(dividend) - static_cast<int128>(quotient) * divisor;
        ASSERT_TRUE(rest >= 0 && rest < divisor) << dividend << " / " << divisor;
    }
    EXPECT_EQ(floor_div(INT64_MIN, 1), INT64_MIN);
    EXPECT_EQ(floor_div(INT64_MIN, INT64_MAX), -2);
}

TEST(DivideRule, FloorDivRoundsTowardsMinusInfinityAtTheEndsOfTheRange) {
    EXPECT_EQ(floor_div(-kTimeLimitUs, 1), -kTimeLimitUs);
    EXPECT_EQ(floor_div(-kTimeLimitUs + 1, kTimeLimitUs - 1), -1);
    EXPECT_EQ(floor_div(kTimeLimitUs - 1, kTimeLimitUs - 1), 1);
    EXPECT_EQ(floor_div(INT64_MIN + 1, 2), INT64_MIN / 2);
}

}  // namespace
}  // namespace trommel::rules
