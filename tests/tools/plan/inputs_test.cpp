#include "tools/plan/inputs.h"

#include <gmock/gmock.h>
#include <string>

namespace trommel::tools {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

PlanInputs usual() {
    PlanInputs inputs;
    inputs.events_per_s = 1000;
    inputs.config = default_plan_config();
    return inputs;
}

const PlanSetting& setting(const std::string& name) {
    for (const PlanSetting& setting : plan_settings()) {
        if (name == setting.name) return setting;
    }
    ADD_FAILURE() << name;
    return plan_settings()[0];
}

std::string set(PlanInputs& inputs, const std::string& name, const std::string& text) {
    return setting(name).set(inputs, text);
}

TEST(PlanInputs, ARateIsOfASecondAMinuteAnHourOrADay) {
    EXPECT_DOUBLE_EQ(parse_event_rate("250").value, 250);
    EXPECT_DOUBLE_EQ(parse_event_rate("2k/s").value, 2000);
    EXPECT_DOUBLE_EQ(parse_event_rate("6k/min").value, 100);
    EXPECT_DOUBLE_EQ(parse_event_rate("36k/h").value, 10);
    EXPECT_DOUBLE_EQ(parse_event_rate("86400/day").value, 1);
    EXPECT_THAT(parse_event_rate("1M/year").error, HasSubstr("unknown time"));
    EXPECT_THAT(parse_event_rate("many").error, HasSubstr("'many'"));
    EXPECT_FALSE(parse_event_rate("/day").ok());
}

// What --help shows as the defaults is what holds without the flags.
TEST(PlanInputs, WhatIsShownAsTheirDefaultsIs) {
    const PlanInputs preset = usual();
    for (const PlanSetting& setting : plan_settings()) {
        if (setting.preset[0] == '\0') continue;
        PlanInputs inputs = usual();
        EXPECT_EQ(setting.set(inputs, setting.preset), "") << setting.name;
        EXPECT_EQ(inputs.growth, preset.growth);
        EXPECT_EQ(inputs.peak, preset.peak);
        EXPECT_EQ(inputs.peak_us, preset.peak_us);
        EXPECT_EQ(inputs.event_bytes, preset.event_bytes);
        EXPECT_EQ(inputs.duplicate_share, preset.duplicate_share);
        EXPECT_EQ(inputs.id_bytes, preset.id_bytes);
        EXPECT_EQ(inputs.keys, preset.keys);
        EXPECT_EQ(inputs.key_bytes, preset.key_bytes);
        EXPECT_EQ(inputs.lifetime_us, preset.lifetime_us);
        EXPECT_EQ(inputs.format, preset.format);
        EXPECT_EQ(inputs.threads, preset.threads);
        EXPECT_EQ(inputs.utilisation_max, preset.utilisation_max);
        EXPECT_EQ(inputs.spare_cores, preset.spare_cores);
        EXPECT_EQ(inputs.outage_us, preset.outage_us);
        EXPECT_EQ(inputs.stall_us, preset.stall_us);
        EXPECT_EQ(inputs.checkpoint_us, preset.checkpoint_us);
        EXPECT_EQ(inputs.disk_bytes_per_s, preset.disk_bytes_per_s);
        EXPECT_EQ(inputs.retention_us, preset.retention_us);
        EXPECT_EQ(inputs.replication, preset.replication);
        EXPECT_EQ(inputs.partition_bytes_per_s, preset.partition_bytes_per_s);
        const Config &config = inputs.config, &other = preset.config;
        EXPECT_EQ(config.dedup.mode, other.dedup.mode);
        EXPECT_EQ(config.dedup.horizon_us, other.dedup.horizon_us);
        EXPECT_EQ(config.dedup.id_type, other.dedup.id_type);
        EXPECT_EQ(config.dedup.error_rate, other.dedup.error_rate);
        EXPECT_EQ(config.time.out_of_order_us, other.time.out_of_order_us);
        EXPECT_EQ(config.time.allowed_lateness_us, other.time.allowed_lateness_us);
        EXPECT_EQ(config.key.size(), other.key.size());
        EXPECT_EQ(config.key[0].type, other.key[0].type);
        ASSERT_EQ(config.windows.size(), other.windows.size());
        EXPECT_EQ(config.windows[0].size_us, other.windows[0].size_us);
        EXPECT_EQ(config.aggregates.size(), other.aggregates.size());
    }
}

TEST(PlanInputs, WindowsAreTumblingSlidingOrSessions) {
    PlanInputs inputs = usual();
    EXPECT_EQ(set(inputs, "windows", "1m,1h/5m,session:30m"), "");
    ASSERT_EQ(inputs.config.windows.size(), 3u);
    EXPECT_EQ(inputs.config.windows[0].kind, WindowKind::tumbling);
    EXPECT_EQ(inputs.config.windows[1].slide_us, 5 * kMinuteUs);
    EXPECT_EQ(inputs.config.windows[2].gap_us, 30 * kMinuteUs);
    EXPECT_THAT(problems_of(inputs), IsEmpty());
    EXPECT_EQ(set(inputs, "windows", "none"), "");
    EXPECT_THAT(inputs.config.windows, IsEmpty());
    EXPECT_THAT(problems_of(inputs), IsEmpty());
    EXPECT_THAT(set(inputs, "windows", "1m,tall"), HasSubstr("'tall'"));
    EXPECT_THAT(set(inputs, "windows", ""), HasSubstr("''"));
}

TEST(PlanInputs, EverythingThatDoesNotFitIsSaidAtOnce) {
    PlanInputs inputs = usual();
    inputs.events_per_s = 0;
    inputs.peak = 0.5;
    inputs.utilisation_max = 1;
    inputs.config.dedup.horizon_us = kSecondUs;  // Shorter than a pane of a minute.
    const std::vector<std::string> problems = problems_of(inputs);
    ASSERT_EQ(problems.size(), 4u);
    EXPECT_THAT(problems[0], HasSubstr("--events"));
    EXPECT_THAT(problems[1], HasSubstr("--peak"));
    EXPECT_THAT(problems[2], HasSubstr("--utilisation"));
    EXPECT_THAT(problems[3], HasSubstr("dedup.horizon"));
}

TEST(PlanInputs, ValuesThatAreNoneAreRefused) {
    const std::pair<const char*, const char*> kWrong[] = {
        {"mode", "loose"},      {"ids", "u32"},          {"aggregates", "count,median"},
        {"key_type", "float"},  {"threads", "65"},       {"threads", "0"},
        {"duplicates", "120%"}, {"disk", "fast"},        {"format", "xml"},
        {"horizon", "-1h"},     {"price_gib_hour", "-1"}};
    for (const auto& [name, text] : kWrong) {
        PlanInputs inputs = usual();
        EXPECT_THAT(set(inputs, name, text),
                    HasSubstr(std::string("'") +
                              (name == std::string("aggregates") ? "median" : text) + "'"))
            << name;
    }
}

}  // namespace
}  // namespace trommel::tools
