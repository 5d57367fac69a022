#include "tests/kernels/cuda/device_check.h"

#include <gtest/gtest.h>

#include "tests/kernels/cuda/test_device.h"

namespace trommel::cuda {
namespace {

TEST(TestDevice, DoesWhatADeviceMust) {
    for (uint64_t seed = 1; seed <= 10; ++seed) {
        TestDevice device({.seed = seed});
        EXPECT_EQ(fault_of(device), nullptr) << "seed " << seed;
    }
}

}  // namespace
}  // namespace trommel::cuda
