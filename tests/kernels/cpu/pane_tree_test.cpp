#include "kernels/cpu/pane_tree.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

#include "trommel/config.h"

namespace trommel::cpu {
namespace {

class PaneTreeTest : public testing::Test {
   protected:
    void add_events(int64_t index, uint32_t slot, uint64_t events = 1) {
        const PaneTree::Ref pane = tree_.find_or_add(index);
        ASSERT_NE(pane, PaneTree::kNone);
        char* const cell = cells_.find_or_add(tree_.cells(pane), slot);
        std::vector<char> one(layout_.bytes());
        std::memcpy(one.data(), &events, sizeof events);
        layout_.combine(cell, one.data());
    }
    // The events of each slot in [begin, end), and how many cells were visited for it.
    std::map<uint32_t, uint64_t> counts(int64_t begin, int64_t end, bool combine) {
        std::map<uint32_t, uint64_t> counts;
        visited_ = pieces_ = 0;
        int64_t work = 0;
        while (combine && !tree_.combine(begin, end, work = 1 + visited_per_step_)) {
        }
        tree_.cover(begin, end, [&](PaneTree::Ref piece) {
            ++pieces_;
            cells_.for_each(tree_.cells(piece), [&](uint32_t slot, const char* cell) {
                counts[slot] += CellLayout::count(cell);
                ++visited_;
            });
        });
        return counts;
    }

    MemoryBudget budget_{256 << 20};
    SlabPool pool_{budget_};
    Config config_;
    CellLayout layout_{config_};
    CellSpace cells_{layout_, pool_};
    PaneTree tree_{pool_, cells_};
    uint64_t visited_ = 0, pieces_ = 0;
    int64_t visited_per_step_ = 1000;
};

TEST_F(PaneTreeTest, FindsPanesInOrderWhereverTheyAre) {
    std::mt19937_64 random(1);
    std::set<int64_t> expected;
    const int64_t edge = (int64_t{1} << 62) - 1;
    for (int step = 0; step < 4000; ++step) {
        const int spread = static_cast<int>(random() % 62);
        int64_t index = static_cast<int64_t>(random() >> (63 - spread));
        if (random() % 2 == 0) index = -index;
        if (step < 2) index = step == 0 ? edge : -edge;
        if (step > 2000 && !expected.empty()) {
            const auto victim = expected.lower_bound(index);
            if (victim != expected.end()) {
                tree_.erase(*victim);
                expected.erase(victim);
            }
        } else {
            ASSERT_NE(tree_.find_or_add(index), PaneTree::kNone);
            expected.insert(index);
        }
        ASSERT_EQ(tree_.count(), expected.size());
        ASSERT_EQ(tree_.find(index) != PaneTree::kNone, expected.count(index) == 1);
        const int64_t before = std::max(index, 5 - edge) - 5;
        const auto next = expected.lower_bound(before);
        const PaneTree::Ref found = tree_.at_or_after(before);
        ASSERT_EQ(found == PaneTree::kNone, next == expected.end());
        if (found != PaneTree::kNone) {
            ASSERT_EQ(tree_.index(found), *next);
        }
        if (!expected.empty()) {
            ASSERT_EQ(tree_.index(tree_.first()), *expected.begin());
        }
    }
    for (const int64_t index : std::set(expected)) tree_.erase(index);
    EXPECT_EQ(tree_.first(), PaneTree::kNone);
    EXPECT_EQ(pool_.slabs_in_use(), 0u);
}

TEST_F(PaneTreeTest, CoversExactlyTheRangeCombinedOrNot) {
    std::mt19937_64 random(2);
    std::map<int64_t, std::map<uint32_t, uint64_t>> expected;
    for (int e = 0; e < 3000; ++e) {
        const int64_t index = static_cast<int64_t>(random() % 600) - 300;
        const auto slot = static_cast<uint32_t>(random() % (index < 0 ? 3 : 500));
        add_events(index, slot);
        ++expected[index][slot];
    }
    for (int query = 0; query < 300; ++query) {
        visited_per_step_ = static_cast<int64_t>(random() % 50);
        const int64_t begin = static_cast<int64_t>(random() % 700) - 350;
        const int64_t end = begin + static_cast<int64_t>(random() % 400);
        std::map<uint32_t, uint64_t> sum;
        for (auto pane = expected.lower_bound(begin); pane != expected.lower_bound(end); ++pane) {
            for (const auto& [slot, events] : pane->second) sum[slot] += events;
        }
        ASSERT_EQ(counts(begin, end, query % 3 != 0), sum) << begin << " to " << end;
    }
}

TEST_F(PaneTreeTest, AWindowOf4096PanesIsCombinedFromFewPieces) {
    for (int64_t index = 0; index < 8192; ++index) {
        for (uint32_t slot = 0; slot < 3; ++slot) add_events(index, slot);
    }
    const uint64_t slabs = pool_.slabs_in_use();
    for (int64_t begin = 0; begin <= 4096; begin += 97) {
        ASSERT_EQ(counts(begin, begin + 4096, true)[0], 4096u);
        ASSERT_LE(pieces_, 24u);
        ASSERT_LE(visited_, 24u * 3);
    }
    EXPECT_LE(pool_.slabs_in_use(), 2 * slabs);
    counts(0, 4096, false);
    EXPECT_EQ(pieces_, 1u);  // What has been combined is used.
    EXPECT_TRUE(tree_.drop_combined());
    EXPECT_FALSE(tree_.drop_combined());
    EXPECT_EQ(pool_.slabs_in_use(), slabs);
    counts(0, 4096, false);
    EXPECT_EQ(pieces_, 4096u);
}

// Panes that share no key are not worth combining: it would cost memory and save no visit.
TEST_F(PaneTreeTest, CombinesOnlyWhereKeysRepeat) {
    for (int64_t index = 0; index < 1024; ++index) add_events(index, static_cast<uint32_t>(index));
    const uint64_t slabs = pool_.slabs_in_use();
    EXPECT_EQ(counts(0, 1024, true).size(), 1024u);
    EXPECT_EQ(visited_, 1024u);
    EXPECT_LE(pool_.slabs_in_use(), slabs + 3);  // What was tried is given back.
    EXPECT_FALSE(tree_.drop_combined());
}

TEST_F(PaneTreeTest, ErasingAPaneForgetsTheRangesItIsIn) {
    for (int64_t index = 0; index < 8; ++index) add_events(index, 1);
    EXPECT_EQ(counts(0, 8, true)[1], 8u);
    tree_.erase(0);
    EXPECT_EQ(counts(0, 8, false)[1], 7u);
    EXPECT_EQ(counts(4, 8, false)[1], 4u);
    EXPECT_EQ(pieces_, 1u);  // The ranges without it are still there.
}

TEST_F(PaneTreeTest, ErasesInStepsAndLetsGoOfEachSlotOnce) {
    for (int64_t index = 0; index < 8; ++index) {
        for (uint32_t slot = 0; slot < 300; ++slot) add_events(index, slot * 3);
    }
    EXPECT_EQ(counts(0, 8, true).size(), 300u);
    std::map<uint32_t, int> let_go;
    int steps = 1;
    for (int64_t work = 20; !tree_.erase_some(0, work, [&](uint32_t slot) { ++let_go[slot]; });
         work = 20) {
        ++steps;
    }
    EXPECT_GT(steps, 300 * 4 / 40);  // The pane, and three ranges that were combined.
    EXPECT_EQ(let_go.size(), 300u);
    for (const auto& [slot, times] : let_go) EXPECT_EQ(times, 1) << slot;
    EXPECT_EQ(tree_.count(), 7u);
    EXPECT_EQ(counts(0, 8, true)[3], 7u);
    for (int64_t index = 1; index < 8; ++index) tree_.erase(index);
    EXPECT_EQ(pool_.slabs_in_use(), 0u);
}

}  // namespace
}  // namespace trommel::cpu
