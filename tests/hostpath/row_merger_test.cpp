#include "hostpath/row_merger.h"

#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <tuple>

#include "tests/hostpath/small_jobs.h"
#include "tests/kit/memory_sink.h"
#include "tests/kit/random.h"

namespace trommel::hostpath {
namespace {

using cpu::CellLayout;
using cpu::PartialRows;
using testkit::OracleRow;
using testkit::Random;
using State = RowMerger::State;

// A row to be: one event of this value.
struct Row {
    int64_t end_us;
    int64_t key;
    int64_t value = 1;
    uint32_t window = 0;
};

Config two_windows_job() {
    Config config = window_job();
    config.windows = {{"zz", WindowKind::tumbling, 10, 10, 0},
                      {"a", WindowKind::tumbling, 10, 10, 0}};
    return config;
}

// A merger, and blocks to feed it with.
class Mill {
   public:
    explicit Mill(uint32_t streams, const Config& of = two_windows_job())
        : config(of), layout_(config), streams_(streams), merger(config, streams), out(config) {}

    PartialRows* block(const std::vector<Row>& rows) {
        blocks_.push_back(std::make_unique<PartialRows>(config, layout_));
        for (const Row& row : rows) append(row, *blocks_.back());
        return blocks_.back().get();
    }
    void offer(uint32_t stream, const std::vector<Row>& rows) { merger.offer(stream, block(rows)); }

    // Every stream has offered all up to this end.
    void complete(int64_t end_us) {
        for (uint32_t s = 0; s < streams_; ++s) merger.complete(s, end_us);
    }

    // What came out, as {end, window, key, count, sum}.
    using Flat = std::tuple<int64_t, uint32_t, int64_t, int64_t, int64_t>;
    std::vector<Flat> take() {
        std::vector<Flat> rows;
        for (size_t r = 0; r < out.count(); ++r) {
            rows.emplace_back(out.end_us[r], out.window[r], out.key_int[r],
                              static_cast<int64_t>(out.aggregates[0][r]),
                              static_cast<int64_t>(out.aggregates[1][r]));
        }
        out.clear();
        return rows;
    }

    const Config config;

   private:
    void append(const Row& row, PartialRows& rows) {
        rows.window.push_back(row.window);
        rows.start_us.push_back(row.end_us - 10);
        rows.end_us.push_back(row.end_us);
        rows.key_int.push_back(row.key);
        rows.cells.resize(rows.cells.size() + layout_.bytes());
        char* const cell = rows.cell(rows.count() - 1);
        layout_.clear(cell);
        RecordBatch one(config, 1);
        one.add(uint64_t{0}, row.end_us - 1, &row.value);
        const uint32_t first = 0;
        layout_.update(&cell, one, &first, 1);
    }

    const CellLayout layout_;
    const uint32_t streams_;
    std::vector<std::unique_ptr<PartialRows>> blocks_;

   public:
    RowMerger merger;
    RowBatch out;
};

using Flats = std::vector<Mill::Flat>;

TEST(RowMerger, RowsOfStreamsComeOutInOneOrder) {
    Mill mill(2);
    mill.offer(0, {{10, 1}, {10, 5}, {30, 0}});
    mill.offer(1, {{10, 2}, {20, 9}});
    mill.complete(30);
    EXPECT_EQ(mill.merger.merge(mill.out, 100), State::starved);
    EXPECT_EQ(mill.take(), Flats({{10, 0, 1, 1, 1},
                                  {10, 0, 2, 1, 1},
                                  {10, 0, 5, 1, 1},
                                  {20, 0, 9, 1, 1},
                                  {30, 0, 0, 1, 1}}));
}

TEST(RowMerger, EqualRowsAreJoined) {
    Mill mill(3);
    mill.offer(0, {{10, -7, 100}});
    mill.offer(1, {{10, -7, 20}});
    mill.offer(2, {{10, -7, 3}, {10, 0, 1}});
    mill.complete(10);
    mill.merger.merge(mill.out, 100);
    EXPECT_EQ(mill.take(), Flats({{10, 0, -7, 3, 123}, {10, 0, 0, 1, 1}}));
}

TEST(RowMerger, WindowsOfOneEndAreOrderedByName) {
    Mill mill(2);
    mill.offer(0, {{10, 1, 1, 0}});  // zz
    mill.offer(1, {{10, 1, 1, 1}});  // a
    mill.complete(10);
    mill.merger.merge(mill.out, 100);
    EXPECT_EQ(mill.take(), Flats({{10, 1, 1, 1, 1}, {10, 0, 1, 1, 1}}));
}

TEST(RowMerger, WaitsForAStreamThatHasNeitherARowNorIsComplete) {
    Mill mill(2);
    mill.offer(0, {{10, 1}, {10, 3}});
    EXPECT_EQ(mill.merger.merge(mill.out, 100), State::starved);
    EXPECT_EQ(mill.merger.starved_stream(), 1u);
    EXPECT_TRUE(mill.take().empty());
    mill.offer(1, {{10, 2}});
    EXPECT_EQ(mill.merger.merge(mill.out, 100), State::starved);
    EXPECT_EQ(mill.merger.starved_stream(), 1u);
    EXPECT_EQ(mill.take().size(), 2u);  // Key 3 could still be preceded.
    mill.merger.complete(1, 9);
    mill.merger.merge(mill.out, 100);
    EXPECT_TRUE(mill.take().empty());
    mill.merger.complete(1, 10);
    mill.merger.merge(mill.out, 100);
    EXPECT_EQ(mill.take(), Flats({{10, 0, 3, 1, 1}}));
}

TEST(RowMerger, StopsWhenTheOutputIsFullAndGoesOn) {
    Mill mill(1);
    mill.offer(0, {{10, 1}, {10, 2}, {10, 3}});
    EXPECT_EQ(mill.merger.merge(mill.out, 2), State::full);
    EXPECT_EQ(mill.take().size(), 2u);
    EXPECT_EQ(mill.merger.merge(mill.out, 2), State::starved);
    EXPECT_EQ(mill.take(), Flats({{10, 0, 3, 1, 1}}));
}

TEST(RowMerger, AStreamThatIsAheadDoesNotOvertake) {
    Mill mill(2);
    mill.offer(0, {{20, 1}});
    mill.merger.complete(0, 20);
    mill.offer(1, {{10, 9}});
    mill.merger.complete(1, 10);
    mill.merger.merge(mill.out, 100);
    EXPECT_EQ(mill.take(), Flats({{10, 0, 9, 1, 1}}));
    mill.offer(1, {{20, 0}});
    mill.merger.complete(1, 20);
    mill.merger.merge(mill.out, 100);
    EXPECT_EQ(mill.take(), Flats({{20, 0, 0, 1, 1}, {20, 0, 1, 1, 1}}));
}

TEST(RowMerger, EveryBlockGoesBackToItsStreamOnce) {
    Mill mill(2);
    PartialRows* const first = mill.block({{10, 1}});
    PartialRows* const second = mill.block({{10, 2}});
    PartialRows* const empty = mill.block({});
    uint32_t stream = 9;
    PartialRows* rows = nullptr;
    mill.merger.offer(1, empty);
    ASSERT_TRUE(mill.merger.take_used(stream, rows));  // At once: there is nothing in it.
    EXPECT_EQ(stream, 1u);
    EXPECT_EQ(rows, empty);
    mill.merger.offer(0, first);
    mill.merger.offer(1, second);
    EXPECT_FALSE(mill.merger.take_used(stream, rows));
    mill.complete(10);
    mill.merger.merge(mill.out, 100);
    std::map<PartialRows*, uint32_t> used;
    while (mill.merger.take_used(stream, rows)) used[rows] = stream;
    EXPECT_EQ(used, (std::map<PartialRows*, uint32_t>{{first, 0}, {second, 1}}));
}

TEST(RowMerger, AFewHugeKeysFillTheOutputToo) {
    Config config = window_job();
    config.key = {{"k", FieldType::text}};
    const CellLayout layout(config);
    PartialRows rows(config, layout);
    for (int64_t r = 0; r < 4; ++r) {
        rows.window.push_back(0);
        rows.start_us.push_back(0);
        rows.end_us.push_back(10 + r);
        rows.key_bytes.resize(rows.key_bytes.size() + PartialRows::kKeyBytesMax / 2 + 1);
        rows.key_end.push_back(static_cast<uint32_t>(rows.key_bytes.size()));
        rows.cells.resize(rows.cells.size() + layout.bytes());
    }
    RowMerger merger(config, 1);
    RowBatch out(config);
    merger.offer(0, &rows);
    EXPECT_EQ(merger.merge(out, 100), State::full);
    EXPECT_EQ(out.count(), 2u);
    EXPECT_EQ(out.key_text(1).size(), PartialRows::kKeyBytesMax / 2 + 1);
    out.clear();
    EXPECT_EQ(merger.merge(out, 100), State::starved);
    EXPECT_EQ(out.count(), 2u);
}

// Random rows, dealt to streams, each of which brings its own at its own pace and says now and then
// how far it is: as if one map had them all.
void merge_random_rows(uint64_t seed) {
    Random random(seed);
    const auto streams = static_cast<uint32_t>(1 + random.below(5));
    Mill mill(streams);
    std::map<std::tuple<int64_t, int64_t, int64_t>, Mill::Flat> expected;
    std::vector<std::vector<Row>> left(streams);  // In reverse.
    for (std::vector<Row>& rows : left) {
        std::map<std::tuple<int64_t, int64_t, int64_t>, Row> own;  // {end, name's rank, key}
        for (uint64_t count = random.below(60); count > 0; --count) {
            const auto window = static_cast<uint32_t>(random.below(2));
            const Row row = {10 * random.between(1, 8), random.between(-3, 3),
                             random.between(-9, 9), window};
            own.emplace(std::tuple(row.end_us, 1 - window, row.key), row);
        }
        for (const auto& [order, row] : own) {
            auto& flat =
                expected.try_emplace(order, row.end_us, row.window, row.key, 0, 0).first->second;
            ++std::get<3>(flat);
            std::get<4>(flat) += row.value;
            rows.insert(rows.begin(), row);
        }
    }
    Flats merged;
    const auto merge_some = [&] {
        mill.merger.merge(mill.out, 1 + random.below(10));
        for (const Mill::Flat& row : mill.take()) merged.push_back(row);
    };
    for (int step = 0; step < 500; ++step) {
        const auto s = static_cast<uint32_t>(random.below(streams));
        std::vector<Row> rows;
        for (uint64_t count = random.below(8); count > 0 && !left[s].empty(); --count) {
            rows.push_back(left[s].back());
            left[s].pop_back();
        }
        mill.offer(s, rows);
        const int64_t next_us = left[s].empty() ? 1000 : left[s].back().end_us;
        if (random.one_in(3)) mill.merger.complete(s, next_us - 1 - random.between(0, 5));
        merge_some();
    }
    mill.complete(1000);
    for (int step = 0; step < 500; ++step) merge_some();
    Flats wanted;
    for (const auto& [order, flat] : expected) wanted.push_back(flat);
    ASSERT_EQ(merged, wanted) << "seed " << seed;
}

TEST(RowMerger, EqualsOneMapOnRandomRows) {
    for (uint64_t seed = 1; seed <= 300 && !HasFatalFailure(); ++seed) merge_random_rows(seed);
}

}  // namespace
}  // namespace trommel::hostpath
