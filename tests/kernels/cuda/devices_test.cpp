#include "kernels/cuda/devices.h"

#include <gmock/gmock.h>

namespace trommel::cuda {
namespace {

using testing::HasSubstr;

TEST(Devices, AnEmptyListComesWithItsReasonAndOnlyThen) {
    const Devices devices = visible_devices();
    EXPECT_EQ(devices.gpus.empty(), !devices.why_none.empty()) << devices.why_none;
}

TEST(Devices, AreCalledByTheirNameAndSize) {
    const Gpu gpu{.name = "NVIDIA H200",
                  .bus = "0000:3b:00.0",
                  .major = 9,
                  .minor = 0,
                  .processors = 132,
                  .memory_bytes = 150'110'011'392};
    EXPECT_EQ(to_text(gpu),
              "NVIDIA H200, compute capability 9.0, 132 processors, 139.8 GiB, at 0000:3b:00.0");
    EXPECT_EQ(version_text(13000), "13.0");
    EXPECT_EQ(version_text(12080), "12.8");
}

TEST(Devices, ThatAreTooOldAreNotAble) {
    EXPECT_FALSE(is_able({.name = "T4", .bus = "", .major = 7, .minor = 5}));
    EXPECT_TRUE(is_able({.name = "A100", .bus = "", .major = 8, .minor = 0}));
    EXPECT_TRUE(is_able({.name = "B200", .bus = "", .major = 10, .minor = 0}));
}

TEST(Devices, TheFirstThatIsAbleIsTaken) {
    Devices devices;
    devices.why_none = "there is none";
    EXPECT_EQ(why_none_able(devices), "there is none");
    devices.gpus = {{.name = "T4", .bus = "", .major = 7, .minor = 5}};
    EXPECT_THAT(why_none_able(devices), HasSubstr("and there is T4"));
    devices.gpus.push_back({.name = "A100", .bus = "", .major = 8, .minor = 0});
    EXPECT_EQ(why_none_able(devices), "");
    EXPECT_EQ(first_able(devices), 1u);
}

TEST(Devices, ThatAreMissingSayWhy) {
    EXPECT_EQ(why_no_device({.says = "no error", .count = 1}), "");
    EXPECT_THAT(why_no_device({.says = "no error", .count = 0}), HasSubstr("CUDA_VISIBLE_DEVICES"));
    EXPECT_THAT(why_no_device({.error = 100, .says = "no device"}), HasSubstr("sees no GPU"));
    EXPECT_THAT(why_no_device({.error = 35, .says = "old", .runtime_version = 13000}),
                HasSubstr("no NVIDIA driver"));
    EXPECT_THAT(
        why_no_device(
            {.error = 35, .says = "old", .runtime_version = 13000, .driver_version = 12040}),
        testing::AllOf(HasSubstr("12.4"), HasSubstr("13.0"), HasSubstr("newer driver")));
    EXPECT_THAT(why_no_device({.error = 999, .says = "unknown error"}),
                HasSubstr("unknown error (error 999)"));
}

}  // namespace
}  // namespace trommel::cuda
