#include "kernels/cuda/cell_words.h"

#include <gtest/gtest.h>
#include <vector>

#include "tests/kernels/cuda/crew.h"
#include "tests/kit/random.h"

namespace trommel::cuda {
namespace {

Config all_aggregates() {
    Config config;
    config.values.resize(2);
    for (const uint32_t v : {0u, 1u}) {
        for (int kind = 0; kind <= static_cast<int>(AggregateKind::last); ++kind) {
            config.aggregates.push_back({"a", static_cast<AggregateKind>(kind), v, 0});
        }
    }
    return config;
}

TEST(CellWords, HoldAllAggregatesOf16ValuesInWholeSectors) {
    Config config = all_aggregates();
    EXPECT_EQ(cell_words(cpu::CellLayout(config)).words, 20u);  // 2 + 2 * 8, in fours.
    config.aggregates.clear();
    EXPECT_EQ(cell_words(cpu::CellLayout(config)).words, 4u);
    config.values.resize(kValuesMax);
    for (uint32_t v = 0; v < kValuesMax; ++v) {
        for (int kind = 0; kind <= static_cast<int>(AggregateKind::last); ++kind) {
            config.aggregates.push_back({"a", static_cast<AggregateKind>(kind), v, 0});
        }
    }
    EXPECT_EQ(cell_words(cpu::CellLayout(config)).words, 132u);
}

// In two batches, to one cell and then to several that are combined: what the CPU's cell has.
TEST(CellWords, AgreeWithTheCpusCellsInAnyOrder) {
    const Config config = all_aggregates();
    const cpu::CellLayout layout(config);
    const CellWords words = cell_words(layout);
    Crew crew(4);
    for (uint64_t seed = 0; seed < 200; ++seed) {
        testkit::Random random(seed);
        RecordBatch batch(config, 200);
        std::vector<uint32_t> rows;
        for (uint32_t e = 0; e < 200; ++e) {
            const int64_t values[] = {random.one_in(9) ? INT64_MIN : random.between(-3, 3),
                                      random.one_in(9) ? INT64_MAX : random.between(-3, 3)};
            rows.push_back(batch.add(uint64_t{e}, random.between(-2, 2), values));
        }
        ValueColumns values;
        for (size_t v = 0; v < 2; ++v) values.column[v] = batch.values[v].data();
        const int64_t* const times = batch.time_us.data();

        std::vector<std::vector<uint64_t>> cells(5, std::vector<uint64_t>(words.words));
        for (std::vector<uint64_t>& cell : cells) words.clear(cell.data());
        for (const uint32_t begin : {0u, 100u}) {
            const auto each = [&](const auto& visit) {
                crew.run([&](uint32_t thread) {
                    for (uint32_t e = begin + thread; e < begin + 100; e += crew.size()) {
                        visit(cells[seed % 2 == 0 ? 0 : e % 4].data(), e);
                    }
                });
            };
            each([&](uint64_t* cell, uint32_t e) { words.add(cell, values, times, e); });
            each([&](uint64_t* cell, uint32_t e) { words.settle(cell, values, times, e); });
        }
        uint64_t* const all = cells[4].data();
        crew.run([&](uint32_t thread) { words.combine(all, cells[thread].data()); });
        crew.run([&](uint32_t thread) { words.settle(all, cells[thread].data()); });

        std::vector<char> expected(layout.bytes()), cell(layout.bytes());
        layout.clear(expected.data());
        const std::vector<char*> to(rows.size(), expected.data());
        layout.update(to.data(), batch, rows.data(), static_cast<uint32_t>(rows.size()));
        std::vector<uint64_t> plain(words.words);
        words.write_plain(plain.data(), all);
        layout.assemble(cell.data(), plain[CellWords::kCount],
                        plain.data() + CellWords::kFirstPart);
        std::vector<int128> results(config.aggregates.size()), wanted(config.aggregates.size());
        layout.finish(cell.data(), results.data());
        layout.finish(expected.data(), wanted.data());
        ASSERT_EQ(results, wanted) << "seed " << seed;
    }
}

}  // namespace
}  // namespace trommel::cuda
