#include "kernels/cpu/slab_pool.h"

#include <cstring>
#include <gtest/gtest.h>
#include <map>
#include <random>

namespace trommel::cpu {
namespace {

TEST(SlabPool, BlocksNeverOverlapAndKeepWhatWasWritten) {
    MemoryBudget budget(4 << 20);
    SlabPool pool(budget);
    const size_t sizes[] = {8, 40, 640, 2048};
    SlabPool::Class classes[4];
    for (size_t c = 0; c < 4; ++c) classes[c] = pool.add_class(sizes[c]);
    std::mt19937_64 random(1);
    std::map<SlabPool::Ref, std::pair<size_t, char>> live;
    for (int step = 0; step < 30'000; ++step) {
        const bool shrink = step / 5000 % 2 == 1;
        if (live.empty() || random() % 10 < (shrink ? 3 : 7)) {
            const size_t c = random() % 4;
            const SlabPool::Ref block = pool.allocate(classes[c]);
            if (block == SlabPool::kNone) continue;
            const char mark = static_cast<char>(random());
            std::memset(pool.at(block), mark, sizes[c]);
            ASSERT_TRUE(live.insert({block, {c, mark}}).second);
        } else {
            auto victim =
                live.lower_bound(static_cast<SlabPool::Ref>(random() % live.rbegin()->first));
            const auto [c, mark] = victim->second;
            for (size_t i = 0; i < sizes[c]; ++i) ASSERT_EQ(pool.at(victim->first)[i], mark);
            pool.free(victim->first);
            live.erase(victim);
        }
    }
    EXPECT_LE(budget.used_bytes(), budget.max_bytes());
    for (const auto& [block, what] : live) pool.free(block);
    EXPECT_EQ(pool.slabs_in_use(), 0u);
}

TEST(SlabPool, MemoryOfOneSizeServesAnother) {
    MemoryBudget budget(64 << 10);
    SlabPool pool(budget);
    const SlabPool::Class small = pool.add_class(16), large = pool.add_class(2000);
    std::vector<SlabPool::Ref> blocks;
    while (const SlabPool::Ref block = pool.allocate(small)) blocks.push_back(block);
    EXPECT_GT(blocks.size(), 4000u);
    EXPECT_EQ(pool.allocate(large), SlabPool::kNone);
    for (const SlabPool::Ref block : blocks) pool.free(block);
    blocks.clear();
    while (const SlabPool::Ref block = pool.allocate(large)) blocks.push_back(block);
    EXPECT_EQ(blocks.size(), 4u * ((16384 - 64) / 2000));
}

TEST(SlabPool, WhatEnsurePromisesIsThere) {
    MemoryBudget budget(48 << 10);
    SlabPool pool(budget);
    const SlabPool::Class blocks = pool.add_class(1024);
    EXPECT_FALSE(pool.ensure(blocks, 46));
    ASSERT_TRUE(pool.ensure(blocks, 45));
    for (int i = 0; i < 45; ++i) ASSERT_NE(pool.allocate(blocks), SlabPool::kNone);
    EXPECT_EQ(pool.allocate(blocks), SlabPool::kNone);
}

TEST(SlabPool, EqualSizesShareAClass) {
    MemoryBudget budget(0);
    SlabPool pool(budget);
    EXPECT_EQ(pool.add_class(33), pool.add_class(40));
    EXPECT_NE(pool.add_class(32), pool.add_class(40));
    EXPECT_EQ(pool.allocate(pool.add_class(8)), SlabPool::kNone);
}

}  // namespace
}  // namespace trommel::cpu
