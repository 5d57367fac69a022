#include "bench/kit/break_even.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace trommel::bench {
namespace {

// What the engine carries in batches of `records`, between curve[right - 1] and curve[right].
double speed_between(const SpeedCurve& curve, size_t right, double records) {
    const SpeedPoint &a = curve[right - 1], &b = curve[right];
    const double share = (records - a.batch_records) / (b.batch_records - a.batch_records);
    return records / (a.batch_seconds() + share * (b.batch_seconds() - a.batch_seconds()));
}

// The most that it carries in batches of at most the size of each point.
std::vector<double> best_up_to(const SpeedCurve& curve) {
    std::vector<double> best;
    for (const SpeedPoint& point : curve) {
        best.push_back(std::max(best.empty() ? 0 : best.back(), point.events_per_second));
    }
    return best;
}

// As long as the other: what is longer than the longest batch is several of those.
SpeedCurve cut_up_to(SpeedCurve curve, const SpeedCurve& other) {
    const double rate = curve.back().events_per_second;
    for (size_t i = curve.size(); i < other.size(); ++i) {
        curve.push_back({other[i].batch_records, rate});
    }
    return curve;
}

}  // namespace

std::optional<SpeedPoint> batch_that_keeps_up(const SpeedCurve& curve, double rate) {
    if (curve.front().events_per_second >= rate) return curve.front();
    for (size_t right = 1; right < curve.size(); ++right) {
        const SpeedPoint &a = curve[right - 1], &b = curve[right];
        if (b.events_per_second < rate) continue;
        // records = rate x (the line of the batch's time), solved for records.
        const double slope =
            (b.batch_seconds() - a.batch_seconds()) / (b.batch_records - a.batch_records);
        const double records =
            rate * (a.batch_seconds() - slope * a.batch_records) / (1 - rate * slope);
        return SpeedPoint{records, rate};
    }
    return {};
}

BreakEven find_break_even(const SpeedCurve& of_first, const SpeedCurve& of_second) {
    const SpeedCurve first = cut_up_to(of_first, of_second);
    const SpeedCurve second = cut_up_to(of_second, of_first);
    const std::vector<double> best_first = best_up_to(first), best_second = best_up_to(second);
    size_t ahead_from = first.size();  // The first size from which on the second carries more.
    while (ahead_from > 0 && best_second[ahead_from - 1] > best_first[ahead_from - 1]) --ahead_from;
    if (ahead_from == first.size()) return {};
    if (ahead_from == 0) {
        return {BreakEven::Kind::from_smallest, best_first[0], first[0].batch_records};
    }
    // They cross once between two sizes: halve until nothing is left.
    const auto best_at = [&](const SpeedCurve& curve, const std::vector<double>& best,
                             double records) {
        return std::max(best[ahead_from - 1], speed_between(curve, ahead_from, records));
    };
    double low = first[ahead_from - 1].batch_records, high = first[ahead_from].batch_records;
    for (int step = 0; step < 60; ++step) {
        const double middle = (low + high) / 2;
        const bool is_ahead =
            best_at(second, best_second, middle) > best_at(first, best_first, middle);
        (is_ahead ? high : low) = middle;
    }
    const bool is_beyond = ahead_from >= of_first.size();
    return {is_beyond ? BreakEven::Kind::from_limit : BreakEven::Kind::from_rate,
            best_at(first, best_first, high), high};
}

std::vector<double> rates_to_show(const SpeedCurve& first, const SpeedCurve& second, int count) {
    const double least =
        std::min(first.front().events_per_second, second.front().events_per_second) / 2;
    const double most = std::max(best_up_to(first).back(), best_up_to(second).back());
    std::vector<double> rates;
    for (int i = 0; i < count; ++i) {
        rates.push_back(least * std::pow(most / least, static_cast<double>(i) / (count - 1)));
    }
    rates.back() = most;  // Which a rounded power may exceed.
    return rates;
}

}  // namespace trommel::bench
