#pragma once
#include <cstdint>
#include <optional>
#include <vector>

// From which rate on one engine is ahead of another. Pure functions of what was measured.
//
// Nothing waits for a batch to be full: a batch is what arrived while the one before was worked on.
// So at a rate an engine's batches are as large as they have to be for it to keep up, and whoever
// keeps up with the smaller ones answers sooner. A GPU, which takes some time for any batch and
// little for each event, is ahead where a CPU would need larger batches, or cannot keep up at all.
namespace trommel::bench {

// What an engine carries in batches of one size.
struct SpeedPoint {
    double batch_records = 0;
    double events_per_second = 0;

    double batch_seconds() const { return batch_records / events_per_second; }
};
// At least one, from small to large batches. Between two the time for a batch is a line; what lies
// outside is not known.
using SpeedCurve = std::vector<SpeedPoint>;

// The smallest batch with which the engine keeps up with `rate`, and what it carries in such
// batches; not below the smallest that was measured. Nothing: it does not keep up.
std::optional<SpeedPoint> batch_that_keeps_up(const SpeedCurve& curve, double rate);

struct BreakEven {
    // `from_smallest`: already in the smallest batches; smaller ones were not measured.
    // `from_limit`: from the most on that the first carries, in batches that are longer than any of
    // the first's.
    enum class Kind : uint8_t { never, from_rate, from_smallest, from_limit };
    Kind kind = Kind::never;
    // Above this rate the second engine keeps up with smaller batches, for as long as it keeps up.
    double events_per_second = 0;
    double batch_records = 0;  // What both need at that rate; of from_limit, the second.
};

// Both curves have the same sizes, but that one may end earlier: what is longer is cut, and carries
// as much as the longest batches. A second engine that carries no more than the first in any size
// is never ahead: at its limit the first would have to be taken anyway.
BreakEven find_break_even(const SpeedCurve& first, const SpeedCurve& second);

// `count` (> 1) rates at equal steps of their logarithm, from half of what the slower engine
// carries in the smallest batches to the most that either carries.
std::vector<double> rates_to_show(const SpeedCurve& first, const SpeedCurve& second, int count);

}  // namespace trommel::bench
