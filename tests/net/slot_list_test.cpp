#include "net/slot_list.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <list>
#include <random>

namespace trommel::net {
namespace {

TEST(SlotList, GivesBackInOrderWhatWasPutIn) {
    SlotList list(4);
    EXPECT_EQ(list.front(), SlotList::kNone);
    list.push_back(2);
    list.push_back(0);
    list.push_front(3);
    EXPECT_TRUE(list.holds(2));
    EXPECT_FALSE(list.holds(1));
    for (const uint32_t expected : {3u, 2u, 0u}) {
        EXPECT_EQ(list.front(), expected);
        list.remove(expected);
    }
    EXPECT_EQ(list.size(), 0u);
    EXPECT_EQ(list.front(), SlotList::kNone);
}

TEST(SlotList, DoesWhatAPlainListDoes) {
    constexpr uint32_t kSlots = 9;
    std::mt19937 random(7);
    SlotList list(kSlots);
    std::list<uint32_t> plain;
    for (int step = 0; step < 20'000; ++step) {
        const auto slot = static_cast<uint32_t>(random() % kSlots);
        const bool held = std::find(plain.begin(), plain.end(), slot) != plain.end();
        ASSERT_EQ(list.holds(slot), held);
        if (held || random() % 4 == 0) {
            list.remove(slot);
            plain.remove(slot);
        } else if (random() % 2 == 0) {
            list.push_back(slot);
            plain.push_back(slot);
        } else {
            list.push_front(slot);
            plain.push_front(slot);
        }
        ASSERT_EQ(list.size(), plain.size());
        ASSERT_EQ(list.front(), plain.empty() ? SlotList::kNone : plain.front());
    }
    for (const uint32_t slot : plain) {
        ASSERT_EQ(list.front(), slot);
        list.remove(slot);
    }
}

}  // namespace
}  // namespace trommel::net
