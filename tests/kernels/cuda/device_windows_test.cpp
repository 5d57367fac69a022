#include "kernels/cuda/device_windows.h"

#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "tests/kernels/cpu/naive_windows.h"
#include "tests/kernels/cuda/test_device.h"
#include "tests/kernels/cuda/windows_pair.h"

namespace trommel::cuda {
namespace {

namespace naive = cpu::naive;
using naive::Event;
using naive::pick;

constexpr int64_t kYearUs = int64_t{365} * 86400 * 1'000'000;

Window tumbling(std::string name, int64_t size) {
    return {std::move(name), WindowKind::tumbling, size, size, 0};
}
Window sliding(std::string name, int64_t size, int64_t slide) {
    return {std::move(name), WindowKind::sliding, size, slide, 0};
}

// Events with disorder, stretches of silence of any length, and keys that come and go. Returns how
// many were refused.
size_t run_stream(const WindowsPairOptions& options, bool skewed) {
    SCOPED_TRACE("seed " + std::to_string(options.seed));
    std::mt19937_64 random(options.seed);
    const Config config = naive::random_windows(random, 9);
    WindowsPair pair(config, options);
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
                event.values.push_back(naive::pick_value(random, pick(random, 0, 3) == 0));
            }
            newest += pick(random, 0, 2) * pick(random, 0, pane) / 4;
            const int64_t pane_end = rules::pane_end(event.time_us, config.window_offset_us, pane);
            if (rules::is_final(pane_end, config.time.allowed_lateness_us, watermark)) continue;
            events.push_back(event);
        }
        pair.expect_skewed(skewed);
        const bool has_room = pair.has_room_for(events);
        const size_t refused_now = pair.add(events);
        EXPECT_FALSE(has_room && refused_now > 0);
        refused += refused_now;
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
    WindowsPair pair(counts({tumbling("t", 10)}), {});
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
    WindowsPair pair(counts({tumbling("t", 10), sliding("s", 30, 10)}), {});
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
    WindowsPair pair(counts({sliding("long", 4096, 64), tumbling("short", 1)}), {});
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
        WindowsPair pair(config, {});
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
    WindowsPair pair(counts({tumbling("t", 10)}), {});
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

// All keys are new, which is what the bound is about; budgets from those that hold hardly a batch
// on.
TEST(DeviceWindows, RefuseNothingForWhichTheySayThatThereIsRoom) {
    uint64_t had_room = 0, refused = 0;
    for (uint64_t seed = 0; seed < 40 && !HasFatalFailure(); ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        Config config = counts({seed % 2 == 0 ? tumbling("t", 10) : sliding("s", 40, 10)});
        if (seed % 5 == 0) config.aggregates.resize(1);  // Cells of 32 bytes.
        WindowsPair pair(config, {.seed = seed,
                                  .device_bytes = static_cast<uint64_t>(
                                      pick(random, 12'000, seed < 20 ? 100'000 : 1'500'000)),
                                  .gap_bytes = kPlenty});
        int64_t now = 0, key = 0;
        for (int round = 0; round < 30; ++round) {
            now += pick(random, 0, 6);
            std::vector<Event> events;
            const int64_t spread = pick(random, 1, 25);
            for (int64_t e = pick(random, 1, pick(random, 1, 900)); e > 0; --e) {
                events.push_back({now + pick(random, 0, spread), naive::encoded(++key), {e}});
            }
            const bool has_room = pair.has_room_for(events);
            const size_t refused_now = pair.add(events);
            ASSERT_FALSE(has_room && refused_now > 0) << round;
            had_room += has_room;
            refused += refused_now;
            if (pick(random, 0, 2) == 0) pair.advance(now);
            if (pick(random, 0, 3) == 0) pair.take(1000);
        }
        pair.finish();
    }
    EXPECT_GT(had_room, 50u);
    EXPECT_GT(refused, 1000u);
}

// The sixteenth pane is small, but with it the table in which they are combined is twice as large.
TEST(DeviceWindows, CountWhatClosingCanTakeToTheRoomThatIsNeeded) {
    bool had_room = false, had_none = false;
    for (uint64_t device_bytes = 120'000; device_bytes < 400'000; device_bytes += 4000) {
        WindowsPair pair(counts({sliding("s", 160, 10)}), {.device_bytes = device_bytes});
        std::vector<Event> events, more;
        for (int64_t e = 0; e < 45; ++e) events.push_back({e % 15 * 10, naive::encoded(e), {e}});
        for (int64_t e = 0; e < 8; ++e) more.push_back({150, naive::encoded(1000 + e), {e}});
        if (pair.add(events) > 0) continue;
        const bool has_room = pair.has_room_for(more);
        const size_t refused = pair.add(more);
        ASSERT_FALSE(has_room && refused > 0) << device_bytes;
        (has_room ? had_room : had_none) = true;
        pair.finish();
    }
    EXPECT_TRUE(had_room && had_none);
}

TEST(DeviceWindows, HaveRoomAgainWhenAPaneHasGone) {
    WindowsPair pair(counts({tumbling("t", 10)}), {.device_bytes = 150'000});
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

// Each pane has keys of its own, so that a window takes as much memory again as its panes. What it
// takes is charged, whatever the budget leaves free of tables.
TEST(DeviceWindows, CloseWhenMemoryIsFull) {
    for (uint64_t bytes = 340'000; bytes < 500'000; bytes += 20'000) {
        WindowsPair pair(counts({sliding("s", 80, 10)}), {.device_bytes = bytes});
        std::vector<Event> events;
        for (int64_t e = 0; e < 2000; ++e) events.push_back({e % 8 * 10, naive::encoded(e), {e}});
        size_t refused = pair.add(events);
        for (Event& event : events) event.key = naive::encoded(event.values[0] + 5000);
        refused += pair.add(events);
        EXPECT_GT(refused, 100u);
        EXPECT_LT(refused, 3900u);
        pair.finish();
    }
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
    WindowsPair pair(counts({tumbling("t", 10)}), {});
    pair.add({{1, naive::encoded(1), {1}}});
    pair.device().lose("unplugged");
    pair.windows().advance(INT64_MAX);
    cpu::PartialRows rows(counts({}), pair.windows().layout());
    EXPECT_FALSE(pair.windows().take_closed(rows, 7));
    EXPECT_STREQ(pair.windows().error(), "unplugged");
}

}  // namespace
}  // namespace trommel::cuda
