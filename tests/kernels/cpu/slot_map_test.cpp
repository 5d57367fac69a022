#include "kernels/cpu/slot_map.h"

#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <random>

#include "trommel/config.h"

namespace trommel::cpu {
namespace {

Config values(uint32_t count) {  // Cells of 8 + 64 * count bytes.
    Config config;
    config.values.resize(std::max(count, 1u), {"v", 0});
    for (uint32_t v = 0; v < count; ++v) {
        for (const AggregateKind kind : {AggregateKind::sum, AggregateKind::min, AggregateKind::max,
                                         AggregateKind::first, AggregateKind::last}) {
            config.aggregates.push_back({"a", kind, v, 0});
        }
    }
    return config;
}

void write(char* cell, uint64_t mark) {
    std::memcpy(cell, &mark, sizeof mark);
}

// Cells of every width of node, slots from dense to spread over 32 bits.
TEST(SlotMap, HoldsWhatAMapHolds) {
    for (const uint32_t value_count : {0u, 1u, 2u, 4u, 8u, 16u}) {
        for (const uint32_t slot_bits : {4u, 7u, 12u, 20u, 32u}) {
            SCOPED_TRACE(std::to_string(value_count) + " values, slots of " +
                         std::to_string(slot_bits) + " bits");
            MemoryBudget budget(64 << 20);
            SlabPool pool(budget);
            const CellLayout layout(values(value_count));
            CellSpace space(layout, pool);
            SlotMap map;
            std::map<uint32_t, uint64_t> expected;
            std::mt19937_64 random(slot_bits);
            for (uint64_t step = 1; step <= 2000; ++step) {
                const auto slot = static_cast<uint32_t>(random() >> (64 - slot_bits));
                const bool known = expected.count(slot) > 0;
                ASSERT_EQ(space.find(map, slot) != nullptr, known);
                char* const cell = space.find_or_add(map, slot);
                ASSERT_NE(cell, nullptr);
                ASSERT_EQ(CellLayout::count(cell), known ? expected[slot] : 0);
                write(cell, step);
                expected[slot] = step;
                ASSERT_EQ(map.count, expected.size());
            }
            auto next = expected.begin();
            space.for_each(map, [&](uint32_t slot, const char* cell) {
                ASSERT_NE(next, expected.end());
                ASSERT_EQ(slot, next->first);
                ASSERT_EQ(CellLayout::count(cell), next->second);
                ++next;
            });
            EXPECT_EQ(next, expected.end());
            space.clear(map);
            EXPECT_EQ(pool.slabs_in_use(), 0u);
            EXPECT_EQ(map.count, 0u);
        }
    }
}

// Sums of extreme values, in cells that move as others are added, and in a second map that all of
// them are added to twice.
TEST(SlotMap, CellsKeepSumsBeyond64Bits) {
    for (const uint32_t value_count : {1u, 2u, 4u, 16u}) {
        SCOPED_TRACE(std::to_string(value_count) + " values");
        const Config config = values(value_count);
        MemoryBudget budget(64 << 20);
        SlabPool pool(budget);
        const CellLayout layout(config);
        CellSpace space(layout, pool);
        SlotMap map, twice;
        std::map<uint32_t, std::vector<int128>> expected;
        RecordBatch batch(config, 1);
        std::mt19937_64 random(value_count);
        for (uint64_t step = 0; step < 2000; ++step) {
            const auto slot = static_cast<uint32_t>(random() % 512);
            char* const cell = space.find_or_add(map, slot);
            std::vector<int128>& sums = expected[slot];
            sums.resize(value_count);
            for (uint32_t v = 0; v < value_count; ++v) {
                batch.values[v][0] = random() % 2 == 0 ? INT64_MAX : INT64_MIN + 1;
                sums[v] += batch.values[v][0];
            }
            const uint32_t row = 0;
            CellLayout::count_one(cell);
            layout.update_values(&cell, space, batch, &row, 1);
        }
        for (int pass = 0; pass < 2; ++pass) {
            space.for_each(map, [&](uint32_t slot, const char* cell) {
                space.combine(space.find_or_add(twice, slot), cell);
            });
        }
        const auto expect_times = [&](int64_t factor, uint32_t slot, const char* cell) {
            std::vector<char> whole(layout.bytes());
            space.copy(whole.data(), cell);
            std::vector<int128> results(config.aggregates.size());
            layout.finish(whole.data(), results.data());
            for (uint32_t v = 0; v < value_count;
                 ++v) {  // Of five aggregates the first is the sum.
                ASSERT_EQ(to_text(results[5 * v]), to_text(factor * expected[slot][v]));
            }
        };
        space.for_each(map, [&](uint32_t slot, const char* c) { expect_times(1, slot, c); });
        space.for_each(twice, [&](uint32_t slot, const char* c) { expect_times(2, slot, c); });
    }
}

TEST(SlotMap, SaysWhenCellsMove) {
    MemoryBudget budget(1 << 20);
    SlabPool pool(budget);
    const CellLayout layout(values(0));
    CellSpace space(layout, pool);
    SlotMap map;
    std::map<uint32_t, char*> cells;
    for (const uint32_t slot : {7u, 3u, 9u, 1u, 15u, 0u, 200u, 4u}) {
        const uint64_t before = space.moves();
        cells[slot] = space.find_or_add(map, slot);
        bool moved = false;
        for (auto& [s, cell] : cells) {
            moved = moved || space.find(map, s) != cell;
            cell = space.find(map, s);
        }
        if (moved) {
            EXPECT_NE(space.moves(), before) << slot;
        }
    }
}

TEST(SlotMap, WithoutMemoryNothingChangesAndNothingLeaks) {
    for (const uint64_t slabs : {0u, 1u, 2u, 3u, 5u}) {
        MemoryBudget budget(slabs * SlabPool::kSlabBytes);
        SlabPool pool(budget);
        const CellLayout layout(values(1));
        CellSpace space(layout, pool);
        SlotMap map;
        std::map<uint32_t, uint64_t> expected;
        std::mt19937_64 random(slabs);
        for (uint64_t step = 1; step < 3000; ++step) {
            const auto slot = static_cast<uint32_t>(random() >> 40);
            char* const cell = space.find_or_add(map, slot);
            if (cell == nullptr) continue;
            write(cell, step);
            expected[slot] = step;
        }
        EXPECT_EQ(map.count, expected.size());
        for (const auto& [slot, mark] : expected) {
            const char* const cell = space.find(map, slot);
            ASSERT_NE(cell, nullptr);
            ASSERT_EQ(CellLayout::count(cell), mark);
        }
        space.clear(map);
        EXPECT_EQ(pool.slabs_in_use(), 0u);
    }
}

// What window_store.md says about memory.
TEST(SlotMap, DenseMapsCostLittleMoreThanTheirCells) {
    MemoryBudget budget(64 << 20);
    SlabPool pool(budget);
    const CellLayout layout(values(1));
    CellSpace space(layout, pool);
    SlotMap map;
    for (uint32_t slot = 0; slot < 100'000; ++slot)
        ASSERT_NE(space.find_or_add(map, slot), nullptr);
    EXPECT_LT(pool.slabs_in_use() * SlabPool::kSlabBytes, 100'000u * layout.bytes() * 106 / 100);
}

TEST(SlotMap, LoneCellsAmongAMillionSlotsCostLessThanAHundredBytesMore) {
    MemoryBudget budget(64 << 20);
    SlabPool pool(budget);
    const CellLayout layout(values(1));
    CellSpace space(layout, pool);
    SlotMap map;
    for (uint32_t i = 0; i < 2000; ++i) ASSERT_NE(space.find_or_add(map, i * 524), nullptr);
    EXPECT_LT(pool.slabs_in_use() * SlabPool::kSlabBytes, 2000u * (layout.bytes() + 100));
}

}  // namespace
}  // namespace trommel::cpu
