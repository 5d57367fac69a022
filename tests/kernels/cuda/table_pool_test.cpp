#include "kernels/cuda/table_pool.h"

#include <gtest/gtest.h>

#include "tests/kernels/cuda/test_device.h"

namespace trommel::cuda {
namespace {

TEST(TablePool, KeepsWhatIsGivenBackAndChargesIt) {
    TestDevice device;
    cpu::MemoryBudget budget(20'000);
    TablePool<TestDevice> pool(device, budget);
    uint64_t* const block = pool.take(13);
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(budget.used_bytes(), 8192u);
    pool.give(block, 13);
    EXPECT_EQ(pool.take(13), block);
    EXPECT_EQ(pool.take(14), nullptr);  // Beyond the budget.
    EXPECT_EQ(budget.used_bytes(), 8192u);
    EXPECT_FALSE(pool.release_free());
    pool.give(block, 13);
    EXPECT_TRUE(pool.release_free());
    EXPECT_EQ(budget.used_bytes(), 0u);
    uint64_t* const other = pool.take(14);
    ASSERT_NE(other, nullptr);
    pool.give(other, 14);
}

TEST(TablePool, ChargesNothingForWhatTheDeviceDoesNotHave) {
    TestDevice device({.device_bytes = 8192});
    cpu::MemoryBudget budget(1 << 20);
    TablePool<TestDevice> pool(device, budget);
    EXPECT_EQ(pool.take(14), nullptr);
    EXPECT_EQ(budget.used_bytes(), 0u);
}

}  // namespace
}  // namespace trommel::cuda
