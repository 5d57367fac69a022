#include "hostpath/memory_plan.h"

#include <gtest/gtest.h>

#include "tests/hostpath/small_jobs.h"
#include "tests/kit/random.h"

namespace trommel::hostpath {
namespace {

Config job(uint32_t threads, uint64_t memory_bytes) {
    Config config = window_job();
    config.engine.threads = threads;
    config.engine.memory_bytes = memory_bytes;
    return config;
}

TEST(MemoryPlan, DealsTheSharesToTheShards) {
    const MemoryPlan plan = plan_memory(job(4, 1'000'000'000));
    EXPECT_EQ(plan.id_bytes, 150'000'000u);
    EXPECT_EQ(plan.key_bytes, 87'500'000u);
    EXPECT_EQ(plan.session_bytes, 0u);
}

TEST(MemoryPlan, SessionsHaveTheKeysShareOrHalfOfItBesideOtherWindows) {
    Config config = session_job(5);
    config.engine.memory_bytes = 1'000'000'000;
    EXPECT_EQ(plan_memory(config).session_bytes, 350'000'000u);
    EXPECT_EQ(plan_memory(config).key_bytes, 0u);
    config.windows.push_back({"w", WindowKind::tumbling, 10, 10, 0});
    config.engine.threads = 2;
    EXPECT_EQ(plan_memory(config).session_bytes, 175'000'000u);
    EXPECT_EQ(plan_memory(config).key_bytes, 87'500'000u);
}

TEST(MemoryPlan, NeverDealsOutMoreThanThereIs) {
    testkit::Random random(1);
    for (int round = 0; round < 1000; ++round) {
        Config config = job(1 + static_cast<uint32_t>(random.below(kShardsMax)),
                            kMemoryMinBytes + random.below(uint64_t{1} << 40));
        MemoryShares& shares = config.engine.shares;
        shares.ids = static_cast<int>(random.between(1, 98));
        shares.keys = static_cast<int>(random.between(1, 99 - shares.ids));
        shares.batches = 100 - shares.ids - shares.keys;
        if (random.one_in(2)) config.windows.push_back({"s", WindowKind::session, 0, 0, 5});
        const MemoryPlan plan = plan_memory(config);
        const uint64_t memory = config.engine.memory_bytes;
        const auto share = [&](int percent) {
            return memory / 100 * static_cast<uint64_t>(percent);
        };
        ASSERT_LE(plan.id_bytes * config.engine.threads, share(shares.ids));
        ASSERT_LE(plan.key_bytes * config.engine.threads + plan.session_bytes, share(shares.keys));
        ASSERT_GT(plan.id_bytes, 0u);
        ASSERT_GE(plan.row_blocks, 2u);
    }
}

TEST(MemoryPlan, OneThreadHasOneBatchAndSeveralHaveEnoughToOverlap) {
    EXPECT_EQ(plan_memory(job(1, kMemoryMinBytes)).batches, 1u);
    EXPECT_GE(plan_memory(job(8, kMemoryMinBytes)).batches, 3u);
    EXPECT_EQ(plan_memory(job(8, uint64_t{1} << 40)).batches, 36u);
}

TEST(MemoryPlan, TheLongestRecordIsTheDeclaredOneOrFitsTheBatches) {
    Config config = job(1, kMemoryMinBytes);
    EXPECT_EQ(plan_memory(config).record_bytes_max, kMemoryMinBytes / 100 * 5 / 4);
    config.engine.memory_bytes = uint64_t{1} << 40;
    EXPECT_EQ(plan_memory(config).record_bytes_max, uint64_t{16} << 20);
    config.engine.memory_bytes = kMemoryMinBytes;
    config.engine.shares.batches = 1;
    EXPECT_EQ(plan_memory(config).record_bytes_max, uint64_t{64} << 10);
    config.engine.record_bytes_max = 123;
    EXPECT_EQ(plan_memory(config).record_bytes_max, 123u);
}

}  // namespace
}  // namespace trommel::hostpath
