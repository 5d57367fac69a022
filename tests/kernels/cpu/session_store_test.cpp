#include "kernels/cpu/session_store.h"

#include <gtest/gtest.h>

#include "kernels/rules/window.h"
#include "tests/kernels/cpu/naive_windows.h"

namespace trommel::cpu {
namespace {

using naive::Event;
using naive::pick;
using naive::Row;

constexpr uint64_t kPlenty = uint64_t{1} << 30;
constexpr int64_t kYearUs = int64_t{365} * 86400 * 1'000'000;

Window session(std::string name, int64_t gap) {
    return {std::move(name), WindowKind::session, 0, 0, gap};
}

Config counts(std::vector<Window> windows) {
    Config config;
    config.key = {{"k", FieldType::integer}};
    config.values = {{"v", 0}};
    config.aggregates = {{"n", AggregateKind::count, 0, 0}, {"s", AggregateKind::sum, 0, 0}};
    config.windows = std::move(windows);
    return config;
}

// A store and the naive windows side by side.
class Pair {
   public:
    Pair(const Config& config, uint64_t memory_bytes)
        : config_(config),
          budget_(memory_bytes),
          store_(config_, 7, budget_),
          naive_(config_),
          batch_(config_, 2048),
          taken_(config_, store_.layout()) {}

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
        return refused.size();
    }

    void take(uint32_t rows_max) {
        while (store_.take_closed(taken_, rows_max)) {
            ASSERT_LE(taken_.count(), rows_max);
            naive::append(config_, store_.layout(), taken_, rows_);
        }
    }

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
        EXPECT_EQ(store_.sessions(), 0u);
    }

    SessionStore& store() { return store_; }
    std::vector<Row>& rows() { return rows_; }

   private:
    Config config_;
    MemoryBudget budget_;
    SessionStore store_;
    naive::Windows naive_;
    RecordBatch batch_;
    PartialRows taken_;
    std::vector<Row> rows_;
};

void run_stream(uint64_t seed, uint64_t memory_bytes) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    Config config = naive::random_job(random);
    const int64_t gap = pick(random, 0, 1) * pick(random, 1, 100);
    for (int64_t w = pick(random, 1, 3); w > 0; --w) {
        config.windows.push_back(
            session(std::string(1, static_cast<char>('a' + 2 * w % 5)), gap * w));
    }
    config.time.allowed_lateness_us = pick(random, 0, 1) * pick(random, 0, 200);
    Pair pair(config, memory_bytes);
    const int64_t disorder = pick(random, 0, 10 * gap + 1), step = pick(random, 0, gap + 1);
    const int64_t keys = pick(random, 1, 20);
    int64_t newest = pick(random, -3, 3) * kYearUs, watermark = INT64_MIN;
    for (int64_t round = pick(random, 2, 12); round > 0; --round) {
        std::vector<Event> events;
        if (pick(random, 0, 4) == 0) newest += pick(random, 1, kYearUs);
        for (int64_t e = pick(random, 0, 200); e > 0; --e) {
            Event event{
                newest - pick(random, 0, disorder), naive::random_key(config, random, keys), {}};
            for (size_t v = 0; v < config.values.size(); ++v) {
                event.values.push_back(naive::pick_value(random, seed % 3 == 0));
            }
            newest += pick(random, 0, step);
            if (rules::is_final(event.time_us, config.time.allowed_lateness_us, watermark))
                continue;
            events.push_back(event);
        }
        pair.add(events);
        watermark = newest - disorder;
        pair.store().advance(watermark);
        pair.take(static_cast<uint32_t>(pick(random, 1, 50)));
        if (pick(random, 0, 3) == 0) pair.expect_rows_up_to(watermark);
        if (testing::Test::HasFatalFailure()) return;
    }
    pair.finish();
}

TEST(SessionStore, AnswersAsTheNaiveSessionsDo) {
    for (uint64_t seed = 0; seed < 150 && !HasFatalFailure(); ++seed) run_stream(seed, kPlenty);
}

TEST(SessionStore, AnswersAsTheNaiveSessionsDoForWhatItDidNotRefuseInLittleMemory) {
    for (uint64_t seed = 1000; seed < 1100 && !HasFatalFailure(); ++seed) {
        run_stream(seed, 40'000 + seed % 30 * 5'000);
    }
}

TEST(SessionStore, JoinsExactlyUpToTheGap) {
    Pair pair(counts({session("s", 10)}), kPlenty);
    pair.add(
        {{0, naive::encoded(1), {1}}, {10, naive::encoded(1), {2}}, {21, naive::encoded(1), {4}}});
    pair.finish();
    EXPECT_EQ(pair.rows().size(), 2u);
}

TEST(SessionStore, AnEventBetweenTwoSessionsMakesThemOne) {
    Pair pair(counts({session("s", 10)}), kPlenty);
    pair.add({{0, naive::encoded(1), {1}}, {20, naive::encoded(1), {2}}});
    EXPECT_EQ(pair.store().sessions(), 2u);
    pair.add({{10, naive::encoded(1), {4}}});
    EXPECT_EQ(pair.store().sessions(), 1u);
    pair.finish();
}

TEST(SessionStore, EventsOfOneBatchMayMeetInASessionThatTheBatchJoins) {
    Pair pair(counts({session("s", 10)}), kPlenty);
    std::vector<Event> events;
    for (const int64_t time : {40, 0, 20, 10, 5, 30})
        events.push_back({time, naive::encoded(1), {time}});
    pair.add(events);
    EXPECT_EQ(pair.store().sessions(), 1u);
    pair.finish();
}

TEST(SessionStore, ClosesWhenTheWatermarkReachesItsEndPlusLateness) {
    Config config = counts({session("s", 10)});
    config.time.allowed_lateness_us = 5;
    Pair pair(config, kPlenty);
    pair.add({{3, naive::encoded(1), {1}}});
    pair.add({{4, naive::encoded(1), {1}}});
    pair.store().advance(18);
    pair.take(10);
    EXPECT_EQ(pair.rows().size(), 0u);
    pair.store().advance(19);
    pair.take(10);
    EXPECT_EQ(pair.rows().size(), 1u);
}

TEST(SessionStore, RefusesLateEvents) {
    Pair pair(counts({session("s", 10)}), kPlenty);
    pair.add({{50, naive::encoded(1), {1}}});
    pair.store().advance(55);
    EXPECT_EQ(pair.add({{55, naive::encoded(1), {1}}, {56, naive::encoded(2), {1}}}), 1u);
    pair.finish();
    EXPECT_EQ(pair.add({{kYearUs, naive::encoded(1), {1}}}), 1u);
}

TEST(SessionStore, OneRowAtATimeIsTheSameAsAllAtOnce) {
    for (const uint32_t rows_max : {1u, 3u, 1'000'000u}) {
        Pair pair(counts({session("b", 10), session("a", 3)}), kPlenty);
        for (int64_t e = 0; e < 500; ++e) pair.add({{e % 97 * 5, naive::encoded(e % 11), {e}}});
        pair.finish(rows_max);
    }
}

TEST(SessionStore, ManySessionsOfOneKeyInAnyOrderStayQuick) {
    for (const int64_t step : {1, -1, 7919}) {
        Pair pair(counts({session("s", 4)}), kPlenty);
        std::vector<Event> events;
        for (int64_t e = 0; e < 20'000; ++e) {
            const int64_t place = (e * step % 20'000 + 20'000) % 20'000;
            events.push_back({place * 10, naive::encoded(1), {e}});
            if (events.size() == 1000) {
                pair.add(events);
                events.clear();
            }
        }
        EXPECT_EQ(pair.store().sessions(), 20'000u);
        pair.finish();
    }
}

TEST(SessionStore, AnEndlessStreamOfNewKeysNeedsConstantMemory) {
    Pair pair(counts({session("s", 15), session("t", 30)}), kPlenty);
    uint64_t bytes_once_full = 0;
    for (int64_t round = 0; round < 300; ++round) {
        std::vector<Event> events;
        for (int64_t r = 0; r < 500; ++r) {
            events.push_back({round * 10, naive::encoded(round * 250 + r), {1}});
        }
        ASSERT_EQ(pair.add(events), 0u);
        pair.store().advance(round * 10);
        pair.take(700);
        if (round == 30) bytes_once_full = pair.store().committed_bytes();
    }
    EXPECT_LE(pair.store().committed_bytes(), bytes_once_full * 5 / 4);
    pair.finish();
}

TEST(SessionStore, ARefusedEventLeavesNoTrace) {
    Pair pair(counts({session("s", 5), session("t", 1000)}), 60'000);
    size_t refused = 0;
    for (int64_t e = 0; refused == 0; ++e) refused += pair.add({{e, naive::encoded(e), {e}}});
    const uint64_t keys = pair.store().keys(), sessions = pair.store().sessions();
    for (int64_t e = 0; e < 1000; ++e) {
        EXPECT_EQ(pair.add({{0, naive::encoded(-1 - e), {e}}}), 1u);
        EXPECT_EQ(pair.add({{0, naive::encoded(0), {e}}}), 0u);  // What is there goes on counting.
    }
    EXPECT_EQ(pair.store().keys(), keys);
    EXPECT_EQ(pair.store().sessions(), sessions);
    pair.finish();
}

TEST(SessionStore, ReachesTheEndsOfTime) {
    Config config = counts({session("s", kTimeLimitUs - 1), session("t", 0)});
    config.time.allowed_lateness_us = kTimeLimitUs - 1;
    Pair pair(config, kPlenty);
    for (const int64_t time : {-kTimeLimitUs + 1, int64_t{0}, kTimeLimitUs - 1}) {
        pair.add({{time, naive::encoded(1), {time}}});
    }
    pair.store().advance(INT64_MIN + 1);
    pair.take(1);
    EXPECT_EQ(pair.rows().size(), 0u);
    pair.finish();
}

TEST(SessionStore, AJobWithoutSessionWindowsHasNoRows) {
    Config config = counts({{"t", WindowKind::tumbling, 10, 10, 0}});
    MemoryBudget budget(kPlenty);
    SessionStore store(config, 7, budget);
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
