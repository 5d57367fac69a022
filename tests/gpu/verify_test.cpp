#include <gmock/gmock.h>
#include <set>

#include "hostpath/engine_choice.h"
#include "tests/gpu/verify_answer.h"
#include "tests/gpu/verify_job.h"

namespace trommel::verify {
namespace {

constexpr uint64_t kEvents = 30'000;

Job job_named(const std::string& name) {
    for (const Job& job : all_jobs()) {
        if (job.name == name) return job;
    }
    ADD_FAILURE() << "there is no job " << name;
    return {};
}

TEST(GpuVerify, HasTwentyValidJobsOfDifferentNames) {
    std::set<std::string> names;
    for (const Job& job : all_jobs()) {
        names.insert(job.name);
        EXPECT_TRUE(validate_job(job.config).empty())
            << job.name << ": " << to_status(validate_job(job.config)).message;
    }
    EXPECT_EQ(names.size(), 20u);
}

TEST(GpuVerify, EveryJobHasWhatItIsMeantToTest) {
    for (const Job& job : all_jobs()) {
        const Answer got = answer(job, {}, kEvents, 4096);
        ASSERT_TRUE(got.status.ok()) << job.name << ": " << got.status.message;
        EXPECT_EQ(got.ledger.in, kEvents) << job.name;
        EXPECT_GT(got.ledger[Verdict::unique], kEvents / 8) << job.name;
        EXPECT_GT(got.ledger[Verdict::late], 0u) << job.name;
        const bool dedups = job.config.dedup.mode != DedupMode::off;
        EXPECT_EQ(got.ledger[Verdict::duplicate] > 0, dedups) << job.name;
        EXPECT_EQ(got.row_count > 0, !job.config.windows.empty()) << job.name;
    }
}

TEST(GpuVerify, FindsOneOtherVerdictAndOneOtherValue) {
    Job windows = job_named("tumbling");
    const Answer answer_1 = answer(windows, {}, kEvents, 4096);
    EXPECT_EQ(difference(answer_1, answer(windows, {}, kEvents, 77)), "");

    windows.config.aggregates[2].kind = AggregateKind::max;
    const Answer other_rows = answer(windows, {}, kEvents, 4096);
    EXPECT_EQ(answer_1.verdicts, other_rows.verdicts);
    EXPECT_EQ(difference(answer_1, other_rows), "the rows differ");

    windows.config.dedup.horizon_us -= 1'000'000;
    windows.shape.distance = 20'000;
    const Answer near = answer(windows, {}, kEvents, 4096);
    windows.config.dedup.horizon_us += 1'000'000;
    EXPECT_EQ(difference(near, answer(windows, {}, kEvents, 4096)), "the verdicts differ");
}

TEST(GpuVerify, AnEngineThatCannotRunIsADifference) {
    Job job = job_named("u64");
    const Answer good = answer(job, {}, 1000, 100);
    job.config.dedup.horizon_us = 1;
    const Answer refused = answer(job, {}, 1000, 100);
    EXPECT_NE(difference(good, refused), "");
    EXPECT_NE(difference(refused, good), "");
    EXPECT_NE(difference(refused, refused), "");
}

TEST(GpuVerify, EveryJobCanRunOnAGpu) {
    for (const Job& job : all_jobs()) EXPECT_EQ(hostpath::why_not_on_gpu(job.config), "");
}

}  // namespace
}  // namespace trommel::verify
