#include "tools/plan/text.h"

#include <gmock/gmock.h>

#include "tools/job/document.h"

namespace trommel::tools {
namespace {

using testing::HasSubstr;

TEST(PlanText, NumbersHaveThreeDigitsThatCount) {
    EXPECT_EQ(short_number(0), "0");
    EXPECT_EQ(short_number(7), "7");
    EXPECT_EQ(short_number(0.001), "0.001");
    EXPECT_EQ(short_number(0.7), "0.70");
    EXPECT_EQ(short_number(11'574.07), "11.6 k");
    EXPECT_EQ(short_number(999.6), "1.00 k");
    EXPECT_EQ(short_number(57'870.4), "57.9 k");
    EXPECT_EQ(short_number(1e12), "1.00 T");
    EXPECT_EQ(short_number(123'456'789), "123 M");
}

TEST(PlanText, ValuesHaveTheirUnits) {
    EXPECT_EQ(plan_value_text(1.5 * (1 << 30), PlanUnit::bytes), "1.50 GiB");
    EXPECT_EQ(plan_value_text(1e12, PlanUnit::decimal_bytes), "1.00 TB");
    EXPECT_EQ(plan_value_text(11.57e6, PlanUnit::bytes_per_second), "11.6 MB/s");
    EXPECT_EQ(plan_value_text(4.8e9, PlanUnit::bits_per_second), "4.80 Gbit/s");
    EXPECT_EQ(plan_value_text(2500, PlanUnit::per_second), "2.50 k/s");
    EXPECT_EQ(plan_value_text(0.05, PlanUnit::seconds), "50 ms");
    EXPECT_EQ(plan_value_text(90, PlanUnit::seconds), "90 s");
    EXPECT_EQ(plan_value_text(2700, PlanUnit::seconds), "45 m");
    EXPECT_EQ(plan_value_text(0.7, PlanUnit::share), "70%");
    EXPECT_EQ(plan_value_text(3, PlanUnit::cores), "3");
}

Plan some() {
    PlanInputs inputs;
    inputs.events_per_s = 1000;
    inputs.config = default_plan_config();
    inputs.config.dedup.mode = DedupMode::approximate;
    return make_plan(inputs, nullptr);
}

TEST(PlanText, EveryLineIsInTheTableAndInTheJson) {
    const Plan plan = some();
    const std::string table = plan_table(plan), json = plan_json(plan);
    Node root;
    Mistakes mistakes;
    ASSERT_TRUE(parse_document(json, "json", root, mistakes));
    EXPECT_TRUE(mistakes.empty());
    ASSERT_EQ(root.find("lines")->items.size(), plan.lines.size());
    for (size_t i = 0; i < plan.lines.size(); ++i) {
        const Node& item = root.find("lines")->items[i];
        EXPECT_EQ(item.find("id")->text, plan.lines[i].id);
        EXPECT_EQ(item.find("value")->kind == Node::Kind::none, !plan.lines[i].value) << json;
        EXPECT_THAT(table, HasSubstr("  " + plan.lines[i].name + " "));
    }
    EXPECT_EQ(root.find("warnings")->items.size(), plan.warnings.size());
    EXPECT_EQ(root.find("sensitivity")->items.size(), plan.sensitivity.size());
    EXPECT_THAT(table, HasSubstr("unknown: not measured on this machine"));
    EXPECT_THAT(table, HasSubstr("decided by: "));
}

}  // namespace
}  // namespace trommel::tools
