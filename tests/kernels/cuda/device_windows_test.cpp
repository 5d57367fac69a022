#include "kernels/cuda/device_windows.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "kernels/cpu/window_store.h"
#include "tests/kernels/cpu/naive_windows.h"
#include "tests/kernels/cuda/test_device.h"

namespace trommel::cuda {
namespace {

namespace naive = cpu::naive;
using naive::Event;
using naive::pick;
using naive::Row;

constexpr uint64_t kPlenty = uint64_t{32} << 20;
constexpr int64_t kYearUs = int64_t{365} * 86400 * 1'000'000;

Window tumbling(std::string name, int64_t size) {
    return {std::move(name), WindowKind::tumbling, size, size, 0};
}
Window sliding(std::string name, int64_t size, int64_t slide) {
    return {std::move(name), WindowKind::sliding, size, slide, 0};
}

struct PairOptions {
    uint64_t seed = 1;
    uint64_t device_bytes = kPlenty;
    uint64_t host_bytes = kPlenty;
};

// Windows on a device of threads, and the CPU's, which get the events that the device did not
// refuse.
class Pair {
   public:
    using Device = TestDevice;
    static constexpr uint32_t kRowsMax = 4096;

    Pair(const Config& config, const PairOptions& options)
        : config_(config),
          // Hardly more than the budget and a batch: what is not charged is not there.
          device_({.seed = options.seed,
                   .device_bytes =
                       options.device_bytes + options.device_bytes / 8 + batch_bytes(config)}),
          device_budget_(options.device_bytes),
          host_budget_(options.host_bytes),
          windows_(DeviceWindows<Device>::create(
              device_, config_, {options.seed, cpu::detect_simd()}, device_budget_, host_budget_)),
          budget_(uint64_t{1} << 30),
          store_(config_, 7, cpu::detect_simd(), budget_),
          batch_(config_, kRowsMax),
          taken_(config_, store_.layout()),
          key_(device_, kRowsMax),
          time_(device_, kRowsMax),
          verdict_(device_, kRowsMax),
          cell_(device_, kRowsMax),
          counts_(device_, 1),
          halted_(device_, 1),
          key_image_(device_, kRowsMax),
          time_image_(device_, kRowsMax),
          verdict_image_(device_, kRowsMax),
          counts_image_(device_, 1),
          halted_image_(device_, 1) {
        for (size_t v = 0; v < config_.values.size(); ++v) {
            values_.emplace_back(device_, kRowsMax);
            value_images_.emplace_back(device_, kRowsMax);
        }
        device_.fill(Queue::compute, halted_.data(), 0, halted_.bytes());
    }

    // Returns how many were refused.
    size_t add(const std::vector<Event>& events) {
        return add_rows(naive::fill(config_, events, batch_));
    }
    // With the rows that lie between them.
    size_t add_with_neighbours(const std::vector<Event>& events) {
        naive::fill(config_, events, batch_);
        std::vector<uint32_t> rows(batch_.count);
        std::iota(rows.begin(), rows.end(), 0u);
        return add_rows(rows);
    }

    void advance(int64_t watermark_us) {
        windows_->advance(watermark_us);
        store_.advance(watermark_us);
    }

    // What is final comes out of both, equally.
    void take(uint32_t rows_max) {
        std::vector<Row> expected, rows;
        while (store_.take_closed(taken_, 1000)) {
            naive::append(config_, store_.layout(), taken_, expected);
        }
        EXPECT_EQ(windows_->has_rows(), !expected.empty());
        for (int64_t work = 1; windows_->take_closed(taken_, rows_max, work); work = 20) {
            ASSERT_LE(taken_.count(), rows_max);
            naive::append(config_, store_.layout(), taken_, rows);
        }
        EXPECT_FALSE(windows_->is_closing());
        EXPECT_EQ(windows_->complete_end_us(), store_.complete_end_us());
        ASSERT_STREQ(windows_->error(), "");
        ASSERT_EQ(rows.size(), expected.size());
        for (size_t r = 0; r < rows.size(); ++r) ASSERT_EQ(rows[r], expected[r]) << "row " << r;
        rows_ += rows.size();
    }

    void finish(uint32_t rows_max = 1000) {
        advance(INT64_MAX);
        take(rows_max);
        EXPECT_EQ(windows_->panes(), 0u);
        if (windows_->handles() != nullptr) {
            EXPECT_EQ(windows_->handles()->keys().held(), 0u);
        }
    }

    void expect_skewed(bool skewed) {
        windows_->note_counts(WindowBatch::kTwinEvery, {0, skewed ? uint64_t{1} : 0});
    }
    // Of the last batch.
    const WindowCounts& last_counts() { return counts_image_[0]; }

    DeviceWindows<Device>& windows() { return *windows_; }
    Device& device() { return device_; }
    uint32_t halts() const { return halts_; }
    size_t rows() const { return rows_; }

   private:
    static size_t batch_bytes(const Config& config) {
        const size_t columns = 3 + config.values.size();  // With key, time and cell.
        return kRowsMax * (columns * sizeof(uint64_t) + sizeof(Verdict)) + 32 * 512;
    }
    size_t add_rows(const std::vector<uint32_t>& rows) {
        run(rows);
        std::vector<uint32_t> accepted;
        for (const uint32_t row : rows) {
            if (verdict_image_[row] == Verdict::unique) accepted.push_back(row);
        }
        for (uint32_t row = 0; row < batch_.count; ++row) {
            if (!std::binary_search(rows.begin(), rows.end(), row)) {
                EXPECT_EQ(verdict_image_[row], Verdict::duplicate);
            }
        }
        EXPECT_EQ(counts_image_[0].refused, rows.size() - accepted.size());
        std::vector<uint32_t> refused(rows.size());
        EXPECT_EQ(store_.add(batch_, accepted.data(), static_cast<uint32_t>(accepted.size()),
                             refused.data()),
                  0u);
        EXPECT_LE(device_budget_.used_bytes(), device_budget_.max_bytes());
        return rows.size() - accepted.size();
    }

    void run(const std::vector<uint32_t>& rows) {
        std::fill_n(verdict_image_.data(), batch_.count, Verdict::duplicate);
        for (const uint32_t row : rows) verdict_image_[row] = Verdict::unique;
        std::copy_n(batch_.time_us.begin(), batch_.count, time_image_.data());
        std::fill_n(key_image_.data(), batch_.count, 0);
        if (KeyHandles* const handles = windows_->handles()) {
            std::vector<uint64_t> of_rows(rows.size());
            handles->find_or_add(batch_, rows.data(), static_cast<uint32_t>(rows.size()),
                                 of_rows.data());
            for (size_t i = 0; i < rows.size(); ++i) key_image_[rows[i]] = of_rows[i];
        } else if (key_shape(config_) == KeyShape::integer) {
            std::copy_n(batch_.key_int.begin(), batch_.count, key_image_.data());
        }
        WindowBatch batch;
        batch.number = ++number_;
        batch.count = batch_.count;
        batch.key = key_shape(config_) == KeyShape::none ? nullptr : key_.data();
        batch.time_us = time_.data();
        batch.verdict = verdict_.data();
        batch.cell = cell_.data();
        batch.counts = counts_.data();
        batch.halted = halted_.data();
        device_.copy_in(Queue::compute, key_.data(), key_image_.data(), key_.bytes());
        device_.copy_in(Queue::compute, time_.data(), time_image_.data(), time_.bytes());
        device_.copy_in(Queue::compute, verdict_.data(), verdict_image_.data(), verdict_.bytes());
        device_.fill(Queue::compute, counts_.data(), 0, counts_.bytes());
        for (size_t v = 0; v < values_.size(); ++v) {
            std::copy_n(batch_.values[v].begin(), batch_.count, value_images_[v].data());
            device_.copy_in(Queue::compute, values_[v].data(), value_images_[v].data(),
                            values_[v].bytes());
            batch.values.column[v] = values_[v].data();
        }
        while (!submit(batch)) {
            ++halts_;
            windows_->make_room();
            device_.fill(Queue::compute, halted_.data(), 0, halted_.bytes());
        }
    }
    bool submit(const WindowBatch& batch) {
        windows_->submit(batch);
        device_.copy_out(Queue::compute, halted_image_.data(), halted_.data(), halted_.bytes());
        device_.copy_out(Queue::compute, verdict_image_.data(), verdict_.data(), verdict_.bytes());
        device_.copy_out(Queue::compute, counts_image_.data(), counts_.data(), counts_.bytes());
        device_.wait_all();
        return halted_image_[0] == 0;
    }

    Config config_;
    Device device_;
    cpu::MemoryBudget device_budget_, host_budget_;
    std::unique_ptr<DeviceWindows<Device>> windows_;
    cpu::MemoryBudget budget_;
    cpu::WindowStore store_;
    RecordBatch batch_;
    cpu::PartialRows taken_;
    Array<Device, uint64_t> key_;
    Array<Device, int64_t> time_;
    Array<Device, Verdict> verdict_;
    Array<Device, uint64_t*> cell_;
    Array<Device, WindowCounts> counts_;
    Array<Device, uint64_t> halted_;
    std::vector<Array<Device, int64_t>> values_;
    PinnedArray<Device, uint64_t> key_image_;
    PinnedArray<Device, int64_t> time_image_;
    PinnedArray<Device, Verdict> verdict_image_;
    PinnedArray<Device, WindowCounts> counts_image_;
    PinnedArray<Device, uint64_t> halted_image_;
    std::vector<PinnedArray<Device, int64_t>> value_images_;
    uint64_t number_ = 0;
    uint32_t halts_ = 0;
    size_t rows_ = 0;
};

Config random_windows(std::mt19937_64& random) {
    Config config = naive::random_job(random);
    const int64_t unit = pick(random, 1, 3) == 1 ? 1 : pick(random, 1, 1000);
    config.window_offset_us = pick(random, -2000, 2000);
    config.time.allowed_lateness_us = pick(random, 0, 2) * pick(random, 0, 20) * unit;
    for (int64_t w = pick(random, 1, 3); w > 0; --w) {
        const int64_t slide = unit * pick(random, 1, 6);
        const std::string name(1, static_cast<char>('a' + 2 * w % 5));
        if (pick(random, 0, 1) == 0) {
            config.windows.push_back(tumbling(name, slide));
        } else {
            config.windows.push_back(sliding(name, slide * pick(random, 1, 9), slide));
        }
    }
    return config;
}

int64_t any_value(std::mt19937_64& random) {
    switch (pick(random, 0, 9)) {
        case 0:
            return INT64_MAX - pick(random, 0, 1);
        case 1:
            return INT64_MIN + pick(random, 0, 1);
        default:
            return pick(random, -1000, 1000);
    }
}

// Events with disorder, stretches of silence of any length, and keys that come and go. Returns how
// many were refused.
size_t run_stream(const PairOptions& options, bool skewed) {
    SCOPED_TRACE("seed " + std::to_string(options.seed));
    std::mt19937_64 random(options.seed);
    const Config config = random_windows(random);
    Pair pair(config, options);
    const int64_t pane = rules::pane_us(config);
    const int64_t disorder = pane * pick(random, 0, 12);
    const int64_t keys = pick(random, 0, 3) == 0 ? 1 : pick(random, 1, 400);
    int64_t newest = pick(random, -3, 3) * kYearUs, watermark = INT64_MIN;
    size_t refused = 0;
    for (int64_t round = pick(random, 2, 6); round > 0; --round) {
        std::vector<Event> events;
        if (pick(random, 0, 4) == 0) newest += pick(random, 1, 40) * pick(random, 1, kYearUs);
        for (int64_t e = pick(random, 0, 200); e > 0; --e) {
            Event event{
                newest - pick(random, 0, disorder), naive::random_key(config, random, keys), {}};
            for (size_t v = 0; v < config.values.size(); ++v) {
                event.values.push_back(any_value(random));
            }
            newest += pick(random, 0, 2) * pick(random, 0, pane) / 4;
            const int64_t pane_end = rules::pane_end(event.time_us, config.window_offset_us, pane);
            if (rules::is_final(pane_end, config.time.allowed_lateness_us, watermark)) continue;
            events.push_back(event);
        }
        pair.expect_skewed(skewed);
        refused += pair.add(events);
        watermark = newest - disorder;
        pair.advance(watermark);
        pair.take(static_cast<uint32_t>(pick(random, 1, 50)));
        if (testing::Test::HasFatalFailure()) return refused;
    }
    pair.finish();
    return refused;
}

TEST(DeviceWindows, AnswerAsTheCpusDo) {
    for (uint64_t seed = 0; seed < 24 && !HasFatalFailure(); ++seed) {
        EXPECT_EQ(run_stream({.seed = seed}, false), 0u);
    }
}

TEST(DeviceWindows, AnswerAsTheCpusDoWhenBlocksAddUpFirst) {
    for (uint64_t seed = 100; seed < 116 && !HasFatalFailure(); ++seed) {
        EXPECT_EQ(run_stream({.seed = seed}, true), 0u);
    }
}

TEST(DeviceWindows, AnswerAsTheCpusDoForWhatTheyDidNotRefuseInLittleMemory) {
    size_t refused = 0;
    for (uint64_t seed = 1000; seed < 1020 && !HasFatalFailure(); ++seed) {
        refused += run_stream({.seed = seed,
                               .device_bytes = 60'000 + seed % 10 * 30'000,
                               .host_bytes = 200'000 + seed % 7 * 50'000},
                              seed % 2 == 0);
    }
    EXPECT_GT(refused, 0u);
}

Config counts(std::vector<Window> windows) {
    Config config;
    config.key = {{"k", FieldType::integer}};
    config.values = {{"v", 0}};
    config.aggregates = {{"n", AggregateKind::count, 0, 0}, {"s", AggregateKind::sum, 0, 0}};
    config.windows = std::move(windows);
    return config;
}

TEST(DeviceWindows, GrowFromSmallTables) {
    Pair pair(counts({tumbling("t", 10)}), {});
    std::vector<Event> events;
    for (int64_t e = 0; e < 2000; ++e) events.push_back({e % 10, naive::encoded(e * 7), {e}});
    EXPECT_EQ(pair.add(events), 0u);
    EXPECT_GE(pair.halts(), 3u);
    const uint32_t halts = pair.halts();
    EXPECT_EQ(pair.add(events), 0u);
    EXPECT_EQ(pair.halts(), halts);
    pair.finish();
    EXPECT_EQ(pair.rows(), 2000u);
}

TEST(DeviceWindows, KeysMayBeAnyNumber) {
    Pair pair(counts({tumbling("t", 10), sliding("s", 30, 10)}), {});
    std::vector<Event> events;
    for (int64_t time = 0; time < 40; time += 5) {
        for (const int64_t key : {int64_t{0}, int64_t{-1}, INT64_MIN, INT64_MAX}) {
            events.push_back({time, naive::encoded(key), {time}});
        }
    }
    pair.add(events);
    std::vector<Event> more;  // So that tables grow.
    for (int64_t key = 1; key < 200; ++key) more.push_back({15, naive::encoded(key), {key}});
    pair.add(more);
    EXPECT_GE(pair.halts(), 2u);
    pair.finish(3);
}

TEST(DeviceWindows, CombineWindowsOf4096Panes) {
    std::mt19937_64 random(5);
    Pair pair(counts({sliding("long", 4096, 64), tumbling("short", 1)}), {});
    std::vector<Event> events;
    for (int64_t e = 0; e < 40; ++e) {
        events.push_back({pick(random, -5000, 5000), naive::encoded(pick(random, 0, 3)), {e}});
    }
    pair.add(events);
    pair.finish();
}

// Every second event is none, so that neighbours are twins only where all of them count.
TEST(DeviceWindows, SeeHowSkewedABatchIs) {
    for (const bool adds_up_first : {false, true}) {
        Config config = counts({tumbling("t", 1000)});
        config.key.clear();
        Pair pair(config, {});
        pair.expect_skewed(adds_up_first);
        const std::vector<Event> events(1000, {1, "", {INT64_MAX}});
        EXPECT_EQ(pair.add(events), 0u);
        EXPECT_EQ(pair.last_counts().twins, 0u);
        EXPECT_EQ(pair.add_with_neighbours(events), 0u);
        EXPECT_EQ(pair.last_counts().twins, 2000 / WindowBatch::kTwinEvery + 1u);
        pair.finish();
    }
}

TEST(DeviceWindows, TakeEventsBetweenTwoTakes) {
    Pair pair(counts({tumbling("t", 10)}), {});
    for (int64_t e = 0; e < 50; ++e) pair.add({{e % 10, naive::encoded(e), {e}}});
    pair.advance(10);
    cpu::PartialRows some(counts({}), pair.windows().layout());
    ASSERT_TRUE(pair.windows().take_closed(some, 7));
    EXPECT_EQ(some.count(), 7u);
    std::vector<Event> events;
    for (int64_t e = 0; e < 1000; ++e) events.push_back({20 + e % 10, naive::encoded(e), {e}});
    EXPECT_EQ(pair.add(events), 0u);
    for (uint32_t left = 43; left > 0; left -= some.count()) {
        ASSERT_TRUE(pair.windows().take_closed(some, 7));
    }
    EXPECT_FALSE(pair.windows().take_closed(some, 7));
}

TEST(DeviceWindows, HaveRoomAgainWhenAPaneHasGone) {
    Pair pair(counts({tumbling("t", 10)}), {.device_bytes = 150'000});
    std::vector<Event> first, second;
    for (int64_t e = 0; e < 1000; ++e) {
        first.push_back({e % 10, naive::encoded(e), {e}});
        second.push_back({10 + e % 10, naive::encoded(e), {e}});
    }
    EXPECT_EQ(pair.add(first), 0u);
    const size_t refused = pair.add(second);
    EXPECT_GT(refused, 100u);
    EXPECT_EQ(pair.add(second), refused);  // Those that have a cell are added to it.
    pair.advance(10);
    pair.take(100);
    EXPECT_EQ(pair.add(second), 0u);
    pair.finish();
}

// Each pane has keys of its own, so that a window takes as much memory again as its panes.
TEST(DeviceWindows, CloseWhenMemoryIsFull) {
    Pair pair(counts({sliding("s", 80, 10)}), {.device_bytes = 400'000});
    std::vector<Event> events;
    for (int64_t e = 0; e < 2000; ++e) events.push_back({e % 8 * 10, naive::encoded(e), {e}});
    size_t refused = pair.add(events);
    for (Event& event : events) event.key = naive::encoded(event.values[0] + 5000);
    refused += pair.add(events);
    EXPECT_GT(refused, 100u);
    EXPECT_LT(refused, 3900u);
    pair.finish();
}

// Batches on their way one behind the other; each needs more room than there is when it begins.
TEST(DeviceWindows, ABatchThatIsHaltedHoldsUpThoseBehindIt) {
    constexpr uint32_t kBatches = 4, kEvents = 300;
    for (uint64_t seed = 0; seed < 10; ++seed) {
        TestDevice device({.seed = seed});
        const Config config = counts({tumbling("t", 1)});
        cpu::MemoryBudget device_budget(kPlenty), host_budget(kPlenty);
        const auto windows =
            DeviceWindows<TestDevice>::create(device, config, {}, device_budget, host_budget);
        constexpr uint32_t kAll = kBatches * kEvents;
        const Array<TestDevice, uint64_t> key(device, kAll), halted(device, 1);
        const Array<TestDevice, int64_t> time(device, kAll);
        const Array<TestDevice, Verdict> verdict(device, kAll);
        const Array<TestDevice, uint64_t*> cell(device, kAll);
        const Array<TestDevice, WindowCounts> counted(device, kBatches);
        const PinnedArray<TestDevice, uint64_t> key_image(device, kAll), halted_image(device, 4);
        for (uint32_t i = 0; i < kAll; ++i) key_image[i] = i * uint64_t{seed + 1};
        device.copy_in(Queue::compute, key.data(), key_image.data(), key.bytes());
        device.fill(Queue::compute, time.data(), 0, time.bytes());
        device.fill(Queue::compute, verdict.data(), static_cast<uint8_t>(Verdict::unique), kAll);
        device.fill(Queue::compute, counted.data(), 0, counted.bytes());
        device.fill(Queue::compute, halted.data(), 0, halted.bytes());

        const auto submit = [&](uint32_t b) {
            WindowBatch batch;
            batch.number = b + 1;
            batch.count = kEvents;
            batch.key = key.data() + b * kEvents;
            batch.time_us = time.data() + b * kEvents;
            batch.values.column[0] = batch.time_us;
            batch.verdict = verdict.data() + b * kEvents;
            batch.cell = cell.data() + b * kEvents;
            batch.counts = counted.data() + b;
            batch.halted = halted.data();
            windows->submit(batch);
            device.copy_out(Queue::compute, &halted_image[b], halted.data(), halted.bytes());
        };
        uint32_t halts = 0;
        for (uint32_t first = 0; first < kBatches;) {
            for (uint32_t b = first; b < kBatches; ++b) submit(b);
            device.wait_all();
            while (first < kBatches && halted_image[first] == 0) ++first;
            if (first == kBatches) break;
            ASSERT_EQ(halted_image[first], first + 1);
            windows->make_room();
            device.fill(Queue::compute, halted.data(), 0, halted.bytes());
            ++halts;
        }
        EXPECT_GE(halts, 3u);
        windows->advance(INT64_MAX);
        cpu::PartialRows rows(config, windows->layout());
        ASSERT_TRUE(windows->take_closed(rows, 2 * kAll));
        ASSERT_EQ(rows.count(), kAll);
        for (uint32_t r = 0; r < rows.count(); ++r) {
            EXPECT_EQ(rows.key_int[r], static_cast<int64_t>(r * (seed + 1)));
            EXPECT_EQ(cpu::CellLayout::count(rows.cell(r)), 1u);
        }
    }
}

TEST(DeviceWindows, SayThatTheDeviceIsLost) {
    Pair pair(counts({tumbling("t", 10)}), {});
    pair.add({{1, naive::encoded(1), {1}}});
    pair.device().lose("unplugged");
    pair.windows().advance(INT64_MAX);
    cpu::PartialRows rows(counts({}), pair.windows().layout());
    EXPECT_FALSE(pair.windows().take_closed(rows, 7));
    EXPECT_STREQ(pair.windows().error(), "unplugged");
}

}  // namespace
}  // namespace trommel::cuda
