#include "kernels/cpu/simd_level.h"

#include <cstdlib>
#include <gtest/gtest.h>

namespace trommel::cpu {
namespace {

class SimdLevelTest : public testing::Test {
   protected:
    void TearDown() override { unsetenv("TROMMEL_SIMD"); }
};

TEST_F(SimdLevelTest, TheEnvironmentPicksALevelThatThereIs) {
    SimdLevel level = SimdLevel::avx512;
    setenv("TROMMEL_SIMD", "scalar", 1);
    ASSERT_TRUE(simd_from_environment(level).ok());
    EXPECT_EQ(level, SimdLevel::scalar);
    setenv("TROMMEL_SIMD", to_text(detect_simd()), 1);
    ASSERT_TRUE(simd_from_environment(level).ok());
    EXPECT_EQ(level, detect_simd());
    setenv("TROMMEL_SIMD", "", 1);
    ASSERT_TRUE(simd_from_environment(level).ok());
    EXPECT_EQ(level, detect_simd());
}

TEST_F(SimdLevelTest, AnUnknownLevelIsAnErrorThatNamesTheOnesThereAre) {
    SimdLevel level = SimdLevel::scalar;
    setenv("TROMMEL_SIMD", "sse9", 1);
    const Status status = simd_from_environment(level);
    EXPECT_EQ(status.code, Code::invalid_config);
    EXPECT_EQ(status.message, "TROMMEL_SIMD=sse9: use scalar, avx2 or avx512");
}

}  // namespace
}  // namespace trommel::cpu
