#include "kernels/rules/hash.h"

#include <bit>
#include <gtest/gtest.h>
#include <set>

namespace trommel::rules {
namespace {

// Golden: a change of these is a change of where every id lives, so of every stored state.
TEST(HashRule, GivesTheValuesItAlwaysGave) {
    constexpr HashSeed seed = hash_seed(42, Purpose::id);
    EXPECT_EQ(mix64(1), 0x5692161d100b05e5u);
    EXPECT_EQ(fold_multiply(0x0123456789abcdefu, 0xfedcba9876543210u), 0x2317228f48165bb2u);
    EXPECT_EQ(hash_u64(12345, seed), 0x8a6b0b3a1c651bf4u);
    EXPECT_EQ(hash_u128(12345, 678, seed), 0x5f8dfc1bacbf42b1u);
}

TEST(HashRule, SeedsOfDifferentJobsAndPurposesDiffer) {
    std::set<uint64_t> words;
    for (uint64_t job = 0; job < 100; ++job) {
        for (const Purpose purpose :
             {Purpose::id, Purpose::id_bytes, Purpose::scope, Purpose::key}) {
            const HashSeed seed = hash_seed(job, purpose);
            words.insert({seed.a, seed.b, seed.c, seed.d});
            EXPECT_EQ(seed.b & seed.d & 1, 1u) << "multipliers are odd";
        }
    }
    EXPECT_EQ(words.size(), 100u * 4 * 4);
}

TEST(HashRule, OneBitOfTheIdTurnsAboutHalfOfTheHash) {
    const HashSeed seed = hash_seed(7, Purpose::id);
    for (int bit = 0; bit < 64; ++bit) {
        int turned = 0;
        for (uint64_t id = 1; id <= 1000; ++id) {
            turned += std::popcount(hash_u64(id, seed) ^ hash_u64(id ^ uint64_t{1} << bit, seed));
            turned +=
                std::popcount(hash_u128(id, 5, seed) ^ hash_u128(id, 5 ^ uint64_t{1} << bit, seed));
        }
        // The second half of a 128-bit id goes through one multiplication only: 29 bits.
        EXPECT_NEAR(turned / 2000.0, 32, 3) << "bit " << bit;
    }
}

}  // namespace
}  // namespace trommel::rules
