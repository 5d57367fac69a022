#include "tests/kit/oracle_windows.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>

namespace trommel::testkit {
namespace {

// What rows are ordered by (W4), and with the window's index what tells two cells apart.
struct CellName {
    int64_t end_us;
    int64_t start_us;
    std::string window_name;
    uint32_t window;
    std::vector<KeyPart> key;

    bool operator<(const CellName& other) const {
        const auto order = [](const CellName& n) {
            return std::tie(n.end_us, n.start_us, n.window_name, n.window);
        };
        if (order(*this) != order(other)) return order(*this) < order(other);
        return KeyLess()(key, other.key);
    }
};

using Events = std::vector<const OracleEvent*>;
using Cells = std::map<CellName, Events>;

// Every window that covers the event, from the latest start downwards (W1).
void add_to_aligned(const Config& config, uint32_t window, const OracleEvent& event, Cells& cells) {
    const Window& w = config.windows[window];
    const int64_t since = event.time_us - config.window_offset_us;
    const int64_t into_slide = (since % w.slide_us + w.slide_us) % w.slide_us;
    for (int64_t start = event.time_us - into_slide; start + w.size_us > event.time_us;
         start -= w.slide_us) {
        cells[{start + w.size_us, start, w.name, window, event.key}].push_back(&event);
    }
}

// Sorts the events of each key by time and cuts where the gap is exceeded (W2).
void add_sessions(const Config& config, uint32_t window, const std::vector<OracleEvent>& unique,
                  Cells& cells) {
    const Window& w = config.windows[window];
    std::map<std::vector<KeyPart>, Events, KeyLess> by_key;
    for (const OracleEvent& event : unique) by_key[event.key].push_back(&event);
    for (auto& [key, events] : by_key) {
        std::stable_sort(events.begin(), events.end(),
                         [](const auto* a, const auto* b) { return a->time_us < b->time_us; });
        for (size_t begin = 0, end = 1; end <= events.size(); ++end) {
            const int64_t last = events[end - 1]->time_us;
            if (end < events.size() && events[end]->time_us - last <= w.gap_us) continue;
            const int64_t first = events[begin]->time_us;
            Events& cell = cells[{last + w.gap_us, first, w.name, window, key}];
            for (; begin < end; ++begin) cell.push_back(events[begin]);
        }
    }
}

int128 power_of_ten(int digits) {
    int128 power = 1;
    for (int i = 0; i < digits; ++i) power *= 10;
    return power;
}

// W3, from the definition of each kind.
int128 aggregate_of(const Config& config, const Aggregate& aggregate, const Events& events) {
    if (aggregate.kind == AggregateKind::count) return static_cast<int128>(events.size());
    std::vector<std::pair<int64_t, int64_t>> timed;  // (time, value)
    std::vector<int64_t> values;
    int128 sum = 0;
    for (const OracleEvent* event : events) {
        const int64_t value = event->values[aggregate.value];
        timed.emplace_back(event->time_us, value);
        values.push_back(value);
        sum += value;
    }
    switch (aggregate.kind) {
        case AggregateKind::count:
            break;
        case AggregateKind::sum:
            return sum;
        case AggregateKind::min:
            return *std::min_element(values.begin(), values.end());
        case AggregateKind::max:
            return *std::max_element(values.begin(), values.end());
        case AggregateKind::first:
            return std::min_element(timed.begin(), timed.end())->second;
        case AggregateKind::last:
            return std::max_element(timed.begin(), timed.end())->second;
        case AggregateKind::avg:
            return mean(sum, values.size(), config.values[aggregate.value].digits,
                        aggregate.digits);
    }
    return 0;
}

}  // namespace

// School division, digit by digit: no intermediate is larger than a sum times ten.
int128 mean(int128 sum, uint64_t count, int value_digits, int digits) {
    const bool negative = sum < 0;
    const int128 magnitude = negative ? -sum : sum;
    const int128 divisor =
        static_cast<int128>(count) * power_of_ten(std::max(0, value_digits - digits));
    int128 quotient = magnitude / divisor;
    int128 rest = magnitude % divisor;
    for (int digit = value_digits; digit < digits; ++digit) {
        rest *= 10;
        quotient = quotient * 10 + rest / divisor;
        rest %= divisor;
    }
    const bool above_half = 2 * rest > divisor;
    const bool half = 2 * rest == divisor;
    if (above_half || (half && quotient % 2 == 1)) ++quotient;
    return negative ? -quotient : quotient;
}

std::vector<OracleRow> window_rows(const Config& config, const std::vector<OracleEvent>& unique) {
    Cells cells;
    for (uint32_t w = 0; w < config.windows.size(); ++w) {
        if (config.windows[w].kind == WindowKind::session) {
            add_sessions(config, w, unique, cells);
            continue;
        }
        for (const OracleEvent& event : unique) add_to_aligned(config, w, event, cells);
    }
    std::vector<OracleRow> rows;
    for (const auto& [name, events] : cells) {
        OracleRow row{name.window, name.start_us, name.end_us, name.key, {}};
        for (const Aggregate& aggregate : config.aggregates) {
            row.aggregates.push_back(aggregate_of(config, aggregate, events));
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

int64_t pane_us(const Config& config) {
    int64_t pane = 0;
    for (const Window& window : config.windows) {
        if (window.kind == WindowKind::session) return 0;
        pane = std::gcd(pane, std::gcd(window.size_us, window.slide_us));
    }
    return pane;
}

}  // namespace trommel::testkit
