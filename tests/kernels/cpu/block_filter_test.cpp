#include "kernels/cpu/block_filter.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <vector>

#include "kernels/rules/lateness.h"
#include "tests/kernels/cpu/filter_stream.h"

namespace trommel::cpu {
namespace {

TEST(BlockFilter, LetsNoCopyThroughAndForgetsInTimeOverThousandsOfSlices) {
    for (const auto& [out_of_order_us, lag_us] :
         {std::pair{0, 0}, {400, 0}, {300, 600}, {999, 1}}) {
        StreamOptions options{.demand = demand_of(1000, out_of_order_us, lag_us), .step_us_max = 8};
        for (const int64_t begin_us :
             {int64_t{0}, int64_t{-600000}, 1 - kTimeLimitUs, kTimeLimitUs / 3}) {
            options.begin_us = begin_us;
            const Stream stream = make_stream(options, 300000, 5);
            Shards shards(rules::filter_geometry(options.demand), 1, detect_simd());
            const Check sum = check(stream, run(shards, stream, 200, 6), 1000);
            EXPECT_EQ(sum.let_through, 0u);
            EXPECT_EQ(sum.full, 0u);
            EXPECT_GT(sum.must_be_unique, 200000u);
            expect_rate(sum.mistaken, sum.must_be_unique, options.demand.error_rate);
        }
    }
}

TEST(BlockFilter, KeepsItsPromisesWhenTimeJumps) {
    StreamOptions options{.demand = demand_of(1000, 200, 100), .jump_one_in = 100};
    const Stream stream = make_stream(options, 300000, 7);
    Shards shards(rules::filter_geometry(options.demand), 1, detect_simd());
    const Check sum = check(stream, run(shards, stream, 1, 8), 1000);
    EXPECT_EQ(sum.let_through, 0u);
    EXPECT_EQ(sum.full, 0u);
    expect_rate(sum.mistaken, sum.must_be_unique, options.demand.error_rate);
}

TEST(BlockFilter, HorizonsOfOddAndTinyLengthKeepTheirPromises) {
    for (const int64_t horizon_us : {1, 2, 3, 7, 101}) {
        StreamOptions options{.demand = demand_of(horizon_us, horizon_us / 3, horizon_us / 4)};
        options.step_us_max = 1;
        options.copy_distance = static_cast<uint32_t>(4 * horizon_us);
        const Stream stream = make_stream(options, 100000, 9);
        Shards shards(rules::filter_geometry(options.demand), 1, detect_simd());
        const Check sum = check(stream, run(shards, stream, 1, 10), horizon_us);
        EXPECT_EQ(sum.let_through, 0u);
        EXPECT_EQ(sum.full, 0u);
        expect_rate(sum.mistaken, sum.must_be_unique, options.demand.error_rate);
    }
}

// Every age at which a cell might come back to life, under every pace of the watermark: ids are
// remembered in all eleven slices, the floor moves on by random steps, and the same ids are looked
// at again.
TEST(BlockFilter, NoStampComesBackToLifeWhateverThePaceOfTheWatermark) {
    constexpr int64_t kSliceUs = 500;
    constexpr uint64_t kIds = 550;
    const rules::FilterGeometry geometry =
        rules::filter_geometry({1e-6, 20000, 2 * kSliceUs, 0, 0});
    std::mt19937_64 random(11);
    uint64_t mistaken = 0;
    for (int round = 0; round < 1500; ++round) {
        Shards shards(geometry, 1, detect_simd());
        const int64_t start_us = static_cast<int64_t>(random() % 100000) - 50000;
        const int64_t floor = rules::filter_floor(start_us, 0, kSliceUs);
        std::vector<Event> events;
        for (uint64_t id = 0; id < kIds; ++id) {
            events.push_back({id, (floor + static_cast<int64_t>(id % 11)) * kSliceUs});
        }
        shards.judge(start_us, events);
        const int64_t span_us = static_cast<int64_t>(random() % (40 * kSliceUs));
        const uint64_t pace_us = uint64_t{1} << random() % 15;  // To 32 slices.
        int64_t now_us = start_us;
        while (now_us < start_us + span_us) {
            now_us += static_cast<int64_t>(1 + random() % pace_us);
            shards.filter().advance(now_us, now_us);
        }
        const int64_t last = rules::filter_floor(now_us, 0, kSliceUs);
        const int64_t now = last + static_cast<int64_t>(random() % 11);
        for (Event& event : events) event.time_us = now * kSliceUs;
        const auto outcomes = shards.judge(now_us, events);
        for (uint64_t id = 0; id < kIds; ++id) {
            const int64_t then = floor + static_cast<int64_t>(id % 11);
            if (then >= std::max(last, now - 2)) {
                ASSERT_EQ(outcomes[id], Outcome::duplicate);
            } else {
                ASSERT_NE(outcomes[id], Outcome::full);
                mistaken += outcomes[id] == Outcome::duplicate;
            }
        }
    }
    EXPECT_LE(mistaken, 8u);  // Expected: below 1500 * 550 * 1e-6.
}

class BothForms : public testing::TestWithParam<int64_t> {};  // A horizon.
INSTANTIATE_TEST_SUITE_P(BlockFilter, BothForms, testing::Values(int64_t{1000}, kForeverUs),
                         [](const auto& form) {
                             return form.param == kForeverUs ? "Forever" : "Aged";
                         });

TEST_P(BothForms, AnswersDependOnNeitherBatchCutsNorGroupsNorSimdLevel) {
    StreamOptions options{
        .demand = demand_of(GetParam(), 300, 200), .step_us_max = 1, .copy_distance = 5000};
    options.demand.error_rate = 0.2;
    options.demand.capacity = GetParam() == kForeverUs ? 80000 : 2400;
    const Stream stream = make_stream(options, 100000, 12);
    const rules::FilterGeometry geometry = rules::filter_geometry(options.demand);
    Shards reference(geometry, 1, SimdLevel::scalar);
    const std::vector<Outcome> expected = run(reference, stream, 1, 0);
    const Check sum = check(stream, expected, GetParam());
    EXPECT_EQ(sum.let_through, 0u);
    EXPECT_EQ(sum.full, 0u);
    EXPECT_GT(sum.mistaken, 100u) << "mistakes must be the same, too";
    expect_rate(sum.mistaken, sum.must_be_unique, options.demand.error_rate);
    for (const SimdLevel level : levels()) {
        for (const uint32_t shards : {1u, 2u, 3u, 8u, 64u}) {
            for (const uint32_t cut_max : {1u, 7u, 300u, 1000u}) {
                Shards others(geometry, shards, level);
                ASSERT_EQ(run(others, stream, cut_max, 13), expected)
                    << to_text(level) << ", " << shards << " shards, cuts to " << cut_max;
            }
        }
    }
}

TEST_P(BothForms, EverySimdLevelLeavesTheSameMemory) {
    StreamOptions options{.demand = demand_of(GetParam(), 300, 200)};
    if (GetParam() != kForeverUs) options.jump_one_in = 3000;
    const Stream stream = make_stream(options, 100000, 14);
    const rules::FilterGeometry geometry = rules::filter_geometry(options.demand);
    Shards reference(geometry, 1, SimdLevel::scalar);
    run(reference, stream, 50, 15);
    const auto expected = reference.filter().words();
    EXPECT_LT(std::count(expected.begin(), expected.end(), uint64_t{0}), std::ssize(expected) / 2);
    for (const SimdLevel level : levels()) {
        Shards other(geometry, 1, level);
        run(other, stream, 50, 15);
        const auto words = other.filter().words();
        EXPECT_TRUE(std::equal(words.begin(), words.end(), expected.begin(), expected.end()))
            << to_text(level);
    }
}

TEST_P(BothForms, SecondOfTwoEqualIdsInABatchIsTheDuplicate) {
    for (const SimdLevel level : levels()) {
        Shards shards(rules::filter_geometry(demand_of(GetParam(), 0, 0)), 1, level);
        const auto outcomes = shards.judge(0, {{1, 5}, {1, 5}, {2, 5}, {1, 6}, {2, 900}});
        using enum Outcome;
        EXPECT_EQ(outcomes, (std::vector{unique, duplicate, unique, duplicate, duplicate}));
    }
}

TEST(BlockFilter, DuplicateDoesNotProlongTheMemory) {
    Shards shards(rules::filter_geometry(demand_of(1000, 0, 0)), 1, detect_simd());
    EXPECT_EQ(judge_one(shards, 0, 1, 0), Outcome::unique);
    EXPECT_EQ(judge_one(shards, 1000, 1, 1000), Outcome::duplicate);
    EXPECT_EQ(judge_one(shards, 1500, 1, 1500), Outcome::unique);
}

TEST(BlockFilter, ForeverNeverForgets) {
    for (const SimdLevel level : levels()) {
        Shards shards(rules::filter_geometry({1e-6, 1000}), 1, level);
        EXPECT_EQ(judge_one(shards, kUnknownUs, 1, 1 - kTimeLimitUs), Outcome::unique);
        EXPECT_EQ(judge_one(shards, kUnknownUs, 2, 0), Outcome::unique);
        EXPECT_EQ(judge_one(shards, 0, 1, kTimeLimitUs - 1), Outcome::duplicate);
        EXPECT_EQ(judge_one(shards, kTimeLimitUs - 1, 1, 0), Outcome::duplicate);
        EXPECT_EQ(judge_one(shards, rules::kEndOfInputUs, 2, 0), Outcome::duplicate);
        EXPECT_FALSE(shards.filter().forget_oldest(1));
    }
}

TEST(BlockFilter, UnknownWatermarkLeavesRoomOnBothSidesOfTheFirstEvent) {
    const auto fresh = [] {
        return Shards(rules::filter_geometry(demand_of(1000, 0, 0)), 1, detect_simd());
    };
    for (const int64_t first_us : {int64_t{0}, int64_t{-12345 * 500}, int64_t{77 * 500}}) {
        Shards shards = fresh();
        EXPECT_EQ(judge_one(shards, kUnknownUs, 1, first_us), Outcome::unique);
        EXPECT_EQ(judge_one(shards, kUnknownUs, 2, first_us - 2500), Outcome::unique);
        EXPECT_EQ(judge_one(shards, kUnknownUs, 2, first_us - 2500), Outcome::duplicate);
        EXPECT_EQ(judge_one(shards, kUnknownUs, 3, first_us + 2999), Outcome::unique);
        EXPECT_EQ(judge_one(shards, kUnknownUs, 4, first_us - 2501), Outcome::full);
        EXPECT_EQ(judge_one(shards, kUnknownUs, 4, first_us + 3000), Outcome::full);
        // A watermark behind the anchor moves nothing back.
        EXPECT_EQ(judge_one(shards, first_us - 9000, 3, first_us + 2999), Outcome::duplicate);
        EXPECT_EQ(judge_one(shards, first_us, 1, first_us), Outcome::duplicate);
        // One that is ahead of it brings the ring along.
        EXPECT_EQ(judge_one(shards, first_us + 3000, 3, first_us + 3499), Outcome::duplicate);
        EXPECT_EQ(judge_one(shards, first_us + 3000, 5, first_us + 3000 + 4000), Outcome::unique);
    }
}

// --- Size and memory
// ----------------------------------------------------------------------------------

// Judges ids that were never seen by a filter that is full: nothing is remembered any more.
double error_when_full(Shards& shards, int64_t watermark_us, int64_t time_us, uint64_t probes) {
    std::vector<Event> events;
    for (uint64_t id = 0; id < probes; ++id) events.push_back({~id, time_us});
    const auto outcomes = shards.judge(watermark_us, events);
    EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), Outcome::unique), 0);
    return static_cast<double>(std::count(outcomes.begin(), outcomes.end(), Outcome::duplicate)) /
           static_cast<double>(probes);
}

TEST_P(BothForms, RateAtCapacityIsTheDeclaredOneEvenInABurst) {
    constexpr uint64_t kProbes = 500000;
    for (const double error_rate : {0.3, 0.1, 1e-2, 1e-3}) {
        // So many that a line more in each group, for whole lines, does not matter.
        const uint64_t capacity = GetParam() == kForeverUs ? 3000000 : 300000;
        const FilterDemand demand{error_rate, capacity, GetParam(), 300, 200};
        const rules::FilterGeometry geometry = rules::filter_geometry(demand);
        Shards shards(geometry, 1, detect_simd());
        std::vector<Event> burst;
        for (uint64_t id = 0; id < geometry.ids_max * 2; ++id) burst.push_back({id, 700});
        const auto outcomes = shards.judge(500, burst);
        EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), Outcome::unique),
                  static_cast<ptrdiff_t>(geometry.ids_max));
        EXPECT_EQ(shards.filter().live_ids(), geometry.ids_max);
        const double measured = error_when_full(shards, 500, 700, kProbes);
        const double noise = 4 * std::sqrt(error_rate / kProbes);
        EXPECT_NEAR(measured, error_rate, noise + 0.03 * error_rate);
    }
}

TEST(BlockFilter, SteadyStreamAtCapacityStaysWithinTheRateAndIsNeverFull) {
    // One id per microsecond, 150,000 in one and a half horizons, and six standard deviations.
    const FilterDemand demand{1e-2, 150000 + 6 * 400, 100000, 25000, 15000};
    const StreamOptions options{.demand = demand, .step_us_max = 2, .copies_of_100 = 0};
    const Stream stream = make_stream(options, 1000000, 16);
    Shards shards(rules::filter_geometry(demand), 1, detect_simd());
    const Check sum = check(stream, run(shards, stream, 300, 17), 100000);
    EXPECT_EQ(sum.full, 0u);
    expect_rate(sum.mistaken, sum.must_be_unique, demand.error_rate);
    EXPECT_GT(static_cast<double>(sum.mistaken), 0.15 * 1e-2 * 1e6) << "bigger than it had to be";
}

TEST(BlockFilter, BeyondCapacityNewIdsAreFullAndCopiesAreStillDuplicates) {
    for (const SimdLevel level : levels()) {
        for (const int64_t horizon_us : {int64_t{1000}, kForeverUs}) {
            const rules::FilterGeometry geometry = rules::filter_geometry({1e-9, 1000, horizon_us});
            Shards shards(geometry, 1, level);
            std::vector<Event> events;
            for (uint64_t id = 0; id < 1500; ++id) events.push_back({id, 10});
            const auto first = shards.judge(0, events);
            for (uint64_t id = 0; id < 1500; ++id) {
                ASSERT_EQ(first[id], id < geometry.ids_max ? Outcome::unique : Outcome::full);
            }
            const auto again = shards.judge(0, events);
            for (uint64_t id = 0; id < 1500; ++id) {
                ASSERT_EQ(again[id], id < geometry.ids_max ? Outcome::duplicate : Outcome::full);
            }
        }
    }
}

// Where the last free places go must not depend on how rows are cut, nor on which of them are
// copies.
TEST_P(BothForms, FullAtTheSameIdWhateverTheBatchCuts) {
    // All within half a horizon, and so in view of each other.
    StreamOptions options{.demand = demand_of(GetParam(), 500, 0), .step_us_max = 0};
    options.demand.capacity = 3000;
    const Stream stream = make_stream(options, 8000, 18);
    const rules::FilterGeometry geometry = rules::filter_geometry(options.demand);
    Shards reference(geometry, 1, SimdLevel::scalar);
    const std::vector<Outcome> expected = run(reference, stream, 1, 0);
    const Check sum = check(stream, expected, GetParam());
    EXPECT_GT(sum.full, 1000u);
    EXPECT_EQ(reference.filter().live_ids(), geometry.ids_max);
    const auto first_full = std::find(expected.begin(), expected.end(), Outcome::full);
    EXPECT_EQ(std::count(first_full, expected.end(), Outcome::unique), 0);
    EXPECT_GT(std::count(first_full, expected.end(), Outcome::duplicate), 100);
    for (const SimdLevel level : levels()) {
        for (const uint32_t cut_max : {7u, 300u, 8000u}) {
            Shards others(geometry, 1, level);
            ASSERT_EQ(run(others, stream, cut_max, 19), expected) << to_text(level);
        }
    }
}

TEST(BlockFilter, IdsOutOfViewTakeNoRoom) {
    const rules::FilterGeometry geometry = rules::filter_geometry({1e-9, 1000, 1000, 0, 0});
    Shards shards(geometry, 1, detect_simd());
    for (int64_t slice = 0; slice < 10; slice += 3) {  // One floor, four times the capacity.
        std::vector<Event> events;
        for (uint64_t id = 0; id < geometry.ids_max; ++id) {
            events.push_back({static_cast<uint64_t>(slice) << 32 | id, slice * 500});
        }
        const auto outcomes = shards.judge(1000, events);
        ASSERT_EQ(std::count(outcomes.begin(), outcomes.end(), Outcome::unique),
                  std::ssize(outcomes));
    }
    EXPECT_EQ(judge_one(shards, 1000, UINT64_MAX, 4500), Outcome::full);
    EXPECT_EQ(judge_one(shards, 1000, UINT64_MAX, 5000), Outcome::full);
    EXPECT_EQ(judge_one(shards, 2000, UINT64_MAX, 6000), Outcome::unique);
}

TEST_P(BothForms, NoShardIsFullBeforeTheJobIs) {
    for (const uint64_t capacity : {10u, 1000u, 100000u}) {
        const rules::FilterGeometry geometry =
            rules::filter_geometry({1e-6, capacity, GetParam(), 0, 0});
        Shards shards(geometry, 64, detect_simd());
        std::vector<Event> events;
        for (uint64_t id = 0; id < capacity; ++id) events.push_back({id, 10});
        const auto outcomes = shards.judge(0, events);
        EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), Outcome::full), 0);
    }
}

TEST(BlockFilter, TimesBeyondTheRingAreFullAndTouchNothing) {
    for (const SimdLevel level : levels()) {
        Shards shards(rules::filter_geometry(demand_of(1000, 200, 100)), 1, level);
        const int64_t newest_us = rules::filter_newest_us(0, 100, 500);
        using enum Outcome;
        const std::vector<Event> events = {{1, 0},
                                           {2, newest_us},
                                           {3, newest_us + 1},
                                           {1, 100},
                                           {4, 1 - kTimeLimitUs},
                                           {5, kTimeLimitUs - 1},
                                           {3, 0},
                                           {2, 0}};
        EXPECT_EQ(shards.judge(0, events),
                  (std::vector{unique, unique, full, duplicate, full, full, unique, duplicate}));
        EXPECT_EQ(shards.filter().live_ids(), 3u);
    }
}

TEST(BlockFilter, ForgettingMakesRoomForTooNewAnEventAndSaysWhatItCost) {
    Shards shards(rules::filter_geometry(demand_of(1000, 0, 0)), 1, detect_simd(), true);
    const int64_t newest_us = rules::filter_newest_us(0, 0, 500);
    EXPECT_EQ(judge_one(shards, 0, 1, 0), Outcome::unique);
    EXPECT_EQ(judge_one(shards, 0, 2, newest_us), Outcome::unique);
    EXPECT_EQ(shards.filter().horizon_shortened_us(), 0);
    EXPECT_EQ(judge_one(shards, 0, 3, newest_us + 1), Outcome::unique);
    EXPECT_EQ(shards.filter().horizon_shortened_us(), 500);
    EXPECT_EQ(judge_one(shards, 0, 1, 0), Outcome::duplicate) << "slice 0 is still in the ring";
    // Further, and the oldest are gone; events older than the floor are still judged. Those before
    // the event that is too new do not know of it.
    const std::vector<Event> events = {{1, 0}, {4, newest_us + 100000}, {1, 0}, {1, 0}};
    EXPECT_EQ(shards.judge(0, events), (std::vector{Outcome::duplicate, Outcome::unique,
                                                    Outcome::unique, Outcome::duplicate}));
    EXPECT_EQ(shards.filter().horizon_shortened_us(), 1000) << "never more than the horizon";
}

// While no watermark is known, any event may come: also a copy of one that is older than the floor.
TEST(BlockFilter, ForgettingCostsTheWholeHorizonWhileTheWatermarkIsUnknown) {
    Shards shards(rules::filter_geometry(demand_of(1000, 0, 0)), 1, detect_simd(), true);
    EXPECT_EQ(judge_one(shards, kUnknownUs, 1, 10000), Outcome::unique);
    EXPECT_EQ(judge_one(shards, kUnknownUs, 2, 0), Outcome::unique);
    EXPECT_EQ(judge_one(shards, kUnknownUs, 2, 0), Outcome::duplicate);
    EXPECT_EQ(shards.filter().horizon_shortened_us(), 0);
    EXPECT_EQ(judge_one(shards, kUnknownUs, 3, 13000), Outcome::unique) << "one slice too new";
    EXPECT_EQ(judge_one(shards, kUnknownUs, 2, 0), Outcome::unique);
    EXPECT_EQ(shards.filter().horizon_shortened_us(), 1000);
}

TEST(BlockFilter, ForgettingMakesRoomForMoreIdsFromTheOldestOn) {
    const rules::FilterGeometry geometry = rules::filter_geometry({1e-9, 1000, 1000, 0, 0});
    Shards shards(geometry, 1, detect_simd(), true);
    std::vector<Event> events;
    for (uint64_t id = 0; id < 1000; ++id) events.push_back({id, id < 400 ? 0 : 500});
    shards.judge(0, events);
    EXPECT_EQ(judge_one(shards, 0, 999, 501), Outcome::duplicate);
    EXPECT_EQ(shards.filter().horizon_shortened_us(), 0) << "a copy wants no room";
    EXPECT_EQ(judge_one(shards, 0, 1000, 501), Outcome::unique);
    EXPECT_EQ(shards.filter().live_ids(), 601u);
    EXPECT_EQ(judge_one(shards, 0, 999, 501), Outcome::duplicate);
    EXPECT_EQ(judge_one(shards, 0, 1, 501), Outcome::unique) << "forgotten";
    EXPECT_EQ(shards.filter().horizon_shortened_us(), 1000);
    for (uint64_t id = 2000; shards.filter().live_ids() < geometry.ids_max; ++id) {
        judge_one(shards, 0, id, 501);
    }
    EXPECT_EQ(judge_one(shards, 0, 5000, 501), Outcome::full) << "nothing is older than the newest";
    EXPECT_EQ(judge_one(shards, 0, 999, 501), Outcome::duplicate);
}

// About 260 ids are in view of an event, and there is room for fewer.
TEST(BlockFilter, ForgetsTheSameHoweverBatchesAreCut) {
    StreamOptions options{.demand = demand_of(1000, 100, 100), .step_us_max = 8};
    options.demand.capacity = 170;
    options.copy_distance = 250;
    const Stream stream = make_stream(options, 50000, 11);
    const rules::FilterGeometry geometry = rules::filter_geometry(options.demand);
    std::vector<Outcome> expected;
    for (const uint32_t cut_max : {1u, 7u, 200u}) {
        Shards shards(geometry, 1, detect_simd(), true);
        const std::vector<Outcome> outcomes = run(shards, stream, cut_max, 12);
        EXPECT_GT(shards.filter().horizon_shortened_us(), 0);
        EXPECT_LE(shards.filter().live_ids(), geometry.ids_max + 100);
        if (expected.empty()) expected = outcomes;
        ASSERT_EQ(outcomes, expected) << cut_max;
    }
    EXPECT_GT(check(stream, expected, 1000).let_through, 100u) << "copies of what was forgotten";
}

TEST(BlockFilter, MemoryIsExactlyWhatTheRuleSaysAndIsGivenBack) {
    MemoryBudget budget(uint64_t{1} << 30);
    const rules::FilterGeometry geometry = rules::filter_geometry({1e-2, 1000000, 1000, 0, 0});
    {
        const auto filter = BlockFilter::create({geometry, 64, 128, SimdLevel::scalar}, budget);
        ASSERT_NE(filter, nullptr);
        const uint64_t bytes = rules::filter_bytes(geometry, 64, 128);
        EXPECT_EQ(filter->words().size_bytes(), bytes);
        EXPECT_GE(filter->committed_bytes(), bytes);
        EXPECT_LT(filter->committed_bytes(), bytes + kHugePageBytes);
        EXPECT_EQ(budget.used_bytes(), filter->committed_bytes());
    }
    EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(BlockFilter, IsNotMadeWhenMemoryDoesNotSuffice) {
    const rules::FilterGeometry geometry = rules::filter_geometry({1e-2, 1000000, 1000, 0, 0});
    MemoryBudget budget(rules::filter_bytes(geometry) - 1);
    EXPECT_EQ(BlockFilter::create({geometry}, budget), nullptr);
    EXPECT_EQ(budget.used_bytes(), 0u);
    const rules::FilterGeometry vast = rules::filter_geometry({1e-15, UINT64_MAX});
    EXPECT_EQ(BlockFilter::create({vast}, budget), nullptr);
    EXPECT_EQ(budget.used_bytes(), 0u);
}

}  // namespace
}  // namespace trommel::cpu
