#include "kernels/cpu/cell_layout.h"

#include <gtest/gtest.h>

#include "tests/kernels/cpu/naive_windows.h"

namespace trommel::cpu {
namespace {

Config with(std::vector<Aggregate> aggregates, size_t values) {
    Config config;
    config.values.resize(values, {"v", 0});
    config.aggregates = std::move(aggregates);
    return config;
}

TEST(CellLayout, KeepsEachFieldOnce) {
    using Kind = AggregateKind;
    EXPECT_EQ(CellLayout(with({}, 0)).bytes(), 8u);
    EXPECT_EQ(CellLayout(with({{"n", Kind::count, 0, 0}}, 0)).bytes(), 8u);
    EXPECT_EQ(CellLayout(with({{"s", Kind::sum, 0, 0}, {"a", Kind::avg, 0, 3}}, 1)).bytes(), 24u);
    EXPECT_EQ(CellLayout(with({{"x", Kind::min, 0, 0}, {"y", Kind::min, 1, 0}}, 2)).bytes(), 24u);
    std::vector<Aggregate> all;
    for (uint32_t v = 0; v < kValuesMax; ++v) {
        for (const Kind kind :
             {Kind::sum, Kind::min, Kind::max, Kind::avg, Kind::first, Kind::last}) {
            all.push_back({"a", kind, v, 0});
        }
    }
    EXPECT_EQ(CellLayout(with(all, kValuesMax)).bytes(), 1032u);
}

TEST(CellLayout, TheEmptyCellHasNoEventsAndChangesNothing) {
    const CellLayout layout(
        with({{"m", AggregateKind::min, 0, 0}, {"l", AggregateKind::last, 0, 0}}, 1));
    std::vector<char> empty(layout.bytes()), cell(layout.bytes());
    layout.clear(empty.data());
    EXPECT_EQ(CellLayout::count(empty.data()), 0u);
    layout.clear(cell.data());
    layout.combine(cell.data(), empty.data());
    EXPECT_EQ(cell, empty);
}

// However the events are dealt to cells, the combined cells give what the naive aggregate gives.
TEST(CellLayout, UpdateCombineAndFinishAgreeWithTheNaiveAggregates) {
    for (uint64_t seed = 0; seed < 300; ++seed) {
        std::mt19937_64 random(seed);
        const Config config = naive::random_job(random);
        const CellLayout layout(config);
        RecordBatch batch(config, 512);
        std::vector<naive::Event> events;
        for (int64_t e = naive::pick(random, 1, 100); e > 0; --e) {
            naive::Event event{
                naive::pick(random, -3, 3), naive::random_key(config, random, 5), {}};
            for (size_t v = 0; v < config.values.size(); ++v) {
                event.values.push_back(naive::pick_value(random, seed % 2 == 0));
            }
            events.push_back(event);
        }
        const std::vector<uint32_t> rows = naive::fill(config, events, batch);
        std::vector<std::vector<char>> storage(3, std::vector<char>(layout.bytes()));
        for (auto& cell : storage) layout.clear(cell.data());
        std::vector<char*> cells;
        for (size_t i = 0; i < rows.size(); ++i) cells.push_back(storage[random() % 3].data());
        layout.update(cells.data(), batch, rows.data(), static_cast<uint32_t>(rows.size()));
        layout.combine(storage[0].data(), storage[1].data());
        layout.combine(storage[2].data(), storage[0].data());
        ASSERT_EQ(CellLayout::count(storage[2].data()), events.size());
        std::vector<int128> results(config.aggregates.size());
        layout.finish(storage[2].data(), results.data());
        for (size_t a = 0; a < results.size(); ++a) {
            ASSERT_EQ(to_text(results[a]), to_text(aggregate(config, config.aggregates[a], events)))
                << "seed " << seed << " aggregate " << a;
        }
    }
}

TEST(CellLayout, AssemblesACellFromItsParts) {
    std::vector<Aggregate> all;
    for (const uint32_t v : {1u, 0u}) {
        for (int kind = 0; kind <= static_cast<int>(AggregateKind::last); ++kind) {
            all.push_back({"a", static_cast<AggregateKind>(kind), v, 0});
        }
    }
    const CellLayout layout(with(all, 2));
    std::vector<uint64_t> words;
    uint64_t next = 100;
    for (const CellLayout::Part& part : layout.parts()) {
        for (uint32_t w = 0; w < CellLayout::words(part.op); ++w) words.push_back(++next);
    }
    std::vector<char> cell(layout.bytes());
    layout.assemble(cell.data(), 1, words.data());
    EXPECT_EQ(CellLayout::count(cell.data()), 1u);
    std::vector<int128> results(all.size());
    layout.finish(cell.data(), results.data());
    const auto wide = [](uint64_t low, uint64_t high) { return int128{high} << 64 | low; };
    // Count, sum, min, max, avg, first and last, of one value and then of the other.
    EXPECT_EQ(results,
              (std::vector<int128>{1, wide(101, 102), 103, 104, wide(101, 102), 106, 108, 1,
                                   wide(109, 110), 111, 112, wide(109, 110), 114, 116}));
}

}  // namespace
}  // namespace trommel::cpu
