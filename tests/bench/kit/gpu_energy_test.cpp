#include "bench/kit/gpu_energy.h"

#include <gmock/gmock.h>

namespace trommel::bench {
namespace {

using testing::HasSubstr;

// A driver that says what the test wants.
struct Driver {
    int init_error = 0, find_error = 0, read_error = 0;
    unsigned long long millijoules = 0;
    std::string bus = {};
};
Driver driver;
int device;

NvmlCalls fake() {
    driver = {};
    NvmlCalls nvml;
    nvml.init = [] { return driver.init_error; };
    nvml.find_by_bus = [](const char* bus, void** found) {
        driver.bus = bus;
        *found = &device;
        return driver.find_error;
    };
    nvml.read_energy = [](void* of, unsigned long long* millijoules) {
        *millijoules = driver.millijoules;
        return of == &device ? driver.read_error : 99;
    };
    return nvml;
}

TEST(GpuEnergy, IsReadInMillijoulesFromTheGpuAtThatPlace) {
    std::string why;
    const EnergyReading reading = energy_reading(fake(), "0000:3b:00.0", why);
    ASSERT_TRUE(reading);
    EXPECT_EQ(driver.bus, "0000:3b:00.0");
    driver.millijoules = 2500;
    EXPECT_EQ(reading(), 2.5);
    driver.read_error = 3;
    EXPECT_EQ(reading(), std::nullopt);
    EXPECT_EQ(why, "");
}

TEST(GpuEnergy, WhoCannotReadItSaysWhy) {
    std::string why;
    const NvmlCalls nvml = fake();
    driver.init_error = 9;
    EXPECT_FALSE(energy_reading(nvml, "", why));
    EXPECT_EQ(why, "NVML cannot start: error 9");
    driver = {.find_error = 2};
    EXPECT_FALSE(energy_reading(nvml, "", why));
    EXPECT_EQ(why, "NVML cannot find the GPU: error 2");
    driver = {.read_error = 3};  // What a GPU that does not count answers.
    EXPECT_FALSE(energy_reading(nvml, "", why));
    EXPECT_EQ(why, "NVML cannot read its energy: error 3");
}

TEST(GpuEnergy, WithoutTheDriversLibraryThereIsNone) {
    std::string why;
    EXPECT_EQ(driver_nvml(why, "libtrommel-no-such.so").init, nullptr);
    EXPECT_EQ(why, "there is no libtrommel-no-such.so");
    EXPECT_EQ(driver_nvml(why, "libc.so.6").init, nullptr);
    EXPECT_EQ(why, "libc.so.6 does not count energy");
    EXPECT_FALSE(energy_reading({}, "", why));
    EXPECT_EQ(why, "libc.so.6 does not count energy");
}

TEST(EnergyMeter, AddsUpStretchesThatAreLongEnoughTogether) {
    double joules = 100;
    EnergyMeter meter([&]() -> std::optional<double> { return joules; });
    meter.begin();
    joules += 30;
    meter.end(1e6, kEnergySecondsMin / 2);
    EXPECT_EQ(meter.joules_per_million(), std::nullopt);
    joules += 1000;  // Between two stretches.
    meter.begin();
    joules += 50;
    meter.end(3e6, kEnergySecondsMin / 2);
    EXPECT_DOUBLE_EQ(*meter.joules_per_million(), 20);
}

TEST(EnergyMeter, OneReadingThatFailsSpoilsIt) {
    bool fails = false;
    EnergyMeter meter([&]() { return fails ? std::nullopt : std::optional(1.0); });
    meter.begin();
    fails = true;
    meter.end(1e6, 1);
    fails = false;
    meter.begin();
    meter.end(1e6, 1);
    EXPECT_EQ(meter.joules_per_million(), std::nullopt);
    EnergyMeter nobody({});
    nobody.begin();
    nobody.end(1e6, 1);
    EXPECT_EQ(nobody.joules_per_million(), std::nullopt);
}

}  // namespace
}  // namespace trommel::bench
