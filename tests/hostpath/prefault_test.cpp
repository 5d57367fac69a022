#include "hostpath/prefault.h"

#include <gtest/gtest.h>

namespace trommel::hostpath {
namespace {

constexpr size_t kHuge = cpu::kHugePageBytes;

TEST(Prefault, HasEachPieceProvidedOnceInOrder) {
    cpu::MemoryBudget budget(uint64_t{256} << 20);
    cpu::Region region(uint64_t{256} << 20, budget);
    ASSERT_TRUE(region.grow_to(2 * kHuge));
    Prefault prefault;
    EXPECT_EQ(prefault.step(), Progress::idle);
    size_t provided = 0;
    for (size_t grown = 2; grown <= 64; ++grown) {
        ASSERT_TRUE(region.grow_to(grown * kHuge));
        prefault.announce(region);
        // A helper that comes by now and then.
        if (grown % 8 == 0) {
            while (prefault.step() == Progress::worked) ++provided;
        }
    }
    EXPECT_EQ(provided, 62U + 64 / 4);  // What it grew into, and a quarter ahead.
}

TEST(Prefault, AHelperThatNeverComesHoldsNobodyUp) {
    cpu::MemoryBudget budget(uint64_t{1} << 30);
    cpu::Region region(uint64_t{1} << 30, budget);
    Prefault prefault;
    for (size_t grown = 1; grown <= 256; ++grown) {
        ASSERT_TRUE(region.grow_to(grown * kHuge));
        prefault.announce(region);
    }
}

}  // namespace
}  // namespace trommel::hostpath
