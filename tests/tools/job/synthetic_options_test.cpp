#include "tools/job/synthetic_options.h"

#include <gtest/gtest.h>
#include <string>

#include "tools/job/file.h"

namespace trommel::tools {
namespace {

TEST(SyntheticOptions, AJobSetsThem) {
    Job job;
    Mistakes mistakes;
    read_job(
        "source: { type: synthetic, step: 1ms, duplicates: 5%, rate: 2k }\n"
        "windows: [ { name: w, size: 1m } ]\n",
        "job.yaml", {}, job, mistakes);
    EXPECT_TRUE(mistakes.empty());
    EXPECT_EQ(job.source.synthetic.step_ns, 1'000'000);
    EXPECT_DOUBLE_EQ(job.source.synthetic.duplicate_share, 0.05);
    EXPECT_EQ(job.source.rate, 2000U);
    EXPECT_EQ(job.config.dedup.id_type, IdType::u64);
}

TEST(SyntheticOptions, AStepIsADurationThatMayBeNanoseconds) {
    net::SyntheticOptions options;
    for (const SyntheticSetting& setting : synthetic_settings()) {
        if (std::string(setting.name) != "step") continue;
        EXPECT_EQ(setting.set(options, "500ns"), "");
        EXPECT_EQ(options.step_ns, 500);
        EXPECT_EQ(setting.set(options, "15000w"), "");  // 9.07e18 ns.
        EXPECT_NE(setting.set(options, "16000w"), "");
        EXPECT_NE(setting.set(options, "1ps"), "");
    }
}

TEST(SyntheticOptions, WhatIsShownAsTheirDefaultsIs) {
    const net::SyntheticOptions preset;
    for (const SyntheticSetting& setting : synthetic_settings()) {
        net::SyntheticOptions options;
        options.events = options.keys = options.duplicate_distance = options.seed = 77;
        options.value_min = options.value_max = options.start_us = options.step_ns = 77;
        options.disorder_us = options.late_by_us = options.partitions = 77;
        options.zipf = options.duplicate_share = options.late_share = options.corrupt_share = 0.7;
        EXPECT_EQ(setting.set(options, setting.preset), "") << setting.name;
        const auto equal = [&](auto member) { return options.*member == preset.*member; };
        using O = net::SyntheticOptions;
        const int restored = equal(&O::events) + equal(&O::keys) + equal(&O::duplicate_distance) +
                             equal(&O::seed) + equal(&O::value_min) + equal(&O::value_max) +
                             equal(&O::start_us) + equal(&O::step_ns) + equal(&O::disorder_us) +
                             equal(&O::late_by_us) + equal(&O::partitions) + equal(&O::zipf) +
                             equal(&O::duplicate_share) + equal(&O::late_share) +
                             equal(&O::corrupt_share);
        EXPECT_EQ(restored, 1) << setting.name;
    }
}

}  // namespace
}  // namespace trommel::tools
