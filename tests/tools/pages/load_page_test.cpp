#include "tools/pages/load_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trommel::tools {
namespace {

using bench::LatencyHistogram;
using bench::LoadReport;
using bench::LoadRun;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

LoadRun run_at(double rate) {
    LoadRun run;
    run.rate = rate;
    run.duration_s = 60;
    run.warm_up_s = 5;
    run.offered = run.transport.sent = 60'000'000;
    run.transport.delivered = 59'999'983;
    run.transport.lost_gaps = 17;
    run.ledger.in = 59'999'983;
    run.ledger[Verdict::unique] = 57'000'000;
    run.ledger[Verdict::duplicate] = 2'999'983;
    run.goodput_rate = 0.987e6;
    LatencyHistogram histogram;
    for (uint64_t us = 1; us <= 1000; ++us) histogram.record(us);
    run.verdict = bench::figures_of(histogram);
    run.timeline.resize(4);
    return run;
}

LoadReport report_of(const std::vector<LoadRun>& runs) {
    LoadReport report;
    report.command = "trommel bench sustain";
    report.machine = "a machine";
    report.version = "0.1.0";
    report.commit = "abc";
    report.workload = "5 % duplicates";
    report.objective_us = 10'000;
    report.runs = runs;
    return report;
}

std::vector<std::string> titles(const Page& page) {
    std::vector<std::string> all;
    for (const PageSection& section : page.sections) all.push_back(section.title);
    return all;
}

TEST(LoadPage, EveryEventIsAccountedFor) {
    const Page page = load_page(report_of({run_at(1e6)}), "today");
    EXPECT_THAT(titles(page), ElementsAre("Latency to the verdict", "The run: 1 M events/s"));
    const std::string html = to_html(page, {});
    for (const char* text : {"a machine", "trommel 0.1.0, commit abc", "5 % duplicates", "today",
                             "60,000,000", "59,999,983", ">17<", "57,000,000", "2,999,983",
                             "p99 of at most 10 ms", "987 k events/s", "transport: lost_gaps"}) {
        EXPECT_THAT(html, HasSubstr(text));
    }
}

TEST(LoadPage, ARunThatDoesNotAddUpHasNoFigure) {
    LoadRun run = run_at(1e6);
    run.wrong = "sent is not delivered and lost";
    const Page page = load_page(report_of({run}), "today");
    EXPECT_THAT(page.sections, IsEmpty());
    ASSERT_EQ(page.notes.size(), 1u);
    EXPECT_EQ(page.notes[0].tone, Tone::bad);
    EXPECT_THAT(to_html(page, {}), HasSubstr("sent is not delivered and lost"));
    EXPECT_THAT(to_html(page, {}), Not(HasSubstr("987 k")));
    // Nor as a step of a search.
    LoadReport search = report_of({});
    search.steps = {run, run_at(2e6)};
    EXPECT_THAT(to_html(load_page(search, ""), {}), HasSubstr("wrong: sent is not delivered"));
}

TEST(LoadPage, TheWorstIsSaidFirst) {
    LoadRun wrong = run_at(1e6), late = run_at(3e6), good = run_at(2e6);
    wrong.wrong = "wrong";
    late.not_sustained = "p99 is 12 ms";
    good.doubts = {"the generator was late"};
    const Page page = load_page(report_of({good, late, wrong}), "");
    ASSERT_EQ(page.notes.size(), 4u);
    EXPECT_EQ(page.notes[0].head, "Wrong.");
    EXPECT_EQ(page.notes[1].tone, Tone::good);
    EXPECT_THAT(page.notes[2].text, HasSubstr("3 M events/s: p99 is 12 ms"));
    EXPECT_EQ(page.notes[3].head, "Doubt.");
}

TEST(LoadPage, ASearchShowsItsStepsInTheirOrder) {
    LoadReport report = report_of({});
    report.steps = {run_at(1e6), run_at(4e6), run_at(2e6)};
    report.steps[1].not_sustained = "lost 17 events";
    report.sustainable_rate = 2e6;
    const Page page = load_page(report, "");
    EXPECT_THAT(titles(page), ElementsAre("Sustainable rate", "Latency to the verdict"));
    const Table& steps = page.sections[0].tables.at(0);
    ASSERT_EQ(steps.rows.size(), 3u);
    EXPECT_THAT(steps.rows[1], ElementsAre("2", "4 M events/s", "987 k events/s", "17", "501 µs",
                                           "991 µs", "999 µs", "no: lost 17 events"));
    EXPECT_EQ(steps.rows[2].back(), "yes");
    EXPECT_THAT(page.sections[0].text, HasSubstr("2 M events/s"));
    // Latencies stand by rate: light load first.
    const Chart& latency = page.sections[1].charts.at(0);
    EXPECT_EQ(latency.series.at(1).name, "2 M events/s");
    report.sustainable_rate = 0;
    EXPECT_THAT(load_page(report, "").sections[0].text, HasSubstr("No rate was found"));
}

TEST(LoadPage, WaysInHaveBarsUnlessTheyWereWrong) {
    LoadReport report = report_of({});
    report.ingest.resize(2);
    report.ingest[0].name = "udp";
    report.ingest[0].cpu_rate = 20e6;
    report.ingest[1].name = "tcp";
    report.ingest[1].cpu_rate = 19e6;
    report.ingest[1].wrong = "lost an event";
    report.ingest_ratio = 0.83;
    const Page page = load_page(report, "");
    EXPECT_FALSE(page.has_charts());
    ASSERT_EQ(page.sections.at(0).bars.at(0).bars.size(), 1u);
    EXPECT_THAT(page.sections[0].text, HasSubstr("83 %"));
    EXPECT_THAT(to_html(page, {}), HasSubstr("tcp: lost an event"));
    EXPECT_THAT(to_html(page, {}), Not(HasSubstr("19 M")));
}

}  // namespace
}  // namespace trommel::tools
