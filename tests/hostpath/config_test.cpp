#include "trommel/config.h"

#include <cmath>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hostpath/small_jobs.h"
#include "tests/kit/random_job.h"

namespace trommel {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kHourUs = 3'600'000'000;

// A job with a finite horizon that is exactly long enough.
Config valid_job() {
    Config config = hostpath::window_job();
    config.windows.push_back({"slide", WindowKind::sliding, 20'000, 10'000, 0});
    config.time.out_of_order_us = 5'000;
    config.time.allowed_lateness_us = 1'000;
    config.dedup.horizon_us = 16'000;
    config.time.max_drift_us = 400 * 16'000;
    return config;
}

std::vector<std::string> wheres(const Config& config) {
    std::vector<std::string> wheres;
    for (const Problem& problem : validate(config)) {
        EXPECT_FALSE(problem.what.empty());
        wheres.push_back(problem.where);
    }
    return wheres;
}

using Change = std::function<void(Config&)>;

std::vector<std::string> wheres_after(const Change& change) {
    Config config = valid_job();
    change(config);
    return wheres(config);
}

TEST(Config, AJobThatMakesSenseHasNoProblem) {
    EXPECT_THAT(wheres(valid_job()), ElementsAre());
    EXPECT_TRUE(to_status(validate(valid_job())).ok());
    EXPECT_THAT(wheres(Config()), ElementsAre());  // Deduplicates and nothing else.
    for (uint64_t seed = 1; seed <= 1000; ++seed) {
        const testkit::RandomJob job = testkit::random_job(seed);
        ASSERT_THAT(wheres(job.config), ElementsAre()) << testkit::to_text(job.config);
    }
}

TEST(Config, EveryProblemSaysWhereItIs) {
    const std::vector<std::pair<std::string, Change>> kCases = {
        {"time.out_of_order", [](Config& c) { c.time.out_of_order_us = -1; }},
        {"time.out_of_order", [](Config& c) { c.time.out_of_order_us = kTimeLimitUs; }},
        {"time.allowed_lateness", [](Config& c) { c.time.allowed_lateness_us = -1; }},
        {"time.allowed_lateness", [](Config& c) { c.time.allowed_lateness_us = kTimeLimitUs; }},
        {"time.max_drift", [](Config& c) { c.time.max_drift_us = -1; }},
        {"time.max_drift", [](Config& c) { ++*c.time.max_drift_us; }},
        {"time.idle_after", [](Config& c) { c.time.idle_after_us = 0; }},
        {"time.max_future", [](Config& c) { c.time.max_future_us = -1; }},
        {"time.max_time", [](Config& c) { c.time.max_time_us = kTimeLimitUs; }},
        {"time.max_time", [](Config& c) { c.time.max_time_us = -kTimeLimitUs; }},
        {"decode.fields.key", [](Config& c) { c.key.resize(9); }},
        {"decode.fields.values", [](Config& c) { c.values.resize(17); }},
        {"decode.fields.values.v", [](Config& c) { c.values[0].digits = 19; }},
        {"decode.fields.values.v", [](Config& c) { c.values[0].digits = -1; }},
        {"aggregates[1].name", [](Config& c) { c.aggregates[1].name = "count"; }},
        {"aggregates[0].name", [](Config& c) { c.aggregates[0].name = ""; }},
        {"aggregates.sum", [](Config& c) { c.aggregates[1].value = 1; }},
        {"aggregates.sum", [](Config& c) { c.aggregates[1].digits = 19; }},
        {"windows[0].name", [](Config& c) { c.windows[0].name = ""; }},
        {"windows[1].name", [](Config& c) { c.windows[1].name = "w"; }},
        {"windows[0].size", [](Config& c) { c.windows[0].size_us = c.windows[0].slide_us = 0; }},
        {"windows[0].every", [](Config& c) { c.windows[0].slide_us = 5'000; }},
        {"windows[1].every", [](Config& c) { c.windows[1].slide_us = 0; }},
        {"windows[1].size", [](Config& c) { c.windows[1].size_us = 25'000; }},
        {"windows[1].size", [](Config& c) { c.windows[1].size_us = 5'000; }},
        {"windows[1].size", [](Config& c) { c.windows[1].size_us = 4097 * 10'000; }},
        {"windows[0].gap", [](Config& c) { c.windows[0].kind = WindowKind::session; }},
        {"window_offset", [](Config& c) { c.window_offset_us = kTimeLimitUs; }},
        {"window_offset", [](Config& c) { c.window_offset_us = -kTimeLimitUs; }},
        {"engine.threads", [](Config& c) { c.engine.threads = 0; }},
        {"engine.threads", [](Config& c) { c.engine.threads = 65; }},
        {"engine.batch_records", [](Config& c) { c.engine.batch_records = 0; }},
        {"engine.batch_records", [](Config& c) { c.engine.batch_records = 65'537; }},
        {"engine.batch_records",
         [](Config& c) {
             c.engine.type = EngineType::cpu;
             c.engine.batch_records = kGpuBatchRecordsMax;
         }},
        {"engine.memory", [](Config& c) { c.engine.memory_bytes = (16u << 20) - 1; }},
        {"engine.memory_shares", [](Config& c) { c.engine.shares.ids = 61; }},
        {"engine.memory_shares", [](Config& c) { c.engine.shares.batches = 0; }},
        {"engine.memory_shares",
         [](Config& c) {
             c.engine.shares = {INT32_MAX, INT32_MAX, 1};
         }},
        {"dedup.horizon", [](Config& c) { c.time.max_drift_us = --c.dedup.horizon_us; }},
        {"dedup.horizon", [](Config& c) { c.dedup.horizon_us = 0; }},
        {"dedup.horizon", [](Config& c) { c.dedup.horizon_us = kTimeLimitUs; }},
        {"dedup.verify", [](Config& c) { c.dedup.verify = true; }},
    };
    for (size_t i = 0; i < kCases.size(); ++i) {
        EXPECT_THAT(wheres_after(kCases[i].second), ElementsAre(kCases[i].first)) << "case " << i;
    }
}

TEST(Config, AHorizonNeedsDisorderToEndSomewhere) {
    EXPECT_THAT(wheres_after([](Config& c) {
                    c.time.out_of_order_us.reset();
                    c.time.allowed_lateness_us = 0;
                }),
                ElementsAre("dedup.horizon"));
    EXPECT_THAT(wheres_after([](Config& c) {
                    c.time.out_of_order_us.reset();
                    c.dedup.horizon_us = kForeverUs;
                }),
                ElementsAre("time.allowed_lateness"));
}

TEST(Config, SessionsMakeThePaneAndSoTheHorizonShorter) {
    EXPECT_THAT(wheres_after([](Config& c) {
                    c.windows.push_back({"s", WindowKind::session, 0, 0, 1});
                    c.dedup.horizon_us = 6'000;
                    c.time.max_drift_us.reset();
                }),
                ElementsAre());
    EXPECT_THAT(wheres_after([](Config& c) {
                    c.windows.push_back({"s", WindowKind::session, 0, 0, 1});
                    c.dedup.horizon_us = 5'999;
                    c.time.max_drift_us.reset();
                }),
                ElementsAre("dedup.horizon"));
}

TEST(Config, AMistakeInDurationsIsExplainedInDurations) {
    Config config = valid_job();
    config.time.out_of_order_us = 30 * kHourUs;
    config.time.max_drift_us.reset();
    config.dedup.horizon_us = 24 * kHourUs;
    const std::vector<Problem> problems = validate(config);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_THAT(problems[0].what, HasSubstr("1d is less than"));
    EXPECT_THAT(problems[0].what, HasSubstr("30h + 1ms + 10ms"));
}

TEST(Config, WithoutDeduplicationItsOptionsDoNotMatter) {
    EXPECT_THAT(wheres_after([](Config& c) {
                    c.dedup.mode = DedupMode::off;
                    c.dedup.horizon_us = 1;
                }),
                ElementsAre());
    EXPECT_THAT(wheres_after([](Config& c) {
                    c.dedup.mode = DedupMode::off;
                    c.dedup.verify = true;
                }),
                ElementsAre("dedup.verify"));
}

TEST(Config, ApproximateModeNeedsARateAndACapacity) {
    const auto with = [](double rate, uint64_t capacity) {
        return wheres_after([&](Config& c) {
            c.dedup.mode = DedupMode::approximate;
            c.dedup.error_rate = rate;
            c.dedup.capacity = capacity;
        });
    };
    EXPECT_THAT(with(1e-9, 1), ElementsAre());
    EXPECT_THAT(with(0.5, 1), ElementsAre());
    EXPECT_THAT(with(0.51, 1), ElementsAre("dedup.error_rate"));
    EXPECT_THAT(with(0, 1), ElementsAre("dedup.error_rate"));
    EXPECT_THAT(with(std::nan(""), 1), ElementsAre("dedup.error_rate"));
    EXPECT_THAT(with(2, 0), ElementsAre("dedup.error_rate", "dedup.capacity"));
}

TEST(Config, WhatIsRememberedForEverCannotBeForgotten) {
    EXPECT_THAT(wheres_after([](Config& c) {
                    c.dedup.horizon_us = kForeverUs;
                    c.engine.on_full = OnFull::forget;
                }),
                ElementsAre("engine.on_full"));
}

TEST(Config, AllProblemsAreSaidAtOnce) {
    const Change change = [](Config& c) {
        c.time.idle_after_us = -5;
        c.key.resize(12);
        c.aggregates[1].value = 7;
        c.windows[1].size_us = 25'000;
        c.engine.threads = 1000;
        c.engine.memory_bytes = 1;
    };
    EXPECT_THAT(wheres_after(change),
                ElementsAre("time.idle_after", "decode.fields.key", "aggregates.sum",
                            "windows[1].size", "engine.threads", "engine.memory"));
    Config config = valid_job();
    change(config);
    const Status status = to_status(validate(config));
    EXPECT_EQ(status.code, Code::invalid_config);
    EXPECT_THAT(status.message, HasSubstr("time.idle_after: must be at least 1us; "));
    EXPECT_THAT(status.message, HasSubstr("engine.memory: "));
}

// Whether the machine has a GPU or not.
TEST(Config, OnAGpuABatchMayHaveAMillionRecords) {
    for (const bool is_longer : {false, true}) {
        Config config;
        config.engine.type = EngineType::gpu;
        config.engine.batch_records = kGpuBatchRecordsMax + is_longer;
        bool is_told = false;
        for (const Problem& problem : validate(config)) {
            is_told |= problem.where == "engine.batch_records";
        }
        EXPECT_EQ(is_told, is_longer);
    }
}

}  // namespace
}  // namespace trommel
