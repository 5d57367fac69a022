#include "tools/plan/trial.h"

#include <gtest/gtest.h>

#include "tools/plan/inputs.h"

namespace trommel::tools {
namespace {

Trial usual() {
    Trial trial;
    trial.config = default_plan_config();
    trial.config.dedup.horizon_us = 10 * kSecondUs;
    trial.config.windows = {{"w", WindowKind::tumbling, kSecondUs, kSecondUs, 0}};
    trial.config.time.out_of_order_us = 0;
    trial.config.engine.memory_bytes = uint64_t{256} << 20;
    trial.config.engine.threads = 7;  // A trial is of one.
    trial.stream.step_ns = 100'000;
    trial.stream.duplicate_share = 0.3;
    trial.stream.reach = 1000;
    trial.stream.keys = 50;
    trial.stream.warm = 20'000;
    trial.stream.events = 100'000;
    return trial;
}

TEST(PlanTrial, AnExactEngineFindsEveryOriginal) {
    const TrialResult result = run_trial(usual());
    ASSERT_TRUE(result.status.ok()) << result.status.message;
    EXPECT_EQ(result.report.ledger.in, 100'000u);
    EXPECT_EQ(result.report.shards.size(), 1u);
    EXPECT_GT(result.timed.events, 70'000u);
    EXPECT_EQ(result.originals_lost, 0u);
    EXPECT_EQ(result.report.ledger[Verdict::unique] + result.report.ledger[Verdict::duplicate],
              100'000u);
    EXPECT_GT(result.timed.others_ns, 0);
}

TEST(PlanTrial, EventsWaitWhileTheConsumerStalls) {
    Trial trial = usual();
    trial.stream.timed_end = trial.stream.paced_from = 40'000;
    trial.stream.rate = 50'000;
    trial.stream.outage_from_us = 400'000;
    trial.stream.outage_us = 100'000;
    trial.stream.outages = 1;
    trial.stall_from_us = 100'000;
    trial.stall_us = 200'000;
    const TrialResult result = run_trial(trial);
    ASSERT_TRUE(result.status.ok()) << result.status.message;
    EXPECT_GE(result.waiting_max, 9'990u);  // As many as come in the stall; more if others run.
    EXPECT_GE(result.caught_up_s, 0);
    EXPECT_GT(result.catch_up_source_ns, 0);
}

TEST(PlanTrial, AJobThatIsNoneHasNoFigures) {
    Trial trial = usual();
    trial.config.dedup.horizon_us = 1;
    const TrialResult result = run_trial(trial);
    EXPECT_EQ(result.status.code, Code::invalid_config);
    EXPECT_EQ(result.timed.events, 0u);
}

TEST(PlanTrial, MakingUpEventsTakesTime) {
    const Trial trial = usual();
    EXPECT_GT(source_ns(trial.config, trial.stream), 0);
}

}  // namespace
}  // namespace trommel::tools
