#include "hostpath/spsc_ring.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace trommel::hostpath {
namespace {

TEST(SpscRing, HandsItemsOverInOrder) {
    SpscRing<int> ring(4);
    int item = -1;
    int pushed = 0, popped = 0;
    for (int round = 0; round < 100; ++round) {
        for (int i = 0; i < 1 + round % 4; ++i) ASSERT_TRUE(ring.try_push(pushed++));
        for (int i = 0; i < 1 + round % 4; ++i) {
            ASSERT_TRUE(ring.try_pop(item));
            ASSERT_EQ(item, popped++);
        }
    }
}

TEST(SpscRing, IsEmptyAtFirstAndWhenAllIsTaken) {
    SpscRing<int> ring(3);
    int item = 7;
    EXPECT_FALSE(ring.try_pop(item));
    EXPECT_EQ(item, 7);
    ASSERT_TRUE(ring.try_push(1));
    ASSERT_TRUE(ring.try_pop(item));
    EXPECT_FALSE(ring.try_pop(item));
    EXPECT_EQ(item, 1);
}

size_t fill_up(SpscRing<size_t>& ring) {
    size_t pushed = 0;
    while (pushed < 10'000 && ring.try_push(pushed)) ++pushed;
    return pushed;
}

TEST(SpscRing, HoldsItsCapacityRoundedUpAndRefusesMore) {
    for (const size_t capacity : {1u, 2u, 3u, 4u, 7u, 8u, 63u, 64u, 1000u}) {
        SpscRing<size_t> ring(capacity);
        const size_t held = fill_up(ring);
        EXPECT_GE(held, capacity);
        EXPECT_LE(held, 2 * capacity);
        // A refused item is not in the ring, and each one taken makes room for one.
        size_t item = 0;
        for (size_t i = 0; i < 3 * capacity; ++i) {
            ASSERT_TRUE(ring.try_pop(item));
            ASSERT_EQ(item, i);
            ASSERT_TRUE(ring.try_push(held + i));
            ASSERT_FALSE(ring.try_push(0)) << capacity;
        }
    }
}

TEST(SpscRing, TwoThreadsLoseAndTearNothing) {
    struct Pair {
        uint64_t number, twice;
    };
    constexpr uint64_t kItems = 1'000'000;
    SpscRing<Pair> ring(100);
    std::jthread producer([&] {
        for (uint64_t i = 0; i < kItems; ++i) {
            while (!ring.try_push({i, 2 * i})) std::this_thread::yield();
        }
    });
    Pair pair{};
    for (uint64_t i = 0; i < kItems; ++i) {
        while (!ring.try_pop(pair)) std::this_thread::yield();
        ASSERT_EQ(pair.number, i);
        ASSERT_EQ(pair.twice, 2 * i);
    }
    EXPECT_FALSE(ring.try_pop(pair));
}

// What a handle points to is handed over with it, there and back.
TEST(SpscRing, BatchesGoRoundByHandle) {
    constexpr uint64_t kRounds = 50'000;
    std::vector<std::vector<uint64_t>> batches(3, std::vector<uint64_t>(16));
    SpscRing<std::vector<uint64_t>*> full(batches.size()), free(batches.size());
    for (auto& batch : batches) ASSERT_TRUE(free.try_push(&batch));
    std::jthread producer([&] {
        for (uint64_t round = 0; round < kRounds; ++round) {
            std::vector<uint64_t>* batch = nullptr;
            while (!free.try_pop(batch)) std::this_thread::yield();
            for (uint64_t& value : *batch) value += round;
            while (!full.try_push(batch)) std::this_thread::yield();
        }
    });
    for (uint64_t round = 0; round < kRounds; ++round) {
        std::vector<uint64_t>* batch = nullptr;
        while (!full.try_pop(batch)) std::this_thread::yield();
        for (uint64_t& value : *batch) {
            ASSERT_EQ(value, round);
            value = 0;
        }
        ASSERT_TRUE(free.try_push(batch));
    }
}

}  // namespace
}  // namespace trommel::hostpath
