#include "bench/kit/latency_histogram.h"

#include <algorithm>
#include <cmath>

namespace trommel::bench {

void LatencyHistogram::add(const LatencyHistogram& other) {
    for (size_t b = 0; b < kBuckets; ++b) buckets_[b] += other.buckets_[b];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
    min_ = std::min(min_, other.min_);
}

void LatencyHistogram::clear() {
    *this = LatencyHistogram();
}

uint64_t LatencyHistogram::value_at_rank(uint64_t rank) const {
    uint64_t seen = 0;
    for (size_t b = 0; b < kBuckets; ++b) {
        seen += buckets_[b];
        if (seen >= rank) return std::min(last_value_of(b), max_);
    }
    return max_;
}

uint64_t LatencyHistogram::percentile(double percent) const {
    if (count_ == 0) return 0;
    // 99.9 is not a binary fraction: what is a hair above a whole rank is that rank.
    const double exact = percent / 100 * static_cast<double>(count_);
    const auto rank = static_cast<uint64_t>(std::ceil(exact * (1 - 1e-12)));
    if (rank >= count_) return max_;
    return value_at_rank(std::max<uint64_t>(rank, 1));
}

std::vector<LatencyHistogram::Point> LatencyHistogram::spectrum(uint32_t points_per_halving) const {
    std::vector<Point> points;
    if (count_ == 0) return points;
    for (uint32_t step = 0;; ++step) {
        const double beyond = std::exp2(-static_cast<double>(step) / points_per_halving);
        if (beyond * static_cast<double>(count_) < 1) break;
        const double percent = 100 * (1 - beyond);
        points.push_back({percent, percentile(percent)});
    }
    points.push_back({100, max_});
    return points;
}

}  // namespace trommel::bench
