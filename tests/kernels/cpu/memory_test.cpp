#include "kernels/cpu/memory.h"

#include <cstring>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <vector>

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

uint64_t resident_pages(const Stretch& stretch) {
    std::vector<unsigned char> in_core(stretch.bytes / kPageBytes);
    if (mincore(stretch.data, stretch.bytes, in_core.data()) != 0) return 0;
    uint64_t pages = 0;
    for (const unsigned char page : in_core) pages += page & 1;
    return pages;
}

TEST(Region, NamesEachHugePageThatGrowthWillTakeOnceAndNoneBeyondItsBudget) {
    constexpr size_t kHuge = kHugePageBytes;
    MemoryBudget budget(6 * kHuge);
    Region region(16 * kHuge, budget);
    ASSERT_TRUE(region.grow_to(kHuge));
    EXPECT_EQ(region.take_ahead().bytes, 0u) << "a small region grows by small pages";
    ASSERT_TRUE(region.grow_to(2 * kHuge));
    for (size_t page = 2; page < 5; ++page) {
        const Stretch ahead = region.take_ahead(5 * kHuge - 1);
        EXPECT_EQ(ahead.data, region.data() + page * kHuge);
        EXPECT_EQ(ahead.bytes, kHuge);
    }
    EXPECT_EQ(region.take_ahead(5 * kHuge).bytes, 0u) << "no more was asked for";
    EXPECT_EQ(region.take_ahead(16 * kHuge).data, region.data() + 5 * kHuge);
    EXPECT_EQ(region.take_ahead(16 * kHuge).bytes, 0u) << "the budget ends";
    EXPECT_EQ(budget.used_bytes(), 2 * kHuge) << "nothing is charged for it";
    ASSERT_TRUE(region.grow_to(4 * kHuge));
    EXPECT_EQ(region.take_ahead(16 * kHuge).bytes, 0u);
}

TEST(Region, NamesMemoryAQuarterAheadAndNoMoreThanSoMuch) {
    MemoryBudget budget(uint64_t{1} << 30);
    Region region(uint64_t{1} << 30, budget);
    const auto count_ahead = [&] {
        size_t ahead = 0;
        while (region.take_ahead().bytes > 0) ++ahead;
        return ahead;
    };
    ASSERT_TRUE(region.grow_to(2 * kHugePageBytes));
    EXPECT_EQ(count_ahead(), 1U);
    ASSERT_TRUE(region.grow_to(8 * kHugePageBytes));
    EXPECT_EQ(count_ahead(), 2U);
    // Growth that overtakes the helper leaves nothing behind to be named.
    ASSERT_TRUE(region.grow_to(size_t{300} << 20));
    EXPECT_EQ(region.take_ahead().data, region.data() + (size_t{300} << 20));
    EXPECT_EQ(count_ahead(), Region::kAheadBytes / kHugePageBytes - 1);
}

TEST(Region, NamesMemoryAgainThatItGaveBack) {
    MemoryBudget budget(uint64_t{1} << 30);
    Region region(uint64_t{1} << 30, budget);
    ASSERT_TRUE(region.grow_to(8 * kHugePageBytes));
    EXPECT_EQ(region.take_ahead().data, region.data() + 8 * kHugePageBytes);
    region.shrink_to_zero();
    EXPECT_EQ(region.take_ahead(3 * kHugePageBytes).data, region.data() + kHugePageBytes);
    EXPECT_EQ(region.take_ahead(3 * kHugePageBytes).data, region.data() + 2 * kHugePageBytes);
    EXPECT_EQ(region.take_ahead(3 * kHugePageBytes).bytes, 0u);
}

TEST(Populate, ProvidesMemoryAndLeavesItsContentsAlone) {
    MemoryBudget budget(uint64_t{64} << 20);
    Region region(uint64_t{64} << 20, budget);
    ASSERT_TRUE(region.grow_to(2 * kHugePageBytes));
    const Stretch ahead = region.take_ahead();
    ahead.data[7] = 7;
    if (!populate(ahead)) GTEST_SKIP() << "Linux before 5.14 has no MADV_POPULATE_WRITE";
    EXPECT_EQ(ahead.data[7], 7);
    EXPECT_EQ(resident_pages(ahead), kHugePageBytes / kPageBytes);
    EXPECT_FALSE(populate({nullptr, kPageBytes}));
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
