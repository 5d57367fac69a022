#include "kernels/rules/dedup.h"

#include <gtest/gtest.h>

#include "tests/kit/random.h"

namespace trommel::rules {
namespace {

TEST(DedupRule, TheEffectiveHorizonIsTheHorizonToTwoTicksMore) {
    testkit::Random random(3);
    for (int n = 0; n < 100'000; ++n) {
        const int64_t horizon = random.between(1, random.one_in(2) ? 100'000 : kTimeLimitUs - 1);
        const DedupTicks ticks = dedup_ticks(horizon);
        const int64_t then = random.between(-kTimeLimitUs / 2, kTimeLimitUs / 2);
        const int64_t apart =
            random.between(0, std::min(horizon + 4 * ticks.tick_us, kTimeLimitUs / 2));
        const bool duplicate =
            is_duplicate(tick_of(then, ticks), tick_of(then + apart, ticks), ticks.reach);
        const bool certain = apart <= horizon, impossible = apart >= horizon + 2 * ticks.tick_us;
        ASSERT_TRUE(duplicate || !certain) << horizon << " " << then << " " << apart;
        ASSERT_FALSE(duplicate && impossible) << horizon << " " << then << " " << apart;
    }
}

TEST(DedupRule, WhatMayBeForgottenCanMatchNoEventThatIsStillOnTime) {
    testkit::Random random(4);
    for (int n = 0; n < 100'000; ++n) {
        const DedupTicks ticks = dedup_ticks(random.between(1, 10'000'000));
        const int64_t watermark = random.between(-1'000'000'000, 1'000'000'000);
        const int64_t lateness = random.between(0, 5'000), pane = random.between(0, 5'000);
        const int64_t forgotten = oldest_tick_needed(watermark, lateness, pane, ticks) - 1;
        // The oldest time that is on time: its pane ends just after watermark - lateness.
        const int64_t oldest_on_time = watermark - lateness - pane;
        EXPECT_FALSE(is_duplicate(forgotten, tick_of(oldest_on_time, ticks), ticks.reach));
        EXPECT_TRUE(is_duplicate(forgotten + 1, tick_of(oldest_on_time, ticks), ticks.reach));
    }
}

}  // namespace
}  // namespace trommel::rules
