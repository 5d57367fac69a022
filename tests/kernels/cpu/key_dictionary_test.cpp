#include "kernels/cpu/key_dictionary.h"

#include <gtest/gtest.h>
#include <map>
#include <set>

#include "tests/kernels/cpu/naive_windows.h"

namespace trommel::cpu {
namespace {

Config keys_of(std::vector<KeyField> fields) {
    Config config;
    config.key = std::move(fields);
    return config;
}
const Config kInteger = keys_of({{"k", FieldType::integer}});
const Config kText = keys_of({{"k", FieldType::text}});

class Dictionary {
   public:
    Dictionary(const Config& config, uint64_t memory_bytes)
        : config_(config),
          budget_(memory_bytes),
          pool_(budget_),
          keys_(config_, 3, detect_simd(), budget_, pool_),
          batch_(config_, 512),
          rows_(config_, CellLayout(config_)) {}

    std::vector<uint32_t> find_or_add(const std::vector<std::string>& keys) {
        std::vector<naive::Event> events;
        for (const std::string& key : keys) events.push_back({0, key, {}});
        const std::vector<uint32_t> rows = naive::fill(config_, events, batch_);
        std::vector<uint32_t> slots(keys.size());
        keys_.find_or_add(batch_, rows.data(), static_cast<uint32_t>(rows.size()), slots.data());
        return slots;
    }
    uint32_t find_or_add(const std::string& key) { return find_or_add(std::vector{key})[0]; }
    std::string key_of(uint32_t slot) {
        rows_.clear();
        rows_.window.push_back(0);
        keys_.append_to(rows_, slot);
        return key_shape(config_) == KeyShape::integer ? naive::encoded(rows_.key_int[0])
                                                       : std::string(rows_.key_text(0));
    }
    KeyDictionary& keys() { return keys_; }
    SlabPool& pool() { return pool_; }

   private:
    Config config_;
    MemoryBudget budget_;
    SlabPool pool_;
    KeyDictionary keys_;
    RecordBatch batch_;
    PartialRows rows_;
};

TEST(KeyDictionary, EqualKeysHaveOneSlotAndOthersAnother) {
    for (const Config& config :
         {kInteger, kText, keys_of({{"a", FieldType::integer}, {"b", FieldType::text}})}) {
        Dictionary dictionary(config, 16 << 20);
        std::mt19937_64 random(1);
        std::map<std::string, uint32_t> slot_of;
        std::set<uint32_t> used;
        for (int round = 0; round < 300; ++round) {
            std::vector<std::string> keys;
            for (int i = 0; i < 100; ++i) keys.push_back(naive::random_key(config, random, 5000));
            const std::vector<uint32_t> slots = dictionary.find_or_add(keys);
            for (size_t i = 0; i < keys.size(); ++i) {
                ASSERT_NE(slots[i], KeyDictionary::kNoSlot);
                const auto [at, is_new] = slot_of.insert({keys[i], slots[i]});
                ASSERT_EQ(at->second, slots[i]);
                if (is_new) {
                    ASSERT_TRUE(used.insert(slots[i]).second);
                    dictionary.keys().hold(slots[i]);
                }
            }
        }
        EXPECT_EQ(dictionary.keys().known(), slot_of.size());
        for (const auto& [key, slot] : slot_of) ASSERT_EQ(dictionary.key_of(slot), key);
    }
}

TEST(KeyDictionary, ComparesInContractOrder) {
    Dictionary integers(kInteger, 1 << 20);
    const std::vector<uint32_t> numbers = integers.find_or_add(
        {naive::encoded(INT64_MIN), naive::encoded(-1), naive::encoded(INT64_MAX)});
    const uint32_t low = numbers[0], minus = numbers[1], high = numbers[2];
    EXPECT_LT(integers.keys().compare(low, minus), 0);
    EXPECT_LT(integers.keys().compare(minus, high), 0);
    EXPECT_GT(integers.keys().compare(high, low), 0);

    Dictionary texts(kText, 4 << 20);
    std::vector<std::string> keys;
    const std::string longest(6000, 'x');
    for (const size_t size :
         {0u, 1u, 7u, 8u, 9u, 2040u, 2046u, 2047u, 2048u, 2049u, 4080u, 4081u, 6000u}) {
        keys.push_back(naive::encoded(longest.substr(0, size)));
        keys.push_back(naive::encoded(longest.substr(0, size) + "\xff"));
        keys.push_back(naive::encoded(longest.substr(0, size) + '\0'));
    }
    const std::vector<uint32_t> slots = texts.find_or_add(keys);
    for (size_t a = 0; a < keys.size(); ++a) {
        ASSERT_EQ(texts.key_of(slots[a]), keys[a]);
        for (size_t b = 0; b < keys.size(); ++b) {
            const int order = texts.keys().compare(slots[a], slots[b]);
            ASSERT_EQ(order < 0, keys[a] < keys[b]);
            ASSERT_EQ(order == 0, keys[a] == keys[b]);
            uint32_t depth = 0;
            while (a != b && texts.keys().sort_word(slots[a], depth) ==
                                 texts.keys().sort_word(slots[b], depth)) {
                ++depth;
                ASSERT_LT(depth, 1000u);
            }
            const bool before =
                texts.keys().sort_word(slots[a], depth) < texts.keys().sort_word(slots[b], depth);
            ASSERT_EQ(before, keys[a] < keys[b]);
        }
    }
}

TEST(KeyDictionary, AKeyLivesAsLongAsItIsHeld) {
    for (const Config& config : {kInteger, kText, keys_of({})}) {
        Dictionary dictionary(config, 1 << 20);
        const std::string key = config.key.empty() ? ""
                                                   : (config.key[0].type == FieldType::integer
                                                          ? naive::encoded(5)
                                                          : naive::encoded("five"));
        KeyDictionary& keys = dictionary.keys();
        const uint32_t slot = dictionary.find_or_add(key);
        keys.hold(slot);
        keys.hold(slot);
        keys.let_go(slot);
        keys.release_unheld(slot);
        EXPECT_FALSE(keys.release_idle());
        EXPECT_EQ(keys.held(), 1u);
        EXPECT_EQ(dictionary.find_or_add(key), slot);
        keys.let_go(slot);
        EXPECT_EQ(keys.held(), 0u);
        keys.release_unheld(slot);
        keys.release_unheld(slot);  // Again: nothing happens.
        EXPECT_EQ(keys.known(), config.key.empty() ? 1u : 0u);
        EXPECT_EQ(dictionary.find_or_add(key), slot);
        EXPECT_EQ(keys.known(), 1u);
    }
}

TEST(KeyDictionary, KeysThatNobodyHoldsAreForgottenInTime) {
    for (const Config& config : {kInteger, kText}) {
        Dictionary dictionary(config, 8 << 20);
        KeyDictionary& keys = dictionary.keys();
        const auto key = [&](int64_t k) {
            return config.key[0].type == FieldType::integer ? naive::encoded(k)
                                                            : naive::encoded(std::to_string(k));
        };
        // A thousand are held; the others come and go.
        for (int64_t k = 0; k < 1000; ++k) keys.hold(dictionary.find_or_add(key(k)));
        for (int64_t k = 1000; k < 50'000; ++k) {
            ASSERT_NE(dictionary.find_or_add(key(k)), KeyDictionary::kNoSlot);
            ASSERT_LE(keys.known(), 1600u);
        }
        EXPECT_EQ(keys.held(), 1000u);
        EXPECT_TRUE(keys.release_idle());
        EXPECT_EQ(keys.known(), 1000u);
        for (int64_t k = 0; k < 1000; ++k) dictionary.find_or_add(key(k));
        EXPECT_EQ(keys.known(), 1000u);
        // Without new keys, too.
        for (uint32_t slot = 0; slot < keys.slots(); ++slot) {
            if (slot != dictionary.find_or_add(key(7))) keys.release_unheld(slot);
        }
        for (int64_t k = 2000; k < 2500; ++k) dictionary.find_or_add(key(k));
        for (int round = 0; round < 500; ++round) dictionary.find_or_add(key(7));
        EXPECT_EQ(keys.known(), 1000u);
    }
}

TEST(KeyDictionary, SlotsAndTextsOfDeadKeysAreUsedAgain) {
    Dictionary dictionary(kText, 2 << 20);
    for (int round = 0; round < 200; ++round) {
        for (int k = 0; k < 50; ++k) {
            const std::string text(static_cast<size_t>((round * 50 + k) * 37 % 5000), 'a');
            const uint32_t slot =
                dictionary.find_or_add(naive::encoded(text + std::to_string(round * 50 + k)));
            ASSERT_NE(slot, KeyDictionary::kNoSlot) << "round " << round;
            dictionary.keys().hold(slot);
        }
        for (uint32_t slot = 0; slot < dictionary.keys().slots(); ++slot) {
            dictionary.keys().let_go(slot);
        }
        ASSERT_EQ(dictionary.keys().held(), 0u);
        ASSERT_TRUE(dictionary.keys().release_idle());
        ASSERT_EQ(dictionary.pool().slabs_in_use(), 0u);
    }
    EXPECT_LE(dictionary.keys().slots(), 50u);
}

TEST(KeyDictionary, SaysWhenThereIsNoMemoryAndGoesOnKnowingItsKeys) {
    for (const Config& config : {kInteger, kText}) {
        Dictionary dictionary(config, 100'000);
        const auto key = [&](int64_t k) {
            return config.key[0].type == FieldType::integer ? naive::encoded(k)
                                                            : naive::encoded(std::to_string(k));
        };
        int64_t known = 0;
        for (;; ++known) {
            const uint32_t slot = dictionary.find_or_add(key(known));
            if (slot == KeyDictionary::kNoSlot) break;
            dictionary.keys().hold(slot);
        }
        EXPECT_GT(known, 500);
        for (int64_t k = 0; k < known; ++k) {
            ASSERT_NE(dictionary.find_or_add(key(k)), KeyDictionary::kNoSlot);
        }
        EXPECT_EQ(dictionary.find_or_add(key(-1)), KeyDictionary::kNoSlot);
        EXPECT_EQ(dictionary.keys().held(), known);
        dictionary.keys().let_go(dictionary.find_or_add(key(0)));
        EXPECT_TRUE(dictionary.keys().release_idle());
        EXPECT_NE(dictionary.find_or_add(key(-1)), KeyDictionary::kNoSlot);
    }
}

TEST(KeyDictionary, AKeyThatDoesNotFitLeavesNothingBehind) {
    for (uint64_t bytes = 40'000; bytes < 200'000; bytes += 4096) {
        Dictionary dictionary(kText, bytes);
        std::vector<uint32_t> held;
        for (int k = 0; k < 6000; ++k) {
            const uint32_t slot = dictionary.find_or_add(naive::encoded(std::to_string(k)));
            if (slot == KeyDictionary::kNoSlot) continue;
            dictionary.keys().hold(slot);
            held.push_back(slot);
        }
        for (const uint32_t slot : held) dictionary.keys().let_go(slot);
        ASSERT_EQ(dictionary.keys().held(), 0u);
        dictionary.keys().release_idle();
        ASSERT_EQ(dictionary.pool().slabs_in_use(), 0u) << bytes;
    }
}

}  // namespace
}  // namespace trommel::cpu
