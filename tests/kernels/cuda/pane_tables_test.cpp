#include "kernels/cuda/pane_tables.h"

#include <gtest/gtest.h>

#include "tests/kernels/cuda/test_device.h"

namespace trommel::cuda {
namespace {

// What FindCells does for an event whose key finds no place.
struct NoteWanted {
    WantedPanes* wanted;
    int64_t index;
    TROMMEL_HD void operator()(uint32_t) const { wanted->note(index); }
};

// Makes the pane's table one that has so many cells.
struct SetUsed {
    PaneRefs panes;
    uint64_t used;
    TROMMEL_HD void operator()(uint32_t) const { *panes.pane[0].table.used() = used; }
};

class PaneTablesTest : public testing::Test {
   protected:
    void SetUp() override {
        words_.words = 4;
        ASSERT_TRUE(panes_.allocate_directory());
    }
    void TearDown() override { device_.wait_all(); }  // Copies of what goes now may be queued.
    // Of the tables, after the pane was wanted once more.
    uint64_t bytes_after_wanting(int64_t index) {
        device_.launch(1, NoteWanted{panes_.wanted(), index});
        panes_.make_room();
        return budget_.used_bytes();
    }
    void set_used(uint64_t used) { device_.launch(1, SetUsed{panes_.refs(), used}); }

    TestDevice device_;
    cpu::MemoryBudget budget_{uint64_t{8} << 20};
    CellWords words_;
    rules::HashSeed seed_;
    TablePool<TestDevice> pool_{device_, budget_};
    WindowRows<TestDevice> rows_{device_, words_, seed_, pool_, budget_, nullptr};
    PaneTables<TestDevice> panes_{device_, words_, seed_, pool_, budget_, rows_, 1};
};

TEST_F(PaneTablesTest, OnlyATableThatIsFullGrows) {
    const uint64_t made = bytes_after_wanting(7);
    ASSERT_EQ(panes_.count(), 1u);
    // Threads that reserved places for one key at the same time saw it full.
    set_used(1);
    EXPECT_EQ(bytes_after_wanting(7), made);
    const uint32_t limit = pool_.capacity_of(pool_.kBitsMin, words_) / 2;
    set_used(limit - limit / 16 - 1);
    EXPECT_EQ(bytes_after_wanting(7), made);
    set_used(limit);
    EXPECT_GT(bytes_after_wanting(7), made);
    EXPECT_EQ(panes_.count(), 1u);
}

}  // namespace
}  // namespace trommel::cuda
