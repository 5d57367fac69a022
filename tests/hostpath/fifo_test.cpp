#include "hostpath/fifo.h"

#include <deque>
#include <gtest/gtest.h>

#include "tests/kit/random.h"

namespace trommel::hostpath {
namespace {

TEST(Fifo, GivesBackWhatADequeWould) {
    testkit::Random random(1);
    Fifo<int> fifo;
    std::deque<int> expected;
    for (int step = 0; step < 20'000; ++step) {
        ASSERT_EQ(fifo.empty(), expected.empty());
        ASSERT_EQ(fifo.size(), expected.size());
        // It grows for a while, then shrinks to nothing, so that it wraps at every size.
        const bool grows = step / 500 % 2 == 0;
        if (expected.empty() || random.below(10) < (grows ? 6u : 3u)) {
            fifo.push_back(step);
            expected.push_back(step);
        } else {
            ASSERT_EQ(fifo.front(), expected.front());
            fifo.pop_front();
            expected.pop_front();
        }
    }
}

TEST(Fifo, KeepsItsOrderWhenItGrowsInTheMiddleOfItsSlots) {
    Fifo<int> fifo;
    for (int i = 0; i < 8; ++i) fifo.push_back(i);
    for (int i = 0; i < 5; ++i) fifo.pop_front();
    for (int i = 8; i < 40; ++i) fifo.push_back(i);
    for (int i = 5; i < 40; ++i, fifo.pop_front()) ASSERT_EQ(fifo.front(), i);
    EXPECT_TRUE(fifo.empty());
}

}  // namespace
}  // namespace trommel::hostpath
