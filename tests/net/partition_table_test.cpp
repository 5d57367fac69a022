#include "net/partition_table.h"

#include <gtest/gtest.h>
#include <string>

namespace trommel::net {
namespace {

TEST(PartitionTable, NumbersNamesInOrderOfDiscovery) {
    PartitionTable table("(source)");
    EXPECT_EQ(table.count(), 1u);
    EXPECT_EQ(table.name(0), "(source)");
    uint32_t number = 0;
    for (const auto& [name, expected] :
         {std::pair{"b", 1u}, {"a", 2u}, {"b", 1u}, {"", 3u}, {"a", 2u}}) {
        ASSERT_TRUE(table.find_or_add(name, number));
        EXPECT_EQ(number, expected) << name;
        EXPECT_EQ(table.name(number), name);
    }
    EXPECT_EQ(table.count(), 4u);
}

TEST(PartitionTable, TheFirstPartitionIsNotFoundByItsName) {
    PartitionTable table("(source)");
    uint32_t number = 0;
    ASSERT_TRUE(table.find_or_add("(source)", number));
    EXPECT_EQ(number, 1u);
}

TEST(PartitionTable, IsFullAtItsMaximumAndStillFindsWhatIsThere) {
    PartitionTable table("");
    uint32_t number = 0;
    for (uint32_t i = 1; i < kPartitionsMax; ++i) {
        ASSERT_TRUE(table.find_or_add(std::to_string(i), number));
        ASSERT_EQ(number, i);
    }
    EXPECT_EQ(table.count(), kPartitionsMax);
    EXPECT_FALSE(table.find_or_add("one more", number));
    EXPECT_EQ(table.count(), kPartitionsMax);
    EXPECT_TRUE(table.find_or_add("7", number));
    EXPECT_EQ(number, 7u);
    EXPECT_EQ(table.name(kPartitionsMax - 1), std::to_string(kPartitionsMax - 1));
}

}  // namespace
}  // namespace trommel::net
