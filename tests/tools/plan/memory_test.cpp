#include "tools/plan/memory.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

#include "hostpath/memory_plan.h"
#include "kernels/rules/filter.h"
#include "tools/plan/trial.h"

// The model by hand, and against the engine itself.
namespace trommel::tools {
namespace {

PlanInputs usual() {
    PlanInputs inputs;
    inputs.config = default_plan_config();
    inputs.config.dedup.horizon_us = 64 * kSecondUs;
    inputs.config.windows = {{"w", WindowKind::tumbling, 10 * kSecondUs, 10 * kSecondUs, 0}};
    inputs.events_per_s = 10'000;
    inputs.peak = 1;
    inputs.duplicate_share = 0.1;
    inputs.keys = 20'000;
    return inputs;
}

TEST(PlanMemory, IdsLiveForTheHorizonATickAndTheDisorder) {
    PlanInputs inputs = usual();
    inputs.config.time.out_of_order_us = 5 * kSecondUs;
    inputs.config.time.allowed_lateness_us = 2 * kSecondUs;
    // 64 + 1 ticks of a second, 5 s, 2 s, and a pane of 10 s.
    EXPECT_DOUBLE_EQ(live_ids(inputs).span_s, 82);
    EXPECT_DOUBLE_EQ(live_ids(inputs).ids, 0.9 * (10'000 * 82 + 4096));
    EXPECT_DOUBLE_EQ(live_ids(inputs).capacity, 0.9 * (10'000 * 96 + 4096));
    inputs.peak = 3;
    inputs.peak_us = 10 * kSecondUs;
    EXPECT_DOUBLE_EQ(live_ids(inputs).ids, 0.9 * (10'000 * 82 + 20'000 * 10 + 4096));
    inputs.peak_us = kHourUs;
    EXPECT_DOUBLE_EQ(live_ids(inputs).ids, 0.9 * (30'000 * 82 + 4096));
    inputs.config.dedup.horizon_us = kForeverUs;
    inputs.lifetime_us = kHourUs;
    EXPECT_DOUBLE_EQ(live_ids(inputs).ids, 0.9 * (30'000 * 3600 + 4096));
    inputs.config.dedup.mode = DedupMode::off;
    EXPECT_EQ(live_ids(inputs).ids, 0);
}

void expect_near(double predicted, uint64_t measured, double step, const char* what) {
    const double off = std::abs(predicted - static_cast<double>(measured));
    EXPECT_LE(off, std::max(0.1 * static_cast<double>(measured), step))
        << what << ": " << predicted << " predicted, " << measured << " measured";
}

struct Case {
    const char* what;
    DedupMode mode;
    IdType type;
    bool verify;
    double events_per_s, keys;
    FieldType key_type;
};

TEST(PlanMemory, TheEngineTakesWhatWasPredicted) {
    const Case kCases[] = {
        {"u64", DedupMode::exact, IdType::u64, false, 10'000, 20'000, FieldType::integer},
        {"u64, few", DedupMode::exact, IdType::u64, false, 1'000, 500, FieldType::integer},
        {"u128", DedupMode::exact, IdType::u128, false, 12'000, 60'000, FieldType::text},
        {"bytes", DedupMode::exact, IdType::bytes, false, 6'000, 20'000, FieldType::integer},
        {"verify", DedupMode::exact, IdType::bytes, true, 5'000, 20'000, FieldType::integer},
        {"aged", DedupMode::approximate, IdType::u64, false, 12'000, 1'000, FieldType::integer},
    };
    constexpr double kStep = 2 << 20;  // By which regions grow.
    for (const Case& c : kCases) {
        PlanInputs inputs = usual();
        inputs.config.dedup.mode = c.mode;
        inputs.config.dedup.id_type = c.type;
        inputs.config.dedup.verify = c.verify;
        inputs.config.key[0].type = c.key_type;
        inputs.events_per_s = c.events_per_s;
        inputs.keys = c.keys;
        const PlanMemory memory = plan_job_memory(inputs, 1);
        Trial trial;
        trial.config = planned_config(inputs, memory);
        trial.config.engine.seed = 1;
        trial.stream.step_ns = 1e9 / c.events_per_s;
        trial.stream.duplicate_share = inputs.duplicate_share;
        trial.stream.reach = static_cast<uint64_t>(memory.live.ids / 3);
        trial.stream.keys = static_cast<uint64_t>(c.keys);
        trial.stream.warm = 1;
        trial.stream.events = static_cast<uint64_t>(c.events_per_s * 200);
        const TrialResult result = run_trial(trial);
        ASSERT_TRUE(result.status.ok()) << c.what << ": " << result.status.message;
        const ShardReport& shard = result.report.shards[0];
        expect_near(memory.id_bytes(c.mode), shard.id_bytes, kStep, c.what);
        expect_near(memory.window_bytes(), shard.key_bytes, kStep, c.what);
        if (c.mode == DedupMode::exact) {
            expect_near(memory.live.ids, shard.live_ids, 0, c.what);
            EXPECT_EQ(result.report.ledger[Verdict::unique],
                      result.report.ledger.in - result.report.ledger[Verdict::duplicate]);
        }
    }
}

TEST(PlanMemory, ThePlannedConfigHasRoomForEverything) {
    for (const double events : {10.0, 10'000.0, 1e6}) {
        for (const uint32_t shards : {1u, 3u, 16u}) {
            for (const DedupMode mode :
                 {DedupMode::exact, DedupMode::approximate, DedupMode::off}) {
                PlanInputs inputs = usual();
                inputs.events_per_s = events;
                inputs.config.dedup.mode = mode;
                const PlanMemory memory = plan_job_memory(inputs, shards);
                const Config config = planned_config(inputs, memory);
                EXPECT_TRUE(validate_job(config).empty())
                    << to_status(validate_job(config)).message;
                const hostpath::MemoryPlan plan = hostpath::plan_memory(config);
                EXPECT_GE(static_cast<double>(plan.id_bytes * shards), memory.id_bytes(mode));
                EXPECT_GE(static_cast<double>(plan.key_bytes),
                          static_cast<double>(memory.windows.bytes()));
                const MemoryShares& shares = config.engine.shares;
                EXPECT_LE(shares.ids + shares.keys + shares.batches, 100);
            }
        }
    }
}

TEST(PlanMemory, SessionsAreThoseThatAreActiveOrNotFinal) {
    PlanInputs inputs = usual();
    inputs.config.windows = {{"s", WindowKind::session, 0, 0, 30 * kSecondUs}};
    inputs.config.time.out_of_order_us = 0;
    inputs.keys = 9'000;  // One unique event a second of each: all are always active.
    EXPECT_NEAR(plan_job_memory(inputs, 1).sessions, 9'000, 1);
    inputs.keys = 9e6;  // One in 1,000 s: active is who had one in the last 30.
    EXPECT_NEAR(plan_job_memory(inputs, 1).sessions, 9e6 * (1 - std::exp(-0.03)), 1);
    EXPECT_GT(plan_job_memory(inputs, 1).session_bytes, 0);
    const PlanMemory memory = plan_job_memory(inputs, 4);
    const Config config = planned_config(inputs, memory);
    EXPECT_GE(static_cast<double>(hostpath::plan_memory(config).session_bytes),
              memory.session_bytes);
}

// The engine's filter against the truth: what share of the originals it takes for copies.
TEST(PlanMemory, TheFilterLosesAsManyAsExpected) {
    PlanInputs inputs = usual();
    inputs.config.dedup.mode = DedupMode::approximate;
    inputs.config.dedup.id_type = IdType::u64;
    inputs.config.dedup.error_rate = 0.01;
    inputs.config.windows.clear();
    inputs.config.output = Output::unique;
    const PlanMemory memory = plan_job_memory(inputs, 1);
    const double expected = expected_error(inputs, memory, memory.live.capacity);
    EXPECT_LT(expected, 0.01);
    Trial trial;
    trial.config = planned_config(inputs, memory);
    trial.config.engine.seed = 1;
    trial.stream.step_ns = 1e9 / inputs.events_per_s;
    trial.stream.duplicate_share = inputs.duplicate_share;
    trial.stream.reach = 100'000;
    trial.stream.warm = static_cast<uint64_t>(inputs.events_per_s * 128);
    trial.stream.events = trial.stream.warm + static_cast<uint64_t>(inputs.events_per_s * 64);
    const TrialResult result = run_trial(trial);
    ASSERT_TRUE(result.status.ok()) << result.status.message;
    const double lost =
        static_cast<double>(result.originals_lost) / static_cast<double>(result.timed.originals);
    EXPECT_NEAR(lost, expected, 0.1 * expected);
}

}  // namespace
}  // namespace trommel::tools
