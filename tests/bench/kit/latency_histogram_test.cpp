#include "bench/kit/latency_histogram.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace trommel::bench {
namespace {

// Values of all sizes: as many in each octave.
std::vector<uint64_t> values_of_all_sizes(size_t count, uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<uint64_t> values;
    for (size_t n = 0; n < count; ++n) values.push_back(random() >> (24 + random() % 40));
    return values;
}

uint64_t exact_percentile(std::vector<uint64_t> values, double percent) {
    std::sort(values.begin(), values.end());
    const double rank = std::ceil(percent / 100 * static_cast<double>(values.size()) - 1e-9);
    return values[std::max<size_t>(static_cast<size_t>(rank), 1) - 1];
}

TEST(LatencyHistogram, PercentilesAreOffByLessThanOnePercent) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        const std::vector<uint64_t> values = values_of_all_sizes(1 + seed * 499, seed);
        LatencyHistogram histogram;
        for (const uint64_t value : values) histogram.record(value);
        for (const double percent : {0.0, 1.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
            const uint64_t exact = exact_percentile(values, percent);
            const uint64_t told = histogram.percentile(percent);
            EXPECT_GE(told, exact) << "seed " << seed << ", " << percent << " %";
            EXPECT_LE(static_cast<double>(told), static_cast<double>(exact) * 1.01)
                << "seed " << seed << ", " << percent << " %";
        }
        EXPECT_EQ(histogram.max(), *std::max_element(values.begin(), values.end()));
        EXPECT_EQ(histogram.min(), *std::min_element(values.begin(), values.end()));
    }
}

TEST(LatencyHistogram, SmallValuesAreExact) {
    LatencyHistogram histogram;
    for (uint64_t value = 0; value < 256; ++value) histogram.record(value);
    for (uint64_t value = 0; value < 256; ++value) {
        EXPECT_EQ(histogram.percentile(static_cast<double>(value + 1) / 2.56), value);
    }
}

TEST(LatencyHistogram, APercentileIsTheValueThatSoManyAreAtMost) {
    LatencyHistogram histogram;
    histogram.record(10, 999);
    histogram.record(1'000'000);
    EXPECT_EQ(histogram.percentile(50), 10U);
    EXPECT_EQ(histogram.percentile(99.9), 10U);  // 999 of 1000 are at most 10.
    EXPECT_EQ(histogram.percentile(99.91), 1'000'000U);
    EXPECT_EQ(histogram.percentile(100), 1'000'000U);
    EXPECT_EQ(histogram.percentile(0), 10U);
}

TEST(LatencyHistogram, WithoutValuesEverythingIsZero) {
    const LatencyHistogram histogram;
    EXPECT_EQ(histogram.count(), 0U);
    EXPECT_EQ(histogram.percentile(99), 0U);
    EXPECT_EQ(histogram.max(), 0U);
    EXPECT_EQ(histogram.min(), 0U);
    EXPECT_TRUE(histogram.spectrum().empty());
}

TEST(LatencyHistogram, PartsAddUpToTheWhole) {
    const std::vector<uint64_t> values = values_of_all_sizes(10'000, 7);
    LatencyHistogram whole, sum, part;
    for (size_t n = 0; n < values.size(); ++n) {
        whole.record(values[n]);
        part.record(values[n]);
        if (n % 1000 != 999) continue;
        sum.add(part);
        part.clear();
    }
    EXPECT_EQ(sum.count(), whole.count());
    EXPECT_EQ(sum.max(), whole.max());
    EXPECT_EQ(sum.min(), whole.min());
    for (double percent = 0; percent <= 100; percent += 0.25) {
        EXPECT_EQ(sum.percentile(percent), whole.percentile(percent)) << percent;
    }
    EXPECT_EQ(part.count(), 0U);
}

TEST(LatencyHistogram, WhatIsBeyondItsRangeIsCountedAndItsMaximumTold) {
    LatencyHistogram histogram;
    histogram.record(UINT64_MAX);
    histogram.record(LatencyHistogram::kValueMax);
    histogram.record(1);
    EXPECT_EQ(histogram.count(), 3U);
    EXPECT_EQ(histogram.max(), UINT64_MAX);
    EXPECT_EQ(histogram.percentile(60), LatencyHistogram::kValueMax);
    EXPECT_EQ(histogram.percentile(100), UINT64_MAX);
}

TEST(LatencyHistogram, RecordingManyTimesIsRecordingSoOften) {
    LatencyHistogram once, often;
    once.record(300, 70);
    once.record(5, 0);
    for (int n = 0; n < 70; ++n) often.record(300);
    EXPECT_EQ(once.count(), often.count());
    EXPECT_EQ(once.percentile(50), often.percentile(50));
    EXPECT_EQ(once.min(), 300U);
}

TEST(LatencyHistogram, ASpectrumRisesFromTheFirstValueToTheMaximum) {
    LatencyHistogram histogram;
    for (uint64_t value = 1; value <= 100'000; ++value) histogram.record(value);
    const std::vector<LatencyHistogram::Point> points = histogram.spectrum(5);
    ASSERT_GT(points.size(), 80U);  // log2(100,000) halvings of 5 points.
    EXPECT_EQ(points.front().percent, 0);
    EXPECT_EQ(points.front().value, 1U);
    EXPECT_EQ(points.back().percent, 100);
    EXPECT_EQ(points.back().value, 100'000U);
    for (size_t p = 1; p < points.size(); ++p) {
        EXPECT_GT(points[p].percent, points[p - 1].percent);
        EXPECT_GE(points[p].value, points[p - 1].value);
        if (points[p].percent == 50) {
            EXPECT_NEAR(static_cast<double>(points[p].value), 50'000, 500);
        }
    }
}

}  // namespace
}  // namespace trommel::bench
