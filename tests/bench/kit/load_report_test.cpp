#include "bench/kit/load_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trommel::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

LoadRun some_run() {
    LatencyHistogram latency;
    for (uint64_t us = 1; us <= 1000; ++us) latency.record(us * 10);
    LoadRun run;
    run.name = "sustained";
    run.rate = 1'500'000;
    run.duration_s = 60;
    run.warm_up_s = 5;
    run.ledger.in = 90'000'000;
    run.transport.sent = run.transport.delivered = 90'000'000;
    run.goodput_rate = 1'234'500;
    run.verdict = figures_of(latency);
    run.engine_cpu_seconds = 9;
    return run;
}

TEST(LoadReport, FiguresAreThoseOfTheHistogram) {
    const LatencyFigures figures = some_run().verdict;
    EXPECT_EQ(figures.count, 1000U);
    EXPECT_NEAR(static_cast<double>(figures.p50_us), 5000, 50);
    EXPECT_NEAR(static_cast<double>(figures.p99_us), 9900, 99);
    EXPECT_EQ(figures.max_us, 10'000U);
    EXPECT_EQ(figures.spectrum.back().value, 10'000U);
}

TEST(LoadReport, ATableSaysRateAndLatencies) {
    LoadReport report;
    report.runs.push_back(some_run());
    const std::string text = to_table(report);
    EXPECT_THAT(text, HasSubstr("sustained: 1.500 M events/s for 60 s"));
    EXPECT_THAT(text, HasSubstr("1.234 M events/s\n"));
    EXPECT_THAT(text, HasSubstr("sent=90000000 delivered=90000000 lost=0"));
    EXPECT_THAT(text, HasSubstr("0.100 CPU s per million"));
    EXPECT_THAT(text, HasSubstr("10.000\n"));
    EXPECT_TRUE(report.right());
}

TEST(LoadReport, ARunThatDoesNotAddUpShowsNoRate) {
    LoadReport report;
    report.runs.push_back(some_run());
    report.runs[0].wrong = "two events are missing";
    report.steps.push_back(report.runs[0]);
    report.ingest.push_back({.name = "udp", .what = "", .cpu_rate = 25e6, .wrong = "none came"});
    const std::string text = to_table(report);
    EXPECT_THAT(text, HasSubstr("WRONG: two events are missing"));
    EXPECT_THAT(text, HasSubstr("WRONG: none came"));
    EXPECT_THAT(text, Not(HasSubstr("1.234")));
    EXPECT_THAT(text, Not(HasSubstr("25.0")));
    EXPECT_THAT(text, Not(HasSubstr("CPU s per million")));
    EXPECT_FALSE(report.right());
}

TEST(LoadReport, EachStepSaysWhyItIsNotSustained) {
    LoadReport report;
    report.steps.push_back(some_run());
    report.steps.push_back(some_run());
    report.steps[1].not_sustained = "7 events were lost";
    report.sustainable_rate = 1'500'000;
    const std::string text = to_table(report);
    EXPECT_THAT(text, HasSubstr("sustained\n"));
    EXPECT_THAT(text, HasSubstr("7 events were lost\n"));
    EXPECT_THAT(text, HasSubstr("Sustainable: 1.500 M events/s."));
}

TEST(LoadReport, UnderOverloadItSaysWhatIsLeftOfTheRate) {
    LoadReport report;
    report.runs = {some_run(), some_run()};
    report.runs[1].name = "2 x overload";
    report.runs[1].goodput_rate = 0.95 * report.runs[0].goodput_rate;
    EXPECT_THAT(to_table(report), HasSubstr("Goodput under 2 x overload: 1.173 M events/s judged, "
                                            "95.0 % of the 1.234 M/s without"));
    report.runs[1].wrong = "one is missing";
    EXPECT_THAT(to_table(report), Not(HasSubstr("Goodput")));
}

TEST(LoadReport, MemoryIsCalledFlatOnlyWhereTheStoresWereFull) {
    LoadReport report;
    report.runs = {some_run()};
    EXPECT_THAT(to_table(report), HasSubstr("still filling up"));
    report.runs[0].memory = MemoryTrend{10, 20, 100 << 20, 512 << 10};
    EXPECT_THAT(to_table(report),
                HasSubstr("flat: 100.0 MiB from second 10 to 20, +0.050 MiB/s (+0.50 % in all)"));
    report.runs[0].memory->rise_bytes = 2 << 20;
    EXPECT_THAT(to_table(report), HasSubstr("NOT FLAT: 100.0 MiB"));
}

TEST(LoadReport, DoubtsStandBesideTheFigures) {
    LoadReport report;
    report.runs.push_back(some_run());
    report.runs[0].doubts.push_back("the generator was late");
    EXPECT_THAT(to_table(report), HasSubstr("doubtful: the generator was late"));
    EXPECT_TRUE(report.right());
}

}  // namespace
}  // namespace trommel::bench
