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
    meter.sample(100, {1000, 3}, 1 << 20);
    clock.now_us = 5'750'000;
    settle({5'749'000, 5'749'500, 5'750'000});
    meter.sample(400, {5000, 7}, 3 << 20);
    const LoadRun run = report();
    ASSERT_EQ(run.timeline.size(), 2U);
    EXPECT_DOUBLE_EQ(run.timeline[0].end_s, 0.25);
    EXPECT_DOUBLE_EQ(run.timeline[0].offered_rate, 400);
    EXPECT_DOUBLE_EQ(run.timeline[0].processed_rate, 8);
    EXPECT_EQ(run.timeline[0].dropped, 3U);
    EXPECT_DOUBLE_EQ(run.timeline[1].offered_rate, 600);
    EXPECT_DOUBLE_EQ(run.timeline[1].processed_rate, 6);
    EXPECT_EQ(run.timeline[1].dropped, 4U);
    EXPECT_EQ(run.timeline[1].max_us, 1000U);
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
