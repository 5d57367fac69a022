#include "tools/load/json.h"

#include <gtest/gtest.h>

#include "tools/job/document.h"

namespace trommel::tools {
namespace {

Node parsed(const std::string& json) {
    Node root;
    Mistakes mistakes;
    EXPECT_TRUE(parse_document(json, "report", root, mistakes)) << json;
    return root;
}

TEST(LoadJson, AReportIsAnObjectWithAllItsRuns) {
    bench::LoadReport report;
    report.command = "trommel bench \"sustain\"";
    bench::LatencyHistogram latency;
    latency.record(120);
    bench::LoadRun run;
    run.name = "declared rate";
    run.rate = 1'000'000;
    run.verdict = bench::figures_of(latency);
    run.timeline.push_back({.end_s = 0.25, .offered_rate = 5, .processed_rate = 4, .dropped = 3});
    run.doubts = {"it was \"late\"", "twice"};
    run.transport.sent = 7;
    report.runs.push_back(run);
    report.ingest.push_back({.name = "udp", .what = "datagrams", .cpu_rate = 2.5e7});
    const Node root = parsed(to_json(report));
    EXPECT_EQ(root.find("command")->text, report.command);
    const Node& first = root.find("runs")->items.at(0);
    EXPECT_EQ(first.find("verdict")->find("p99")->text, "120");
    EXPECT_EQ(first.find("verdict")->find("spectrum")->items.back().find("us")->text, "120");
    EXPECT_EQ(first.find("timeline")->items.at(0).find("dropped")->text, "3");
    EXPECT_EQ(first.find("transport")->find("sent")->text, "7");
    EXPECT_EQ(first.find("doubts")->items.at(0).text, "it was \"late\"");
    EXPECT_EQ(first.find("doubts")->items.size(), 2U);
    EXPECT_EQ(root.find("ingest")->items.at(0).find("name")->text, "udp");
}

TEST(LoadJson, ARunThatDoesNotAddUpHasNoFigures) {
    bench::LoadReport report;
    bench::LoadRun run;
    run.goodput_rate = 123;
    run.wrong = "one is missing";
    report.runs.push_back(run);
    report.ingest.push_back({.name = "udp", .what = "", .cpu_rate = 1, .wrong = "none came"});
    const Node root = parsed(to_json(report));
    EXPECT_EQ(root.find("runs")->items.at(0).find("goodput_rate"), nullptr);
    EXPECT_EQ(root.find("runs")->items.at(0).find("wrong")->text, "one is missing");
    EXPECT_EQ(root.find("ingest")->items.at(0).find("cpu_rate"), nullptr);
}

}  // namespace
}  // namespace trommel::tools
