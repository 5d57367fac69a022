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
    Fed(TestDevice& device, const rules::FilterGeometry& geometry, bool forgets = false)
        : device_(device),
          hash_(device, kEventsMax),
          slot_(device, kEventsMax),
          outcome_(device, kEventsMax),
          counts_(device, 1),
          filter_(
              DeviceFilter<TestDevice>::create(device, {geometry, kEventsMax, forgets}, budget_)) {}

    std::vector<Outcome> judge(int64_t watermark_us, const cpu::Event* events, uint32_t count) {
        filter_->advance(watermark_us, events[0].time_us);
        std::vector<int64_t> time_us(count);
        std::vector<uint32_t> rows(count);
        for (uint32_t i = 0; i < count; ++i) {
            hash_[i] = rules::hash_u64(events[i].id, cpu::kSeed);
            time_us[i] = events[i].time_us;
            rows[i] = i;
        }
        filter_->find_slots(time_us.data(), rows.data(), count, slot_.data());
        counts_[0] = {};
        filter_->submit({hash_.data(), slot_.data(), count, outcome_.data(), counts_.data()});
        device_.wait_all();
        filter_->note_counts(counts_[0]);
        return {outcome_.data(), outcome_.data() + count};
    }
    std::vector<Outcome> judge(int64_t watermark_us, const std::vector<cpu::Event>& events) {
        return judge(watermark_us, events.data(), static_cast<uint32_t>(events.size()));
    }
    uint64_t live_ids() { return filter_->live_ids(); }
    int64_t horizon_shortened_us() const { return filter_->horizon_shortened_us(); }
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
    PinnedArray<TestDevice, IdCounts> counts_;
    std::unique_ptr<DeviceFilter<TestDevice>> filter_;
};

// Feeds both in the same random pieces; answers and memory must be the same, bit for bit. With
// OnFull::forget the pieces are short, as a job's are: none runs further than a horizon.
void expect_same_as_cpu(const cpu::StreamOptions& options, uint32_t count, uint64_t seed,
                        bool forgets = false) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    const cpu::Stream stream = cpu::make_stream(options, count, seed);
    const rules::FilterGeometry geometry = rules::filter_geometry(options.demand);
    TestDevice device({.seed = seed});
    Fed fed(device, geometry, forgets);
    cpu::Shards shards(geometry, 1, cpu::SimdLevel::scalar, forgets);
    testkit::Random random(seed);
    for (uint32_t begin = 0; begin < count;) {
        const auto cut =
            static_cast<uint32_t>(1 + random.below(random.one_in(4) && !forgets ? 3000 : 200));
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
    EXPECT_EQ(fed.horizon_shortened_us(), 0);
}

TEST(DeviceFilter, JudgesAndAgesAsTheCpuDoesBitForBit) {
    for (uint64_t seed = 1; seed <= 4; ++seed) {
        cpu::StreamOptions options{.demand = cpu::demand_of(1000, 400, 100), .step_us_max = 8};
        options.jump_one_in = seed % 2 == 0 ? 300 : 0;
        options.begin_us = static_cast<int64_t>(seed) * -70'000;
        expect_same_as_cpu(options, 20'000, seed);
        if (seed == 1) expect_same_as_cpu(options, 20'000, seed, true);  // Below its capacity.
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

// Room is looked for before each piece of an eighth.
TEST(DeviceFilter, IsFullWithinABatchThatIsLongerThanItself) {
    for (const int64_t horizon_us : {int64_t{1000}, kForeverUs}) {
        TestDevice device;
        const rules::FilterGeometry geometry =
            rules::filter_geometry(cpu::demand_of(horizon_us, 0, 0));
        ASSERT_EQ(geometry.ids_max, 2000u);
        Fed fed(device, geometry);
        std::vector<cpu::Event> events;
        for (uint64_t id = 0; id < kEventsMax; ++id) events.push_back({id, 5});
        const std::vector<Outcome> outcomes = fed.judge(0, events);
        EXPECT_GE(fed.live_ids(), 2000u);
        EXPECT_LT(fed.live_ids(), 2000u + 256);
        EXPECT_EQ(std::count(outcomes.begin(), outcomes.end(), Outcome::unique), fed.live_ids());
        EXPECT_EQ(outcomes[0], Outcome::unique);
        EXPECT_NE(outcomes[kEventsMax - 1], Outcome::unique);
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

// --- OnFull::forget

// A stream of about 260 ids in three slices, for a filter that may have fewer in view.
cpu::StreamOptions crowded(uint64_t capacity, int64_t disorder_us) {
    cpu::StreamOptions options{.demand = cpu::demand_of(1000, disorder_us, disorder_us),
                               .step_us_max = 8};
    options.demand.capacity = capacity;
    options.copy_distance = 250;
    return options;
}

// One event at a time: what was in view at the start of the batch is what is in view of it.
TEST(DeviceFilter, ForgetsAsTheCpuDoesEventByEvent) {
    for (uint64_t seed = 1; seed <= 3; ++seed) {
        cpu::StreamOptions options = crowded(170, 100);
        options.jump_one_in = seed == 2 ? 300 : 0;
        options.begin_us = static_cast<int64_t>(seed) * -2'000;
        const cpu::Stream stream = cpu::make_stream(options, 4000, seed);
        const rules::FilterGeometry geometry = rules::filter_geometry(options.demand);
        TestDevice device({.seed = seed});
        Fed fed(device, geometry, true);
        cpu::Shards shards(geometry, 1, cpu::SimdLevel::scalar, true);
        uint64_t unique = 0, full = 0;
        for (size_t i = 0; i < stream.events.size(); ++i) {
            const std::vector<Outcome> judged =
                fed.judge(stream.watermark_us[i], &stream.events[i], 1);
            ASSERT_EQ(judged, shards.judge(stream.watermark_us[i], {stream.events[i]}))
                << "seed " << seed << " event " << i;
            ASSERT_EQ(fed.horizon_shortened_us(), shards.filter().horizon_shortened_us());
            unique += judged[0] == Outcome::unique;
            full += judged[0] == Outcome::full;
        }
        EXPECT_LT(full, unique / 50) << "old events, when their own slice is the oldest left";
        EXPECT_EQ(fed.live_ids(), shards.filter().live_ids());
        EXPECT_GT(fed.horizon_shortened_us(), 0);
        EXPECT_GT(unique, 5 * geometry.ids_max);
    }
}

// Whatever the batches: nothing is refused, and no copy gets through that is as near as the
// horizon that is left.
TEST(DeviceFilter, RemembersWhatIsNewerThanTheHorizonThatIsLeft) {
    for (uint64_t seed = 1; seed <= 3; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        const cpu::StreamOptions options = crowded(235, 0);
        const cpu::Stream stream = cpu::make_stream(options, 20'000, seed);
        const rules::FilterGeometry geometry = rules::filter_geometry(options.demand);
        TestDevice device({.seed = seed});
        Fed fed(device, geometry, true);
        testkit::Random random(seed);
        constexpr uint32_t kCutMax = 60;
        std::vector<Outcome> outcomes;
        while (outcomes.size() < stream.events.size()) {
            const size_t begin = outcomes.size();
            const auto count = static_cast<uint32_t>(
                std::min<size_t>(1 + random.below(kCutMax), stream.events.size() - begin));
            const std::vector<Outcome> judged =
                fed.judge(stream.watermark_us[begin], &stream.events[begin], count);
            outcomes.insert(outcomes.end(), judged.begin(), judged.end());
            // A batch had room, and the next one too where it was in the slice after.
            ASSERT_LE(fed.live_ids(), geometry.ids_max + 2 * kCutMax);
        }
        const int64_t left_us = options.demand.horizon_us - fed.horizon_shortened_us();
        EXPECT_EQ(left_us, 500) << "one slice of two";
        const cpu::Check sum = cpu::check(stream, outcomes, left_us);
        EXPECT_EQ(sum.full, 0u);
        EXPECT_EQ(sum.let_through, 0u);
        EXPECT_GT(cpu::check(stream, outcomes, options.demand.horizon_us).let_through, 0u);
    }
}

// Room for what the batch asks for goes from the oldest slice on, and the newest never does.
TEST(DeviceFilter, ForgetsTheOldestSlicesForTheNewestEvents) {
    const rules::FilterGeometry geometry = rules::filter_geometry({1e-9, 1000, 1000, 0, 0});
    TestDevice device;
    Fed fed(device, geometry, true);
    std::vector<cpu::Event> events;
    for (uint64_t id = 0; id < 1000; ++id) events.push_back({id, id < 400 ? 0 : 500});
    fed.judge(0, events);
    EXPECT_EQ(fed.horizon_shortened_us(), 0) << "all of it fits";
    // A copy of what is there wants no room.
    EXPECT_EQ(fed.judge(0, {{7, 501}}), std::vector{Outcome::duplicate});
    EXPECT_EQ(fed.horizon_shortened_us(), 0);
    EXPECT_EQ(fed.judge(0, {{1000, 501}, {999, 501}, {1000, 501}}),
              (std::vector{Outcome::unique, Outcome::duplicate, Outcome::duplicate}));
    EXPECT_EQ(fed.live_ids(), 601u);
    EXPECT_EQ(fed.horizon_shortened_us(), 1000) << "slices -2 to 0, of which two are looked at";
    EXPECT_EQ(fed.judge(0, {{1, 501}}), std::vector{Outcome::unique}) << "forgotten";
    EXPECT_EQ(fed.judge(0, {{2, 0}}), std::vector{Outcome::unique}) << "as of slice 1";
    EXPECT_EQ(fed.judge(0, {{2, 1499}}), std::vector{Outcome::duplicate});
    for (uint64_t id = 2000; fed.live_ids() < geometry.ids_max; ++id) fed.judge(0, {{id, 501}});
    EXPECT_EQ(fed.judge(0, {{5000, 501}, {999, 501}}),
              (std::vector{Outcome::full, Outcome::duplicate}))
        << "nothing is older than the newest";
}

TEST(DeviceFilter, ForgetsForATimeThatIsTooNewAndCountsOnesTooOldAsOfTheFloor) {
    TestDevice device;
    Fed fed(device, rules::filter_geometry(cpu::demand_of(1000, 0, 0)), true);
    const int64_t newest_us = rules::filter_newest_us(0, 0, 500);
    EXPECT_EQ(fed.judge(0, {{1, 0}, {2, newest_us}}), (std::vector(2, Outcome::unique)));
    EXPECT_EQ(fed.horizon_shortened_us(), 0);
    EXPECT_EQ(fed.judge(0, {{3, newest_us + 1}}), std::vector{Outcome::unique});
    EXPECT_EQ(fed.horizon_shortened_us(), 500);
    EXPECT_EQ(fed.judge(0, {{1, 0}}), std::vector{Outcome::duplicate}) << "still there";
    EXPECT_EQ(fed.judge(0, {{4, newest_us + 100'000}}), std::vector{Outcome::unique});
    EXPECT_EQ(fed.judge(0, {{1, 0}, {1, 0}}), (std::vector{Outcome::unique, Outcome::duplicate}));
    EXPECT_EQ(fed.horizon_shortened_us(), 1000) << "never more than the horizon";
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
