#include "bench/kit/break_even.h"

#include <gmock/gmock.h>

namespace trommel::bench {
namespace {

// An engine that takes `start_s` for any batch and `event_s` for each event.
SpeedCurve engine(double start_s, double event_s, const std::vector<double>& sizes) {
    SpeedCurve curve;
    for (const double size : sizes) curve.push_back({size, size / (start_s + event_s * size)});
    return curve;
}

const std::vector<double> kSizes = {1000, 4000, 16000, 64000};

TEST(BreakEven, LiesWhereBothTakeTheSameTimeForABatch) {
    // 1 us + 10 ns an event, and 100 us + 1 ns: equal at 11,000 events, 111 us.
    const BreakEven found =
        find_break_even(engine(1e-6, 10e-9, kSizes), engine(100e-6, 1e-9, kSizes));
    EXPECT_EQ(found.kind, BreakEven::Kind::from_rate);
    EXPECT_NEAR(found.batch_records, 11'000, 1);
    EXPECT_NEAR(found.events_per_second, 11'000 / 111e-6, 1e4);
}

TEST(BreakEven, IsNeverForAnEngineThatCarriesNoMoreThanTheFirst) {
    const SpeedCurve cpu = engine(1e-6, 10e-9, kSizes);
    EXPECT_EQ(find_break_even(cpu, engine(100e-6, 10e-9, kSizes)).kind, BreakEven::Kind::never);
    EXPECT_EQ(find_break_even(cpu, cpu).kind, BreakEven::Kind::never);  // A tie is the first's.
    // Quicker with small batches, and then its limit is below the first's.
    EXPECT_EQ(find_break_even(cpu, engine(0, 10.5e-9, kSizes)).kind, BreakEven::Kind::never);
}

TEST(BreakEven, IsBelowTheSmallestBatchesWhereTheSecondCarriesMoreInAllOfThem) {
    const SpeedCurve cpu = engine(1e-6, 10e-9, kSizes);
    const BreakEven found = find_break_even(cpu, engine(2e-6, 1e-9, kSizes));
    EXPECT_EQ(found.kind, BreakEven::Kind::from_smallest);
    EXPECT_EQ(found.batch_records, 1000);
    EXPECT_EQ(found.events_per_second, cpu[0].events_per_second);
}

TEST(BreakEven, CountsFromTheLastTimeThatTheSecondGetsAhead) {
    const SpeedCurve cpu = {{1000, 10e6}, {4000, 40e6}, {16000, 50e6}, {64000, 55e6}};
    const SpeedCurve gpu = {{1000, 20e6}, {4000, 30e6}, {16000, 60e6}, {64000, 90e6}};
    const BreakEven found = find_break_even(cpu, gpu);
    EXPECT_EQ(found.kind, BreakEven::Kind::from_rate);
    EXPECT_GT(found.batch_records, 4000);
    EXPECT_LT(found.batch_records, 16000);
}

TEST(BreakEven, LargerBatchesThatAreSlowerAreNotNeeded) {
    // What 4000 carry, batches of 16,000 need not carry again.
    const SpeedCurve cpu = {{1000, 10e6}, {4000, 50e6}, {16000, 40e6}, {64000, 45e6}};
    const SpeedCurve gpu = {{1000, 5e6}, {4000, 20e6}, {16000, 45e6}, {64000, 80e6}};
    const BreakEven found = find_break_even(cpu, gpu);
    EXPECT_NEAR(found.events_per_second, 50e6, 1e3);
    EXPECT_GT(found.batch_records, 16000);
}

TEST(BreakEven, BatchesLongerThanTheFirstHasAreCutAndCarryNoMore) {
    const std::vector<double> longer = {1000, 4000, 16000, 64000, 256'000, 1'024'000};
    const SpeedCurve cpu = engine(1e-6, 10e-9, kSizes);
    // 5 ms + 1 ns: 10 M events/s in batches of 64,000, and the CPU's most, 99.84 M, in 555,000.
    const SpeedCurve gpu = engine(5e-3, 1e-9, longer);
    const BreakEven found = find_break_even(cpu, gpu);
    EXPECT_EQ(found.kind, BreakEven::Kind::from_limit);
    EXPECT_DOUBLE_EQ(found.events_per_second, cpu.back().events_per_second);
    EXPECT_NEAR(found.batch_records, 5e-3 / (1 / cpu.back().events_per_second - 1e-9), 1);
    // Within the sizes of both, those that only one has change nothing.
    const SpeedCurve near = engine(100e-6, 1e-9, longer);
    EXPECT_EQ(find_break_even(cpu, near).kind, BreakEven::Kind::from_rate);
    EXPECT_NEAR(find_break_even(cpu, near).batch_records, 11'000, 1);
    EXPECT_EQ(find_break_even(cpu, engine(20e-3, 1e-9, longer)).kind, BreakEven::Kind::never);
    // The other way round.
    EXPECT_EQ(find_break_even(near, cpu).kind, BreakEven::Kind::never);
}

TEST(BreakEven, OneSizeIsEnough) {
    EXPECT_EQ(find_break_even({{1000, 10e6}}, {{1000, 9e6}}).kind, BreakEven::Kind::never);
    const BreakEven found = find_break_even({{1000, 10e6}}, {{1000, 11e6}});
    EXPECT_EQ(found.kind, BreakEven::Kind::from_smallest);
    EXPECT_EQ(found.events_per_second, 10e6);
}

TEST(BatchThatKeepsUp, IsWhatArrivesWhileItIsWorkedOn) {
    const SpeedCurve curve = engine(100e-6, 1e-9, kSizes);
    for (const double rate : {20e6, 50e6, 100e6, 300e6}) {
        const std::optional<SpeedPoint> batch = batch_that_keeps_up(curve, rate);
        ASSERT_TRUE(batch) << rate;
        EXPECT_NEAR(batch->batch_seconds(), 100e-6 + 1e-9 * batch->batch_records, 1e-12) << rate;
        EXPECT_EQ(batch->events_per_second, rate);
    }
}

TEST(BatchThatKeepsUp, IsTheSmallestMeasuredWhereThatIsEnoughAndNothingBeyondTheLargest) {
    const SpeedCurve curve = engine(100e-6, 1e-9, kSizes);
    EXPECT_EQ(batch_that_keeps_up(curve, 1e6)->batch_records, 1000);
    EXPECT_EQ(batch_that_keeps_up(curve, 1e6)->events_per_second, curve[0].events_per_second);
    const double most = curve[3].events_per_second;
    EXPECT_NEAR(batch_that_keeps_up(curve, most)->batch_records, 64000, 1e-3);
    EXPECT_FALSE(batch_that_keeps_up(curve, most * 1.001));
}

TEST(RatesToShow, GoFromBelowTheSlowerToTheMostOfTheFaster) {
    const std::vector<double> rates =
        rates_to_show({{1000, 10e6}, {2000, 12e6}}, {{1000, 4e6}, {2000, 200e6}}, 3);
    ASSERT_EQ(rates.size(), 3u);
    EXPECT_DOUBLE_EQ(rates[0], 2e6);
    EXPECT_NEAR(rates[1], 20e6, 1);
    EXPECT_EQ(rates[2], 200e6);
}

}  // namespace
}  // namespace trommel::bench
