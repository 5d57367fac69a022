#include "net/zipf.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

namespace trommel::net {
namespace {

std::vector<uint64_t> counts(const Zipf& zipf, size_t ranks, uint64_t draws) {
    std::mt19937_64 random(1);
    std::vector<uint64_t> counts(ranks);
    for (uint64_t i = 0; i < draws; ++i) {
        const uint64_t draw = random();
        ++counts.at(zipf.rank(draw, random()));
    }
    return counts;
}

// Pearson's statistic is below this with probability 1 - 3e-7 (five standard deviations).
double chi_square_max(size_t degrees) {
    const auto n = static_cast<double>(degrees);
    return n + 5 * std::sqrt(2 * n) + 25;
}

TEST(Zipf, RanksComeWithTheirWeights) {
    constexpr uint64_t kDraws = 2'000'000;
    for (const uint64_t ranks : {1u, 2u, 3u, 10u, 256u}) {
        for (const double exponent : {0.0, 0.5, 1.0, 1.1, 2.0}) {
            const std::vector<uint64_t> seen = counts(Zipf(ranks, exponent), ranks, kDraws);
            double total = 0, chi_square = 0;
            for (uint64_t r = 1; r <= ranks; ++r) total += std::pow(r, -exponent);
            for (uint64_t r = 1; r <= ranks; ++r) {
                const double expected = std::pow(r, -exponent) / total * kDraws;
                const double off = static_cast<double>(seen[r - 1]) - expected;
                chi_square += off * off / expected;
            }
            EXPECT_LT(chi_square, chi_square_max(ranks - 1)) << ranks << ' ' << exponent;
        }
    }
}

TEST(Zipf, BucketsOfManyRanksHaveTheirWeightsTogether) {
    constexpr uint64_t kDraws = 2'000'000, kRanks = 100'000;
    const std::vector<uint64_t> seen = counts(Zipf(kRanks, 1.0), kRanks, kDraws);
    double total = 0;
    for (uint64_t r = 1; r <= kRanks; ++r) total += 1 / static_cast<double>(r);
    for (uint64_t begin = 1; begin <= kRanks; begin *= 10) {
        double expected = 0, drawn = 0;
        for (uint64_t r = begin; r < std::min(begin * 10, kRanks + 1); ++r) {
            expected += kDraws / (total * static_cast<double>(r));
            drawn += static_cast<double>(seen[r - 1]);
        }
        EXPECT_NEAR(drawn, expected, 5 * std::sqrt(expected)) << begin;
    }
}

TEST(Zipf, EveryRankIsReachedAndNoneBeyond) {
    for (const uint64_t ranks : {1u, 255u, 256u, 257u, 1000u, 4097u}) {
        const std::vector<uint64_t> seen = counts(Zipf(ranks, 0), ranks, ranks * 200);
        for (const uint64_t count : seen) EXPECT_GT(count, 0u) << ranks;
    }
}

TEST(Zipf, TheLargestSizesStayInRange) {
    for (const double exponent : {0.0, 1.0, 8.0}) {
        const Zipf zipf(Zipf::kCountMax, exponent);
        uint64_t largest = 0;
        std::mt19937_64 random(2);
        for (int i = 0; i < 100000; ++i) {
            const uint64_t draw = random();
            largest = std::max(largest, zipf.rank(draw, UINT64_MAX));
        }
        EXPECT_LT(largest, Zipf::kCountMax);
        if (exponent == 0) {
            EXPECT_GT(largest, Zipf::kCountMax - (Zipf::kCountMax >> 10));
        }
        EXPECT_LT(zipf.rank(UINT64_MAX, UINT64_MAX), Zipf::kCountMax);
        EXPECT_LT(zipf.rank(0, 0), Zipf::kCountMax);
    }
}

TEST(Zipf, DrawsAreTheSameOnEveryMachine) {
    const Zipf zipf(1'000'000, 1.1);
    uint64_t draw = 1, sum = 0;
    for (int i = 0; i < 100000; ++i) {
        draw = draw * 6364136223846793005 + 1442695040888963407;
        sum = sum * 31 + zipf.rank(draw, draw * 0x9E3779B97F4A7C15);
    }
    EXPECT_EQ(sum, 1186358718124198419u);
}

}  // namespace
}  // namespace trommel::net
