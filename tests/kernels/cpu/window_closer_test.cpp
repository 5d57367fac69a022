#include "kernels/cpu/window_closer.h"

#include <gtest/gtest.h>
#include <numeric>

#include "kernels/cpu/window_store.h"

// What a window store's tests do not ask: how large the steps are.
namespace trommel::cpu {
namespace {

constexpr uint32_t kKeys = 30'000;

// A store whose panes have an event of every key each.
class Full {
   public:
    explicit Full(const Window& window) {
        config.key = {{"k", FieldType::integer}};
        config.aggregates = {{"n", AggregateKind::count, 0, 0}};
        config.windows = {window};
        store = std::make_unique<WindowStore>(config, 7, detect_simd(), budget_);
    }
    void fill_pane(int64_t time_us) {
        RecordBatch batch(config, kKeys);
        std::vector<uint32_t> rows(kKeys), refused(kKeys);
        std::iota(rows.begin(), rows.end(), 0u);
        for (const uint32_t row : rows) {
            batch.time_us[row] = time_us;
            batch.key_int[row] = row * int64_t{7919};
        }
        ASSERT_EQ(store->add(batch, rows.data(), kKeys, refused.data()), 0u);
    }
    // Returns the rows, and by how much a step of this work was too long.
    uint64_t close(int64_t work_per_step, int64_t& beyond, uint64_t& steps) {
        PartialRows rows(config, store->layout());
        uint64_t count = 0;
        steps = 0;
        for (bool more = true; more; ++steps) {
            int64_t work = work_per_step;
            more = store->take_closed(rows, 1024, work);
            count += rows.count();
            beyond = std::max(beyond, -work);
        }
        return count;
    }

    Config config;
    std::unique_ptr<WindowStore> store;

   private:
    MemoryBudget budget_{uint64_t{1} << 30};
};

TEST(WindowCloser, NoStepOfClosingDoesMoreThanItsWorkAndABucket) {
    const Window windows[] = {{"t", WindowKind::tumbling, 10, 10, 0},
                              {"s", WindowKind::sliding, 40, 10, 0}};
    for (const Window& window : windows) {
        Full full(window);
        for (int64_t pane = 0; pane < 4; ++pane) full.fill_pane(pane * 10);
        full.store->advance(INT64_MAX);
        int64_t beyond = 0;
        uint64_t steps = 0;
        const uint64_t rows = full.close(500, beyond, steps);
        EXPECT_EQ(rows, kKeys * (window.size_us == 10 ? 4u : 7u));
        EXPECT_LE(beyond, 4096);
        EXPECT_GT(steps, rows * 3 / 500);
        EXPECT_EQ(full.store->panes(), 0u);
        EXPECT_EQ(full.store->keys(), 0u);
    }
}

TEST(WindowCloser, RowsAreCompleteBeforeTheirPaneIsDropped) {
    Full full({"t", WindowKind::tumbling, 10, 10, 0});
    full.fill_pane(0);
    full.store->advance(25);
    EXPECT_EQ(full.store->complete_end_us(), 9);
    EXPECT_EQ(full.store->windows_waiting(9), 1u);
    PartialRows rows(full.config, full.store->layout());
    while (full.store->has_rows()) {
        EXPECT_EQ(full.store->complete_end_us(), 9);
        int64_t work = 100;
        ASSERT_TRUE(full.store->take_closed(rows, 1024, work));
    }
    EXPECT_EQ(full.store->complete_end_us(), 25);
    EXPECT_EQ(full.store->windows_waiting(9), 0u);
    EXPECT_TRUE(full.store->is_closing());
    EXPECT_EQ(full.store->panes(), 1u);
}

}  // namespace
}  // namespace trommel::cpu
