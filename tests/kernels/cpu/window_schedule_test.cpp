#include "kernels/cpu/window_schedule.h"

#include <gtest/gtest.h>
#include <set>
#include <vector>

namespace trommel::cpu {
namespace {

// Panes of 10 µs and a schedule that is asked for all windows that are final.
class Panes {
   public:
    Panes(std::vector<Window> windows, std::set<int64_t> indices)
        : schedule_(config_of(std::move(windows))), indices_(std::move(indices)) {}

    std::vector<OpenWindow> take(int64_t watermark_us) {
        schedule_.advance(watermark_us);
        std::vector<OpenWindow> taken;
        const auto first_from = [this](int64_t index) {
            const auto pane = indices_.lower_bound(index);
            return pane == indices_.end() ? WindowSchedule::kNoPane : *pane;
        };
        for (OpenWindow open; schedule_.next(first_from, open); schedule_.finish(open)) {
            taken.push_back(open);
        }
        return taken;
    }
    WindowSchedule& schedule() { return schedule_; }

   private:
    static Config config_of(std::vector<Window> windows) {
        Config config;
        config.windows = std::move(windows);
        config.time.allowed_lateness_us = 5;
        return config;
    }

    WindowSchedule schedule_;
    std::set<int64_t> indices_;
};

Window window(std::string name, int64_t size, int64_t slide) {
    return {std::move(name), size == slide ? WindowKind::tumbling : WindowKind::sliding, size,
            slide, 0};
}

std::vector<std::pair<uint32_t, int64_t>> ends(const std::vector<OpenWindow>& windows) {
    std::vector<std::pair<uint32_t, int64_t>> ends;
    for (const OpenWindow& open : windows) ends.emplace_back(open.window, open.end_us);
    return ends;
}

TEST(WindowSchedule, GivesFinalWindowsByEndThenStartThenName) {
    Panes panes({window("z", 10, 10), window("wide", 20, 10), window("a", 10, 10)}, {0, 1});
    EXPECT_TRUE(panes.take(14).empty());  // Within the lateness.
    using Ends = std::vector<std::pair<uint32_t, int64_t>>;
    EXPECT_EQ(ends(panes.take(15)), (Ends{{1, 10}, {2, 10}, {0, 10}}));
    EXPECT_EQ(ends(panes.take(INT64_MAX)), (Ends{{1, 20}, {2, 20}, {0, 20}, {1, 30}}));
}

TEST(WindowSchedule, SkipsWindowsWithoutAPane) {
    Panes panes({window("t", 10, 10)}, {-5, 1'000'000});
    const std::vector<OpenWindow> taken = panes.take(INT64_MAX);
    ASSERT_EQ(taken.size(), 2u);
    EXPECT_EQ(taken[0].start_us, -50);
    EXPECT_EQ(taken[1].start_us, 10'000'000);
}

TEST(WindowSchedule, NeedsAPaneUntilTheLastWindowThatCoversItIsDone) {
    Panes panes({window("t", 10, 10), window("s", 30, 10)}, {0});
    EXPECT_TRUE(panes.schedule().needs(0));
    panes.take(25);  // Ends 10 and 20.
    EXPECT_TRUE(panes.schedule().needs(0));
    panes.take(35);
    EXPECT_FALSE(panes.schedule().needs(0));
    EXPECT_TRUE(panes.schedule().needs(1));
}

TEST(WindowSchedule, PanesAreOpenUntilTheirEndIsFinal) {
    Panes panes({window("t", 10, 10)}, {});
    EXPECT_EQ(panes.schedule().open_from(), INT64_MIN);
    panes.take(24);
    EXPECT_EQ(panes.schedule().open_from(), 1);
    panes.take(25);
    EXPECT_EQ(panes.schedule().open_from(), 2);
    panes.take(3);
    EXPECT_EQ(panes.schedule().open_from(), 2);
    panes.take(INT64_MAX);
    EXPECT_EQ(panes.schedule().open_from(), INT64_MAX);
}

}  // namespace
}  // namespace trommel::cpu
