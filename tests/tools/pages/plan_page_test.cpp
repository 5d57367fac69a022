#include "tools/pages/plan_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tools/program.h"
#include "tools/exit_code.h"

namespace trommel::tools {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

Plan plan_of() {
    PlanInputs inputs;
    inputs.config = default_plan_config();
    inputs.events_per_s = 1e6;
    return make_plan(inputs, nullptr);
}

TEST(PlanPage, EveryLineOfThePlanIsOnThePage) {
    const Plan plan = plan_of();
    const Page page = plan_page(plan, {{"Command", "trommel plan"}});
    size_t rows = 0;
    for (const PageSection& section : page.sections) {
        if (section.title != "What moves it") rows += section.tables.at(0).rows.size();
    }
    EXPECT_EQ(rows, plan.lines.size());
    EXPECT_FALSE(page.has_charts());  // It is written without uPlot, too.
    EXPECT_THAT(page.notes, SizeIs(plan.warnings.size()));
    const std::string html = to_html(page, {});
    EXPECT_THAT(html, HasSubstr("trommel plan"));
    EXPECT_THAT(html, HasSubstr("What moves it"));
}

TEST(PlanPage, AMissedTargetIsSaidFirst) {
    PlanReport report;
    report.machine = "a machine";
    report.scale = 0.01;
    report.pairs = {{"a", "ids", PlanUnit::bytes, 100, 105, 0.1, 0, ""},
                    {"b", "rate", PlanUnit::per_second, 100, 50, 0.2, 0, ""},
                    {"c", "error rate", PlanUnit::share, 0.001, 0, 0.1, 0, "the job is exact"}};
    Page page = plan_check_page(report, {});
    ASSERT_THAT(page.notes, SizeIs(1));
    EXPECT_EQ(page.notes[0].tone, Tone::bad);
    EXPECT_EQ(page.notes[0].text, "rate.");
    EXPECT_THAT(page.sections.at(0).bars.at(0).bars, SizeIs(4));  // Two were measured.
    EXPECT_THAT(page.sections[0].tables.at(0).rows, SizeIs(3));
    EXPECT_THAT(to_html(page, {}), HasSubstr("not measured: the job is exact"));
    EXPECT_THAT(to_html(page, {}), HasSubstr("a machine"));
    report.pairs[1].slack = 50;  // Next to nothing: the table must not say otherwise.
    EXPECT_EQ(plan_check_page(report, {}).sections[0].tables.at(0).rows[1].back(), "met");
    EXPECT_EQ(plan_check_page(report, {}).notes.at(0).tone, Tone::good);
}

TEST(PlanPage, TheProgramWritesIt) {
    const std::string path = scratch("plan.html");
    Program program({"plan", "--events", "1G/day", "--peak", "5", "--report", path});
    ASSERT_EQ(program.wait(), kExitDone) << program.err();
    const std::string html = read_file(path);
    EXPECT_THAT(html, HasSubstr("57.9 k/s"));
    EXPECT_THAT(html, HasSubstr("trommel plan --events 1G/day --peak 5"));
}

TEST(PlanPage, APlaceThatCannotBeWrittenIsSaid) {
    Program program({"plan", "--events", "1M", "--report", scratch("no/such") + "/x.html"});
    EXPECT_EQ(program.wait(), kExitIo);
    EXPECT_THAT(program.err(), HasSubstr("--report: "));
}

}  // namespace
}  // namespace trommel::tools
