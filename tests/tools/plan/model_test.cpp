#include "tools/plan/model.h"

#include <gmock/gmock.h>
#include <string>

#include "kernels/rules/filter.h"
#include "tools/plan/lines.h"

namespace trommel::tools {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

PlanInputs usual() {
    PlanInputs inputs;
    inputs.events_per_s = 10'000;
    inputs.config = default_plan_config();
    inputs.threads = 2;
    return inputs;
}

// Figures that are easy to reckon with: 100 ns for an event whose id is remembered exactly.
Calibration round_rates() {
    Calibration calibration;
    calibration.machine = "a machine";
    calibration.base_ns = 20;
    calibration.base_unique_ns = 10;
    for (const char* kind : {"u64", "u128", "bytes", "verified", "aged", "plain"}) {
        calibration.ids.push_back({kind, {{1e6, 50}, {1e9, 50}}});
    }
    calibration.cell = {{1e6, 0}, {1e9, 0}};
    calibration.row = {{1e6, 0}, {1e9, 0}};
    calibration.decode_binary_ns = 30;
    calibration.decode_json_ns_per_byte = 2;
    return calibration;
}

// 100 M users, 10 clicks of 1 KB each a day, five times as many at the peak.
TEST(PlanModel, TheKnownExampleComesOut) {
    PlanInputs inputs = usual();
    inputs.events_per_s = parse_event_rate("1G/day").value;
    inputs.peak = 5;
    inputs.event_bytes = 1000;
    const Plan plan = make_plan(inputs, nullptr);
    EXPECT_EQ(static_cast<int>(plan.value("events_mean")), 11'574);
    EXPECT_EQ(static_cast<int>(plan.value("events_peak")), 57'870);
    EXPECT_NEAR(plan.value("bytes_mean") / 1e6, 11.6, 0.05);
    EXPECT_NEAR(plan.value("bytes_peak") / 1e6, 57.9, 0.05);
    EXPECT_NEAR(plan.value("bytes_day"), 1e12, 1);
    EXPECT_EQ(plan_value_text(plan.value("bytes_mean"), PlanUnit::bytes_per_second), "11.6 MB/s");
    EXPECT_EQ(plan_value_text(plan.value("bytes_day"), PlanUnit::decimal_bytes), "1.00 TB");
    // One partition carries 10 MB/s.
    EXPECT_EQ(plan.value("kafka_partitions"), 6);
    EXPECT_EQ(plan.find("kafka_partitions")->binds, "bytes at the peak");
    EXPECT_NEAR(plan.value("disk_day"), 3e12, 1);
    EXPECT_NEAR(plan.value("disk"), 21e12, 10);
}

TEST(PlanModel, WithoutACalibrationSpeedIsUnknownAndNothingElse) {
    const Plan plan = make_plan(usual(), nullptr);
    for (const char* id : {"rate_per_core", "cores", "receiver"}) {
        ASSERT_NE(plan.find(id), nullptr) << id;
        EXPECT_FALSE(plan.find(id)->value.has_value()) << id;
        EXPECT_THAT(plan.find(id)->says, HasSubstr("not measured on this machine"));
    }
    for (const PlanLine& line : plan.lines) {
        if (line.section == "cores") continue;
        EXPECT_TRUE(line.value.has_value()) << line.id;
        EXPECT_FALSE(line.formula.empty()) << line.id;
        EXPECT_FALSE(line.source.empty()) << line.id;
    }
    for (const PlanSensitivity& effect : plan.sensitivity) EXPECT_FALSE(effect.cores_more);
}

TEST(PlanModel, CoresAreForThePeakAtTheAllowedUtilisation) {
    const Calibration rates = round_rates();
    PlanInputs inputs = usual();
    inputs.peak = 3;
    inputs.events_per_s = 1e7 / 3;  // 10 M/s of 100 ns are one core, and 1.43 at 70 %.
    const Plan plan = make_plan(inputs, &rates);
    EXPECT_NEAR(plan.value("rate_per_core"), 1e7, 1);
    EXPECT_EQ(plan.value("cores_busy_max"), 2);
    EXPECT_EQ(plan.value("cores"), 3);
    EXPECT_EQ(plan.find("cores_busy_max")->binds, "events at the peak");
    EXPECT_NEAR(plan.value("receiver"), 0.5, 1e-9);  // 50 of the 100 ns.
    EXPECT_NEAR(plan.value("utilisation_mean"), 1.0 / 6, 1e-9);
    // Two cores take 20 M/s.
    EXPECT_NEAR(plan.value("catch_up"), 1800.0 / 3 / (2 - 1.0 / 3), 1e-6);
    EXPECT_NEAR(plan.value("catch_up_peak"), 1800, 1e-6);
    inputs.events_per_s = 1000;
    EXPECT_EQ(make_plan(inputs, &rates).value("cores_busy_max"), 1);
    EXPECT_EQ(make_plan(inputs, &rates).find("cores_busy_max")->binds, "one core");
    inputs.format = net::Format::json;  // 200 B at 2 ns.
    EXPECT_NEAR(*make_plan(inputs, &rates).event_ns, 470, 1e-9);
    inputs.format = net::Format::csv;  // Was not measured.
    EXPECT_FALSE(make_plan(inputs, &rates).event_ns.has_value());
    inputs.format = net::Format::binary;
    inputs.config.windows.clear();
    inputs.config.output = Output::unique;
    EXPECT_NEAR(*make_plan(inputs, &rates).event_ns, 90, 1e-9);
}

TEST(PlanModel, CatchingUpIsKnownOfAMachineThatIsSizedForThePeak) {
    PlanInputs inputs = usual();
    inputs.peak = 2;
    inputs.utilisation_max = 0.5;  // Takes four times the mean.
    inputs.outage_us = 30 * kMinuteUs;
    const Plan plan = make_plan(inputs, nullptr);
    EXPECT_NEAR(plan.value("catch_up"), 600, 1e-6);
    EXPECT_NEAR(plan.value("catch_up_peak"), 1800, 1e-6);
}

TEST(PlanModel, WhatWaitsIsTheStallsOrTheBurstsThatIsMore) {
    PlanInputs inputs = usual();
    inputs.peak = 4;
    inputs.stall_us = 500'000;
    const Plan plan = make_plan(inputs, nullptr);
    EXPECT_NEAR(plan.value("buffer_events"), 20'000, 1e-6);
    EXPECT_EQ(plan.value("buffer_batches"), 5);  // Of 4096.
    EXPECT_EQ(plan.find("buffer_events")->binds, "stall");
}

TEST(PlanModel, PacketsHoldAsManyEventsAsFit) {
    PlanInputs inputs = usual();
    inputs.peak = 1;
    inputs.event_bytes = 32;  // 45 in 1440 bytes.
    Plan plan = make_plan(inputs, nullptr);
    EXPECT_NEAR(plan.value("packets"), 10'000 / 45.0, 1e-6);
    EXPECT_NEAR(plan.value("nic"), 10'000 * (32 + 98 / 45.0) * 8, 1e-3);
    EXPECT_NEAR(plan.value("pcie"), 160'000, 1e-6);
    inputs.event_bytes = 3000;  // Three packets for one.
    plan = make_plan(inputs, nullptr);
    EXPECT_NEAR(plan.value("packets"), 30'000, 1e-6);
}

TEST(PlanModel, EventsThatTheFilterLosesAreCountedByTheDay) {
    PlanInputs inputs = usual();
    inputs.config.dedup.mode = DedupMode::approximate;
    inputs.duplicate_share = 0.2;
    const Plan plan = make_plan(inputs, nullptr);
    // 10 k/s x 0.8 x 86,400 s x 0.1 %
    EXPECT_NEAR(plan.value("lost_per_day"), 691'200, 1e-6);
    EXPECT_THAT(plan.warnings, Contains(HasSubstr("691 k unique events a day")));
    inputs.config.dedup.mode = DedupMode::exact;
    EXPECT_THAT(make_plan(inputs, nullptr).warnings, IsEmpty());
}

TEST(PlanModel, CostIsOfThePricesThatWereGiven) {
    const Calibration rates = round_rates();
    PlanInputs inputs = usual();
    EXPECT_EQ(make_plan(inputs, &rates).find("cost"), nullptr);
    inputs.prices.core_hour = 0.1;
    inputs.prices.disk_tb_month = 20;
    const Plan plan = make_plan(inputs, &rates);
    EXPECT_NEAR(plan.value("cost_cores"), 2 * 730 * 0.1, 1e-9);
    EXPECT_NEAR(plan.value("cost_disk"), plan.value("disk") / 1e12 * 20, 1e-9);
    EXPECT_NEAR(plan.value("cost"), plan.value("cost_cores") + plan.value("cost_disk"), 1e-9);
    EXPECT_EQ(plan.find("cost_memory"), nullptr);
    // Of unknown cores no sum is made.
    EXPECT_EQ(make_plan(inputs, nullptr).find("cost"), nullptr);
}

TEST(PlanModel, WarningsSayWhatWillNotWork) {
    const Calibration rates = round_rates();
    PlanInputs inputs = usual();
    inputs.ram_bytes = 1e8;
    inputs.checkpoint_us = kSecondUs;
    inputs.retention_us = kMinuteUs;
    inputs.events_per_s = 20e6;
    inputs.utilisation_max = 0.9;
    inputs.peak = 1;
    const Plan plan = make_plan(inputs, &rates);
    EXPECT_THAT(plan.warnings, Contains(HasSubstr("more than the 95.4 MiB of the machine")));
    EXPECT_THAT(plan.warnings, Contains(HasSubstr("writing a checkpoint takes")));
    EXPECT_THAT(plan.warnings, Contains(HasSubstr("events would be gone")));
    EXPECT_THAT(plan.warnings, Contains(HasSubstr("split the input")));
    EXPECT_THAT(plan.warnings, Contains(HasSubstr("longer than twice the outage")));
}

// More of anything that has to be carried never needs less of anything.
TEST(PlanModel, MoreNeverNeedsLess) {
    const Calibration rates = round_rates();
    const char* const kNeeds[] = {"live_ids",
                                  "filter_ids",
                                  "lost_per_day",
                                  "memory_exact",
                                  "memory_keys",
                                  "memory_approximate",
                                  "memory",
                                  "engine_memory",
                                  "cores",
                                  "packets",
                                  "nic",
                                  "pcie",
                                  "buffer_events",
                                  "buffer_bytes",
                                  "checkpoint_bytes",
                                  "disk_day",
                                  "checkpoint_time"};
    for (const char* input : {"events", "growth", "peak", "event_bytes", "horizon", "out_of_order",
                              "allowed_lateness", "stall"}) {
        for (double size : {0.01, 1.0, 100.0}) {
            PlanInputs less = usual();
            less.events_per_s *= size;
            less.config.time.allowed_lateness_us = kMinuteUs;
            PlanInputs more = less;
            for (const PlanSetting& setting : plan_settings()) {
                if (setting.name == std::string(input)) setting.scale(more, 1.3);
            }
            // The filter's is sized for what the job says that ids are.
            const Plan plan = make_plan(less, &rates), other = make_plan(more, &rates);
            for (const char* need : kNeeds) {
                EXPECT_LE(plan.value(need), other.value(need) * 1.0001)
                    << need << " with more " << input << " at " << size;
            }
        }
    }
}

TEST(PlanModel, SensitivityShowsWhatMatters) {
    const Calibration rates = round_rates();
    PlanInputs inputs = usual();
    inputs.events_per_s = 1e6;
    const Plan plan = make_plan(inputs, &rates);
    bool events = false, replication = false;
    for (const PlanSensitivity& effect : plan.sensitivity) {
        replication |= effect.input == "replication";
        if (effect.input != "events") continue;
        events = true;
        EXPECT_NEAR(effect.memory_more, 0.2, 0.02);
        EXPECT_NEAR(effect.memory_less, -0.2, 0.02);
        EXPECT_NEAR(*effect.cores_more, 0.2, 0.001);
    }
    EXPECT_TRUE(events);
    EXPECT_FALSE(replication);
}

}  // namespace
}  // namespace trommel::tools
