#include "tools/load/load_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trommel::tools {
namespace {

using bench::LoadRun;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr net::Truth kTruth{1000, 950, 50, 0, 0};

// A run that is as it should be.
LoadRun good_run() {
    LoadRun run;
    run.rate = 1'000'000;
    run.offered = 1000;
    run.transport.sent = run.transport.delivered = 1000;
    run.ledger.in = 1000;
    run.ledger[Verdict::unique] = 950;
    run.ledger[Verdict::duplicate] = 50;
    run.generator.achieved_rate = 999'000;
    run.verdict.p99_us = 900;
    run.generator.lag.p99_us = 50;
    return run;
}

// The same with ten events lost and counted.
LoadRun lossy_run() {
    LoadRun run = good_run();
    run.transport.delivered = run.ledger.in = 990;
    run.transport.lost_gaps = 10;
    run.ledger[Verdict::unique] = 941;
    run.ledger[Verdict::duplicate] = 49;
    return run;
}

TEST(LoadTest, ARunWhoseSumsAgreeIsRight) {
    EXPECT_EQ(wrong_with(good_run(), kTruth), "");
    EXPECT_EQ(wrong_with(lossy_run(), kTruth), "");
}

TEST(LoadTest, EverySumIsChecked) {
    LoadRun run = good_run();
    run.offered = 1001;
    EXPECT_THAT(wrong_with(run, kTruth), HasSubstr("sent 1001 events and the receiver knows of"));
    run = lossy_run();
    run.transport.lost_gaps = 9;
    EXPECT_THAT(wrong_with(run, kTruth), HasSubstr("transport's ledger does not add up"));
    run = lossy_run();
    --run.ledger[Verdict::duplicate];
    EXPECT_THAT(wrong_with(run, kTruth), HasSubstr("the ledger does not add up"));
    run = lossy_run();
    --run.ledger.in;
    --run.ledger[Verdict::unique];
    EXPECT_THAT(wrong_with(run, kTruth), HasSubstr("990 events were delivered and 989 records"));
}

TEST(LoadTest, WithoutLossTheVerdictsMustBeTheTruth) {
    LoadRun run = good_run();
    ++run.ledger[Verdict::unique];
    --run.ledger[Verdict::duplicate];
    EXPECT_THAT(wrong_with(run, kTruth), HasSubstr("950 unique events and 50 duplicates"));
}

TEST(LoadTest, ARateIsSustainedWithoutLossGrowthOrLateness) {
    LoadTest test;
    test.objective_us = 1000;
    test.receive_buffer_bytes = 1'000'000;
    EXPECT_EQ(why_not_sustained(good_run(), test), "");
    EXPECT_EQ(why_not_sustained(lossy_run(), test), "10 events were lost");
    LoadRun run = good_run();
    run.queue_rise_bytes = 51'200;
    EXPECT_EQ(why_not_sustained(run, test), "the queue grows: by 50 KiB");
    run = good_run();
    run.verdict.p99_us = 1001;
    EXPECT_EQ(why_not_sustained(run, test), "p99 is 1.001 ms");
    run = good_run();
    run.generator.achieved_rate = 900'000;
    EXPECT_EQ(why_not_sustained(run, test), "the generator managed 0.900 M/s only");
    run = good_run();
    run.wrong = "something";
    EXPECT_EQ(why_not_sustained(run, test), "it does not add up");
}

TEST(LoadTest, AGeneratorThatIsLateMakesFiguresDoubtful) {
    EXPECT_THAT(doubts_about(good_run()), IsEmpty());
    LoadRun run = good_run();
    run.generator.lag.p99_us = 100;
    EXPECT_THAT(doubts_about(run), ElementsAre(HasSubstr("late itself by 0.100 ms at p99")));
    run.generator.achieved_rate = 900'000;
    EXPECT_EQ(doubts_about(run).size(), 2U);
}

TEST(LoadTest, AHostThatTakesTheProcessorsAwayMakesFiguresDoubtful) {
    LoadRun run = good_run();
    run.verdict.p99_us = 15'000;
    run.generator.lag.p99_us = 0;
    run.stolen_ms = 500;
    run.stolen_max_ms = 10;
    EXPECT_THAT(doubts_about(run), IsEmpty());
    run.stolen_max_ms = 20;
    EXPECT_THAT(doubts_about(run), ElementsAre(HasSubstr("stole 20 ms of a quarter second")));
    run.verdict.p99_us = 500;
    run.stolen_max_ms = 10;  // One step of the count.
    EXPECT_THAT(doubts_about(run), IsEmpty());
}

// Searches where rates up to `limit` are sustained.
uint64_t search_with(uint64_t limit, const RateSearch& search, std::vector<LoadRun>& steps) {
    return search_rate(
        search,
        [&](uint64_t rate) {
            LoadRun run;
            run.rate = static_cast<double>(rate);
            if (rate > limit) run.not_sustained = "too fast";
            return run;
        },
        steps);
}

TEST(RateSearch, TheRateFoundIsTheLimitWithinItsPrecision) {
    for (const uint64_t limit : {1ull, 900'000ull, 1'000'000ull, 1'000'001ull, 37'654'321ull}) {
        std::vector<LoadRun> steps;
        const uint64_t found = search_with(limit, {}, steps);
        EXPECT_LE(found, limit);
        EXPECT_GE(static_cast<double>(found), 0.95 * static_cast<double>(limit) - 1) << limit;
        EXPECT_LE(steps.size(), 24U);
    }
}

TEST(RateSearch, WhereNothingIsSustainedItEndsWithNothing) {
    std::vector<LoadRun> steps;
    EXPECT_EQ(search_with(0, {}, steps), 0U);
    EXPECT_LE(steps.size(), 24U);
}

TEST(RateSearch, ItTakesNoMoreStepsThanItMay) {
    std::vector<LoadRun> steps;
    EXPECT_EQ(search_with(UINT64_MAX, {1000, 0.05, 4}, steps), 8000U);
    EXPECT_EQ(steps.size(), 4U);
}

TEST(RateSearch, AStepThatDoesNotAddUpEndsIt) {
    std::vector<LoadRun> steps;
    const uint64_t found = search_rate(
        {},
        [](uint64_t) {
            LoadRun run;
            run.wrong = "one is missing";
            return run;
        },
        steps);
    EXPECT_EQ(found, 0U);
    EXPECT_EQ(steps.size(), 1U);
}

}  // namespace
}  // namespace trommel::tools
