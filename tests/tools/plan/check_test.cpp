#include "tools/plan/check.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <limits>
#include <string>

namespace trommel::tools {
namespace {

using testing::HasSubstr;
using testing::Not;

Calibration slow_rates() {
    Calibration calibration;
    for (const char* kind : {"u64", "u128", "bytes", "verified", "aged", "plain"}) {
        calibration.ids.push_back({kind, {{1e6, 500}}});
    }
    calibration.base_ns = calibration.base_unique_ns = 500;
    calibration.cell = calibration.row = {{1e6, 0}};
    calibration.decode_binary_ns = 10;
    return calibration;
}

PlanInputs usual() {
    PlanInputs inputs;
    inputs.config = default_plan_config();
    inputs.config.dedup.horizon_us = kMinuteUs;
    inputs.config.dedup.id_type = IdType::u64;
    inputs.config.dedup.error_rate = 0.01;
    inputs.config.windows = {{"w", WindowKind::tumbling, 5 * kSecondUs, 5 * kSecondUs, 0}};
    inputs.events_per_s = 5'000;
    inputs.keys = 20'000;
    return inputs;
}

const PlanPair* find(const PlanReport& report, const std::string& id) {
    for (const PlanPair& pair : report.pairs) {
        if (pair.id == id) return &pair;
    }
    return nullptr;
}

TEST(PlanCheck, AWorkloadIsScaledToWhatRunsInSeconds) {
    const Calibration rates = slow_rates();
    PlanInputs inputs = usual();
    inputs.peak = 1;
    EXPECT_DOUBLE_EQ(scale_plan(inputs, rates).scale, 1);
    EXPECT_DOUBLE_EQ(scale_plan(inputs, rates).inputs.events_per_s, 5'000);
    inputs.events_per_s = 5e6;
    inputs.keys = 2e6;
    const ScaledPlan scaled = scale_plan(inputs, rates);
    EXPECT_LT(scaled.scale, 0.02);
    EXPECT_LE(live_ids(scaled.inputs).ids, 4.1e6);
    // As dense as planned.
    EXPECT_NEAR(scaled.inputs.keys / scaled.inputs.events_per_s, 0.4, 0.001);
    EXPECT_LT(scaled.warm_events, 13e6);
    inputs.config.dedup.horizon_us = kForeverUs;
    EXPECT_EQ(scale_plan(inputs, rates).warm_events, 0u);
}

// Times depend on who else is on this machine; what is kept does not.
TEST(PlanCheck, MemoryAndErrorsComeOutAsPredicted) {
    for (const DedupMode mode : {DedupMode::exact, DedupMode::approximate}) {
        PlanInputs inputs = usual();
        inputs.config.dedup.mode = mode;
        const Calibration rates = slow_rates();
        ScaledPlan scaled = scale_plan(inputs, rates);
        scaled.before_outage_us = 700'000;
        scaled.outage_us = 100'000;
        scaled.outages = 2;
        PlanReport report = predict(scaled, rates);
        for (const PlanPair& pair : report.pairs) EXPECT_EQ(pair.measured, 0) << pair.id;
        const Status status = measure(
            scaled, [](const std::string&) {}, report);
        ASSERT_TRUE(status.ok()) << status.message;
        for (const char* id :
             {"live_ids", "memory_exact", "memory_approximate", "memory_keys", "error_rate"}) {
            const PlanPair* const pair = find(report, id);
            ASSERT_NE(pair, nullptr) << id;
            EXPECT_TRUE(pair->is_met())
                << id << ": " << pair->predicted << " predicted, " << pair->measured;
        }
        for (const char* id : {"rate", "buffer_events", "catch_up"}) {
            EXPECT_GT(find(report, id)->measured, 0) << id;
        }
        EXPECT_GT(report.core_speed, 0);
        EXPECT_GT(report.catch_up_from_rate_s, 0);
    }
}

TEST(PlanCheck, CatchingUpTakesAsLongAsTheBacklogByWhatIsLeftOfTheCapacity) {
    ScaledPlan scaled;
    scaled.paced_rate = 400;
    scaled.outage_us = 3'000'000;
    EXPECT_DOUBLE_EQ(catch_up_s(scaled, 1000), 2);
    EXPECT_DOUBLE_EQ(catch_up_s(scaled, 1600), 1);
    EXPECT_EQ(catch_up_s(scaled, 400), std::numeric_limits<double>::infinity());
}

TEST(PlanCheck, AnErrorBeyondItsTargetIsNotMet) {
    PlanPair pair{"x", "x", PlanUnit::count, 100, 109, 0.1, 0, ""};
    EXPECT_TRUE(pair.is_met());
    EXPECT_NEAR(pair.error(), 0.09, 1e-9);
    pair.measured = 111;
    EXPECT_FALSE(pair.is_met());
    pair.measured = 89;
    EXPECT_FALSE(pair.is_met());
    pair.slack = 12;
    EXPECT_TRUE(pair.is_met());
    pair.slack = 0;
    PlanReport report;
    report.pairs = {pair};
    EXPECT_FALSE(report.is_met());
    EXPECT_THAT(plan_report_table(report), HasSubstr("NOT MET"));
    EXPECT_THAT(plan_report_json(report, true), HasSubstr("\"met\":false"));
    EXPECT_THAT(plan_report_json(report, false), Not(HasSubstr("measured\":")));
    report.pairs[0].skipped = "why";
    EXPECT_TRUE(report.is_met());
    EXPECT_THAT(plan_report_table(report), HasSubstr("why"));
}

// Its ids pile up: there is a plan for so many, and nothing beyond it is run.
TEST(PlanCheck, AHorizonWithoutEndIsFilledAndNoMore) {
    for (const DedupMode mode : {DedupMode::exact, DedupMode::approximate}) {
        PlanInputs inputs = usual();
        inputs.config.dedup.mode = mode;
        inputs.config.dedup.horizon_us = kForeverUs;
        inputs.lifetime_us = kMinuteUs;
        const Calibration rates = slow_rates();
        const ScaledPlan scaled = scale_plan(inputs, rates);
        PlanReport report = predict(scaled, rates);
        EXPECT_THAT(find(report, "catch_up")->skipped, HasSubstr("pile up"));
        const Status status = measure(
            scaled, [](const std::string&) {}, report);
        ASSERT_TRUE(status.ok()) << status.message;
        for (const char* id :
             {"live_ids", "memory_exact", "memory_approximate", "memory_keys", "error_rate"}) {
            const PlanPair* const pair = find(report, id);
            EXPECT_TRUE(pair->is_met())
                << id << ": " << pair->predicted << " predicted, " << pair->measured;
        }
    }
}

TEST(PlanCheck, RareMistakesAreNotCounted) {
    PlanInputs inputs = usual();
    inputs.config.dedup.error_rate = 1e-8;
    const Calibration rates = slow_rates();
    const PlanReport report = predict(scale_plan(inputs, rates), rates);
    EXPECT_THAT(find(report, "error_rate")->skipped, HasSubstr("too rare"));
}

}  // namespace
}  // namespace trommel::tools
