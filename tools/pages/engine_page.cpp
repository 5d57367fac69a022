#include "tools/pages/engine_page.h"

#include <cmath>
#include <optional>

#include "tools/quantity.h"

namespace trommel::tools {
namespace {

using bench::EngineComparison;
using bench::EngineFigure;
using bench::EngineSide;
using bench::GpuLimits;

std::string share(const std::optional<double>& value) {
    return value ? figure_text(*value, Quantity::share) : std::string("–");
}

const Axis kBatchAxis = {"batch", Quantity::number, "events", Scale::log};

// A line for each engine; `get` makes y of a figure.
template <class Get>
Chart by_batch(const EngineComparison& comparison, const char* title, const Axis& y, Get get) {
    Chart chart;
    chart.title = title;
    chart.x = kBatchAxis;
    chart.y = y;
    for (const EngineSide& side : sides_of(comparison)) {
        Series& series = chart.series.emplace_back();
        series.name = bench::to_text(side);
        for (const EngineFigure& figure : comparison.figures) {
            if (figure.side != side) continue;
            series.x.push_back(figure.batch_records);
            series.y.push_back(get(figure));
        }
    }
    return chart;
}

Chart batch_by_rate(const EngineComparison& comparison) {
    const std::vector<EngineSide> sides = sides_of(comparison);
    Chart chart;
    chart.title = "The batch that each rate takes";
    chart.text =
        "The smallest batch with which an engine keeps up, so what waits while one is worked on. "
        "Whose line is lower answers sooner; a line ends where its engine does not keep up.";
    chart.x = {"rate", Quantity::number, "events/s", Scale::log};
    chart.y = kBatchAxis;
    for (size_t s = 0; s < sides.size(); ++s) {
        Series& series = chart.series.emplace_back();
        series.name = bench::to_text(sides[s]);
        for (const bench::RateRow& row : rate_rows(comparison)) {
            series.x.push_back(row.events_per_second);
            series.y.push_back(row.batches[s] ? row.batches[s]->batch_records : NAN);
        }
    }
    const std::optional<bench::BreakEven> found = break_even_of(comparison);
    if (found && found->kind != bench::BreakEven::Kind::never) {
        chart.marks.push_back({"break-even", found->events_per_second, true});
    }
    return chart;
}

Table figures_table(const EngineComparison& comparison, const std::optional<GpuLimits>& limits) {
    Table table;
    table.title = "All figures";
    table.text =
        "Events per second of time that passed, the median of the rounds. Link: share of the best "
        "transfer to the GPU, of the columns' bytes. Random: share of random updates of 64-byte "
        "lines in as much memory of the GPU. J/M: joules of the GPU per million events.";
    table.columns = {{"engine", false},       {"batch", true},         {"events/s", true},
                     {"slowest round", true}, {"fastest round", true}, {"time per batch", true},
                     {"link", true},          {"random", true},        {"J/M events", true}};
    for (const EngineFigure& figure : comparison.figures) {
        const bench::LimitShares shares = shares_of(figure, comparison, limits);
        table.rows.push_back({bench::to_text(figure.side), count_text(figure.batch_records),
                              figure_text(figure.rate, Quantity::number),
                              figure_text(figure.slowest, Quantity::number),
                              figure_text(figure.fastest, Quantity::number),
                              figure_text(figure.batch_seconds(), Quantity::seconds),
                              share(shares.link), share(shares.random),
                              figure.joules_per_million
                                  ? figure_text(*figure.joules_per_million, Quantity::number)
                                  : std::string("–")});
    }
    return table;
}

Table answers_table(const EngineComparison& comparison) {
    Table table;
    table.title = "What every run answered";
    table.columns = {{"", false}, {"", false}};
    table.rows = {{"digest of verdicts", comparison.verdict_digest},
                  {"digest of rows", comparison.row_digest},
                  {"ledger", to_text(comparison.ledger)},
                  {"rows", count_text(comparison.rows)}};
    return table;
}

PageSection section_of(const EngineComparison& comparison, const std::optional<GpuLimits>& limits) {
    PageSection section;
    section.title = comparison.name;
    section.text = "What it is: " + comparison.what + ".";
    if (const auto found = break_even_of(comparison)) {
        section.text += " Break-even: " + bench::to_text(*found, sides_of(comparison)) + ".";
    }
    section.charts = {
        by_batch(comparison, "Rate by batch", {"rate", Quantity::number, "events/s", Scale::log},
                 [](const EngineFigure& figure) { return figure.rate; }),
        by_batch(comparison, "Time per batch", {"time", Quantity::seconds, "", Scale::log},
                 [](const EngineFigure& figure) { return figure.batch_seconds(); }),
        batch_by_rate(comparison)};
    section.tables = {figures_table(comparison, limits), answers_table(comparison)};
    return section;
}

PageSection limits_section(const GpuLimits& limits) {
    PageSection section;
    section.title = "What the GPU can do at most";
    section.text = "Measured in the same run; medians of five.";
    Table table;
    table.columns = {
        {"what", false}, {"size", true}, {"per second", true}, {"least", true}, {"most", true}};
    for (const bench::GpuFigure& figure : limits.figures) {
        const auto text = [&](double value) {
            return figure.unit == "bytes" ? figure_text(value, Quantity::bytes)
                                          : figure_text(value, Quantity::number, figure.unit);
        };
        table.rows.push_back({figure.name,
                              figure_text(static_cast<double>(figure.bytes), Quantity::bytes),
                              text(figure.median), text(figure.least), text(figure.most)});
    }
    section.tables = {std::move(table)};
    return section;
}

}  // namespace

Page engine_page(const bench::EngineReport& report, const std::string& version,
                 const std::string& time) {
    Page page;
    page.title = "trommel bench: engines";
    page.text = "The same events through each engine: the same answers, or no figures.";
    if (report.quick) {
        page.notes.push_back({Tone::bad, "No measurement.",
                              "A few events (--quick) check the answers, and rates mean nothing."});
    }
    for (const EngineComparison& comparison : report.comparisons) {
        if (comparison.wrong.empty()) continue;
        page.notes.push_back({Tone::bad, "Wrong.",
                              comparison.name + ": " + comparison.wrong + ". It has no figures."});
    }
    page.notes.push_back({Tone::plain, "Left out.", bench::not_measured(report)});
    page.facts = {{"Machine", report.machine},
                  {"GPU", report.limits ? report.limits->machine.gpu : "none took part"},
                  {"Program", version},
                  {"Command", report.command},
                  {"Written", time}};
    for (const EngineComparison& comparison : report.comparisons) {
        if (comparison.wrong.empty()) {
            page.sections.push_back(section_of(comparison, report.limits));
        }
    }
    if (report.limits) page.sections.push_back(limits_section(*report.limits));
    return page;
}

}  // namespace trommel::tools
