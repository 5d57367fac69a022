#include "tools/pages/bench_report.h"

#include <ctime>

namespace trommel::tools {
namespace {

using bench::Result;

Table figures_table(const std::vector<Result>& results) {
    Table table;
    table.title = "All figures";
    table.columns = {{"case", false},         {"events/s", true},
                     {"slowest round", true}, {"fastest round", true},
                     {"lines/s", true},       {"share", true},
                     {"memory", true},        {"on huge pages", true},
                     {"also", false},         {"what is measured", false}};
    for (const Result& result : results) {
        if (!result.wrong.empty()) continue;
        const bool has_limit = result.footprint_bytes > 0;
        const auto of_limit = [&](double value, Quantity quantity) {
            return has_limit ? figure_text(value, quantity) : std::string("–");
        };
        std::string also;
        for (const bench::Metric& metric : result.metrics) {
            if (!also.empty()) also += ", ";
            also += metric.name + " " + figure_text(metric.value, Quantity::number, metric.unit);
        }
        table.rows.push_back(
            {result.name, figure_text(result.events_per_second, Quantity::number),
             figure_text(result.slowest, Quantity::number),
             figure_text(result.fastest, Quantity::number),
             of_limit(result.lines_per_second, Quantity::number),
             of_limit(result.share, Quantity::share),
             of_limit(static_cast<double>(result.footprint_bytes), Quantity::bytes),
             of_limit(result.huge_share, Quantity::share), also, result.what});
    }
    return table;
}

BarChart share_bars(const std::vector<Result>& results) {
    BarChart chart;
    chart.title = "Share of the memory's own limit";
    chart.text =
        "Events per second by random updates of 64-byte lines per second in as much memory, "
        "measured in turns; the median of the rounds.";
    chart.axis = {"share", Quantity::share, "", Scale::linear};
    chart.marks.push_back({"the limit", 1, true});
    for (const Result& result : results) {
        if (!result.wrong.empty() || result.footprint_bytes == 0) continue;
        chart.bars.push_back({result.name, "", result.share, NAN, NAN, ""});
    }
    return chart;
}

BarChart rate_bars(const std::vector<Result>& results) {
    BarChart chart;
    chart.title = "Rates";
    chart.text =
        "The median of the rounds, and a line from the slowest to the fastest; each step of the "
        "scale is ten times. One thread, CPU time, unless a case says otherwise.";
    chart.axis = {"events/s", Quantity::number, "", Scale::log};
    for (const Result& result : results) {
        if (!result.wrong.empty()) continue;
        chart.bars.push_back(
            {result.name, "", result.events_per_second, result.slowest, result.fastest, ""});
    }
    return chart;
}

}  // namespace

Page bench_page(const std::vector<Result>& results, const BenchRun& run) {
    Page page;
    page.title = "trommel bench";
    page.text = "The engine's parts beside the limit of this machine's memory.";
    if (run.quick) {
        page.notes.push_back({Tone::bad, "No measurement.",
                              "Tables were small (--quick), so that answers are checked and rates "
                              "mean nothing."});
    }
    for (const Result& result : results) {
        if (result.wrong.empty()) continue;
        page.notes.push_back(
            {Tone::bad, "Wrong.", result.name + ": " + result.wrong + ". It has no figures."});
    }
    page.facts = {{"Machine", run.machine},
                  {"Program", run.version},
                  {"Command", run.command},
                  {"Rounds", std::to_string(run.rounds)},
                  {"Written", run.time}};
    PageSection section;
    section.title = "Measured";
    section.bars = {share_bars(results), rate_bars(results)};
    std::erase_if(section.bars, [](const BarChart& chart) { return chart.bars.empty(); });
    section.tables = {figures_table(results)};
    page.sections.push_back(std::move(section));
    return page;
}

std::string time_now() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    char text[64];
    gmtime_r(&now, &utc);
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &utc);
    return text;
}

}  // namespace trommel::tools
