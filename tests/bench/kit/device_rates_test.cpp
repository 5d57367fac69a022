#include "bench/kit/device_rates.h"

#include <array>
#include <gmock/gmock.h>
#include <map>
#include <set>
#include <vector>

#include "tests/kernels/cuda/shuffled_device.h"

namespace trommel::bench {
namespace {

using testing::Each;
using testing::Gt;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr uint64_t kDeviceBytes = uint64_t{64} << 20;

// Threads that play a device, and the host's time until they are done.
struct ThreadRig {
    using Device = cuda::ShuffledDevice;
    class Clock {
       public:
        explicit Clock(Device& device) : device_(device) {}
        void start() { began_ = now(); }
        void stop() { ended_ = now(); }
        double seconds() const { return ended_ - began_; }

       private:
        double now() {
            device_.wait_all();
            return wall_seconds();
        }
        Device& device_;
        double began_ = 0, ended_ = 0;
    };

    std::unique_ptr<Device> make_device(std::string& why) {
        if (devices_left == 0) why = "there is none";
        if (devices_left == 0) return nullptr;
        --devices_left;
        return std::make_unique<Device>(cuda::ShuffledOptions{
            .seed = ++seed, .threads = 2, .device_bytes = bytes, .pinned_bytes = bytes});
    }
    uint64_t seed = 0;
    uint32_t devices_left = 100;
    uint64_t bytes = kDeviceBytes;
};

TEST(DeviceRates, MeasureAllThatThereIsATargetFor) {
    ThreadRig rig;
    std::vector<GpuRate> rates;
    double joules = 0;
    const EnergyReading energy = [&] { return joules += 1; };
    const Status status =
        DeviceRates<ThreadRig>(rig, quick_rates(kDeviceBytes), energy).measure(rates);
    ASSERT_TRUE(status.ok()) << status.message;
    std::set<std::string> named, measured;
    for (const GpuTarget& target : gpu_targets()) named.insert(target.name);
    for (const GpuRate& rate : rates) {
        EXPECT_EQ(rate.wrong, "") << rate.name;
        EXPECT_EQ(rate.note, "") << rate.name;
        EXPECT_THAT(rate.rounds, Not(IsEmpty())) << rate.name;
        EXPECT_THAT(rate.rounds, Each(Gt(0))) << rate.name;
        measured.insert(rate.name);
    }
    EXPECT_EQ(measured, named);
    EXPECT_GT(joules, 0);
}

TEST(DeviceRates, WhatDoesNotFitIsMadeSmallerAndSaid) {
    ThreadRig rig;
    RatesScale scale = quick_rates(kDeviceBytes);
    scale.table_bytes = uint64_t{24} << 20;
    scale.windows = {{"windows-1M", 3000}, {"windows-100M", 1'000'000}};
    scale.latencies.clear();
    scale.device_bytes = uint64_t{16} << 20;
    std::vector<GpuRate> rates;
    ASSERT_TRUE(DeviceRates<ThreadRig>(rig, scale, {}).measure(rates).ok());
    std::map<std::string, std::string> notes;
    for (const GpuRate& rate : rates) {
        EXPECT_EQ(rate.wrong, "") << rate.name;
        notes[rate.name] = rate.note;
    }
    EXPECT_THAT(notes["exact-64"], HasSubstr("in 6 of 24 MiB"));
    EXPECT_THAT(notes["windows-100M"], HasSubstr(" of 1000000 keys"));
    EXPECT_EQ(notes["windows-1M"], "");
}

TEST(DeviceRates, ADeviceThatHasLessThanItSaysLeavesNoFigures) {
    ThreadRig rig;
    rig.bytes = uint64_t{64} << 10;
    std::vector<GpuRate> rates;
    ASSERT_TRUE(DeviceRates<ThreadRig>(rig, quick_rates(kDeviceBytes), {}).measure(rates).ok());
    for (const GpuRate& rate : rates) {
        EXPECT_THAT(rate.rounds, IsEmpty()) << rate.name;
        EXPECT_EQ(rate.wrong.empty(), rate.name == "window-rows") << rate.name;
    }
    EXPECT_EQ(rates[0].wrong, kTooLittleMemory);
    // Enough to begin with, and not to grow.
    rig.bytes = uint64_t{600} << 10;
    rates.clear();
    ASSERT_TRUE(DeviceRates<ThreadRig>(rig, quick_rates(kDeviceBytes), {}).measure(rates).ok());
    EXPECT_THAT(rates[0].wrong, HasSubstr("not found to be"));
    EXPECT_THAT(rates[0].rounds, IsEmpty());
}

TEST(DeviceRates, WithoutADeviceThereIsNone) {
    ThreadRig rig;
    rig.devices_left = 0;
    std::vector<GpuRate> rates;
    const Status status = DeviceRates<ThreadRig>(rig, quick_rates(kDeviceBytes), {}).measure(rates);
    EXPECT_EQ(status.code, Code::unreachable);
    EXPECT_EQ(status.message, "no GPU to measure: there is none");
    // One for what is on the device, none left for shards.
    rig.devices_left = 1;
    EXPECT_TRUE(DeviceRates<ThreadRig>(rig, quick_rates(kDeviceBytes), {}).measure(rates).ok());
    for (const GpuRate& rate : rates) {
        if (rate.name != "latency-64Ki") continue;
        EXPECT_EQ(rate.wrong, "there is none");
    }
}

// --- What is checked can be wrong ----------------------------------------------------------------

TEST(ExactWork, OneOutcomeThatIsNotThatOfItsEventIsFound) {
    cuda::ShuffledDevice device;
    const RoundShape shape{.batches = 2, .batch_events = 512};
    ExactWork<cuda::ShuffledDevice, cuda::Ids64> work(device, shape, uint64_t{1} << 20);
    ASSERT_EQ(work.begin(), "");
    work.prepare();
    for (const uint32_t b : {0u, 1u}) work.submit(b);
    work.settle();
    EXPECT_EQ(work.fault(), "");
    work.submit(0);  // Its ids are all known now.
    work.submit(1);
    work.settle();
    EXPECT_EQ(work.fault(), "512 new ids were not found to be new");
    work.prepare();  // Of these 512 ids, which never come, the next round has copies.
    work.prepare();
    for (const uint32_t b : {0u, 1u}) work.submit(b);
    work.settle();
    EXPECT_THAT(work.fault(), HasSubstr("copies were not found to be copies"));
}

TEST(ShardFeed, OneOtherVerdictAndOneOtherRowAreFound) {
    const Config config = ShardFeed::job(true);
    cpu::ShardOptions options;
    options.id_bytes = options.key_bytes = uint64_t{8} << 20;
    options.rows_max = 256;
    std::unique_ptr<cpu::Backend> shard;
    ASSERT_TRUE(cuda::DeviceShard<cuda::ShuffledDevice>::create(
                    std::make_unique<cuda::ShuffledDevice>(), config, options, shard)
                    .ok());
    ShardFeed feed(std::move(shard), config, {.batches = 2, .batch_events = 256}, 100);
    ASSERT_EQ(feed.begin(1000), "");
    feed.prepare();
    feed.run();
    EXPECT_EQ(feed.fault(), "");
    feed.run();  // All of them copies now.
    EXPECT_EQ(feed.fault(), "256 verdicts are wrong");
    feed.prepare();  // Counted as if it had come.
    EXPECT_EQ(feed.take_rows(), "the rows count other events than there were");
}

TEST(RowSums, TellCountsSumsAndKeysApart) {
    const Config config = keyed_window();
    const cpu::CellLayout layout(config);
    const auto sums_of = [&](std::vector<std::array<int64_t, 3>> rows) {
        cpu::PartialRows taken(config, layout);
        for (const auto& [key, count, sum] : rows) {
            taken.window.push_back(0);
            taken.key_int.push_back(key);
            taken.cells.resize(taken.cells.size() + layout.bytes());
            const uint64_t words[2] = {static_cast<uint64_t>(sum), sum < 0 ? ~uint64_t{0} : 0};
            layout.assemble(taken.cell(taken.count() - 1), static_cast<uint64_t>(count), words);
        }
        RowSums sums;
        sums.add(taken, layout);
        return sums;
    };
    const RowSums right = sums_of({{1, 2, -30}, {2, 1, 7}});
    const KeyedSums truth{right.counts, right.sums};
    EXPECT_EQ(truth.counts, 2 * KeyedSums::weight(1) + KeyedSums::weight(2));
    EXPECT_EQ(right.fault(truth, 2), "");
    EXPECT_EQ(sums_of({{2, 1, 7}, {1, 2, -30}}).fault(truth, 2), "");
    EXPECT_EQ(right.fault(truth, 3), "2 rows of 3 keys");
    EXPECT_THAT(sums_of({{1, 1, -30}, {2, 2, 7}}).fault(truth, 2), HasSubstr("count other"));
    EXPECT_THAT(sums_of({{1, 2, -29}, {2, 1, 6}}).fault(truth, 2), HasSubstr("sums are not"));
    EXPECT_THAT(sums_of({{3, 2, -30}, {2, 1, 7}}).fault(truth, 2), HasSubstr("count other"));
}

// --- Events --------------------------------------------------------------------------------------

TEST(IdStream, HalfOfItsEventsAreCopiesOfOneBefore) {
    IdStream stream{.seed = 3};
    std::set<uint64_t> seen;
    for (const uint64_t reach : {~uint64_t{0}, uint64_t{50}}) {
        stream.reach = reach;
        for (uint64_t event = 0; event < 3000; ++event) {
            const bool is_new = seen.insert(stream.id_of(event)).second;
            ASSERT_EQ(is_new, !stream.is_copy(event)) << event;
            if (!is_new && reach == 50) {
                ASSERT_GT(stream.number_of(event) + 50 + 1, stream.known + (event + 1) / 2);
            }
        }
        stream.known += stream.new_until(3000);
        ASSERT_EQ(stream.known, seen.size());
    }
}

TEST(MakeKeyedEvents, HaveTheSharesOfZipf) {
    constexpr uint64_t kKeys = 1000, kEvents = 200'000;
    double all = 0;
    for (uint64_t rank = 1; rank <= kKeys; ++rank) all += ZipfRanks::density(double(rank));
    std::vector<uint64_t> of(kKeys);
    const MakeKeyedEvents make{RateKeys::zipf, kKeys, 0, 11, nullptr, nullptr, nullptr};
    for (uint64_t event = 0; event < kEvents; ++event) ++of.at(make.key_of(event));
    for (const uint64_t rank : std::vector<uint64_t>{1, 2, 3, 10, 30}) {
        const double expected = kEvents * ZipfRanks::density(double(rank)) / all;
        // Five standard deviations of a binomial; the events are the same in every run.
        EXPECT_NEAR(double(of[rank - 1]), expected, 5 * std::sqrt(expected)) << rank;
    }
    EXPECT_GT(of[kKeys - 1] + of[kKeys - 2] + of[kKeys - 3], 0u);
}

}  // namespace
}  // namespace trommel::bench
