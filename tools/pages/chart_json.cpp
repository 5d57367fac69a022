#include "tools/pages/chart_json.h"

#include <algorithm>
#include <cmath>

#include "tools/pages/html_text.h"
#include "tools/report_json.h"

namespace trommel::tools {
namespace {

constexpr const char* kQuantities[] = {"number", "seconds", "bytes", "share"};
constexpr const char* kScales[] = {"linear", "log", "nines"};
constexpr const char* kShapes[] = {"line", "step", "points", "bars"};

template <class Names, class Value>
const char* name_of(const Names& names, Value value) {
    return names[static_cast<size_t>(value)];
}

template <class T, class Convert>
std::string list_of(const std::vector<T>& items, Convert convert) {
    std::string json = "[";
    for (const T& item : items) {
        if (json.size() > 1) json += ',';
        json += convert(item);
    }
    return json + "]";
}

std::string numbers(const std::vector<double>& values) {
    std::string json = "[";
    for (const double value : values) {
        if (json.size() > 1) json += ',';
        append_json_number(json, value);
    }
    return json + "]";
}

// A logarithm knows no zero.
std::vector<double> drawable(std::vector<double> values, const Axis& axis) {
    if (axis.scale != Scale::log) return values;
    for (double& value : values) {
        if (value <= 0) value = NAN;
    }
    return values;
}

// The lowest, the highest and the first missing one of y[begin, end).
void keep_extremes(const std::vector<double>& y, size_t begin, size_t end,
                   std::vector<size_t>& kept) {
    size_t low = end, high = end, missing = end;
    for (size_t at = begin; at < end; ++at) {
        if (!std::isfinite(y[at])) {
            missing = std::min(missing, at);
            continue;
        }
        if (low == end || y[at] < y[low]) low = at;
        if (high == end || y[at] > y[high]) high = at;
    }
    for (const size_t at : {low, high, missing}) {
        if (at != end) kept.push_back(at);
    }
}

// Which of `points` points are drawn, in order.
std::vector<size_t> kept_points(const std::vector<std::vector<double>>& ys, size_t points,
                                size_t points_max) {
    std::vector<size_t> kept;
    const bool all = points <= points_max;
    const size_t stretches = all ? points : std::max<size_t>(1, points_max / (3 * ys.size()));
    for (size_t i = 0; i < stretches; ++i) {
        if (all) {
            kept.push_back(i);
            continue;
        }
        const size_t begin = i * points / stretches, end = (i + 1) * points / stretches;
        for (const auto& y : ys) keep_extremes(y, begin, end, kept);
    }
    std::sort(kept.begin(), kept.end());
    kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
    return kept;
}

std::string axis_json(const Axis& axis) {
    return JsonObject()
        .text("label", axis.label)
        .text("quantity", name_of(kQuantities, axis.quantity))
        .text("unit", axis.unit)
        .text("scale", name_of(kScales, axis.scale))
        .object();
}

std::string mark_json(const Mark& mark) {
    return JsonObject()
        .text("label", mark.label)
        .real("at", mark.at)
        .flag("vertical", mark.vertical)
        .object();
}

// Whether an x has a place on the axis.
bool is_placeable(const Axis& axis, double x) {
    if (!std::isfinite(x)) return false;
    if (axis.scale == Scale::log) return x > 0;
    return axis.scale == Scale::linear || (x >= 0 && x < 1);
}

// The points that have a place.
Series placeable(const Axis& axis, const Series& series) {
    Series placed;
    const size_t points = std::min(series.x.size(), series.y.size());
    for (size_t i = 0; i < points; ++i) {
        if (!is_placeable(axis, series.x[i])) continue;
        placed.x.push_back(series.x[i]);
        placed.y.push_back(series.y[i]);
    }
    return placed;
}

}  // namespace

std::vector<Curves> curves_of(const Chart& chart, size_t points_max) {
    std::vector<Curves> all;
    for (size_t i = 0; i < chart.series.size(); ++i) {
        Series placed = placeable(chart.x, chart.series[i]);
        auto same = std::find_if(all.begin(), all.end(),
                                 [&](const Curves& curves) { return curves.x == placed.x; });
        if (same == all.end()) same = all.insert(same, {std::move(placed.x), {}, {}});
        same->series.push_back(i);
        same->y.push_back(std::move(placed.y));
    }
    for (Curves& curves : all) {
        const std::vector<size_t> kept = kept_points(curves.y, curves.x.size(), points_max);
        if (kept.size() == curves.x.size()) continue;
        const auto pick = [&](std::vector<double>& values) {
            for (size_t k = 0; k < kept.size(); ++k) values[k] = values[kept[k]];
            values.resize(kept.size());
        };
        pick(curves.x);
        for (std::vector<double>& y : curves.y) pick(y);
    }
    return all;
}

std::string to_json(const Chart& chart) {
    const std::vector<Curves> all = curves_of(chart, kPointsMax);
    std::vector<std::string> series(chart.series.size());
    for (size_t x = 0; x < all.size(); ++x) {
        for (size_t k = 0; k < all[x].series.size(); ++k) {
            const Series& from = chart.series[all[x].series[k]];
            series[all[x].series[k]] = JsonObject()
                                           .text("name", from.name)
                                           .number("x", x)
                                           .raw("y", numbers(drawable(all[x].y[k], chart.y)))
                                           .text("shape", name_of(kShapes, from.shape))
                                           .object();
        }
    }
    return JsonObject()
        .raw("x", axis_json(chart.x))
        .raw("y", axis_json(chart.y))
        .raw("xs", list_of(all, [](const Curves& curves) { return numbers(curves.x); }))
        .raw("series", list_of(series, [](const std::string& json) { return json; }))
        .raw("marks", list_of(chart.marks, mark_json))
        .text("cursor", chart.cursor)
        .object();
}

}  // namespace trommel::tools
