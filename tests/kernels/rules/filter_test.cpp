#include "kernels/rules/filter.h"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <random>
#include <utility>
#include <vector>

#include "kernels/rules/hash.h"

namespace trommel::rules {
namespace {

using Line = uint64_t[kFilterWords];

// What a stamp means under a floor: one of the slices floor-4..floor+10, of which the first four
// are dead.
int64_t slice_of_stamp(uint32_t stamp, int64_t floor) {
    for (int64_t slice = floor - 4; slice <= floor + 10; ++slice) {
        if (filter_stamp(slice) == stamp) return slice;
    }
    return INT64_MIN;
}

TEST(FilterRule, AgeSetsSayWhatComparingSlicesWouldSay) {
    for (int64_t floor = -40; floor <= 40; ++floor) {
        for (uint32_t slot = 0; slot < kFilterSlots; ++slot) {
            const FilterAge age = filter_age(floor, slot);
            const int64_t slice = floor + int64_t{slot};
            ASSERT_EQ(age.stamp, filter_stamp(slice));
            ASSERT_FALSE(age.fresh & 1) << "an empty cell is never seen";
            ASSERT_TRUE(age.older & 1) << "an empty cell is always taken";
            for (uint32_t stamp = 1; stamp <= kFilterStamps; ++stamp) {
                const int64_t held = slice_of_stamp(stamp, floor);
                ASSERT_NE(held, INT64_MIN);
                ASSERT_EQ(age.fresh >> stamp & 1, held >= floor && held >= slice - 2);
                ASSERT_EQ(age.older >> stamp & 1, held < floor || held < slice);
            }
        }
    }
}

TEST(FilterRule, NewIdSetsOneCellInEachWordAndACopyLeavesNoTrace) {
    Line line = {};
    EXPECT_TRUE(filter_judge(line, 0xfedc3210, filter_age(0, 0)));
    const Line expected = {1,
                           1 << 4,
                           1 << 8,
                           1 << 12,
                           uint64_t{1} << 48,
                           uint64_t{1} << 52,
                           uint64_t{1} << 56,
                           uint64_t{1} << 60};
    EXPECT_TRUE(std::equal(line, line + kFilterWords, expected));
    EXPECT_FALSE(filter_judge(line, 0xfedc3210, filter_age(0, 2)));
    EXPECT_TRUE(std::equal(line, line + kFilterWords, expected)) << "not even a younger stamp";
    EXPECT_TRUE(filter_judge(line, 0xfedc3211, filter_age(0, 2))) << "one other cell is another id";
}

TEST(FilterRule, WithoutAgesANewIdSetsOneBitInEachWordAndACopyLeavesNoTrace) {
    // Six bits for each word: 0 for the first, 63 for the second, 1 to 5 for five more, 32 last.
    constexpr uint64_t kBits = uint64_t{32} << 42 | uint64_t{5} << 36 | uint64_t{4} << 30 |
                               3 << 24 | 2 << 18 | 1 << 12 | 63 << 6;
    constexpr uint64_t kKeep = ~uint64_t{0};
    Line line = {};
    EXPECT_TRUE(filter_judge_plain(line, kBits, 0));
    EXPECT_EQ(std::count(line, line + kFilterWords, uint64_t{0}), 8) << "only looked at";
    EXPECT_TRUE(filter_judge_plain(line, kBits, kKeep));
    const Line expected = {1,      uint64_t{1} << 63, 1 << 1, 1 << 2, 1 << 3, 1 << 4,
                           1 << 5, uint64_t{1} << 32};
    EXPECT_TRUE(std::equal(line, line + kFilterWords, expected));
    EXPECT_FALSE(filter_judge_plain(line, kBits, kKeep));
    EXPECT_FALSE(filter_judge_plain(line, kBits, 0));
    EXPECT_TRUE(std::equal(line, line + kFilterWords, expected));
    for (uint32_t w = 0; w < kFilterWords; ++w) {
        EXPECT_TRUE(filter_judge_plain(line, kBits ^ uint64_t{8} << 6 * w, 0))
            << "another bit of word " << w << " is another id";
    }
}

TEST(FilterRule, IdIsSeenForTwoMoreSlicesAndNoLonger) {
    for (int64_t floor = -20; floor <= 20; ++floor) {
        for (uint32_t then = 0; then < kFilterSlots; ++then) {
            for (uint32_t now = 0; now < kFilterSlots; ++now) {
                Line line = {};
                filter_judge(line, 0x12345678, filter_age(floor, then));
                ASSERT_EQ(filter_judge(line, 0x12345678, filter_age(floor, now)), now > then + 2);
            }
        }
    }
}

TEST(FilterRule, OlderIdDoesNotMakeASharedCellOlder) {
    Line line = {};
    EXPECT_TRUE(filter_judge(line, 0x00000000, filter_age(0, 10)));
    EXPECT_TRUE(filter_judge(line, 0xf0000000, filter_age(0, 1)));
    EXPECT_FALSE(filter_judge(line, 0x00000000, filter_age(0, 10)));
    EXPECT_FALSE(filter_judge(line, 0xf0000000, filter_age(0, 3)));
    EXPECT_TRUE(filter_judge(line, 0xf0000000, filter_age(0, 4)));
}

TEST(FilterRule, SliceIsHalfAHorizonSoThatAnIdLivesOneToOneAndAHalf) {
    std::mt19937_64 random(2);
    for (int round = 0; round < 100000; ++round) {
        const auto horizon_us = static_cast<int64_t>(1 + (random() >> (4 + random() % 60)));
        const int64_t slice_us = filter_slice_us(horizon_us);
        const int64_t now_us = static_cast<int64_t>(random() >> 4) - kTimeLimitUs / 2;
        const int64_t now = filter_slice_of(now_us, slice_us);
        EXPECT_LE(now - filter_slice_of(now_us - horizon_us, slice_us), 2);
        EXPECT_GT(now - filter_slice_of(now_us - 3 * slice_us, slice_us), 2);
        EXPECT_LE(3 * slice_us - 1, horizon_us + horizon_us / 2 + 1) << horizon_us;
    }
}

TEST(FilterRule, RingReachesAtLeastThreeHorizonsPastTheWatermark) {
    std::mt19937_64 random(3);
    for (int round = 0; round < 100000; ++round) {
        const auto horizon_us = static_cast<int64_t>(1 + (random() >> (4 + random() % 60)));
        const int64_t lag_us = static_cast<int64_t>(random() >> 1) % (horizon_us + 1);
        const int64_t watermark_us = static_cast<int64_t>(random() >> 4) - kTimeLimitUs / 2;
        const int64_t slice_us = filter_slice_us(horizon_us);
        const int64_t newest_us = filter_newest_us(watermark_us, lag_us, slice_us);
        const int64_t floor = filter_floor(watermark_us, lag_us, slice_us);
        ASSERT_GE(newest_us, watermark_us + 3 * horizon_us);
        ASSERT_EQ(filter_slice_of(newest_us, slice_us), floor + 10);
        ASSERT_EQ(filter_slice_of(newest_us + 1, slice_us), floor + 11);
    }
    EXPECT_EQ(filter_newest_us(0, 0, filter_slice_us(kForeverUs)), INT64_MAX);
}

TEST(FilterRule, LinesOfAGroupAreDealtEvenlyForAnyNumberOfThem) {
    for (const uint64_t lines : {1u, 3u, 7u, 10u}) {
        std::vector<int> hits(kGroups * lines);
        constexpr int kIds = 1000000;
        for (uint64_t id = 0; id < kIds; ++id) ++hits[filter_line_of(mix64(id), lines)];
        const double mean = kIds / static_cast<double>(hits.size());
        for (const int count : hits) EXPECT_NEAR(count, mean, 6 * std::sqrt(mean));
    }
}

TEST(FilterRule, LineIsTheGroupsFirstPlusAShareOfItsLines) {
    std::mt19937_64 random(4);
    for (int round = 0; round < 100000; ++round) {
        const uint64_t hash = random();
        const uint64_t lines = 1 + (random() >> (32 + random() % 32));
        const uint64_t share = (hash >> 24 & 0xffffffffu) * lines >> 32;
        ASSERT_EQ(filter_line_of(hash, lines), (hash >> 56) * lines + share);
    }
}

// --- Size
// ---------------------------------------------------------------------------------------------

constexpr std::array<uint32_t, 2> kForms = {kFilterAgedCells, kFilterPlainCells};

// Lines that are filled with random ids until `remembered` of them are new.
class Simulation {
   public:
    Simulation(uint64_t lines_per_group, uint64_t remembered, uint32_t cells)
        : cells_(cells), lines_per_group_(lines_per_group), memory_(lines_per_group * kGroups) {
        for (uint64_t left = remembered; left > 0;) left -= is_new(ids_++, true);
    }

    uint64_t ids() const { return ids_; }
    double error(uint64_t probes) {
        uint64_t mistaken = 0;
        for (uint64_t probe = 0; probe < probes; ++probe) mistaken += !is_new(~probe, false);
        return static_cast<double>(mistaken) / static_cast<double>(probes);
    }

   private:
    bool is_new(uint64_t id, bool remember) {
        const uint64_t hash = hash_u64(id, hash_seed(7, Purpose::id));
        Line& line = memory_[filter_line_of(hash, lines_per_group_)];
        if (cells_ == kFilterPlainCells) {
            return filter_judge_plain(line, filter_bits_of(hash), uint64_t{0} - remember);
        }
        FilterAge age = filter_age(0, 0);
        if (!remember) age.older = 0;
        return filter_judge(line, filter_cells_of(hash), age);
    }

    uint32_t cells_;
    uint64_t lines_per_group_;
    std::vector<Line> memory_;
    uint64_t ids_ = 0;
};

TEST(FilterSize, FormulaAgreesWithSimulation) {
    // Bounds: 4 standard deviations of the probes, and 2 % for the chance in which lines are full.
    constexpr uint64_t kProbes = 4000000;
    constexpr uint64_t kLines = 512 * kGroups;
    for (const uint32_t cells : kForms) {
        for (const double error_rate : {0.5, 0.3, 0.1, 1e-2, 1e-3, 1e-4}) {
            const double load = filter_ids_per_line(error_rate, cells);
            Simulation lines(512, static_cast<uint64_t>(load * kLines), cells);
            const double noise = 4 * std::sqrt(error_rate / static_cast<double>(kProbes));
            EXPECT_NEAR(lines.error(kProbes), error_rate, noise + 0.02 * error_rate);
            EXPECT_NEAR(filter_error(kLines, lines.ids(), cells), error_rate, 0.01 * error_rate);
        }
    }
}

TEST(FilterSize, ErrorOfAnAlmostEmptyFilterIsThatOfOneIdInTheLine) {
    for (const uint32_t cells : kForms) {
        const double one = 1 / std::pow(cells, 8);
        EXPECT_NEAR(filter_error(1e-6, cells) / (1e-6 * one), 1, 1e-3);
        EXPECT_EQ(filter_error(0.0, cells), 0);
        EXPECT_DOUBLE_EQ(filter_error(1000, 5000, cells), filter_error(5.0, cells));
    }
}

TEST(FilterSize, LoadGrowsWithTheRateAndIsItsInverseWhereMistakesAreFew) {
    for (const uint32_t cells : kForms) {
        double before = 0;
        for (const double error_rate : {1e-12, 1e-9, 1e-6, 1e-4, 1e-3, 1e-2, 0.1, 0.5}) {
            const double load = filter_ids_per_line(error_rate, cells);
            EXPECT_GT(load, before);
            EXPECT_LE(filter_error(load, cells), error_rate * (1 + 1e-6));
            if (error_rate < 1e-4) {
                EXPECT_NEAR(filter_error(load, cells) / error_rate, 1, 1e-3);
            }
            before = load;
        }
    }
}

TEST(FilterSize, CapacityIsScaledByTheDisorderThatAnEventCanHaveInView) {
    FilterDemand demand{1e-3, 3000, 1000, 0, 0};
    EXPECT_EQ(filter_ids_in_view(demand), 3000u);
    demand.out_of_order_us = 300;
    demand.lag_us = 200;
    EXPECT_EQ(filter_ids_in_view(demand), 4000u);
    demand.horizon_us = kForeverUs;
    EXPECT_EQ(filter_ids_in_view(demand), 3000u);
}

TEST(FilterSize, GeometryHoldsTheIdsAtTheRate) {
    for (const auto& [horizon_us, cells] :
         {std::pair{int64_t{1000}, kFilterAgedCells}, {kForeverUs, kFilterPlainCells}}) {
        for (const double error_rate : {1e-5, 1e-3, 0.1}) {
            for (const uint64_t capacity : {1000u, 1000000u, 100000000u}) {
                const FilterGeometry geometry =
                    filter_geometry({error_rate, capacity, horizon_us, 0, 0});
                const uint64_t lines = geometry.lines_per_group * kGroups;
                EXPECT_LE(filter_error(lines, capacity, cells), error_rate);
                if (geometry.lines_per_group > 100) {
                    EXPECT_GT(filter_error(lines, capacity, cells), error_rate * 0.9) << "too big";
                }
                EXPECT_EQ(filter_bytes(geometry), lines * 64);
                EXPECT_EQ(filter_bytes(geometry, 3, 5), geometry.lines_per_group * 2 * 64);
            }
        }
    }
}

// The figures that block_filter.md and the manual quote.
TEST(FilterSize, ForeverTakesAFifthOfWhatAFiniteHorizonTakes) {
    const auto bits_per_id = [](double error_rate, int64_t horizon_us) {
        const FilterGeometry geometry =
            filter_geometry({error_rate, 100'000'000, horizon_us, 0, 0});
        return 8 * static_cast<double>(filter_bytes(geometry)) / 1e8;
    };
    EXPECT_NEAR(bits_per_id(1e-2, kForeverUs), 10.1, 0.05);
    EXPECT_NEAR(bits_per_id(1e-3, kForeverUs), 15.7, 0.05);
    EXPECT_NEAR(bits_per_id(1e-4, kForeverUs), 23.6, 0.05);
    EXPECT_NEAR(bits_per_id(1e-3, 1000), 77.6, 0.05);
}

TEST(FilterSize, ExtremesNeitherOverflowNorVanish) {
    EXPECT_EQ(filter_geometry({0.5, 1}).lines_per_group, 1u);
    EXPECT_EQ(filter_geometry({1e-15, UINT64_MAX}).lines_per_group, uint64_t{1} << 32);
    const int64_t most = kTimeLimitUs - 1;
    const FilterGeometry wide = filter_geometry({1e-3, UINT64_MAX / 2, most, most, most});
    EXPECT_EQ(filter_bytes(wide), uint64_t{1} << 46);
    EXPECT_GE(wide.ids_max, UINT64_MAX / 2);
}

TEST(FilterSize, LossPerDayIsTheRateTimesTheUniqueEvents) {
    EXPECT_DOUBLE_EQ(filter_lost_per_day(1e-3, 0.8e6 * 86400), 6.912e7);
}

}  // namespace
}  // namespace trommel::rules
