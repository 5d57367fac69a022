#include "kernels/cuda/device.h"

#include <gtest/gtest.h>
#include <numeric>
#include <vector>

#include "tests/kernels/cuda/device_check.h"
#include "tests/kernels/cuda/shuffled_device.h"

namespace trommel::cuda {
namespace {

TEST(ShuffledDevice, RunsEveryItemOnceAndAfterWhatItWasHeldFor) {
    for (uint64_t seed = 1; seed <= 50; ++seed) {
        ShuffledDevice device({.seed = seed});
        const Array<ShuffledDevice, uint64_t> terms(device, 1000), sum(device, 1);
        const PinnedArray<ShuffledDevice, uint64_t> from(device, 1000), to(device, 1);
        std::iota(from.data(), from.data() + 1000, uint64_t{1});
        const auto arrived = device.make_ticket(), summed = device.make_ticket(),
                   back = device.make_ticket();
        EXPECT_TRUE(device.is_reached(back)) << "never recorded";
        device.copy_in(Queue::in, terms.data(), from.data(), terms.bytes());
        device.record(Queue::in, arrived);
        device.hold(Queue::compute, arrived);
        device.fill(Queue::compute, sum.data(), 0, sum.bytes());
        device.launch(1000, AddTerms{terms.data(), sum.data()});
        device.record(Queue::compute, summed);
        device.hold(Queue::out, summed);
        device.copy_out(Queue::out, to.data(), sum.data(), sum.bytes());
        device.record(Queue::out, back);
        device.wait(back);
        EXPECT_EQ(to[0], 500'500u) << "seed " << seed;
    }
}

TEST(ShuffledDevice, FindsOutThatAHoldIsMissing) {
    bool was_found = false;
    for (uint64_t seed = 1; seed <= 50; ++seed) {
        ShuffledDevice device({.seed = seed});
        const Array<ShuffledDevice, uint64_t> value(device, 1);
        const PinnedArray<ShuffledDevice, uint64_t> from(device, 1), to(device, 1);
        from[0] = 77;
        device.copy_in(Queue::in, value.data(), from.data(), value.bytes());
        device.copy_out(Queue::out, to.data(), value.data(), value.bytes());
        device.wait_all();
        was_found |= to[0] != 77;
    }
    EXPECT_TRUE(was_found);
}

TEST(ShuffledDevice, RunsBlocksPhaseByPhase) {
    ShuffledDevice device;
    const uint32_t count = 1000;
    const Array<ShuffledDevice, uint8_t> digits(device, count);
    const Array<ShuffledDevice, uint32_t> found(device, 8);
    const PinnedArray<ShuffledDevice, uint8_t> from(device, count);
    const PinnedArray<ShuffledDevice, uint32_t> to(device, 8);
    for (uint32_t i = 0; i < count; ++i) from[i] = static_cast<uint8_t>(i * i % 8);
    device.copy_in(Queue::compute, digits.data(), from.data(), digits.bytes());
    device.fill(Queue::compute, found.data(), 0, found.bytes());
    device.launch_blocks(16, CountDigits{digits.data(), count, found.data()});
    device.copy_out(Queue::compute, to.data(), found.data(), found.bytes());
    device.wait_all();
    EXPECT_EQ(std::vector<uint32_t>(to.data(), to.data() + 8),
              (std::vector<uint32_t>{250, 500, 0, 0, 250, 0, 0, 0}));
}

TEST(ShuffledDevice, SortsStablyByTheLowBitsAndSelects) {
    ShuffledDevice device;
    ASSERT_TRUE(device.reserve_sort(4) && device.reserve_select(4));
    const PinnedArray<ShuffledDevice, uint64_t> keys(device, 4);
    const PinnedArray<ShuffledDevice, uint32_t> values(device, 4), selected(device, 5);
    const PinnedArray<ShuffledDevice, uint8_t> flags(device, 4);
    const uint64_t some_keys[] = {0x103, 0x201, 0x303, 0x400};
    const uint8_t some_flags[] = {0, 7, 1, 0};
    for (uint32_t i = 0; i < 4; ++i)
        keys[i] = some_keys[i], values[i] = i, flags[i] = some_flags[i];
    device.sort(keys.data(), values.data(), 4, 8);
    device.select(flags.data(), 4, selected.data(), selected.data() + 4);
    device.wait_all();
    EXPECT_EQ(std::vector<uint32_t>(values.data(), values.data() + 4),
              (std::vector<uint32_t>{3, 1, 0, 2}));
    EXPECT_EQ(selected[4], 2u);
    EXPECT_EQ(selected[0], 1u);
    EXPECT_EQ(selected[1], 2u);
}

TEST(ShuffledDevice, HasNoMoreMemoryThanItSays) {
    ShuffledDevice device({.device_bytes = 4096, .pinned_bytes = 4096});
    const Array<ShuffledDevice, char> most(device, 3000), more(device, 3000);
    EXPECT_TRUE(most);
    EXPECT_FALSE(more);
    EXPECT_EQ(more.count(), 0u);
    const PinnedArray<ShuffledDevice, char> pinned(device, 4000), none(device, 4000);
    EXPECT_TRUE(pinned);
    EXPECT_FALSE(none);
}

TEST(ShuffledDevice, ThatIsLostHoldsNobodyUp) {
    ShuffledDevice device;
    const PinnedArray<ShuffledDevice, uint64_t> value(device, 1);
    const auto ticket = device.make_ticket();
    device.hold(Queue::out, ticket);
    device.record(Queue::out, ticket);
    device.lose("unplugged");
    device.fill(Queue::compute, value.data(), 0, 8);
    device.wait(ticket);
    device.wait_all();
    EXPECT_TRUE(device.is_lost());
    EXPECT_STREQ(device.error(), "unplugged");
}

void touch_device_memory() {
    ShuffledDevice device;
    const Array<ShuffledDevice, uint64_t> array(device, 1);
    *array.data() = 1;
}

TEST(ShuffledDeviceDeathTest, HostCannotTouchDeviceMemory) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(touch_device_memory(), "");
}

}  // namespace
}  // namespace trommel::cuda
