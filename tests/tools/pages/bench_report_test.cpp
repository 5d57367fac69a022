#include "tools/pages/bench_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tools/program.h"
#include "tools/exit_code.h"

namespace trommel::tools {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

bench::Result result(const std::string& name) {
    bench::Result result;
    result.name = name;
    result.what = "what " + name + " is";
    result.events_per_second = 53.6e6;
    result.slowest = 45e6;
    result.fastest = 54e6;
    result.rounds = 3;
    return result;
}

BenchRun run_of(bool quick) {
    BenchRun run;
    run.command = "trommel bench exact-64";
    run.machine = "a machine";
    run.version = "trommel 1, commit abc";
    run.time = "2026-01-31 12:00 UTC";
    run.quick = quick;
    return run;
}

TEST(BenchReport, AShareIsShownWhereThereIsALimit) {
    bench::Result limited = result("exact-64");
    limited.footprint_bytes = 1 << 30;
    limited.share = 0.771;
    limited.metrics = {{"bytes_per_id", "B", 27.5}};
    const Page page = bench_page({limited, result("ring")}, run_of(false));
    const PageSection& section = page.sections.at(0);
    ASSERT_THAT(section.bars, SizeIs(2));
    ASSERT_THAT(section.bars[0].bars, SizeIs(1));
    EXPECT_EQ(section.bars[0].bars[0].value, 0.771);
    ASSERT_THAT(section.bars[1].bars, SizeIs(2));
    EXPECT_EQ(section.bars[1].bars[1].group, "ring");
    EXPECT_EQ(section.bars[1].bars[1].low, 45e6);
    const std::string html = to_html(page, {});
    for (const char* text : {"53.6 M", "77.1 %", "1 GiB", "bytes_per_id 27.5 B", "what ring is",
                             "a machine", "commit abc", "2026-01-31 12:00 UTC"}) {
        EXPECT_THAT(html, HasSubstr(text));
    }
    EXPECT_THAT(page.notes, IsEmpty());
}

TEST(BenchReport, AWrongCaseHasNoFigureAndIsNamed) {
    bench::Result wrong = result("exact-64");
    wrong.wrong = "3 duplicates passed";
    const Page page = bench_page({wrong}, run_of(false));
    EXPECT_THAT(page.sections.at(0).bars, IsEmpty());
    EXPECT_THAT(page.sections.at(0).tables.at(0).rows, IsEmpty());
    const std::string html = to_html(page, {});
    EXPECT_THAT(html, HasSubstr("exact-64: 3 duplicates passed"));
    EXPECT_THAT(html, Not(HasSubstr("53.6")));
}

TEST(BenchReport, AQuickRunSaysThatItMeasuredNothing) {
    EXPECT_THAT(to_html(bench_page({result("ring")}, run_of(true)), {}),
                HasSubstr("No measurement."));
}

TEST(BenchReport, TheTimeIsInUtc) {
    EXPECT_THAT(time_now(), MatchesRegex("20[0-9]+-[0-9]+-[0-9]+ [0-9]+:[0-9]+ UTC"));
}

TEST(BenchReport, TheProgramWritesIt) {
    const std::string path = scratch("bench.html");
    Program program({"bench", "exact-64", "--quick", "--rounds", "2", "--report", path});
    ASSERT_EQ(program.wait(), kExitDone) << program.err();
    EXPECT_THAT(program.out(), HasSubstr("exact-64"));  // The table is printed as ever.
    const std::string html = read_file(path);
    EXPECT_THAT(html, StartsWith("<!doctype html>"));
    EXPECT_THAT(html, HasSubstr("<th scope=\"row\">exact-64</th>"));
    EXPECT_THAT(html, HasSubstr("trommel bench exact-64 --quick --rounds 2"));
}

TEST(BenchReport, APlaceThatCannotBeWrittenEndsItBeforeAnyWork) {
    Program program({"bench", "--report", scratch("no/such/folder") + "/x.html"});
    EXPECT_EQ(program.wait(), kExitIo);
    EXPECT_THAT(program.err(), HasSubstr("--report: "));
    EXPECT_THAT(program.out(), IsEmpty());
}

}  // namespace
}  // namespace trommel::tools
