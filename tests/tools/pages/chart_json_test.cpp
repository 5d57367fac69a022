#include "tools/pages/chart_json.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tools/json_reader.h"

namespace trommel::tools {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::IsNan;
using testing::Lt;

Json parsed(const Chart& chart) {
    Json json;
    EXPECT_TRUE(read_json(to_json(chart), json)) << to_json(chart);
    return json;
}

TEST(ChartJson, NumbersAndNamesSurvive) {
    Chart chart;
    chart.x = {"time", Quantity::seconds, "", Scale::linear};
    chart.y = {"rate", Quantity::number, "events/s", Scale::log};
    chart.series = {{"a \"quoted\" </script>", {0, 0.25}, {1.0 / 3, 2e7}, Shape::step}};
    chart.marks = {{"knee", 0.1, true}, {"objective", 1e6, false}};
    chart.cursor = "run-0";
    const Json json = parsed(chart);
    EXPECT_EQ(json["x"]["label"].text, "time");
    EXPECT_EQ(json["x"]["quantity"].text, "seconds");
    EXPECT_EQ(json["y"]["unit"].text, "events/s");
    EXPECT_EQ(json["y"]["scale"].text, "log");
    EXPECT_EQ(json["series"][0]["name"].text, "a \"quoted\" </script>");
    EXPECT_EQ(json["series"][0]["shape"].text, "step");
    EXPECT_THAT(json["series"][0]["y"].numbers(), ElementsAre(1.0 / 3, 2e7));
    EXPECT_THAT(json["xs"][0].numbers(), ElementsAre(0, 0.25));
    EXPECT_EQ(json["marks"][0]["at"].number, 0.1);
    EXPECT_EQ(json["marks"][0]["vertical"].number, 1);
    EXPECT_EQ(json["marks"][1]["label"].text, "objective");
    EXPECT_EQ(json["cursor"].text, "run-0");
}

TEST(ChartJson, SeriesWithTheSameXShareIt) {
    Chart chart;
    chart.series = {{"a", {1, 2}, {3, 4}}, {"b", {1, 5}, {6, 7}}, {"c", {1, 2}, {8, 9}}};
    const Json json = parsed(chart);
    ASSERT_EQ(json["xs"].items.size(), 2u);
    EXPECT_EQ(json["series"][0]["x"].number, 0);
    EXPECT_EQ(json["series"][1]["x"].number, 1);
    EXPECT_EQ(json["series"][2]["x"].number, 0);
    EXPECT_EQ(json["series"][2]["name"].text, "c");
    EXPECT_THAT(json["series"][2]["y"].numbers(), ElementsAre(8, 9));
}

TEST(ChartJson, AGapAndWhatALogarithmHasNoPlaceForAreNull) {
    Chart chart;
    chart.y.scale = Scale::log;
    chart.series = {{"a", {1, 2, 3, 4}, {NAN, 0, -1, 10}}};
    EXPECT_THAT(parsed(chart)["series"][0]["y"].numbers(),
                ElementsAre(IsNan(), IsNan(), IsNan(), 10));
}

TEST(ChartJson, ANinesAxisHasNoPlaceForOneHundredPercent) {
    Chart chart;
    chart.x.scale = Scale::nines;
    chart.series = {{"a", {-0.1, 0, 0.99, 1, NAN}, {1, 2, 3, 4, 5}}};
    EXPECT_THAT(parsed(chart)["xs"][0].numbers(), ElementsAre(0, 0.99));
    EXPECT_THAT(parsed(chart)["series"][0]["y"].numbers(), ElementsAre(2, 3));
}

TEST(ChartJson, ASeriesOfUnequalLengthsEndsWithTheShorter) {
    Chart chart;
    chart.series = {{"a", {1, 2, 3}, {4}}};
    EXPECT_THAT(parsed(chart)["xs"][0].numbers(), ElementsAre(1));
}

TEST(ChartJson, AChartWithoutSeriesIsJsonToo) {
    const Json json = parsed(Chart{});
    EXPECT_TRUE(json["series"].items.empty());
    EXPECT_TRUE(json["xs"].items.empty());
}

// A day at four points a second, with one outlier up, one down and one gap.
TEST(ChartJson, ThinningKeepsExtremesAndGaps) {
    constexpr size_t kPoints = 345'600;
    Chart chart;
    chart.series.resize(2);
    for (size_t i = 0; i < kPoints; ++i) {
        for (Series& series : chart.series) {
            series.x.push_back(static_cast<double>(i));
            series.y.push_back(100);
        }
    }
    chart.series[0].y[123'456] = 900;
    chart.series[0].y[200'001] = NAN;
    chart.series[1].y[300'000] = -900;
    const std::vector<Curves> curves = curves_of(chart, kPointsMax);
    ASSERT_EQ(curves.size(), 1u);
    EXPECT_THAT(curves[0].x.size(), Lt(kPointsMax + 1));
    EXPECT_GT(curves[0].x.size(), kPointsMax / 10);
    EXPECT_TRUE(std::is_sorted(curves[0].x.begin(), curves[0].x.end()));
    EXPECT_THAT(curves[0].x, Contains(123'456));
    EXPECT_THAT(curves[0].x, Contains(200'001));
    EXPECT_THAT(curves[0].x, Contains(300'000));
    EXPECT_THAT(curves[0].y[0], Contains(900));
    EXPECT_THAT(curves[0].y[0], Contains(IsNan()));
    EXPECT_THAT(curves[0].y[1], Contains(-900));
}

TEST(ChartJson, FewPointsAreNotThinned) {
    Chart chart;
    chart.series.resize(1);
    for (size_t i = 0; i < kPointsMax; ++i) {
        chart.series[0].x.push_back(static_cast<double>(i));
        chart.series[0].y.push_back(7);
    }
    const std::vector<Curves> curves = curves_of(chart, kPointsMax);
    EXPECT_EQ(curves[0].x, chart.series[0].x);
    EXPECT_THAT(curves[0].y[0], Each(7));
}

}  // namespace
}  // namespace trommel::tools
