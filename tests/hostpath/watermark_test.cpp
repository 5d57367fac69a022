#include "hostpath/watermark.h"

#include <gtest/gtest.h>
#include <set>

#include "tests/kit/oracle_clocks.h"
#include "tests/kit/random.h"

namespace trommel::hostpath {
namespace {

using rules::kUnknownUs;

Config job(std::optional<int64_t> out_of_order_us, int64_t horizon_us = kForeverUs,
           std::optional<int64_t> max_drift_us = {}) {
    Config config;
    config.time.out_of_order_us = out_of_order_us;
    config.dedup.horizon_us = horizon_us;
    config.time.max_drift_us = max_drift_us;
    return config;
}

TEST(Watermarks, OnePartitionsWatermarkIsItsNewestTimeLessTheDisorder) {
    Watermarks watermarks(job(5), false);
    EXPECT_EQ(watermarks.show(0, 100), kUnknownUs);  // Judged by what was before it.
    EXPECT_EQ(watermarks.show(0, 120), 95);
    EXPECT_EQ(watermarks.show(0, 90), 115);
    EXPECT_EQ(watermarks.show(0, 121), 115);  // An older event has not moved it back.
    EXPECT_EQ(watermarks.job_us(), 116);
    EXPECT_EQ(watermarks.newest_us(0), 121);
}

TEST(Watermarks, WithoutDisorderNothingHasAWatermark) {
    Watermarks watermarks(job({}), false);
    for (const int64_t time_us : {100, 50, 1000}) {
        EXPECT_EQ(watermarks.show(0, time_us), kUnknownUs);
    }
    EXPECT_EQ(watermarks.job_us(), kUnknownUs);
    EXPECT_EQ(watermarks.newest_us(0), 1000);
}

TEST(Watermarks, DeclaredPartitionsAreWaitedForUntilTheyShowAnEvent) {
    Watermarks watermarks(job(0), false);
    for (uint32_t p = 0; p < 3; ++p) watermarks.declare(p);
    watermarks.show(0, 100);
    watermarks.show(1, 50);
    EXPECT_EQ(watermarks.job_us(), kUnknownUs);
    EXPECT_EQ(watermarks.newest_us(2), kUnknownUs);
    watermarks.show(2, 70);
    EXPECT_EQ(watermarks.job_us(), 50);
}

TEST(Watermarks, ADiscoveredPartitionBeginsAtTheSlowest) {
    Watermarks watermarks(job(10), false);
    watermarks.show(0, 100);
    watermarks.show(1, 300);
    // Judged by the slowest's watermark although it has shown nothing, and at once part of the
    // minimum.
    EXPECT_EQ(watermarks.show(2, 200), 90);
    watermarks.show(0, 400);
    EXPECT_EQ(watermarks.job_us(), 190);
}

TEST(Watermarks, ADiscoveredPartitionDoesNotBeginAtAnIdleOne) {
    Watermarks watermarks(job(0), false);
    watermarks.show(0, 10);
    watermarks.show(1, 300);
    watermarks.set_idle(0);
    EXPECT_EQ(watermarks.show(2, 350), 300);
}

TEST(Watermarks, AnOldEventOfADiscoveredPartitionDoesNotMoveTheJobBack) {
    Watermarks watermarks(job(0), false);
    watermarks.show(0, 100);
    EXPECT_EQ(watermarks.show(1, 20), 100);
    EXPECT_EQ(watermarks.job_us(), 100);
    EXPECT_EQ(watermarks.newest_us(1), 100);
}

TEST(Watermarks, IdleAndEndedPartitionsAreLeftOut) {
    Watermarks watermarks(job(0), false);
    watermarks.show(0, 10);
    watermarks.show(1, 100);
    watermarks.show(2, 200);
    watermarks.set_idle(0);
    EXPECT_EQ(watermarks.job_us(), 100);
    EXPECT_TRUE(watermarks.idle(0));
    watermarks.end(1);
    EXPECT_EQ(watermarks.job_us(), 200);
    EXPECT_FALSE(watermarks.waited_for(1));
}

TEST(Watermarks, AnIdlePartitionComesBackWithItsNextEvent) {
    Watermarks watermarks(job(0), false);
    watermarks.show(0, 10);
    watermarks.show(1, 100);
    watermarks.set_idle(0);
    EXPECT_EQ(watermarks.show(0, 50), 100);  // By the job's: it was away too long.
    EXPECT_FALSE(watermarks.idle(0));
    watermarks.show(1, 500);
    EXPECT_EQ(watermarks.job_us(), 100);  // Held back by partition 0, which stands at 50.
    watermarks.show(0, 150);
    EXPECT_EQ(watermarks.job_us(), 150);
}

TEST(Watermarks, ASilentPartitionThatIsIdleOrEndedHoldsNobodyBack) {
    Watermarks watermarks(job(0), false);
    watermarks.declare(0);
    watermarks.declare(1);
    watermarks.show(2, 100);
    watermarks.set_idle(0);
    EXPECT_EQ(watermarks.job_us(), kUnknownUs);
    watermarks.end(1);
    EXPECT_EQ(watermarks.job_us(), 100);
}

TEST(Watermarks, WhenNobodyIsWaitedForTheWatermarkStays) {
    Watermarks watermarks(job(0), false);
    watermarks.show(0, 100);
    watermarks.set_idle(0);
    EXPECT_EQ(watermarks.job_us(), 100);
    watermarks.end(0);
    EXPECT_EQ(watermarks.job_us(), 100);
    watermarks.end(7);       // Never heard of.
    watermarks.set_idle(8);  // Neither.
    EXPECT_EQ(watermarks.job_us(), 100);
}

TEST(Watermarks, WhoeverLagsMoreThanTheDriftIsIdleWhereNobodyCanBePaused) {
    Watermarks watermarks(job(0, 10, 50), false);
    watermarks.show(0, 0);
    watermarks.show(1, 50);
    EXPECT_FALSE(watermarks.idle(0));  // Exactly the drift.
    watermarks.show(1, 51);
    EXPECT_TRUE(watermarks.idle(0));
    EXPECT_EQ(watermarks.job_us(), 51);
}

TEST(Watermarks, NobodyIsIdleForLaggingWhereTheOthersArePaused) {
    Watermarks watermarks(job(0, 10, 50), true);
    watermarks.show(0, 0);
    watermarks.show(1, 1000);
    EXPECT_FALSE(watermarks.idle(0));
    EXPECT_EQ(watermarks.job_us(), 0);
}

TEST(Watermarks, TheDriftIs256HorizonsAndNoneForForever) {
    EXPECT_EQ(Watermarks(job(0, 10), false).drift_us(), 2560);
    EXPECT_EQ(Watermarks(job(0, kForeverUs, 7), false).drift_us(), INT64_MAX);
    Watermarks forever(job(0), false);
    forever.show(0, -kTimeLimitUs + 1);
    forever.show(1, kTimeLimitUs - 1);
    EXPECT_FALSE(forever.idle(0));
}

int64_t or_unknown(testkit::Moment moment) {
    return moment.value_or(kUnknownUs);
}

// A random story of partitions, told to both.
void compare_with_the_oracle(uint64_t seed) {
    testkit::Random random(seed);
    Config config = job(random.between(0, 40));
    if (random.one_in(8)) config.time.out_of_order_us.reset();
    if (!random.one_in(3)) config.dedup.horizon_us = random.between(1, 300);
    if (random.one_in(2)) config.time.max_drift_us = random.between(0, 400);
    Watermarks watermarks(config, false);
    testkit::Clocks clocks(config);
    const auto declared = static_cast<uint32_t>(random.below(4));
    clocks.declare(declared);
    std::set<uint32_t> known, ended;
    for (uint32_t p = 0; p < declared; ++p) {
        watermarks.declare(p);
        known.insert(p);
    }
    int64_t now_us = random.between(-500, 500);
    for (int step = 0; step < 200; ++step) {
        const auto partition = static_cast<uint32_t>(random.below(6));
        if (ended.contains(partition)) continue;
        const bool is_known = known.contains(partition);
        if (is_known && random.one_in(20)) {
            watermarks.end(partition);
            clocks.end(partition);
            ended.insert(partition);
        } else if (is_known && random.one_in(10)) {
            watermarks.set_idle(partition);
            clocks.idle(partition);
        } else {
            now_us += random.between(-2, 12) * (random.one_in(20) ? 20 : 1);
            const int64_t time_us = now_us - random.between(0, 60);
            ASSERT_EQ(watermarks.show(partition, time_us),
                      or_unknown(clocks.show(partition, time_us)))
                << "seed " << seed << " step " << step;
            known.insert(partition);
        }
        ASSERT_EQ(watermarks.job_us(), or_unknown(clocks.job_watermark()))
            << "seed " << seed << " step " << step;
    }
}

TEST(Watermarks, AgreeWithTheOracleOnRandomStories) {
    for (uint64_t seed = 1; seed <= 3000 && !HasFatalFailure(); ++seed) {
        compare_with_the_oracle(seed);
    }
}

}  // namespace
}  // namespace trommel::hostpath
