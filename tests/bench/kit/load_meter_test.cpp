#include "bench/kit/load_meter.h"

#include <gtest/gtest.h>

#include "bench/kit/load_job.h"

namespace trommel::bench {
namespace {

class FakeClock final : public Clock {
   public:
    int64_t wall_us() override { return now_us; }
    int64_t monotonic_us() override { return now_us; }
    int64_t now_us = 5'000'000;
};

class LoadMeterTest : public testing::Test {
   protected:
    LoadMeterTest() : config(config_of({})), batch(config, 16), rows(config) {}

    // Events that were to be sent then get their verdicts now.
    void settle(const std::vector<int64_t>& intended_us) {
        batch.clear();
        for (const int64_t us : intended_us) batch.add(1, us, &us);
        for (uint32_t row = 0; row < batch.count; ++row) batch.verdict[row] = Verdict::unique;
        meter.settle(batch);
    }
    void write_row(int64_t end_us) {
        rows.clear();
        rows.window.push_back(0);
        rows.start_us.push_back(end_us - 1);
        rows.end_us.push_back(end_us);
        EXPECT_TRUE(meter.write_rows(rows).ok());
    }
    LoadRun report() const {
        LoadRun run;
        meter.report(run);
        return run;
    }

    FakeClock clock;
    Config config;
    RecordBatch batch;
    RowBatch rows;
    LoadMeter meter{{.warm_up_us = 1'000'000, .row_delay_us = 100, .sample_every_us = 250'000},
                    clock};
};

TEST_F(LoadMeterTest, LatencyCountsFromTheIntendedTime) {
    settle({5'000'000});  // The schedule begins; a second of warm-up follows.
    clock.now_us = 6'500'000;
    settle({6'499'900, 6'499'000, 5'999'999});
    EXPECT_EQ(meter.settled(), 4U);
    EXPECT_EQ(report().verdict.count, 2U);  // The last one belongs to the warm-up.
    EXPECT_EQ(report().verdict.max_us, 1000U);
    EXPECT_EQ(report().verdict.p50_us, 100U);
}

TEST_F(LoadMeterTest, ARowIsLateFromWhenItsWindowIsDue) {
    settle({5'000'000});
    clock.now_us = 7'000'000;
    settle({6'990'000});
    write_row(6'989'900);  // Due at 6,990,000: the newest event makes it final.
    write_row(6'989'901);  // Not final yet: only the end of the input brings it.
    write_row(5'500'000);  // Of the warm-up.
    EXPECT_EQ(report().row.count, 1U);
    EXPECT_EQ(report().row.max_us, 10'000U);
}

TEST_F(LoadMeterTest, TheTimelineHasRatesOfEachInterval) {
    EXPECT_FALSE(meter.is_time_to_sample());  // Nothing has begun.
    settle({5'000'000, 5'000'000});
    EXPECT_FALSE(meter.is_time_to_sample());
    clock.now_us = 5'250'000;
    ASSERT_TRUE(meter.is_time_to_sample());
    meter.sample({100, {1000, 3}, 1 << 20, 70'000});
    clock.now_us = 5'750'000;
    settle({5'749'000, 5'749'500, 5'750'000});
    meter.sample({400, {5000, 7}, 3 << 20, 70'030});
    const LoadRun run = report();
    ASSERT_EQ(run.timeline.size(), 2U);
    EXPECT_DOUBLE_EQ(run.timeline[0].end_s, 0.25);
    EXPECT_DOUBLE_EQ(run.timeline[0].offered_rate, 400);
    EXPECT_DOUBLE_EQ(run.timeline[0].processed_rate, 8);
    EXPECT_EQ(run.timeline[0].dropped, 3U);
    EXPECT_EQ(run.timeline[0].stolen_ms, 0U);  // Of the years before, most of it.
    EXPECT_DOUBLE_EQ(run.timeline[1].offered_rate, 600);
    EXPECT_DOUBLE_EQ(run.timeline[1].processed_rate, 6);
    EXPECT_EQ(run.timeline[1].dropped, 4U);
    EXPECT_EQ(run.timeline[1].max_us, 1000U);
    EXPECT_EQ(run.timeline[1].stolen_ms, 30U);
    EXPECT_EQ(run.queue_max_bytes, 5000U);
    EXPECT_EQ(run.resident_end_bytes, 3U << 20);
}

TEST_F(LoadMeterTest, GoodputIsOfTheTimeAfterTheWarmUp) {
    settle({5'000'000});
    clock.now_us = 6'000'000;
    settle({6'000'000});
    clock.now_us = 8'000'000;
    settle({8'000'000, 8'000'000, 8'000'000});
    EXPECT_DOUBLE_EQ(report().goodput_rate, 2);  // Four in two seconds.
}

// Under overload the queue is as long at the end of the warm-up as at the end of the schedule.
TEST_F(LoadMeterTest, GoodputCountsVerdictsWhenTheyAreGivenUntilTheScheduleEnds) {
    LoadMeter until{{.warm_up_us = 1'000'000, .duration_us = 3'000'000}, clock};
    const auto settle_at = [&](int64_t now_us, std::vector<int64_t> intended_us) {
        clock.now_us = now_us;
        batch.clear();
        for (const int64_t us : intended_us) batch.add(1, us, &us);
        until.settle(batch);
    };
    settle_at(5'000'000, {5'000'000});
    settle_at(7'000'000, {5'900'000, 5'950'000});  // Due in the warm-up, judged after it.
    settle_at(8'000'000, {7'900'000, 7'950'000});
    settle_at(8'000'001, {7'960'000, 7'970'000});  // The queue that is left.
    LoadRun run;
    until.report(run);
    EXPECT_DOUBLE_EQ(run.goodput_rate, 2);
    EXPECT_EQ(run.verdict.count, 4U);
}

// Memory fills up for four seconds, rises by 1000 a second, and is gone when the schedule is over.
TEST_F(LoadMeterTest, MemoryHasATrendOnceTheStoresAreFull) {
    const auto trend_within = [&](int64_t duration_s, int64_t lag_s) {
        LoadMeter full{{.duration_us = duration_s * 1'000'000, .full_after_us = 4'000'000}, clock};
        batch.clear();
        const int64_t first_us = clock.now_us;
        batch.add(1, first_us, &first_us);
        full.settle(batch);
        for (int64_t second = 1; second <= duration_s + 2; ++second) {
            const int64_t due_us = first_us + (second - lag_s) * 1'000'000;
            batch.clear();
            batch.add(1, due_us, &due_us);
            const int64_t resident = second > duration_s ? 0
                                     : second < 4        ? 100'000 * second
                                                         : 1'000'000 + 1000 * second;
            clock.now_us = first_us + second * 1'000'000;
            full.settle(batch);
            full.sample({0, {}, static_cast<uint64_t>(resident), 0});
        }
        LoadRun run;
        full.report(run);
        return run.memory;
    };
    EXPECT_FALSE(trend_within(10, 0).has_value());  // Seven points are too few.
    EXPECT_FALSE(trend_within(11, 1).has_value());  // So are they where events are a second old.
    std::optional<MemoryTrend> trend = trend_within(11, 0);
    ASSERT_TRUE(trend.has_value());
    EXPECT_DOUBLE_EQ(trend->from_s, 4);
    EXPECT_DOUBLE_EQ(trend->to_s, 11);
    EXPECT_NEAR(trend->bytes_per_s(), 1000, 1e-6);
    EXPECT_NEAR(trend->mean_bytes, 1'007'500, 1e-6);
    EXPECT_TRUE(trend->is_flat());  // 0.7 %.
    trend->rise_bytes = 10'100;
    EXPECT_FALSE(trend->is_flat());
}

TEST(LoadMeter, ARiseIsThatOfTheLineThroughAllValues) {
    EXPECT_DOUBLE_EQ(rise_of({}), 0);
    EXPECT_DOUBLE_EQ(rise_of({7}), 0);
    EXPECT_NEAR(rise_of({1, 2, 3, 4, 5}), 4, 1e-9);
    EXPECT_NEAR(rise_of({5, 5, 5, 5}), 0, 1e-9);
    EXPECT_NEAR(rise_of({9, 0, 0, 0, 9}), 0, 1e-9);
    EXPECT_LT(rise_of({4, 3, 1, 1}), 0);
}

}  // namespace
}  // namespace trommel::bench
