#include "kernels/cpu/window_store.h"

#include <gtest/gtest.h>

#include "tests/kernels/cpu/naive_windows.h"

namespace trommel::cpu {
namespace {

using naive::Event;
using naive::pick;
using naive::Row;

constexpr uint64_t kPlenty = uint64_t{1} << 30;
constexpr int64_t kYearUs = int64_t{365} * 86400 * 1'000'000;

Window tumbling(std::string name, int64_t size) {
    return {std::move(name), WindowKind::tumbling, size, size, 0};
}
Window sliding(std::string name, int64_t size, int64_t slide) {
    return {std::move(name), WindowKind::sliding, size, slide, 0};
}

// A store and the naive windows side by side.
class Pair {
   public:
    Pair(const Config& config, uint64_t memory_bytes)
        : config_(config),
          budget_(memory_bytes),
          store_(config_, 7, detect_simd(), budget_),
          naive_(config_),
          batch_(config_, 2048),
          taken_(config_, store_.layout()) {}

    // Returns how many were refused; the others go to the naive windows.
    size_t add(const std::vector<Event>& events) {
        const std::vector<uint32_t> rows = naive::fill(config_, events, batch_);
        std::vector<uint32_t> refused(rows.size());
        refused.resize(
            store_.add(batch_, rows.data(), static_cast<uint32_t>(rows.size()), refused.data()));
        for (size_t i = 0, r = 0; i < rows.size(); ++i) {
            if (r < refused.size() && refused[r] == rows[i]) {
                ++r;
            } else {
                naive_.add(events[i]);
            }
        }
        EXPECT_TRUE(std::includes(rows.begin(), rows.end(), refused.begin(), refused.end()));
        EXPECT_LE(budget_.used_bytes(), budget_.max_bytes());
        EXPECT_LE(store_.committed_bytes(), budget_.used_bytes());
        return refused.size();
    }

    void take(uint32_t rows_max) {
        while (store_.take_closed(taken_, rows_max)) {
            ASSERT_LE(taken_.count(), rows_max);
            naive::append(config_, store_.layout(), taken_, rows_);
        }
    }

    // A few steps of so much work; what was taken then is all up to the end that the store says.
    void take_some(uint32_t rows_max, int64_t work_per_step, int64_t steps) {
        for (; steps > 0; --steps) {
            const bool was_closing = store_.is_closing();
            int64_t work = work_per_step;
            const bool is_closing = store_.take_closed(taken_, rows_max, work);
            ASSERT_TRUE(was_closing || !is_closing);
            ASSERT_TRUE(is_closing || taken_.count() == 0);
            naive::append(config_, store_.layout(), taken_, rows_);
            const int64_t complete_us = store_.complete_end_us();
            if (complete_us == INT64_MIN || steps % 5 != 0) continue;
            std::vector<Row> expected = naive_.rows(), taken = rows_;
            const auto is_later = [&](const Row& row) { return row.end_us > complete_us; };
            std::erase_if(expected, is_later);
            std::erase_if(taken, is_later);
            ASSERT_EQ(taken, expected);
        }
    }

    // What was taken must be what is final, no more and no less.
    void expect_rows_up_to(int64_t watermark_us) {
        std::vector<Row> expected = naive_.rows();
        std::erase_if(expected, [&](const Row& row) {
            return watermark_us != INT64_MAX &&
                   row.end_us + config_.time.allowed_lateness_us > watermark_us;
        });
        ASSERT_EQ(rows_.size(), expected.size());
        for (size_t r = 0; r < rows_.size(); ++r) ASSERT_EQ(rows_[r], expected[r]) << "row " << r;
    }

    void finish(uint32_t rows_max = 1000) {
        store_.advance(INT64_MAX);
        take(rows_max);
        expect_rows_up_to(INT64_MAX);
        EXPECT_EQ(store_.keys(), 0u);
        EXPECT_EQ(store_.panes(), 0u);
    }

    WindowStore& store() { return store_; }
    std::vector<Row>& rows() { return rows_; }
    MemoryBudget& budget() { return budget_; }

   private:
    Config config_;
    MemoryBudget budget_;
    WindowStore store_;
    naive::Windows naive_;
    RecordBatch batch_;
    PartialRows taken_;
    std::vector<Row> rows_;
};

// Events with disorder, stretches of silence of any length, and keys that come and go.
void run_stream(uint64_t seed, uint64_t memory_bytes) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const Config config = naive::random_windows(random, 20);
    Pair pair(config, memory_bytes);
    const int64_t pane = rules::pane_us(config);
    const int64_t disorder = pane * pick(random, 0, 30);
    const int64_t keys = pick(random, 1, 60);
    int64_t newest = pick(random, -3, 3) * kYearUs, watermark = INT64_MIN;
    for (int64_t round = pick(random, 2, 12); round > 0; --round) {
        std::vector<Event> events;
        if (pick(random, 0, 4) == 0) newest += pick(random, 1, 40) * pick(random, 1, kYearUs);
        for (int64_t e = pick(random, 0, 200); e > 0; --e) {
            Event event{
                newest - pick(random, 0, disorder), naive::random_key(config, random, keys), {}};
            for (size_t v = 0; v < config.values.size(); ++v) {
                event.values.push_back(naive::pick_value(random, seed % 3 == 0));
            }
            newest += pick(random, 0, 2) * pick(random, 0, pane);
            const int64_t pane_end = rules::pane_end(event.time_us, config.window_offset_us, pane);
            if (rules::is_final(pane_end, config.time.allowed_lateness_us, watermark)) continue;
            events.push_back(event);
        }
        pair.add(events);
        watermark = newest - disorder;
        pair.store().advance(watermark);
        const auto rows_max = static_cast<uint32_t>(pick(random, 1, 50));
        if (pick(random, 0, 1) == 0) {
            pair.take_some(rows_max, pick(random, 1, 60), pick(random, 1, 40));
        } else {
            pair.take(rows_max);
            if (pick(random, 0, 1) == 0) pair.expect_rows_up_to(watermark);
        }
        if (testing::Test::HasFatalFailure()) return;
    }
    pair.finish();
}

TEST(WindowStore, AnswersAsTheNaiveWindowsDo) {
    for (uint64_t seed = 0; seed < 120 && !HasFatalFailure(); ++seed) run_stream(seed, kPlenty);
}

TEST(WindowStore, AnswersAsTheNaiveWindowsDoForWhatItDidNotRefuseInLittleMemory) {
    for (uint64_t seed = 1000; seed < 1100 && !HasFatalFailure(); ++seed) {
        run_stream(seed, 40'000 + seed % 30 * 10'000);
    }
}

Config counts(std::vector<Window> windows) {
    Config config;
    config.key = {{"k", FieldType::integer}};
    config.values = {{"v", 0}};
    config.aggregates = {{"n", AggregateKind::count, 0, 0}, {"s", AggregateKind::sum, 0, 0}};
    config.windows = std::move(windows);
    return config;
}

TEST(WindowStore, CombinesWindowsOf4096Panes) {
    std::mt19937_64 random(5);
    const Config config = counts({sliding("long", 4096, 1), tumbling("short", 16)});
    Pair pair(config, kPlenty);
    std::vector<Event> events;
    for (int64_t e = 0; e < 40; ++e) {
        events.push_back({pick(random, -5000, 5000), naive::encoded(pick(random, 0, 3)), {e}});
    }
    pair.add(events);
    pair.finish();
}

TEST(WindowStore, CombinesDensePanesLikeTheNaiveWindows) {
    const Config config = counts({sliding("wide", 64, 1), sliding("middle", 24, 2)});
    Pair pair(config, kPlenty);
    for (int64_t time = -100; time < 200; ++time) {
        pair.add({{time, naive::encoded(0), {time}}, {time, naive::encoded(time % 3), {1}}});
        pair.store().advance(time - 5);
        pair.take(7);
        pair.expect_rows_up_to(time - 5);
    }
    pair.finish();
}

TEST(WindowStore, OneRowAtATimeIsTheSameAsAllAtOnce) {
    for (const uint32_t rows_max : {1u, 3u, 1'000'000u}) {
        Pair pair(counts({tumbling("b", 10), sliding("a", 30, 10)}), kPlenty);
        for (int64_t e = 0; e < 500; ++e) pair.add({{e % 97, naive::encoded(e % 11), {e}}});
        pair.finish(rows_max);
    }
}

TEST(WindowStore, TakesEventsBetweenTwoTakes) {
    Pair pair(counts({tumbling("t", 10)}), kPlenty);
    for (int64_t e = 0; e < 50; ++e) pair.add({{e % 10, naive::encoded(e), {e}}});
    pair.store().advance(10);
    PartialRows some(counts({}), pair.store().layout());
    ASSERT_TRUE(pair.store().take_closed(some, 20));
    naive::append(counts({tumbling("t", 10)}), pair.store().layout(), some, pair.rows());
    for (int64_t e = 0; e < 5000; e += 100) {
        std::vector<Event> events;
        for (int64_t i = 0; i < 100; ++i)
            events.push_back({10 + e % 10, naive::encoded(e + i), {e}});
        pair.add(events);
    }
    pair.finish(20);
}

TEST(WindowStore, OrdersByEndStartNameAndKey) {
    Pair pair(counts({tumbling("z", 10), sliding("y", 20, 10), tumbling("a", 20)}), kPlenty);
    pair.add({{5, naive::encoded(3), {1}}, {15, naive::encoded(-3), {1}}});
    pair.store().advance(INT64_MAX);
    pair.take(100);
    std::vector<std::string> seen;
    for (const Row& row : pair.rows()) {
        seen.push_back(row.window + std::to_string(row.start_us) + "-" +
                       std::to_string(row.end_us));
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"y-10-10", "z0-10", "a0-20", "a0-20", "y0-20",
                                              "y0-20", "z10-20", "y10-30"}));
}

TEST(WindowStore, IsFinalExactlyWhenTheWatermarkReachesEndPlusLateness) {
    Config config = counts({tumbling("t", 10)});
    config.time.allowed_lateness_us = 5;
    Pair pair(config, kPlenty);
    pair.add({{3, naive::encoded(1), {1}}});
    pair.store().advance(14);
    pair.take(10);
    EXPECT_EQ(pair.rows().size(), 0u);
    pair.store().advance(15);
    pair.take(10);
    EXPECT_EQ(pair.rows().size(), 1u);
}

TEST(WindowStore, RefusesEventsOfPanesThatAreFinal) {
    Pair pair(counts({tumbling("t", 10), tumbling("u", 100)}), kPlenty);
    pair.add({{3, naive::encoded(1), {1}}});
    pair.store().advance(10);
    EXPECT_EQ(pair.add({{9, naive::encoded(1), {1}}, {10, naive::encoded(1), {1}}}), 1u);
    pair.finish();
    EXPECT_EQ(pair.add({{kYearUs, naive::encoded(1), {1}}}), 1u);
}

TEST(WindowStore, ReachesTheEndsOfTime) {
    Config config = counts({tumbling("t", 7), sliding("s", 21, 7)});
    config.window_offset_us = 3;
    config.time.allowed_lateness_us = kTimeLimitUs - 1;
    Pair pair(config, kPlenty);
    for (const int64_t time : {-kTimeLimitUs + 1, int64_t{0}, kTimeLimitUs - 1}) {
        pair.add({{time, naive::encoded(1), {time}}});
    }
    pair.store().advance(INT64_MIN + 1);
    pair.take(1);
    EXPECT_EQ(pair.rows().size(), 0u);
    pair.store().advance(kTimeLimitUs - 1);
    pair.take(1);
    pair.expect_rows_up_to(kTimeLimitUs - 1);
    pair.finish();
}

TEST(WindowStore, SumsBeyond64Bits) {
    Pair pair(counts({sliding("s", 3, 1)}), kPlenty);
    for (int64_t time = 0; time < 3; ++time) {
        pair.add({{time, naive::encoded(1), {INT64_MAX}}, {time, naive::encoded(1), {INT64_MAX}}});
        pair.add({{time, naive::encoded(2), {INT64_MIN}}, {time, naive::encoded(2), {INT64_MIN}}});
    }
    pair.finish();
}

// Keys and panes that are done with are forgotten, so a stream may go on for ever in constant
// memory.
TEST(WindowStore, AnEndlessStreamOfNewKeysNeedsConstantMemory) {
    for (const bool text : {false, true}) {
        Config config = counts({sliding("s", 40, 10)});
        if (text) config.key = {{"k", FieldType::text}};
        Pair pair(config, kPlenty);
        RecordBatch batch(config, 2048);
        PartialRows out(config, pair.store().layout());
        std::vector<uint32_t> rows(1000), refused(1000);
        uint64_t bytes_once_full = 0, taken = 0;
        for (int64_t pane = 0; pane < 300; ++pane) {
            batch.clear();
            batch.count = 1000;
            for (uint32_t r = 0; r < 1000; ++r) {
                rows[r] = r;
                batch.time_us[r] = pane * 10;
                batch.values[0][r] = 1;
                const int64_t key = pane * 500 + r;
                if (text) {
                    batch.key_text[r] = batch.copy_text(naive::encoded(std::to_string(key * 7919)));
                } else {
                    batch.key_int[r] = key;
                }
            }
            ASSERT_EQ(pair.store().add(batch, rows.data(), 1000, refused.data()), 0u);
            pair.store().advance(pane * 10);
            while (pair.store().take_closed(out, 700)) taken += out.count();
            ASSERT_LE(pair.store().panes(), 5u);
            ASSERT_LE(pair.store().keys(), 3500u);
            if (pane == 30) bytes_once_full = pair.store().committed_bytes();
        }
        EXPECT_GT(taken, 290u * 2000);
        EXPECT_LE(pair.store().committed_bytes(), bytes_once_full * 5 / 4);
    }
}

// Panes that most keys have get a shortcut to their cells. Here several of them fill up at a time,
// turn by turn, so that it comes and goes while events of all of them arrive.
TEST(WindowStore, DensePanesThatFillUpTogetherCountEachEventOnce) {
    for (uint32_t seed = 0; seed < 20; ++seed) {
        std::mt19937_64 random(seed);
        Config config = counts({tumbling("t", 1000)});
        config.time.allowed_lateness_us = 2000;
        Pair pair(config, kPlenty);
        const int64_t keys = pick(random, 50, 600);
        for (int64_t step = 0; step < 80; ++step) {
            std::vector<Event> events;
            for (int64_t e = pick(random, 1, 600); e > 0; --e) {
                const int64_t time_us = step * 100 + pick(random, 0, 2500);
                events.push_back({time_us, naive::encoded(pick(random, 0, keys)), {e}});
            }
            ASSERT_EQ(pair.add(events), 0u);
            pair.store().advance(step * 100);
            pair.take(1000);
        }
        pair.finish();
    }
}

TEST(WindowStore, PanesFarApartCostNothingBetweenThem) {
    Pair pair(counts({sliding("s", 4096, 1), tumbling("t", 1)}), kPlenty);
    std::mt19937_64 random(3);
    for (int64_t e = 0; e < 30; ++e) {
        pair.add({{pick(random, -kTimeLimitUs + 1, kTimeLimitUs - 1), naive::encoded(e % 3), {e}}});
    }
    EXPECT_LE(pair.store().committed_bytes(), uint64_t{1} << 20);
    pair.finish(4096);
}

TEST(WindowStore, ARefusedEventLeavesNoTrace) {
    Config config = counts({tumbling("t", 10)});
    config.key = {{"k", FieldType::text}};
    Pair pair(config, 120'000);
    size_t refused = 0;
    for (int64_t e = 0; e < 3000 && refused == 0; ++e) {
        refused +=
            pair.add({{e % 100, naive::encoded(std::string(100, 'k') + std::to_string(e)), {e}}});
    }
    ASSERT_GT(refused, 0u);
    const uint64_t keys = pair.store().keys(), panes = pair.store().panes();
    // Nothing new fits, but what is there goes on counting.
    for (int64_t e = 0; e < 1000; ++e) {
        pair.add(
            {{1000 + 10 * e, naive::encoded(std::string(2000, 'n') + std::to_string(e)), {e}}});
        EXPECT_EQ(pair.add({{0, naive::encoded(std::string(100, 'k') + "0"), {e}}}), 0u);
    }
    EXPECT_EQ(pair.store().keys(), keys);
    EXPECT_EQ(pair.store().panes(), panes);
    pair.finish();
}

// A key outlives its window, but not when others need its memory.
TEST(WindowStore, KeysOfAClosedWindowMakeRoomForOthersAtOnce) {
    Config config = counts({tumbling("t", 10)});
    config.key = {{"k", FieldType::text}};
    Pair pair(config, 500'000);
    const auto event = [](int64_t time_us, char kind, int64_t k) {
        return Event{time_us, naive::encoded(std::string(100, kind) + std::to_string(k)), {k}};
    };
    int64_t known = 0;
    while (pair.add({event(0, 'a', known)}) == 0) ++known;
    ASSERT_GT(known, 500);
    pair.store().advance(10);
    pair.take(1000);
    for (int64_t k = 0; k < known * 3 / 4; k += 500) {
        std::vector<Event> events;
        for (int64_t e = 0; e < 500; ++e) events.push_back(event(15, 'b', k + e));
        EXPECT_EQ(pair.add(events), 0u);
    }
    pair.finish();
}

// Closing needs memory for combining and sorting; without any it must still give the same rows.
TEST(WindowStore, ClosesWithoutAnyMemoryLeft) {
    Config config = counts({sliding("s", 40, 10), tumbling("t", 80)});
    Pair pair(config, 2'000'000);
    size_t refused = 0;
    for (int64_t e = 0; refused == 0; ++e) {
        std::vector<Event> events;
        for (int64_t i = 0; i < 500; ++i) {
            events.push_back(
                {(e * 500 + i) % 80, naive::encoded((e * 500 + i) * 7919 % 100'003), {e}});
        }
        refused += pair.add(events);
    }
    EXPECT_GT(pair.store().keys(), 9000u);
    pair.finish(1000);
}

TEST(WindowStore, WithoutAnyMemoryItRefusesEverything) {
    for (const uint64_t bytes : {uint64_t{0}, uint64_t{1}, uint64_t{4096}, uint64_t{8192}}) {
        Pair pair(counts({tumbling("t", 10)}), bytes);
        EXPECT_EQ(pair.add({{1, naive::encoded(1), {1}}, {2, naive::encoded(2), {1}}}), 2u);
        pair.finish();
    }
}

// The shortcut knows cells by time, and must not know those of a pane that is final.
TEST(WindowStore, RefusesEventsOfAFinalPaneThatTheShortcutCovered) {
    Pair pair(counts({tumbling("t", 10)}), kPlenty);
    const auto everybody = [&](int64_t time_us) {
        std::vector<Event> events;
        for (int64_t key = 0; key < 600; ++key)
            events.push_back({time_us, naive::encoded(key), {1}});
        return pair.add(events);
    };
    ASSERT_EQ(everybody(1), 0u);
    pair.store().advance(10);
    pair.take(1000);  // From here on leaves begin at full width.
    for (const int64_t time_us : {11, 12, 13}) ASSERT_EQ(everybody(time_us), 0u);
    pair.store().advance(20);
    EXPECT_EQ(everybody(14), 600u);
    ASSERT_EQ(everybody(24), 0u);
    pair.finish();
}

// Of 200,000 keys: their table, their cells, and what puts their rows in order.
TEST(WindowStore, NamesMemoryToComeWhileHalfOfTheBudgetIsLeft) {
    const auto named_bytes = [](uint64_t memory_bytes) {
        const Config config = counts({tumbling("w", 10)});
        MemoryBudget budget(memory_bytes);
        WindowStore store(config, 7, detect_simd(), budget);
        RecordBatch batch(config, 2000);
        std::vector<uint32_t> refused(1000);
        uint64_t bytes = 0;
        for (uint32_t part = 0; part < 200; ++part) {
            std::vector<Event> events;
            for (uint32_t r = 0; r < 1000; ++r) {
                events.push_back({5, naive::encoded(part * 1000 + r), {1}});
            }
            const std::vector<uint32_t> rows = naive::fill(config, events, batch);
            EXPECT_EQ(store.add(batch, rows.data(), 1000, refused.data()), 0u);
            while (const size_t next = store.take_ahead().bytes) bytes += next;
        }
        return bytes;
    };
    EXPECT_GE(named_bytes(kPlenty), uint64_t{16} << 20);
    EXPECT_LE(named_bytes(uint64_t{20} << 20), uint64_t{8} << 20);
}

TEST(WindowStore, AJobWithoutAlignedWindowsHasNoRows) {
    Config config = counts({});
    config.windows = {{"session", WindowKind::session, 0, 0, 10}};
    MemoryBudget budget(kPlenty);
    WindowStore store(config, 7, detect_simd(), budget);
    RecordBatch batch(config, 10);
    const uint32_t rows[] = {0};
    uint32_t refused[1];
    EXPECT_EQ(store.add(batch, rows, 1, refused), 0u);
    store.advance(INT64_MAX);
    PartialRows out(config, store.layout());
    EXPECT_FALSE(store.take_closed(out, 10));
}

}  // namespace
}  // namespace trommel::cpu
