#include "kernels/rules/partition.h"

#include <gtest/gtest.h>

#include "trommel/config.h"

namespace trommel::rules {
namespace {

TEST(PartitionRule, EveryGroupBelongsToExactlyTheShardThatOwnsIt) {
    for (uint32_t shards = 1; shards <= kShardsMax; ++shards) {
        for (uint32_t group = 0; group < kGroups; ++group) {
            const uint32_t shard = shard_of(uint64_t{group} << 56 | 0xffffffu, shards);
            ASSERT_LT(shard, shards);
            ASSERT_LE(group_begin(shard, shards), group);
            ASSERT_GT(group_begin(shard + 1, shards), group);
        }
    }
}

TEST(PartitionRule, NoBitOfTheHashDecidesTwoThings) {
    for (int bit = 0; bit < 64; ++bit) {
        const uint64_t hash = uint64_t{1} << bit;
        const int users = (group_of(hash) != 0) + (line_of(hash) != 0) +
                          (overflow_bits_of(hash) != 0) + (share_bits_of(hash) != 0) +
                          (page_bits_of(hash) != 0);
        EXPECT_LE(users, 1) << "bit " << bit;
    }
}

}  // namespace
}  // namespace trommel::rules
