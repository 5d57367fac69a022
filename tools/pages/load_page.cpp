#include "tools/pages/load_page.h"

#include <algorithm>

#include "tools/pages/report_charts.h"
#include "tools/quantity.h"

namespace trommel::tools {
namespace {

using bench::IngestFigure;
using bench::LatencyFigures;
using bench::LoadReport;
using bench::LoadRun;

std::string rate(double per_second) {
    return figure_text(per_second, Quantity::number, "events/s");
}

std::string duration(double us) {
    return figure_text(us * 1e-6, Quantity::seconds);
}

std::string bytes(uint64_t count) {
    return figure_text(static_cast<double>(count), Quantity::bytes);
}

// A search has no names for its steps.
std::string name_of(const LoadRun& run) {
    return run.name.empty() ? rate(run.rate) : run.name;
}

std::vector<std::string> latency_cells(const LatencyFigures& latency) {
    std::vector<std::string> cells;
    for (const uint64_t us : {latency.p50_us, latency.p90_us, latency.p99_us, latency.p99_9_us,
                              latency.p99_99_us, latency.max_us}) {
        cells.push_back(latency.count > 0 ? duration(static_cast<double>(us)) : "–");
    }
    return cells;
}

// --- The search ----------------------------------------------------------------------------------

Table steps_table(const std::vector<LoadRun>& steps) {
    Table table;
    table.title = "The steps of the search";
    table.columns = {{"step", true}, {"offered", true}, {"processed", true}, {"lost", true},
                     {"p50", true},  {"p99", true},     {"p99.9", true},     {"sustained", false}};
    for (size_t i = 0; i < steps.size(); ++i) {
        const LoadRun& step = steps[i];
        const std::string number = std::to_string(i + 1);
        if (!step.wrong.empty()) {
            table.rows.push_back(
                {number, rate(step.rate), "–", "–", "–", "–", "–", "wrong: " + step.wrong});
            continue;
        }
        const auto latency = [&](uint64_t us) { return duration(static_cast<double>(us)); };
        table.rows.push_back({number, rate(step.rate), rate(step.goodput_rate),
                              count_text(step.transport.lost()), latency(step.verdict.p50_us),
                              latency(step.verdict.p99_us), latency(step.verdict.p99_9_us),
                              step.not_sustained.empty() ? "yes" : "no: " + step.not_sustained});
    }
    return table;
}

PageSection search_section(const LoadReport& report) {
    PageSection section;
    section.title = "Sustainable rate";
    section.text = report.sustainable_rate > 0
                       ? "The engine sustains " + rate(report.sustainable_rate) + "."
                       : "No rate was found that the engine sustains.";
    section.charts = {knee_chart(report.steps, report.sustainable_rate, report.objective_us)};
    section.tables = {steps_table(report.steps)};
    return section;
}

// --- Latency -------------------------------------------------------------------------------------

// By their rates.
std::vector<const LoadRun*> right_runs(const LoadReport& report) {
    std::vector<const LoadRun*> runs;
    for (const auto* list : {&report.steps, &report.runs}) {
        for (const LoadRun& run : *list) {
            if (run.wrong.empty()) runs.push_back(&run);
        }
    }
    std::stable_sort(runs.begin(), runs.end(),
                     [](const LoadRun* a, const LoadRun* b) { return a->rate < b->rate; });
    return runs;
}

PageSection latency_section(const std::vector<const LoadRun*>& runs, double objective_us,
                            LatencyFigures LoadRun::*latency) {
    PageSection section;
    std::vector<LatencyLevel> levels;
    Table table;
    table.columns = {{"run", false}, {"events", true}, {"p50", true},    {"p90", true},
                     {"p99", true},  {"p99.9", true},  {"p99.99", true}, {"slowest", true}};
    for (const LoadRun* run : runs) {
        const LatencyFigures& figures = run->*latency;
        if (figures.count == 0) continue;
        levels.push_back({name_of(*run), &figures});
        std::vector<std::string> row = {name_of(*run), count_text(figures.count)};
        for (std::string& cell : latency_cells(figures)) row.push_back(std::move(cell));
        table.rows.push_back(std::move(row));
    }
    if (levels.empty()) return section;
    section.charts = {latency_chart(levels, objective_us)};
    section.tables = {std::move(table)};
    return section;
}

// --- A run ---------------------------------------------------------------------------------------

Table account_of(const LoadRun& run) {
    Table table;
    table.title = "What became of every event";
    table.columns = {{"", false}, {"events", true}};
    const auto add = [&](const std::string& name, uint64_t count) {
        table.rows.push_back({name, count_text(count)});
    };
    add("sent, says the generator", run.offered);
    add("delivered to the engine", run.transport.delivered);
    add("lost on the way", run.transport.lost());
    for (const Verdict verdict : {Verdict::unique, Verdict::duplicate, Verdict::late,
                                  Verdict::corrupt, Verdict::filtered, Verdict::refused}) {
        add(to_text(verdict), run.ledger[verdict]);
    }
    for (const TransportCounter& counter : kTransportCounters) {
        const uint64_t count = run.transport.*counter.member;
        if (count > 0) add(std::string("transport: ") + counter.name, count);
    }
    return table;
}

std::string memory_text(const LoadRun& run) {
    if (!run.memory) return "still filling up";
    return std::string(run.memory->is_flat() ? "flat" : "not flat") + ": " +
           figure_text(run.memory->rise_bytes / run.memory->mean_bytes, Quantity::share) + " in " +
           figure_text(run.memory->to_s - run.memory->from_s, Quantity::seconds);
}

Table resources_of(const LoadRun& run) {
    Table table;
    table.title = "What it took, and how well the generator kept to its schedule";
    table.columns = {{"", false}, {"", true}};
    const auto per_million = [](double cpu_seconds, uint64_t events) {
        return events == 0 ? std::string("–")
                           : figure_text(1e6 * cpu_seconds / static_cast<double>(events),
                                         Quantity::seconds);
    };
    const bench::GeneratorFigures& generator = run.generator;
    table.rows = {
        {"engine, CPU time per million events", per_million(run.engine_cpu_seconds, run.ledger.in)},
        {"generator, CPU time per million events",
         per_million(generator.cpu_seconds, generator.events)},
        {"resident memory at the beginning", bytes(run.resident_begin_bytes)},
        {"resident memory at the end", bytes(run.resident_end_bytes)},
        {"resident memory at most", bytes(run.resident_max_bytes)},
        {"its trend, when the stores are full", memory_text(run)},
        {"waiting in the sockets at most", bytes(run.queue_max_bytes)},
        {"generator's rate", rate(generator.achieved_rate)},
    };
    constexpr const char* kNames[] = {"p50", "p90", "p99", "p99.9", "p99.99", "most"};
    const std::vector<std::string> lag = latency_cells(generator.lag);
    for (size_t i = 0; i < lag.size(); ++i) {
        table.rows.push_back({std::string("sent later than due, ") + kNames[i], lag[i]});
    }
    return table;
}

PageSection run_section(const LoadRun& run, size_t number) {
    PageSection section;
    section.title = "The run: " + name_of(run);
    section.text = rate(run.rate) + " offered for " +
                   figure_text(run.duration_s, Quantity::seconds) + ", of which " +
                   figure_text(run.warm_up_s, Quantity::seconds) + " are warm-up; " +
                   rate(run.goodput_rate) + " processed.";
    section.charts = timeline_charts(run, "run-" + std::to_string(number));
    if (run.timeline.empty()) section.charts.clear();
    section.tables = {account_of(run), resources_of(run)};
    return section;
}

// --- Ingest --------------------------------------------------------------------------------------

PageSection ingest_section(const LoadReport& report) {
    PageSection section;
    section.title = "Ways in";
    BarChart chart;
    chart.title = "Events per second of the receiving thread's CPU time";
    chart.text =
        "As fast as it goes without loss: the median of the rounds, and a line from the slowest "
        "to the fastest.";
    chart.axis = {"events/s", Quantity::number, "", Scale::linear};
    Table table;
    table.columns = {{"way", false},   {"per CPU second", true}, {"per second", true},
                     {"events", true}, {"lost", true},           {"what is measured", false}};
    for (const IngestFigure& figure : report.ingest) {
        if (!figure.wrong.empty()) continue;
        chart.bars.push_back({figure.name, "", figure.cpu_rate, figure.slowest_cpu_rate,
                              figure.fastest_cpu_rate, ""});
        table.rows.push_back({figure.name, figure_text(figure.cpu_rate, Quantity::number),
                              figure_text(figure.wall_rate, Quantity::number),
                              count_text(figure.events), count_text(figure.lost), figure.what});
    }
    if (report.ingest_ratio > 0) {
        section.text = "UDP into the engine reaches " +
                       figure_text(report.ingest_ratio, Quantity::share) +
                       " of the smaller of its two limits: the bare receive loop, and the engine "
                       "fed from memory.";
    }
    section.bars = {std::move(chart)};
    section.tables = {std::move(table)};
    return section;
}

// --- What must not be overlooked -----------------------------------------------------------------

// The worst first.
void add_notes(const LoadReport& report, Page& page) {
    const auto wrong = [&](const std::string& name, const std::string& why) {
        if (why.empty()) return;
        page.notes.push_back({Tone::bad, "Wrong.", name + ": " + why + ". It has no figures."});
    };
    for (const IngestFigure& figure : report.ingest) wrong(figure.name, figure.wrong);
    for (const LoadRun& run : report.steps) wrong(name_of(run), run.wrong);
    for (const LoadRun& run : report.runs) wrong(name_of(run), run.wrong);
    for (const LoadRun& run : report.runs) {
        if (!run.wrong.empty()) continue;
        page.notes.push_back(
            run.not_sustained.empty()
                ? Note{Tone::good, "Sustained.", name_of(run)}
                : Note{Tone::plain, "Not sustained.", name_of(run) + ": " + run.not_sustained});
    }
    for (const LoadRun* run : right_runs(report)) {
        for (const std::string& doubt : run->doubts) {
            page.notes.push_back({Tone::plain, "Doubt.", name_of(*run) + ": " + doubt});
        }
    }
}

}  // namespace

Page load_page(const LoadReport& report, const std::string& time) {
    Page page;
    page.title = report.ingest.empty() ? "Under load" : "From the wire";
    page.text = report.workload;
    add_notes(report, page);
    page.facts = {{"Machine", report.machine},
                  {"Program", "trommel " + report.version + ", commit " + report.commit},
                  {"Command", report.command}};
    if (report.objective_us > 0) {
        page.facts.push_back({"Objective", "p99 of at most " + duration(report.objective_us) +
                                               " from intended send to verdict"});
    }
    if (report.sustainable_rate > 0) {
        page.facts.push_back({"Sustainable", rate(report.sustainable_rate)});
    }
    if (report.goodput_ratio() > 0) {
        page.facts.push_back(
            {"Goodput under overload", figure_text(report.goodput_ratio(), Quantity::share) +
                                           " of the events judged without it"});
    }
    page.facts.push_back({"Written", time});

    if (!report.ingest.empty()) page.sections.push_back(ingest_section(report));
    if (!report.steps.empty()) page.sections.push_back(search_section(report));
    const std::vector<const LoadRun*> runs = right_runs(report);
    PageSection verdict = latency_section(runs, report.objective_us, &LoadRun::verdict);
    verdict.title = "Latency to the verdict";
    verdict.text =
        "From the time at which an event was due to be sent to its verdict, after the warm-up.";
    PageSection row = latency_section(runs, 0, &LoadRun::row);
    row.title = "Latency to the row";
    row.text =
        "From the time at which a window was over, the disorder and lateness that the job allows "
        "included, to its row, after the warm-up.";
    for (PageSection* section : {&verdict, &row}) {
        if (!section->charts.empty()) page.sections.push_back(std::move(*section));
    }
    size_t number = 0;
    for (const LoadRun& run : report.runs) {
        if (run.wrong.empty()) page.sections.push_back(run_section(run, number++));
    }
    return page;
}

}  // namespace trommel::tools
