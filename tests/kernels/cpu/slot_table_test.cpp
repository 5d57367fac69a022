#include "kernels/cpu/slot_table.h"

#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace trommel::cpu {
namespace {

const rules::HashSeed kSeed = rules::hash_seed(7, rules::Purpose::key);

// Keys are numbers; the tag is cut to few bits, so that many share one.
class Names {
   public:
    Names(uint64_t memory_bytes, uint32_t tag_mask)
        : budget_(memory_bytes), table_(kSeed, detect_simd(), budget_), mask_(tag_mask) {}

    uint32_t find(uint32_t key) const {
        return table_.find(tag(key), table_.place_of(tag(key)),
                           [&](uint32_t slot) { return keys_[slot] == key; });
    }
    bool add(uint32_t key) {
        table_.move_some(1);
        const auto slot = static_cast<uint32_t>(keys_.size());
        if (!table_.insert(tag(key), table_.place_of(tag(key)), slot)) return false;
        keys_.push_back(key);
        return true;
    }
    void erase(uint32_t key) { table_.erase(tag(key), find(key)); }
    SlotTable& table() { return table_; }
    MemoryBudget& budget() { return budget_; }

   private:
    uint64_t tag(uint32_t key) const { return key * 2654435769u & mask_; }

    MemoryBudget budget_;
    SlotTable table_;
    uint32_t mask_;
    std::vector<uint32_t> keys_;
};

TEST(SlotTable, HoldsWhatASetHoldsWhileItGrowsAndShrinks) {
    for (const uint32_t mask : {0xffffffffu, 0xff000000u, 0x0000ffffu}) {
        Names names(8 << 20, mask);
        std::vector<bool> live(6000);
        std::mt19937_64 random(mask);
        uint64_t while_moving = 0;
        for (int step = 0; step < 60'000; ++step) {
            const auto key = static_cast<uint32_t>(random() % (step < 10'000 ? 300 : 6000));
            const bool growing = step / 15'000 % 2 == 0;
            while_moving += names.table().moving();
            ASSERT_EQ(names.find(key) != SlotTable::kNoSlot, live[key]);
            if (live[key] && random() % 4 < (growing ? 1 : 3)) {
                names.erase(key);
                live[key] = false;
            } else if (!live[key] && (growing || random() % 4 == 0)) {
                ASSERT_TRUE(names.add(key));
                live[key] = true;
            }
        }
        EXPECT_GT(while_moving, 100u);
        for (uint32_t key = 0; key < live.size(); ++key) {
            ASSERT_EQ(names.find(key) != SlotTable::kNoSlot, live[key]) << key;
        }
    }
}

TEST(SlotTable, KeysThatComeAndGoDoNotMakeItGrow) {
    Names names(8 << 20, 0xffffffffu);
    for (uint32_t key = 0; key < 1000; ++key) ASSERT_TRUE(names.add(key));
    uint64_t bytes = 0;
    for (uint32_t key = 0; key < 100'000; ++key) {
        names.erase(key);
        ASSERT_TRUE(names.add(key + 1000));
        if (key == 20'000) bytes = names.table().committed_bytes();
    }
    EXPECT_LE(names.table().committed_bytes(), 2 * bytes);
}

// All keys share the home line at the end of the table, so they run on over its beginning, which is
// moved first: searches must still get through.
TEST(SlotTable, ErasingWhileItGrowsLosesNoKeyThatWentAroundTheEnd) {
    for (uint64_t moved = 0; moved < 34; ++moved) {
        MemoryBudget budget(1 << 20);
        SlotTable table(kSeed, detect_simd(), budget);
        uint64_t tag = 0;
        while (table.place_of(tag) < 0xff000000) ++tag;
        const uint32_t place = table.place_of(tag);
        const auto find = [&](uint32_t slot) {
            return table.find(tag, place, [&](uint32_t candidate) { return candidate == slot; });
        };
        uint32_t count = 0;
        while (!table.moving()) ASSERT_TRUE(table.insert(tag, place, count++));
        table.move_some(moved);
        for (uint32_t gone = 0; gone < count; ++gone) {
            table.erase(tag, gone);
            ASSERT_EQ(find(gone), SlotTable::kNoSlot);
            for (uint32_t slot = gone + 1; slot < count; slot += 7)
                ASSERT_EQ(find(slot), slot) << moved;
        }
    }
}

TEST(SlotTable, GrowsFastEnoughWhenNobodyMoves) {
    MemoryBudget budget(8 << 20);
    SlotTable table(kSeed, detect_simd(), budget);
    for (uint32_t slot = 0; slot < 20'000; ++slot) {
        ASSERT_TRUE(table.insert(slot, table.place_of(slot), slot));
    }
    for (uint32_t slot = 0; slot < 20'000; ++slot) {
        ASSERT_EQ(table.find(slot, table.place_of(slot), [](uint32_t) { return true; }), slot);
    }
}

// All of the next table but its first 2 MiB, which are small pages, and before it is begun.
TEST(SlotTable, NamesTheMemoryOfTheNextTableBeforeItIsBegun) {
    MemoryBudget budget(uint64_t{1} << 30);
    SlotTable table(kSeed, detect_simd(), budget);
    uint64_t named_bytes = 0;
    int tables = 0;
    for (uint32_t slot = 0; slot < 500'000; ++slot) {
        const bool was_moving = table.moving();
        const uint64_t before_bytes = table.committed_bytes();
        ASSERT_TRUE(table.insert(slot, table.place_of(slot), slot));
        if (!was_moving && table.moving()) {
            const uint64_t begun_bytes = table.committed_bytes() - before_bytes;
            EXPECT_EQ(named_bytes,
                      begun_bytes <= kHugePageBytes ? 0 : begun_bytes - kHugePageBytes);
            named_bytes = 0;
            ++tables;
        }
        table.move_some(1);
        while (const size_t bytes = table.take_ahead().bytes) named_bytes += bytes;
    }
    EXPECT_GT(tables, 5);
}

TEST(SlotTable, FillsUpAndThenRefuses) {
    Names names(3 * 4096, 0xffffffffu);
    uint32_t added = 0;
    while (names.add(added)) ++added;
    EXPECT_GT(added, 300u);
    for (uint32_t key = 0; key < added; ++key) ASSERT_NE(names.find(key), SlotTable::kNoSlot);
    EXPECT_EQ(names.find(added), SlotTable::kNoSlot);
    names.erase(0);
    EXPECT_LE(names.budget().used_bytes(), names.budget().max_bytes());
    EXPECT_EQ(names.find(0), SlotTable::kNoSlot);
}

TEST(SlotTable, IsEmptyBeforeItsFirstSlot) {
    Names names(0, 0xffffffffu);
    EXPECT_EQ(names.find(1), SlotTable::kNoSlot);
    const uint64_t tags[] = {1, 2};
    uint32_t places[2], slots[2], missing[2];
    names.table().find_places(tags, 2, places);
    EXPECT_EQ(names.table().find_usual(tags, places, 2, slots, missing), 2u);
    EXPECT_EQ(slots[1], SlotTable::kNoSlot);
    EXPECT_EQ(missing[1], 1u);
    EXPECT_FALSE(names.add(1));
}

}  // namespace
}  // namespace trommel::cpu
