#include "kernels/cpu/memory.h"

#include <cstring>
#include <gtest/gtest.h>

namespace trommel::cpu {
namespace {

TEST(Region, GrowsByPagesThenByHugePagesAndNeverBeyondItsBudget) {
    MemoryBudget budget(uint64_t{5} << 20);
    Region region(uint64_t{64} << 20, budget);
    ASSERT_GE(region.reserved_bytes(), uint64_t{64} << 20);
    EXPECT_EQ(budget.used_bytes(), 0u) << "address space is not memory";
    ASSERT_TRUE(region.grow_to(1));
    EXPECT_EQ(region.usable_bytes(), kPageBytes);
    ASSERT_TRUE(region.grow_to(kHugePageBytes + 1));
    EXPECT_EQ(region.usable_bytes(), 2 * kHugePageBytes);
    EXPECT_FALSE(region.grow_to(2 * kHugePageBytes + 1)) << "6 MiB do not fit 5 MiB";
    EXPECT_EQ(budget.used_bytes(), region.usable_bytes());
}

TEST(Region, IsZeroAtFirstAndAgainAfterItWasGivenBack) {
    MemoryBudget budget(uint64_t{1} << 20);
    Region region(uint64_t{1} << 20, budget);
    ASSERT_TRUE(region.grow_to(kPageBytes));
    for (size_t i = 0; i < kPageBytes; ++i) ASSERT_EQ(region.data()[i], 0);
    std::memset(region.data(), 7, kPageBytes);
    region.shrink_to_zero();
    EXPECT_EQ(budget.used_bytes(), 0u);
    ASSERT_TRUE(region.grow_to(kPageBytes));
    EXPECT_EQ(region.data()[5], 0);
}

TEST(Region, GivesItsMemoryBackWhenItGoes) {
    MemoryBudget budget(uint64_t{1} << 20);
    {
        Region region(uint64_t{1} << 20, budget);
        ASSERT_TRUE(region.grow_to(10 * kPageBytes));
    }
    EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST(Region, OfAnImpossibleSizeIsUnusableAndSaysSo) {
    MemoryBudget budget(~uint64_t{0} >> 1);
    Region region(size_t{1} << 60, budget);
    EXPECT_EQ(region.reserved_bytes(), 0u);
    EXPECT_FALSE(region.grow_to(1));
}

TEST(MemoryBudget, RefusesWhatDoesNotFitAndStaysAsItWas) {
    MemoryBudget budget(100);
    EXPECT_TRUE(budget.take(60));
    EXPECT_FALSE(budget.take(41));
    EXPECT_FALSE(budget.take(~uint64_t{0})) << "no overflow";
    EXPECT_EQ(budget.used_bytes(), 60u);
    EXPECT_TRUE(budget.take(40));
}

}  // namespace
}  // namespace trommel::cpu
