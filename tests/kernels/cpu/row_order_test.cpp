#include "kernels/cpu/row_order.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

#include "tests/kernels/cpu/naive_windows.h"

namespace trommel::cpu {
namespace {

// Sorts keys, each given `times` times, with as much memory for it as is asked for.
void expect_sorted(const Config& config, std::vector<std::string> keys, uint32_t times,
                   uint64_t sort_bytes, int64_t work_per_step = 1000) {
    MemoryBudget key_budget(256 << 20), sort_budget(sort_bytes);
    SlabPool pool(key_budget);
    KeyDictionary dictionary(config, 5, detect_simd(), key_budget, pool);
    RecordBatch batch(config, 2 * KeyDictionary::kPart);
    std::vector<uint32_t> slots;
    for (size_t begin = 0; begin < keys.size(); begin += KeyDictionary::kPart) {
        const size_t count = std::min<size_t>(KeyDictionary::kPart, keys.size() - begin);
        std::vector<naive::Event> events;
        for (size_t i = 0; i < count; ++i) events.push_back({0, keys[begin + i], {}});
        const std::vector<uint32_t> rows = naive::fill(config, events, batch);
        slots.resize(begin + count);
        dictionary.find_or_add(batch, rows.data(), static_cast<uint32_t>(count),
                               slots.data() + begin);
        for (size_t i = 0; i < count; ++i) dictionary.hold(slots[begin + i]);
    }
    RowOrder order(dictionary, sort_budget);
    std::vector<std::string> sorted;
    PartialRows row(config, CellLayout(config));
    order.begin_window();
    do {
        order.begin_pass(keys.size() * times);
        for (uint32_t t = 0; t < times; ++t) {
            for (const uint32_t slot : slots) order.add(slot, slot + 1);
        }
        order.end_pass();
        for (;;) {
            int64_t work = work_per_step;
            if (!order.prepare(work)) continue;
            const RowOrder::Row* const next = order.peek();
            if (next == nullptr) break;
            ASSERT_EQ(next->cell, next->slot + 1);
            row.clear();
            row.window.push_back(0);
            dictionary.append_to(row, next->slot);
            sorted.push_back(key_shape(config) == KeyShape::integer ? naive::encoded(row.key_int[0])
                                                                    : std::string(row.key_text(0)));
            order.pop();
        }
        ASSERT_LE(sorted.size(), keys.size());
    } while (!order.is_complete());
    std::sort(keys.begin(), keys.end());
    ASSERT_TRUE(sorted == keys);
}

Config one_field(FieldType type) {
    Config config;
    config.key = {{"k", type}};
    return config;
}

std::vector<std::string> integers(size_t count) {
    std::vector<std::string> keys;
    for (size_t k = 0; k < count; ++k) {
        keys.push_back(naive::encoded(static_cast<int64_t>(k * 0x9e3779b97f4a7c15u)));
    }
    return keys;
}
std::vector<std::string> texts(size_t count, const std::string& prefix) {
    std::vector<std::string> keys;
    for (size_t k = 0; k < count; ++k) {
        keys.push_back(naive::encoded(prefix + std::to_string(k * 7919 % count)));
    }
    return keys;
}

TEST(RowOrder, SortsAnyNumberOfKeys) {
    for (const size_t count : {1u, 2u, 100u, 1023u, 1024u, 5000u, 100'000u}) {
        expect_sorted(one_field(FieldType::integer), integers(count), 1, 64 << 20);
        expect_sorted(one_field(FieldType::text), texts(count, "p"), 1, 64 << 20);
    }
}

TEST(RowOrder, SortsInSeveralPassesWithoutMemory) {
    for (const size_t count : {4095u, 4096u, 4097u, 30'000u}) {
        expect_sorted(one_field(FieldType::integer), integers(count), 1, 0);
        expect_sorted(one_field(FieldType::text), texts(count, "a prefix they share "), 1, 0);
    }
    expect_sorted(one_field(FieldType::integer), integers(30'000), 1, 400'000);
}

TEST(RowOrder, HandsOutASlotOnceHoweverOftenItIsAdded) {
    for (const uint64_t bytes : {0u, 64u << 20}) {
        expect_sorted(one_field(FieldType::integer), integers(6000), 3, bytes);
        expect_sorted(one_field(FieldType::text), texts(6000, "p"), 3, bytes);
    }
}

// Buckets of buckets, some of a single key's rows, and steps of one row.
TEST(RowOrder, SortsKeysThatCrowdInAFewPlaces) {
    std::vector<std::string> keys;
    for (int64_t k = 0; k < 40'000; ++k) {
        const int64_t near = k % 10'000, crowd = k / 10'000;
        keys.push_back(naive::encoded(crowd << (crowd * 20) | near * 7919 % 10'000));
    }
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    std::shuffle(keys.begin(), keys.end(), std::mt19937_64(1));
    for (const int64_t work : {1, 100'000}) {
        expect_sorted(one_field(FieldType::integer), keys, 1, 64 << 20, work);
    }
    expect_sorted(one_field(FieldType::integer), integers(5), 3000, 64 << 20, 1);
    expect_sorted(one_field(FieldType::text), texts(5, std::string(40, 'x')), 3000, 64 << 20, 1);
    expect_sorted(one_field(FieldType::text), texts(20'000, "user-"), 1, 64 << 20, 1);
}

TEST(RowOrder, SortsKeysThatAgreeForLong) {
    expect_sorted(one_field(FieldType::text), texts(9000, std::string(300, 'x')), 1, 64 << 20);
    expect_sorted(one_field(FieldType::text), texts(3000, std::string(100, 'x')), 1, 64 << 20);
    expect_sorted(one_field(FieldType::text), texts(3000, std::string(200, 'x')), 1, 64 << 20);
    expect_sorted(one_field(FieldType::text), texts(200, std::string(100'000, 'x')), 1, 64 << 20);
}

}  // namespace
}  // namespace trommel::cpu
