#pragma once
#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "trommel/config.h"
#include "trommel/key.h"
#include "trommel/record_batch.h"

#include "kernels/cpu/cell_layout.h"
#include "kernels/cpu/partial_rows.h"

// What windows must answer, from the contract and ordinary containers: the events of each window in
// a list, aggregated when it is asked for.
namespace trommel::cpu::naive {

struct Event {
    int64_t time_us = 0;
    std::string key;  // Encoded; an integer key too.
    std::vector<int64_t> values;
};

struct Row {
    int64_t end_us = 0, start_us = 0;
    std::string window;
    std::string key;
    std::vector<int128> aggregates;

    auto order() const { return std::tie(end_us, start_us, window, key); }
    bool operator==(const Row&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Row& row) {
    out << row.window << " [" << row.start_us << ", " << row.end_us << ") key ";
    for (const char c : row.key) out << static_cast<int>(static_cast<uint8_t>(c)) << '.';
    for (const int128 value : row.aggregates) out << ' ' << trommel::to_text(value);
    return out;
}

inline int64_t floor_to(int64_t time, int64_t offset, int64_t step) {
    const int64_t since = time - offset;
    const int64_t rest = (since % step + step) % step;
    return time - rest;
}

inline int128 aggregate(const Config& config, const Aggregate& what,
                        const std::vector<Event>& events) {
    const auto value = [&](const Event& event) { return event.values[what.value]; };
    const auto by_value = [&](const Event& a, const Event& b) { return value(a) < value(b); };
    const auto by_time = [&](const Event& a, const Event& b) {
        return std::pair(a.time_us, value(a)) < std::pair(b.time_us, value(b));
    };
    int128 sum = 0;
    if (what.kind != AggregateKind::count) {
        for (const Event& event : events) sum += value(event);
    }
    switch (what.kind) {
        case AggregateKind::count:
            return static_cast<int128>(events.size());
        case AggregateKind::sum:
            return sum;
        case AggregateKind::min:
            return value(*std::min_element(events.begin(), events.end(), by_value));
        case AggregateKind::max:
            return value(*std::max_element(events.begin(), events.end(), by_value));
        case AggregateKind::first:
            return value(*std::min_element(events.begin(), events.end(), by_time));
        case AggregateKind::last:
            return value(*std::max_element(events.begin(), events.end(), by_time));
        case AggregateKind::avg:
            break;
    }
    // Values in tests are small enough for this; finish_avg has its own tests.
    int128 divisor = static_cast<int128>(events.size());
    for (int d = config.values[what.value].digits; d < what.digits; ++d) sum *= 10;
    for (int d = what.digits; d < config.values[what.value].digits; ++d) divisor *= 10;
    const bool negative = sum < 0;
    const int128 size = negative ? -sum : sum;
    int128 quotient = size / divisor;
    const int128 twice = size % divisor * 2;
    if (twice > divisor || (twice == divisor && quotient % 2 == 1)) ++quotient;
    return negative ? -quotient : quotient;
}

class Windows {
   public:
    explicit Windows(const Config& config) : config_(config) {}

    void add(const Event& event) {
        for (const Window& window : config_.windows) {
            if (window.kind == WindowKind::session) {
                sessions_[{window.name, event.key}].push_back(event);
                continue;
            }
            int64_t start = floor_to(event.time_us, config_.window_offset_us, window.slide_us);
            for (; start + window.size_us > event.time_us; start -= window.slide_us) {
                cells_[{start + window.size_us, start, window.name, event.key}].push_back(event);
            }
        }
    }

    // All rows, in the contract's order.
    std::vector<Row> rows() const {
        std::vector<Row> rows;
        for (const auto& [at, events] : cells_) {
            const auto& [end, start, window, key] = at;
            rows.push_back(row(end, start, window, key, events));
        }
        for (const auto& [at, events] : sessions_) add_sessions(at.first, at.second, events, rows);
        std::sort(rows.begin(), rows.end(),
                  [](const Row& a, const Row& b) { return a.order() < b.order(); });
        return rows;
    }

   private:
    Row row(int64_t end, int64_t start, const std::string& window, const std::string& key,
            const std::vector<Event>& events) const {
        Row row{end, start, window, key, {}};
        for (const Aggregate& what : config_.aggregates) {
            row.aggregates.push_back(aggregate(config_, what, events));
        }
        return row;
    }

    void add_sessions(const std::string& window, const std::string& key, std::vector<Event> events,
                      std::vector<Row>& rows) const {
        int64_t gap = 0;
        for (const Window& w : config_.windows) {
            if (w.name == window) gap = w.gap_us;
        }
        std::sort(events.begin(), events.end(),
                  [](const Event& a, const Event& b) { return a.time_us < b.time_us; });
        std::vector<Event> session;
        const auto close = [&] {
            if (session.empty()) return;
            rows.push_back(
                row(session.back().time_us + gap, session.front().time_us, window, key, session));
            session.clear();
        };
        for (const Event& event : events) {
            if (!session.empty() && event.time_us - session.back().time_us > gap) close();
            session.push_back(event);
        }
        close();
    }

    const Config& config_;
    std::map<std::tuple<int64_t, int64_t, std::string, std::string>, std::vector<Event>> cells_;
    std::map<std::pair<std::string, std::string>, std::vector<Event>> sessions_;
};

inline std::string encoded(int64_t key) {
    char bytes[8];
    encode_integer(key, bytes);
    return {bytes, sizeof bytes};
}
inline std::string encoded(std::string_view key) {
    std::string bytes(encoded_text_size(key), '\0');
    encode_text(key, bytes.data());
    return bytes;
}

// Puts the events into a batch with an unused row before each, so that positions matter.
inline std::vector<uint32_t> fill(const Config& config, const std::vector<Event>& events,
                                  RecordBatch& batch) {
    batch.clear();
    std::vector<uint32_t> rows;
    for (const Event& event : events) {
        for (int pass = 0; pass < 2; ++pass) {
            const uint32_t row = batch.count++;
            batch.time_us[row] = event.time_us;
            for (size_t v = 0; v < event.values.size(); ++v) batch.values[v][row] = event.values[v];
            if (key_shape(config) == KeyShape::integer) {
                std::vector<KeyPart> parts;
                decode_key(event.key, config.key, parts);
                batch.key_int[row] = pass == 0 ? 42 : parts[0].integer;
            } else if (key_shape(config) == KeyShape::encoded) {
                batch.key_text[row] = batch.copy_text(pass == 0 ? encoded("unused") : event.key);
            }
            if (pass == 1) rows.push_back(row);
        }
    }
    return rows;
}

inline void append(const Config& config, const CellLayout& layout, const PartialRows& from,
                   std::vector<Row>& rows) {
    for (size_t r = 0; r < from.count(); ++r) {
        Row row{from.end_us[r], from.start_us[r], config.windows[from.window[r]].name, "", {}};
        if (key_shape(config) == KeyShape::integer) row.key = encoded(from.key_int[r]);
        if (key_shape(config) == KeyShape::encoded) row.key = from.key_text(r);
        row.aggregates.resize(config.aggregates.size());
        layout.finish(from.cell(r), row.aggregates.data());
        rows.push_back(row);
    }
}

// One number of [low, high].
inline int64_t pick(std::mt19937_64& random, int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
}

// Extreme ones have sums that need more than 64 bits.
inline int64_t pick_value(std::mt19937_64& random, bool extreme) {
    if (!extreme || pick(random, 0, 3) == 0) return pick(random, -1000, 1000);
    return pick(random, 0, 1) == 0 ? INT64_MAX - pick(random, 0, 3) : INT64_MIN;
}

// A job without its windows: key, values and aggregates drawn at random.
inline Config random_job(std::mt19937_64& random) {
    Config config;
    const int64_t shape = pick(random, 0, 4);
    if (shape == 1) config.key = {{"k", FieldType::integer}};
    if (shape == 2 || shape == 3) config.key = {{"k", FieldType::text}};
    if (shape == 4) config.key = {{"k", FieldType::integer}, {"l", FieldType::text}};
    for (int64_t v = pick(random, 0, 3); v > 0; --v) {
        config.values.push_back({"v", static_cast<int>(pick(random, 0, 3))});
    }
    for (int64_t a = pick(random, 1, 6); a > 0; --a) {
        Aggregate aggregate{"a", AggregateKind::count, 0, 0};
        if (!config.values.empty()) {
            aggregate.kind = static_cast<AggregateKind>(pick(random, 0, 6));
            aggregate.value = static_cast<uint32_t>(
                pick(random, 0, static_cast<int64_t>(config.values.size()) - 1));
            aggregate.digits = aggregate.kind == AggregateKind::avg
                                   ? static_cast<int>(pick(random, 0, 5))
                                   : config.values[aggregate.value].digits;
        }
        config.aggregates.push_back(aggregate);
    }
    return config;
}

// A job of one to three tumbling and sliding windows of at most `panes_max` slides.
inline Config random_windows(std::mt19937_64& random, int64_t panes_max) {
    Config config = random_job(random);
    const int64_t unit = pick(random, 1, 3) == 1 ? 1 : pick(random, 1, 1000);
    config.window_offset_us = pick(random, -2000, 2000);
    config.time.allowed_lateness_us = pick(random, 0, 2) * pick(random, 0, 20) * unit;
    for (int64_t w = pick(random, 1, 3); w > 0; --w) {
        const int64_t slide = unit * pick(random, 1, 6);
        const std::string name(1, static_cast<char>('a' + 2 * w % 5));
        if (pick(random, 0, 1) == 0) {
            config.windows.push_back({name, WindowKind::tumbling, slide, slide, 0});
        } else {
            const int64_t size = slide * pick(random, 1, panes_max);
            config.windows.push_back({name, WindowKind::sliding, size, slide, 0});
        }
    }
    return config;
}

inline std::string random_key(const Config& config, std::mt19937_64& random, int64_t keys) {
    const int64_t number = pick(random, 0, keys - 1);
    if (config.key.empty()) return "";
    if (key_shape(config) == KeyShape::integer) return encoded((number - keys / 2) * 1'000'003);
    std::string text = "common prefix of keys " + std::to_string(number);
    if (number % 7 == 0) text = std::string(static_cast<size_t>(number % 4), '\0');
    if (number % 31 == 5) text = std::string(5000, 'x') + std::to_string(number);
    if (config.key.size() == 2) return encoded(number % 3 - 1) + encoded(text);
    return encoded(text);
}

}  // namespace trommel::cpu::naive
