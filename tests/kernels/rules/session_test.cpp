#include "kernels/rules/session.h"

#include <gtest/gtest.h>

#include "trommel/config.h"

namespace trommel::rules {
namespace {

TEST(SessionRule, JoinsUpToTheGapOnBothSides) {
    for (int64_t time = -30; time <= 30; ++time) {
        for (const int64_t gap : {0, 1, 5}) {
            EXPECT_EQ(joins_session(time, -3, 4, gap), time >= -3 - gap && time <= 4 + gap);
        }
    }
}

TEST(SessionRule, AnEventAtTheEndOfASessionStillJoinsIt) {
    EXPECT_TRUE(joins_session(session_end(10, 5), 0, 10, 5));
    EXPECT_FALSE(joins_session(session_end(10, 5) + 1, 0, 10, 5));
}

TEST(SessionRule, HoldsAtTheEndsOfTime) {
    const int64_t edge = kTimeLimitUs - 1;
    EXPECT_FALSE(joins_session(edge, -edge, -edge, edge));
    EXPECT_FALSE(joins_session(-edge, edge, edge, edge));
    EXPECT_TRUE(joins_session(0, edge, edge, edge));
}

}  // namespace
}  // namespace trommel::rules
