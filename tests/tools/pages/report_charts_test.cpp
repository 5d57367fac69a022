#include "tools/pages/report_charts.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trommel::tools {
namespace {

using bench::LatencyFigures;
using bench::LatencyHistogram;
using bench::LoadRun;
using testing::DoubleNear;
using testing::Each;
using testing::ElementsAre;
using testing::IsNan;
using testing::SizeIs;

LatencyFigures figures(uint64_t p50_us, uint64_t p99_us, uint64_t p99_9_us) {
    LatencyFigures latency;
    latency.count = 1000;
    latency.p50_us = p50_us;
    latency.p99_us = p99_us;
    latency.p99_9_us = p99_9_us;
    return latency;
}

LoadRun step(double rate, uint64_t p99_us, const char* not_sustained) {
    LoadRun run;
    run.rate = rate;
    run.verdict = figures(p99_us / 2, p99_us, 2 * p99_us);
    run.not_sustained = not_sustained;
    return run;
}

TEST(ReportCharts, TheSlowestOfNEventsStandsAtOneInN) {
    LatencyHistogram histogram;
    for (uint64_t us = 1; us <= 1000; ++us) histogram.record(us);
    LatencyFigures latency;
    latency.count = histogram.count();
    latency.spectrum = histogram.spectrum();
    const Chart chart = latency_chart({{"light", &latency}}, 10'000);
    ASSERT_THAT(chart.series, SizeIs(1));
    const Series& series = chart.series[0];
    EXPECT_EQ(chart.x.scale, Scale::nines);
    EXPECT_EQ(series.x.front(), 0);
    EXPECT_THAT(1 / (1 - series.x.back()), DoubleNear(1001, 1e-6));
    EXPECT_EQ(series.y.back(), 1e-3);
    EXPECT_TRUE(std::is_sorted(series.x.begin(), series.x.end()));
    ASSERT_THAT(chart.marks, SizeIs(1));
    EXPECT_EQ(chart.marks[0].at, 0.01);
    EXPECT_THAT(latency_chart({{"light", &latency}}, 0).marks, SizeIs(0));
}

TEST(ReportCharts, TheKneeIsDrawnByRateAndNotInTheSearchsOrder) {
    LoadRun wrong = step(3e6, 7, "");
    wrong.wrong = "the ledger does not add up";
    const Chart chart = knee_chart(
        {step(1e6, 100, ""), step(4e6, 90'000, "lost some"), wrong, step(2e6, 200, "")}, 2e6, 1e4);
    ASSERT_THAT(chart.series, SizeIs(4));
    EXPECT_THAT(chart.series[0].x, ElementsAre(1e6, 2e6, 4e6));  // The wrong one has no place.
    EXPECT_THAT(chart.series[1].y, ElementsAre(0.0001, 0.0002, 0.09));
    EXPECT_THAT(chart.series[3].y, ElementsAre(IsNan(), IsNan(), 0.09));
    ASSERT_THAT(chart.marks, SizeIs(2));
    EXPECT_EQ(chart.marks[1].at, 2e6);
    EXPECT_TRUE(chart.marks[1].vertical);
}

TEST(ReportCharts, ARateThatWasNotFoundHasNoMark) {
    EXPECT_THAT(knee_chart({step(1e6, 100, "")}, 0, 0).marks, SizeIs(0));
}

TEST(ReportCharts, WhatWasDroppedHasAChartOnlyWhenSomethingWas) {
    LoadRun run;
    run.warm_up_s = 5;
    run.timeline.resize(3);
    for (size_t i = 0; i < 3; ++i) run.timeline[i].end_s = 0.25 * static_cast<double>(i + 1);
    run.timeline[1].offered_rate = 1e6;
    run.timeline[2].queue_bytes = 4096;
    std::vector<Chart> charts = timeline_charts(run, "run-0");
    ASSERT_THAT(charts, SizeIs(4));
    EXPECT_EQ(charts[0].text, "The sockets dropped nothing.");
    EXPECT_THAT(charts[0].series[0].x, ElementsAre(0.25, 0.5, 0.75));
    EXPECT_THAT(charts[0].series[0].y, ElementsAre(0, 1e6, 0));
    EXPECT_THAT(charts[2].series[0].y, ElementsAre(0, 0, 4096));
    for (const Chart& chart : charts) {
        EXPECT_EQ(chart.cursor, "run-0");
        EXPECT_EQ(chart.marks.at(0).at, 5);
    }
    run.timeline[2].dropped = 7;
    charts = timeline_charts(run, "run-0");
    ASSERT_THAT(charts, SizeIs(5));
    EXPECT_THAT(charts[1].series[0].y, ElementsAre(0, 0, 7));
}

TEST(ReportCharts, APredictionIsOneHundredPercent) {
    const std::vector<Prediction> predictions = {
        {"memory", 1 << 30, 1.05 * (1 << 30), "1 GiB", "1.05 GiB", 0.1},
        {"rate", 10e6, 7e6, "10 M/s", "7 M/s", 0.2},
        {"cores", 4, 4, "4", "4", 0},
        {"error rate", 1e-3, 0, "0.1 %", "", 0.1, "mode is exact"}};
    const BarChart chart = prediction_bars(predictions);
    ASSERT_THAT(chart.bars, SizeIs(6));
    EXPECT_EQ(chart.bars[0].value, 1);
    EXPECT_EQ(chart.bars[0].low, 0.9);
    EXPECT_EQ(chart.bars[0].high, 1.1);
    EXPECT_EQ(chart.bars[0].text, "1 GiB");
    EXPECT_THAT(chart.bars[1].value, DoubleNear(1.05, 1e-12));
    EXPECT_EQ(chart.bars[3].text, "7 M/s");
    EXPECT_THAT(chart.bars[4].low, IsNan());
    const Table table = prediction_table(predictions);
    EXPECT_THAT(table.rows[0],
                ElementsAre("memory", "1 GiB", "1.05 GiB", "+5.0 %", "± 10 %", "met"));
    EXPECT_THAT(table.rows[1],
                ElementsAre("rate", "10 M/s", "7 M/s", "-30.0 %", "± 20 %", "not met"));
    EXPECT_THAT(table.rows[2], ElementsAre("cores", "4", "4", "+0.0 %", "–", ""));
    EXPECT_THAT(table.rows[3], ElementsAre("error rate", "0.1 %", "–", "–", "± 10 %",
                                           "not measured: mode is exact"));
}

TEST(ReportCharts, APredictionOfNothingHasNoError) {
    const std::vector<Prediction> predictions = {{"lost", 0, 3, "0", "3", 0.1}};
    EXPECT_FALSE(predictions[0].is_met());
    EXPECT_EQ(prediction_table(predictions).rows[0][3], "–");
    Page page;
    page.sections = {{"", "", {prediction_bars(predictions)}, {}, {}}};
    EXPECT_EQ(to_html(page, {}).find("inf"), std::string::npos);
}

}  // namespace
}  // namespace trommel::tools
