#include "kernels/cuda/device_filter.h"

#include <gtest/gtest.h>
#include <vector>

#include "tests/kernels/cpu/filter_stream.h"
#include "tests/kernels/cuda/test_device.h"
#include "tests/kit/random.h"

namespace trommel::cuda {
namespace {

using cpu::Outcome;

constexpr uint32_t kEventsMax = 4096;

// A filter on a device, fed as a job feeds it.
class Fed {
   public:
    Fed(TestDevice& device, const rules::FilterGeometry& geometry)
        : device_(device),
          hash_(device, kEventsMax),
          slot_(device, kEventsMax),
          outcome_(device, kEventsMax),
          filter_(DeviceFilter<TestDevice>::create(device, {geometry, kEventsMax}, budget_)) {}

    std::vector<Outcome> judge(int64_t watermark_us, const cpu::Event* events, uint32_t count) {
        filter_->advance(watermark_us, events[0].time_us);
        for (uint32_t i = 0; i < count; ++i) {
            hash_[i] = rules::hash_u64(events[i].id, cpu::kSeed);
            slot_[i] = filter_->slot_of(events[i].time_us);
        }
        filter_->submit({hash_.data(), slot_.data(), count, outcome_.data()});
        device_.wait_all();
        return {outcome_.data(), outcome_.data() + count};
    }
    std::vector<uint64_t> words() {
        const Array<TestDevice, uint64_t>& words = filter_->words();
        const PinnedArray<TestDevice, uint64_t> copy(device_, words.count());
        device_.copy_out(Queue::compute, copy.data(), words.data(), words.bytes());
        device_.wait_all();
        return {copy.data(), copy.data() + copy.count()};
    }

   private:
    TestDevice& device_;
    cpu::MemoryBudget budget_{uint64_t{1} << 30};
    PinnedArray<TestDevice, uint64_t> hash_;
    PinnedArray<TestDevice, uint8_t> slot_;
    PinnedArray<TestDevice, Outcome> outcome_;
    std::unique_ptr<DeviceFilter<TestDevice>> filter_;
};

// Feeds both in the same random pieces; answers and memory must be the same, bit for bit.
void expect_same_as_cpu(const cpu::StreamOptions& options, uint32_t count, uint64_t seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const cpu::Stream stream = cpu::make_stream(options, count, seed);
    const rules::FilterGeometry geometry = rules::filter_geometry(options.demand);
    TestDevice device({.seed = seed});
    Fed fed(device, geometry);
    cpu::Shards shards(geometry, 1, cpu::SimdLevel::scalar);
    testkit::Random random(seed);
    for (uint32_t begin = 0; begin < count;) {
        const auto cut = static_cast<uint32_t>(1 + random.below(random.one_in(4) ? 3000 : 200));
        const uint32_t end = std::min(begin + cut, count);
        const std::vector<cpu::Event> events(stream.events.begin() + begin,
                                             stream.events.begin() + end);
        const int64_t watermark_us = stream.watermark_us[begin];
        ASSERT_EQ(fed.judge(watermark_us, events.data(), end - begin),
                  shards.judge(watermark_us, events));
        begin = end;
    }
    const std::span<const uint64_t> words = shards.filter().words();
    EXPECT_EQ(fed.words(), std::vector<uint64_t>(words.begin(), words.end()));
}

TEST(DeviceFilter, JudgesAndAgesAsTheCpuDoesBitForBit) {
    for (uint64_t seed = 1; seed <= 4; ++seed) {
        cpu::StreamOptions options{.demand = cpu::demand_of(1000, 400, 100), .step_us_max = 8};
        options.jump_one_in = seed % 2 == 0 ? 300 : 0;
        options.begin_us = static_cast<int64_t>(seed) * -70'000;
        expect_same_as_cpu(options, 20'000, seed);
    }
}

TEST(DeviceFilter, JudgesAsTheCpuDoesForever) {
    for (uint64_t seed = 1; seed <= 4; ++seed) {
        cpu::StreamOptions options{.demand = cpu::demand_of(kForeverUs, 0, 0)};
        options.demand.capacity = 20'000;
        expect_same_as_cpu(options, 20'000, seed);
    }
}

// All events have one id: one line, one run, one after the other.
TEST(DeviceFilter, JudgesALineInOrderOfArrival) {
    TestDevice device;
    Fed fed(device, rules::filter_geometry(cpu::demand_of(1000, 0, 0)));
    const std::vector<cpu::Event> events(3000, cpu::Event{7, 5});
    const std::vector<Outcome> outcomes = fed.judge(0, events.data(), 3000);
    EXPECT_EQ(outcomes[0], Outcome::unique);
    EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), Outcome::duplicate), 2999);
}

// Beyond its capacity new ids are refused and leave no trace, and a copy is still a duplicate.
TEST(DeviceFilter, IsFullBeyondItsCapacityAndStillKnowsWhatItHas) {
    for (const int64_t horizon_us : {int64_t{1000}, kForeverUs}) {
        TestDevice device;
        const rules::FilterGeometry geometry =
            rules::filter_geometry(cpu::demand_of(horizon_us, 0, 0));
        Fed fed(device, geometry);
        std::vector<cpu::Event> events;
        for (uint64_t id = 0; id < 2 * geometry.ids_max; ++id) events.push_back({id, 5});
        const auto half = static_cast<uint32_t>(geometry.ids_max);
        std::vector<Outcome> first = fed.judge(0, events.data(), half);
        // The mistaken ones are not remembered, so there is room for so many more.
        const auto left =
            static_cast<uint32_t>(std::count(first.begin(), first.end(), Outcome::duplicate));
        for (uint32_t i = 0; i < left; ++i) fed.judge(0, &events[half + i], 1);
        while (fed.judge(0, &events[half + 100], 1)[0] == Outcome::unique) {
            events[half + 100].id += 1'000'000;
        }
        const std::vector<uint64_t> words = fed.words();
        const std::vector<Outcome> later = fed.judge(0, &events[half + 200], 1000);
        EXPECT_EQ(std::count(later.begin(), later.end(), Outcome::unique), 0);
        EXPECT_GT(std::count(later.begin(), later.end(), Outcome::full), 900);
        EXPECT_EQ(fed.words(), words);
        const std::vector<Outcome> again = fed.judge(0, events.data(), half);
        EXPECT_EQ(std::count(again.begin(), again.end(), Outcome::duplicate), half);
    }
}

// What is remembered of a slice counts until the slice is out of view, and no longer.
TEST(DeviceFilter, HasRoomAgainWhenSlicesPassAsTheCpuDoes) {
    constexpr int64_t kSliceUs = 500;
    const rules::FilterGeometry geometry =
        rules::filter_geometry(cpu::demand_of(2 * kSliceUs, 0, 0));
    TestDevice device;
    Fed fed(device, geometry);
    cpu::Shards shards(geometry, 1, cpu::SimdLevel::scalar);
    uint64_t id = 0, full = 0, unique = 0;
    for (int64_t slice = 0; slice < 9; ++slice) {
        for (uint32_t tried = 0; tried < geometry.ids_max / 3 + 200; ++tried) {
            if (slice == 3 || slice == 4) tried += 100;  // A few only.
            const std::vector<cpu::Event> event = {{id++, slice * kSliceUs}};
            const std::vector<Outcome> judged = fed.judge(slice * kSliceUs, event.data(), 1);
            ASSERT_EQ(judged, shards.judge(slice * kSliceUs, event)) << "slice " << slice;
            full += judged[0] == Outcome::full;
            unique += judged[0] == Outcome::unique;
        }
    }
    EXPECT_GT(full, 10u);
    EXPECT_GT(unique, geometry.ids_max);
}

TEST(DeviceFilter, AnEventThatDoesNotFitTheSlicesIsFull) {
    TestDevice device;
    Fed fed(device, rules::filter_geometry(cpu::demand_of(1000, 0, 0)));
    const std::vector<cpu::Event> events = {{1, 0}, {2, 100'000}, {1, 0}};
    EXPECT_EQ(fed.judge(0, events.data(), 3),
              (std::vector<Outcome>{Outcome::unique, Outcome::full, Outcome::duplicate}));
}

TEST(DeviceFilter, IsNotMadeWithoutMemory) {
    const rules::FilterGeometry geometry = rules::filter_geometry(cpu::demand_of(1000, 0, 0));
    TestDevice small({.device_bytes = 4096}), large;
    cpu::MemoryBudget enough(uint64_t{1} << 30), little(1000);
    EXPECT_EQ(DeviceFilter<TestDevice>::create(small, {geometry, kEventsMax}, enough), nullptr);
    EXPECT_EQ(DeviceFilter<TestDevice>::create(large, {geometry, kEventsMax}, little), nullptr);
    EXPECT_EQ(enough.used_bytes(), 0u);
}

}  // namespace
}  // namespace trommel::cuda
