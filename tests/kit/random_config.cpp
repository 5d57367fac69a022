#include "tests/kit/random_config.h"

#include <algorithm>
#include <string>

#include "tests/kit/oracle.h"

namespace trommel::testkit {
namespace {

// Windows whose pane is a multiple of `unit`. Mostly few panes per window: the oracle writes an
// event into every window that covers it.
Window random_window(Random& random, int64_t unit, uint32_t number) {
    // The order of these names is not the order of the numbers (W4 orders by name).
    static const std::vector<std::string> kNames = {"w2", "w10", "W", "a\xC3\xA4"};
    Window window;
    window.name = kNames[number];
    switch (random.below(4)) {
        case 0:
            window.kind = WindowKind::session;
            window.gap_us = random.between(1, 4) * unit + random.between(-1, 1) * (unit > 1);
            break;
        case 1:
        case 2:
            window.kind = WindowKind::sliding;
            window.slide_us = random.between(1, 4) * unit;
            window.size_us = window.slide_us * random.between(1, random.one_in(8) ? 60 : 6);
            break;
        default:
            window.kind = WindowKind::tumbling;
            window.slide_us = window.size_us = random.between(1, 12) * unit;
    }
    return window;
}

void choose_windows(Random& random, int64_t unit, Config& config) {
    const auto count = static_cast<uint32_t>(random.below(5));
    const bool no_sessions = random.one_in(2);  // Else most jobs would have panes of no length.
    for (uint32_t w = 0; w < count; ++w) {
        Window window = random_window(random, unit, w);
        if (no_sessions && window.kind == WindowKind::session) continue;
        config.windows.push_back(window);
    }
    if (config.windows.empty()) config.output = Output::unique;
    if (random.one_in(3)) {
        config.window_offset_us = random.between(-3 * unit, 3 * unit);
    }
}

void choose_time(Random& random, int64_t unit, Config& config) {
    TimeOptions& time = config.time;
    if (random.one_in(5)) return;
    time.out_of_order_us = random.between(0, 5) * unit;
    if (random.one_in(2)) time.allowed_lateness_us = random.between(0, 4) * unit;
}

void choose_dedup(Random& random, int64_t unit, Config& config) {
    DedupOptions& dedup = config.dedup;
    dedup.id_type = static_cast<IdType>(random.below(3));
    if (random.one_in(10)) {
        dedup.mode = DedupMode::off;
        return;
    }
    dedup.scope = random.one_in(2) ? Scope::key : Scope::global;
    dedup.verify = dedup.id_type == IdType::bytes && random.one_in(3);
    if (!config.time.out_of_order_us || random.one_in(4)) return;  // D3: forever.

    const int64_t least =
        *config.time.out_of_order_us + config.time.allowed_lateness_us + pane_us(config);
    dedup.horizon_us = std::max<int64_t>(1, least);
    if (!random.one_in(3)) dedup.horizon_us += random.between(0, 30 * unit);
    if (!random.one_in(3)) {
        config.time.max_drift_us = random.between(0, 3 * dedup.horizon_us);
    }
}

void choose_columns(Random& random, Config& config) {
    // Usually few fields and values; now and then all that a job may have.
    const uint64_t fields = random.one_in(12) ? kKeyFieldsMax : random.below(4);
    for (uint64_t f = 0; f < fields; ++f) {
        const FieldType type = random.one_in(2) ? FieldType::integer : FieldType::text;
        config.key.push_back({"k" + std::to_string(f), type});
    }
    const uint64_t values = random.one_in(16) ? kValuesMax : random.below(5);
    for (uint64_t v = 0; v < values; ++v) {
        const int digits = random.one_in(2) ? 0 : static_cast<int>(random.below(19));
        config.values.push_back({"v" + std::to_string(v), digits});
    }
    if (config.windows.empty()) return;
    const uint64_t aggregates = 1 + random.below(8);
    for (uint64_t a = 0; a < aggregates; ++a) {
        Aggregate aggregate;
        aggregate.name = "a" + std::to_string(a);
        if (values > 0) {
            aggregate.kind = static_cast<AggregateKind>(random.below(7));
            aggregate.value = static_cast<uint32_t>(random.below(values));
        }
        if (aggregate.kind == AggregateKind::avg) {
            aggregate.digits = static_cast<int>(random.below(19));
        } else if (aggregate.kind != AggregateKind::count) {
            aggregate.digits = config.values[aggregate.value].digits;
        } else {
            aggregate.value = 0;
        }
        config.aggregates.push_back(aggregate);
    }
}

}  // namespace

Config random_config(Random& random) {
    // One unit of time for the whole job: below, at and far above the shortest tick (1 ms).
    static const std::vector<int64_t> kUnits = {1, 7, 500, 1000, 1001, 60'000'000, 86'400'000'000};
    const int64_t unit = random.pick(kUnits);
    Config config;
    choose_windows(random, unit, config);
    choose_time(random, unit, config);
    choose_dedup(random, unit, config);
    choose_columns(random, config);
    return config;
}

}  // namespace trommel::testkit
