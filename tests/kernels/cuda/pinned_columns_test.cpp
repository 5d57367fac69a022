#include "kernels/cuda/pinned_columns.h"

#include <gtest/gtest.h>
#include <vector>

#include "tests/kernels/cuda/shuffled_device.h"

// The device stops the program when something is left pinned, or is unpinned twice.
namespace trommel::cuda {
namespace {

TEST(PinnedColumns, AreTheOnesThatWereAdded) {
    ShuffledDevice device;
    const std::vector<int64_t> times(100), other(100);
    const std::vector<uint64_t> ids(100);
    PinnedColumns<ShuffledDevice> pinned(device);
    EXPECT_FALSE(pinned.has(times.data()));
    pinned.add(times.data(), 100);
    pinned.add(ids.data(), 100);
    EXPECT_TRUE(pinned.has(times.data()));
    EXPECT_TRUE(pinned.has(ids.data()));
    EXPECT_FALSE(pinned.has(other.data()));
    EXPECT_FALSE(pinned.has(times.data() + 1));
}

TEST(PinnedColumns, AreNoneWhereTheMachinePinsNothing) {
    ShuffledDevice device({.pins = false});
    const std::vector<int64_t> times(100);
    PinnedColumns<ShuffledDevice> pinned(device);
    pinned.add(times.data(), 100);
    EXPECT_FALSE(pinned.has(times.data()));
}

}  // namespace
}  // namespace trommel::cuda
