#include "tests/kernels/cuda/windows_check.h"

#include <gtest/gtest.h>

#include "tests/kernels/cuda/test_device.h"

namespace trommel::cuda {
namespace {

TEST(WindowsCheck, FindsNothingWrongWithTheTestDevice) {
    TestDevice device({.device_bytes = size_t{64} << 20});
    CheckedWindows<TestDevice> windows(device, {.batches = 6, .batch_events = 3000, .keys = 500});
    EXPECT_EQ(windows.fault(), "");
    EXPECT_GT(windows.rows(), 1000u);
}

}  // namespace
}  // namespace trommel::cuda
