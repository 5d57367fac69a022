#include "kernels/rules/window.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

#include "trommel/int128.h"

namespace trommel::rules {
namespace {

Window aligned(int64_t size, int64_t slide) {
    return {"w", WindowKind::sliding, size, slide, 0};
}

TEST(WindowRule, EventOnTheBoundaryOpensTheNextPane) {
    EXPECT_EQ(pane_index(10, 0, 10), 1);
    EXPECT_EQ(pane_index(9, 0, 10), 0);
    EXPECT_EQ(pane_index(-10, 0, 10), -1);
    EXPECT_EQ(pane_index(-11, 0, 10), -2);
}

TEST(WindowRule, EveryTimeLiesInItsPaneAtTheEndsOfTimeToo) {
    const int64_t edge = kTimeLimitUs - 1;
    for (const int64_t time :
         {-edge, -edge / 3, int64_t{-1}, int64_t{0}, int64_t{1}, edge / 7, edge}) {
        for (const int64_t offset : {-edge, int64_t{-5}, int64_t{0}, int64_t{7}, edge}) {
            for (const int64_t pane : {int64_t{1}, int64_t{10}, int64_t{999'983}, edge}) {
                const int64_t start = pane_start(pane_index(time, offset, pane), offset, pane);
                EXPECT_LE(start, time);
                EXPECT_LT(time - start, pane);
                EXPECT_EQ(pane_end(time, offset, pane), start + pane);
            }
        }
    }
}

TEST(WindowRule, ThePaneDividesEverySizeAndSlideAndIsTheLargestThatDoes) {
    Config config;
    EXPECT_EQ(pane_us(config), 0);
    config.windows = {aligned(12, 4)};
    EXPECT_EQ(pane_us(config), 4);
    config.windows.push_back(aligned(18, 18));
    EXPECT_EQ(pane_us(config), 2);
    config.windows.push_back({"s", WindowKind::session, 0, 0, 3});
    EXPECT_EQ(pane_us(config), 2);
}

TEST(WindowRule, LatenessHasPanesOfZeroLengthWithASessionOrWithoutWindows) {
    Config config;
    EXPECT_EQ(lateness_pane_us(config), 0);
    config.windows = {aligned(12, 4)};
    EXPECT_EQ(lateness_pane_us(config), 4);
    config.windows.push_back({"s", WindowKind::session, 0, 0, 3});
    EXPECT_EQ(lateness_pane_us(config), 0);
    EXPECT_EQ(pane_end(17, 5, 0), 17);
}

TEST(WindowRule, TheEndsOfTheWindowsThatCoverATimeAreFoundByCounting) {
    for (int64_t time = -30; time < 30; ++time) {
        for (const int64_t slide : {1, 3, 5}) {
            for (const int64_t size : {slide, 2 * slide, 7 * slide}) {
                const int64_t offset = 2;
                int64_t first = INT64_MAX, last = INT64_MIN;
                for (int64_t start = offset - 40 * slide; start <= time; start += slide) {
                    if (start + size <= time) continue;
                    first = std::min(first, start + size);
                    last = std::max(last, start + size);
                }
                EXPECT_EQ(first_end_after(time, offset, slide), first);
                EXPECT_EQ(last_end_covering(time, offset, slide, size), last);
            }
        }
    }
}

TEST(WindowRule, FinalEndIsTheLastEndThatIsFinal) {
    for (const int64_t lateness : {int64_t{0}, int64_t{5}, kTimeLimitUs - 1}) {
        for (const int64_t watermark : {INT64_MIN, INT64_MIN + 3, -kTimeLimitUs, int64_t{0},
                                        int64_t{7}, kTimeLimitUs, INT64_MAX}) {
            const int64_t last = final_end(lateness, watermark);
            for (const int64_t end : {-2 * kTimeLimitUs, int64_t{-5}, int64_t{2}, 2 * kTimeLimitUs,
                                      watermark == INT64_MAX ? int64_t{0} : watermark / 2}) {
                EXPECT_EQ(is_final(end / 2, lateness, watermark), end / 2 <= last);
            }
        }
    }
}

}  // namespace
}  // namespace trommel::rules
