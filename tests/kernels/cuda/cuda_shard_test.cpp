#include "kernels/cuda/cuda_shard.h"

#include <gtest/gtest.h>

#include "kernels/cuda/devices.h"

namespace trommel::cuda {
namespace {

TEST(CudaShard, WithoutAGpuThereIsNoneAndItSaysWhy) {
    const std::string why = why_none_able(visible_devices());
    if (why.empty()) GTEST_SKIP() << "there is a GPU here";
    std::unique_ptr<cpu::Backend> shard;
    const Status status = make_cuda_shard({}, {}, shard);
    EXPECT_EQ(status.code, Code::unreachable);
    EXPECT_EQ(status.message, "engine.type gpu: " + why);
    EXPECT_EQ(shard, nullptr);
}

}  // namespace
}  // namespace trommel::cuda
