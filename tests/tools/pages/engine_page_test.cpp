#include "tools/pages/engine_page.h"

#include <gmock/gmock.h>

#include "tools/pages/chart_json.h"

namespace trommel::tools {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// Made-up figures.
bench::EngineReport report() {
    const bench::EngineSide cpu{EngineType::cpu, 4}, gpu{EngineType::gpu, 1};
    bench::EngineComparison comparison;
    comparison.name = "dedup";
    comparison.what = "what dedup is";
    comparison.verdict_digest = "aabb";
    comparison.bytes_per_event = 16;
    comparison.figures = {{cpu, 1000, 100e6, 90e6, 110e6},
                          {cpu, 10000, 125e6, 120e6, 130e6},
                          {gpu, 1000, 10e6, 9e6, 11e6},
                          {gpu, 10000, 500e6, 400e6, 600e6}};
    bench::EngineReport report;
    report.machine = "a machine";
    report.limits.emplace();
    report.limits->machine.gpu = "a GPU";
    report.limits->figures = {{"h2d", 1 << 26, "bytes", 50e9, 49e9, 51e9}};
    report.comparisons = {comparison};
    return report;
}

TEST(EnginePage, AWorkloadHasItsCurvesFiguresAndBreakEven) {
    const Page page = engine_page(report(), "trommel 1", "now");
    ASSERT_THAT(page.sections, SizeIs(2));  // And the GPU's limits.
    const PageSection& section = page.sections[0];
    EXPECT_THAT(section.text, HasSubstr("gpu is ahead of cpu:4 above 123.08 M events/s"));
    ASSERT_THAT(section.charts, SizeIs(3));
    for (const Chart& chart : section.charts) EXPECT_THAT(chart.series, SizeIs(2)) << chart.title;
    EXPECT_THAT(section.charts[0].series[1].y, testing::ElementsAre(10e6, 500e6));
    EXPECT_NEAR(section.charts[1].series[0].y[1], 80e-6, 1e-12);
    ASSERT_THAT(section.charts[2].marks, SizeIs(1));
    EXPECT_NEAR(section.charts[2].marks[0].at, 123.08e6, 1e4);
    ASSERT_THAT(section.tables[0].rows, SizeIs(4));
    EXPECT_EQ(section.tables[0].rows[3][6], figure_text(0.16, Quantity::share));
    EXPECT_EQ(section.tables[0].rows[0][6], "–");
    EXPECT_EQ(section.tables[1].rows[0][1], "aabb");
}

TEST(EnginePage, AnEngineThatDoesNotKeepUpHasAGap) {
    const Page page = engine_page(report(), "trommel 1", "now");
    const Chart& chart = page.sections.at(0).charts.at(2);
    EXPECT_TRUE(std::isnan(chart.series[0].y.back()));
    EXPECT_NEAR(chart.series[1].y.back(), 10000, 1e-3);
}

TEST(EnginePage, EnginesThatDisagreeHaveANoteAndNoFigure) {
    bench::EngineReport wrong = report();
    wrong.limits.reset();
    bench::EngineComparison comparison;
    comparison.name = "dedup";
    comparison.wrong = "gpu in batches of 1000: the rows differ";
    wrong.comparisons = {comparison};
    const Page page = engine_page(wrong, "trommel 1", "now");
    EXPECT_THAT(page.sections, IsEmpty());
    EXPECT_EQ(page.notes.at(0).tone, Tone::bad);
    EXPECT_THAT(page.notes.at(0).text, HasSubstr("dedup: gpu in batches of 1000: the rows differ"));
    EXPECT_FALSE(page.has_charts());
}

TEST(EnginePage, AQuickRunSaysThatItMeasuredNothing) {
    bench::EngineReport quick = report();
    quick.quick = true;
    EXPECT_EQ(engine_page(quick, "", "").notes.at(0).head, "No measurement.");
    EXPECT_NE(engine_page(report(), "", "").notes.at(0).head, "No measurement.");
}

}  // namespace
}  // namespace trommel::tools
