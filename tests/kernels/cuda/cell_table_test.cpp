#include "kernels/cuda/cell_table.h"

#include <gtest/gtest.h>
#include <set>

#include "tests/kernels/cuda/test_device.h"

namespace trommel::cuda {
namespace {

const rules::HashSeed kSeed = rules::hash_seed(1, rules::Purpose::key);

// Item: a key, many of which are equal.
struct FindKeys {
    CellTable table;
    CellWords layout;
    uint64_t keys;
    uint64_t** cell;
    void operator()(uint32_t i) const {
        const uint64_t key = i % keys == 0 ? CellWords::kNoKey : i % keys;
        cell[i] = table.find_or_add(key, layout.words, kSeed);
        if (cell[i] != nullptr) add(&cell[i][CellWords::kCount], uint64_t{1});
    }
};

class Tables {
   public:
    explicit Tables(uint64_t seed)
        : device_({.seed = seed}), cells_(device_, 1000), image_(device_, 1000) {
        layout_.words = 4;
    }
    CellTable make(Array<TestDevice, uint64_t>& block, uint32_t capacity, uint32_t limit) {
        block = {device_, CellTable::kHeaderWords + size_t{capacity + 1} * layout_.words};
        const CellTable table{block.data(), capacity, limit};
        device_.launch(table.cells(), ClearTable{table, layout_});
        return table;
    }
    // Addresses of the cells that 1000 events of so many keys find.
    std::vector<uint64_t*> find(const CellTable& table, uint64_t keys) {
        device_.launch(1000, FindKeys{table, layout_, keys, cells_.data()});
        device_.copy_out(Queue::compute, image_.data(), cells_.data(), cells_.bytes());
        device_.wait_all();
        return {image_.data(), image_.data() + 1000};
    }
    uint64_t read(const uint64_t* from) {
        const PinnedArray<TestDevice, uint64_t> word(device_, 1);
        device_.copy_out(Queue::compute, word.data(), from, sizeof *from);
        device_.wait_all();
        return word[0];
    }
    TestDevice& device() { return device_; }
    const CellWords& layout() const { return layout_; }

   private:
    TestDevice device_;
    CellWords layout_;
    Array<TestDevice, uint64_t*> cells_;
    PinnedArray<TestDevice, uint64_t*> image_;
};

TEST(CellTable, GivesEachKeyOneCell) {
    for (uint64_t seed = 0; seed < 10; ++seed) {
        Tables tables(seed);
        Array<TestDevice, uint64_t> block;
        const CellTable table = tables.make(block, 200, 150);
        const std::vector<uint64_t*> cells = tables.find(table, 101);
        EXPECT_EQ(std::set(cells.begin(), cells.end()).size(), 101u);
        for (size_t i = 101; i < cells.size(); ++i) EXPECT_EQ(cells[i], cells[i - 101]);
        EXPECT_EQ(tables.read(table.used()), 100u);
    }
}

TEST(CellTable, HoldsItsLimitWhateverRunsAtTheSameTime) {
    for (uint64_t seed = 0; seed < 10; ++seed) {
        Tables tables(seed);
        Array<TestDevice, uint64_t> block;
        const CellTable table = tables.make(block, 100, 20);
        const std::vector<uint64_t*> cells = tables.find(table, 300);
        std::set<uint64_t*> found(cells.begin(), cells.end());
        EXPECT_EQ(found.erase(nullptr), 1u);
        EXPECT_LE(found.size(), 21u);  // And the one behind the others.
        EXPECT_EQ(tables.read(table.used()), found.size() - 1);
        // What was not told so because others were just giving up is told so now.
        tables.find(table, 300);
        EXPECT_EQ(tables.read(table.used()), 20u);
    }
}

TEST(CellTable, MovesToALargerOneWhatHasEvents) {
    Tables tables(3);
    Array<TestDevice, uint64_t> block, larger_block;
    const CellTable table = tables.make(block, 100, 100);
    const std::vector<uint64_t*> cells = tables.find(table, 50);
    tables.device().fill(Queue::compute, cells[7] + CellWords::kCount, 0, sizeof(uint64_t));
    const CellTable larger = tables.make(larger_block, 300, 150);
    tables.device().launch(table.cells(), MoveCells{table, larger, tables.layout(), kSeed});
    tables.device().wait_all();
    EXPECT_EQ(tables.read(larger.used()), 48u);
    const std::vector<uint64_t*> moved = tables.find(larger, 50);
    EXPECT_EQ(tables.read(moved[0] + CellWords::kCount), 40u);
    EXPECT_EQ(tables.read(moved[7] + CellWords::kCount), 20u);
    EXPECT_EQ(tables.read(moved[8] + CellWords::kCount), 40u);
}

}  // namespace
}  // namespace trommel::cuda
