#include "tools/pages/report_charts.h"

#include <algorithm>
#include <cstdio>

namespace trommel::tools {
namespace {

using bench::LoadRun;
using bench::TimelinePoint;

constexpr double kUsPerSecond = 1e6;

double seconds(uint64_t us) {
    return static_cast<double>(us) / kUsPerSecond;
}

// One series over the time of a run.
template <class Get>
Series over_time(const LoadRun& run, const char* name, Shape shape, Get get) {
    Series series;
    series.name = name;
    series.shape = shape;
    for (const TimelinePoint& point : run.timeline) {
        series.x.push_back(point.end_s);
        series.y.push_back(static_cast<double>(get(point)));
    }
    return series;
}

Chart over_time(const LoadRun& run, const std::string& cursor, const char* title, const Axis& y) {
    Chart chart;
    chart.title = title;
    chart.x = {"time", Quantity::seconds, "", Scale::linear};
    chart.y = y;
    chart.cursor = cursor;
    if (run.warm_up_s > 0) chart.marks.push_back({"warm-up ends", run.warm_up_s, true});
    return chart;
}

std::string percent_text(double share) {
    char text[32];
    std::snprintf(text, sizeof text, "%+.1f %%", 100 * share);
    return text;
}

}  // namespace

Chart latency_chart(const std::vector<LatencyLevel>& levels, double objective_us) {
    Chart chart;
    chart.title = "Latency by percentile";
    chart.text =
        "So many events waited at most so long; the last point of each line is its slowest event. "
        "Each step to the right leaves out a tenth of the events that the step before left out.";
    chart.x = {"percentile", Quantity::share, "", Scale::nines};
    chart.y = {"latency", Quantity::seconds, "", Scale::log};
    for (const LatencyLevel& level : levels) {
        Series series;
        series.name = level.name;
        // The slowest of n events stands where 1 in n + 1 would: 100 % has no place on this axis.
        const double last = 1 - 1 / (static_cast<double>(level.latency->count) + 1);
        for (const auto& point : level.latency->spectrum) {
            series.x.push_back(std::min(point.percent / 100, last));
            series.y.push_back(seconds(point.value));
        }
        chart.series.push_back(std::move(series));
    }
    if (objective_us > 0) {
        chart.marks.push_back({"objective of p99", objective_us / kUsPerSecond, false});
    }
    return chart;
}

Chart knee_chart(const std::vector<LoadRun>& steps, double sustainable_rate, double objective_us) {
    Chart chart;
    chart.title = "Load against latency";
    chart.text =
        "Each point is a run at one rate. Latency counts from the time at which an event was due "
        "to be sent. Rings are runs that the engine did not sustain.";
    chart.x = {"offered", Quantity::number, "events/s", Scale::linear};
    chart.y = {"latency", Quantity::seconds, "", Scale::log};
    std::vector<const LoadRun*> runs;
    for (const LoadRun& step : steps) {
        if (step.wrong.empty()) runs.push_back(&step);
    }
    std::stable_sort(runs.begin(), runs.end(),
                     [](const LoadRun* a, const LoadRun* b) { return a->rate < b->rate; });
    chart.series.resize(4);
    constexpr const char* kNames[] = {"p50", "p99", "p99.9", "not sustained, p99"};
    for (size_t i = 0; i < chart.series.size(); ++i) chart.series[i].name = kNames[i];
    chart.series[3].shape = Shape::points;
    for (const LoadRun* run : runs) {
        const bench::LatencyFigures& latency = run->verdict;
        const double p99 = seconds(latency.p99_us);
        const double values[] = {seconds(latency.p50_us), p99, seconds(latency.p99_9_us),
                                 run->not_sustained.empty() ? NAN : p99};
        for (size_t i = 0; i < chart.series.size(); ++i) {
            chart.series[i].x.push_back(run->rate);
            chart.series[i].y.push_back(values[i]);
        }
    }
    if (objective_us > 0) {
        chart.marks.push_back({"objective of p99", objective_us / kUsPerSecond, false});
    }
    if (sustainable_rate > 0) chart.marks.push_back({"sustainable", sustainable_rate, true});
    return chart;
}

std::vector<Chart> timeline_charts(const LoadRun& run, const std::string& cursor) {
    const auto chart_of = [&](const char* title, const Axis& y, std::vector<Series> series) {
        Chart chart = over_time(run, cursor, title, y);
        chart.series = std::move(series);
        return chart;
    };
    const auto series = [&](const char* name, Shape shape, auto get) {
        return over_time(run, name, shape, get);
    };
    const Axis rate = {"rate", Quantity::number, "events/s", Scale::linear};
    const Axis latency = {"latency", Quantity::seconds, "", Scale::log};
    const Axis queue = {"queue", Quantity::bytes, "", Scale::linear};
    const Axis memory = {"memory", Quantity::bytes, "", Scale::linear};
    std::vector<Chart> charts;
    charts.push_back(chart_of(
        "Offered and processed", rate,
        {series("offered", Shape::step, [](const TimelinePoint& p) { return p.offered_rate; }),
         series("processed", Shape::step,
                [](const TimelinePoint& p) { return p.processed_rate; })}));
    const bool has_dropped = std::any_of(run.timeline.begin(), run.timeline.end(),
                                         [](const TimelinePoint& p) { return p.dropped > 0; });
    if (has_dropped) {
        charts.push_back(chart_of(
            "Dropped: no room in the sockets", {"dropped", Quantity::number, "datagrams", {}},
            {series("dropped", Shape::bars, [](const TimelinePoint& p) { return p.dropped; })}));
    } else {
        charts.back().text = "The sockets dropped nothing.";
    }
    charts.push_back(chart_of(
        "Latency of each interval's events", latency,
        {series("p99", Shape::step, [](const TimelinePoint& p) { return seconds(p.p99_us); }),
         series("slowest", Shape::step,
                [](const TimelinePoint& p) { return seconds(p.max_us); })}));
    charts.push_back(chart_of(
        "Waiting in the sockets", queue,
        {series("queue", Shape::line, [](const TimelinePoint& p) { return p.queue_bytes; })}));
    charts.push_back(chart_of(
        "Resident memory", memory,
        {series("memory", Shape::line, [](const TimelinePoint& p) { return p.resident_bytes; })}));
    return charts;
}

BarChart prediction_bars(const std::vector<Prediction>& predictions) {
    BarChart chart;
    chart.title = "Predicted against measured";
    chart.text =
        "Each prediction is 100 %; the line across its end is how far the measured figure may be "
        "off.";
    chart.axis = {"", Quantity::share, "", Scale::linear};
    for (const Prediction& item : predictions) {
        if (!item.skipped.empty()) continue;
        const bool has_aim = item.tolerance > 0;
        chart.bars.push_back({item.name, "predicted", 1, has_aim ? 1 - item.tolerance : NAN,
                              has_aim ? 1 + item.tolerance : NAN, item.predicted_text});
        chart.bars.push_back(
            {item.name, "measured", item.measured / item.predicted, NAN, NAN, item.measured_text});
    }
    return chart;
}

Table prediction_table(const std::vector<Prediction>& predictions) {
    Table table;
    table.columns = {{"", false},     {"predicted", true}, {"measured", true},
                     {"error", true}, {"aim", true},       {"", false}};
    for (const Prediction& item : predictions) {
        const bool is_known = item.skipped.empty() && std::isfinite(item.error());
        const bool has_aim = item.tolerance > 0;
        const std::string verdict = !item.skipped.empty() ? "not measured: " + item.skipped
                                    : !has_aim            ? ""
                                    : item.is_met()       ? "met"
                                                          : "not met";
        table.rows.push_back(
            {item.name, item.predicted_text, item.skipped.empty() ? item.measured_text : "–",
             is_known ? percent_text(item.error()) : "–",
             has_aim ? "± " + figure_text(item.tolerance, Quantity::share) : "–", verdict});
    }
    return table;
}

}  // namespace trommel::tools
