#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace trommel::bench {

// Counts of durations, fine enough for percentiles that are off by less than 1 %, in 35 KB whatever
// is recorded. As HdrHistogram does it: below 256 each value has a bucket of its own, and each
// further octave has 128 of equal width, the widest of which is 1/128 of its values. The unit is
// the caller's; microseconds here. Histograms of several threads or phases add up without loss,
// which averages of percentiles would not.
class LatencyHistogram {
   public:
    // Larger values are counted as this one; max() still tells them. In microseconds, 12 days.
    static constexpr uint64_t kValueMax = (uint64_t{1} << 40) - 1;

    void record(uint64_t value, uint64_t times = 1) {
        if (times == 0) return;
        buckets_[bucket_of(value < kValueMax ? value : kValueMax)] += times;
        count_ += times;
        if (value > max_) max_ = value;
        if (value < min_) min_ = value;
    }
    void add(const LatencyHistogram& other);
    void clear();

    uint64_t count() const { return count_; }
    uint64_t max() const { return max_; }  // Exact; 0: nothing was recorded.
    uint64_t min() const { return count_ == 0 ? 0 : min_; }

    // The smallest value that so many percent are at most, rounded up to the end of its bucket, and
    // never more than the maximum. 0 when nothing was recorded. Precondition: 0 to 100.
    uint64_t percentile(double percent) const;

    // How percentiles rise, for plots over "nines": in each halving of the distance to 100 % as
    // many points as asked for (> 0), up to the rank of the last value, and then the maximum.
    struct Point {
        double percent;
        uint64_t value;
    };
    std::vector<Point> spectrum(uint32_t points_per_halving = 5) const;

   private:
    static constexpr int kSubBits = 7;
    static constexpr int kShifts = 40 - 1 - kSubBits;  // Of the largest value.
    static constexpr size_t kBuckets = (size_t{kShifts} << kSubBits) + (size_t{2} << kSubBits);

    static constexpr size_t bucket_of(uint64_t value) {
        const auto shift = static_cast<size_t>(std::bit_width(value >> (kSubBits + 1)));
        return (shift << kSubBits) + static_cast<size_t>(value >> shift);
    }
    static constexpr uint64_t last_value_of(size_t bucket) {
        if (bucket < (size_t{2} << kSubBits)) return bucket;
        const size_t shift = (bucket >> kSubBits) - 1;
        const uint64_t upper = bucket - (shift << kSubBits);
        return ((upper + 1) << shift) - 1;
    }

    uint64_t value_at_rank(uint64_t rank) const;

    std::array<uint64_t, kBuckets> buckets_{};
    uint64_t count_ = 0, max_ = 0, min_ = UINT64_MAX;
};

}  // namespace trommel::bench
