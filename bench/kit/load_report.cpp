#include "bench/kit/load_report.h"

#include <cstdio>

namespace trommel::bench {
namespace {

constexpr double kMillion = 1e6;
constexpr double kMebibyte = 1 << 20;

template <class... Arguments>
std::string format(const char* pattern, Arguments... arguments) {
    char text[256];
    std::snprintf(text, sizeof text, pattern, arguments...);
    return text;
}

double mebibytes(uint64_t bytes) {
    return static_cast<double>(bytes) / kMebibyte;
}

double milliseconds(uint64_t us) {
    return static_cast<double>(us) / 1000;
}

double per_million(double seconds, uint64_t events) {
    return events == 0 ? 0 : seconds / (static_cast<double>(events) / kMillion);
}

std::string latency_line(const char* name, const LatencyFigures& figures) {
    if (figures.count == 0) return {};
    std::string line = format("  %-24s", name);
    for (const uint64_t us : {figures.p50_us, figures.p90_us, figures.p99_us, figures.p99_9_us,
                              figures.p99_99_us, figures.max_us}) {
        line += format(" %9.3f", milliseconds(us));
    }
    return line + "\n";
}

std::string step_line(const LoadRun& step) {
    std::string line = format("  %8.3f", step.rate / kMillion);
    if (!step.wrong.empty()) return line + "  WRONG: " + step.wrong + "\n";
    line += format("  %9llu %9.3f %9.3f %9.1f  ",
                   static_cast<unsigned long long>(step.transport.lost()),
                   milliseconds(step.verdict.p99_us), milliseconds(step.generator.lag.p99_us),
                   step.queue_rise_bytes / 1024);
    return line + (step.not_sustained.empty() ? "sustained" : step.not_sustained) + "\n";
}

std::string steps_table(const LoadReport& report) {
    if (report.steps.empty()) return {};
    std::string text = "The search for the sustainable rate";
    if (report.objective_us > 0) {
        text += format(" (p99 to the verdict at most %.4g ms, nothing lost, no growing queue)",
                       report.objective_us / 1000);
    }
    text += format(", steps of %.4g s, the first %.4g s only in the sums",
                   report.steps.front().duration_s, report.steps.front().warm_up_s);
    text += format(":\n  %8s  %9s %9s %9s %9s\n", "M ev/s", "lost", "p99 ms", "lag ms", "rise KiB");
    for (const LoadRun& step : report.steps) text += step_line(step);
    if (report.sustainable_rate > 0) {
        return text +
               format("Sustainable: %.3f M events/s.\n\n", report.sustainable_rate / kMillion);
    }
    return text + "No rate was sustained.\n\n";
}

std::string memory_line(const LoadRun& run) {
    std::string line = format("  %-24s ", "memory");
    if (!run.memory) return line + "the stores were still filling up, so it is not judged\n";
    const MemoryTrend& trend = *run.memory;
    return line + format("%s: %.1f MiB from second %.0f to %.0f, %+.3f MiB/s (%+.2f %% in all)\n",
                         trend.is_flat() ? "flat" : "NOT FLAT", trend.mean_bytes / kMebibyte,
                         trend.from_s, trend.to_s, trend.bytes_per_s() / kMebibyte,
                         100 * trend.rise_bytes / trend.mean_bytes);
}

std::string run_table(const LoadRun& run) {
    std::string text = format(
        "%s: %.3f M events/s for %.4g s; of what was due in the first %.4g s "
        "only the sums count\n",
        run.name.c_str(), run.rate / kMillion, run.duration_s, run.warm_up_s);
    text += "  " + to_text(run.transport) + "\n  " + to_text(run.ledger) + "\n";
    if (!run.wrong.empty()) return text + "  WRONG: " + run.wrong + "\n\n";
    text += format("  %-24s %9.3f M events/s\n", "verdicts", run.goodput_rate / kMillion);
    text += format("  %-24s %9.3f M events/s, %.3f CPU s per million\n", "generator",
                   run.generator.achieved_rate / kMillion,
                   per_million(run.generator.cpu_seconds, run.generator.events));
    text += format("  %-24s %9.3f CPU s per million\n", "engine",
                   per_million(run.engine_cpu_seconds, run.ledger.in));
    text += format("  %-24s %9.1f MiB at first, %.1f at the end, %.1f at most\n", "resident",
                   mebibytes(run.resident_begin_bytes), mebibytes(run.resident_end_bytes),
                   mebibytes(run.resident_max_bytes));
    text += memory_line(run);
    text += format("  %-24s %9.3f MiB at most, %+.1f KiB from the warm-up to the end\n", "queue",
                   mebibytes(run.queue_max_bytes), run.queue_rise_bytes / 1024);
    if (run.stolen_ms > 0) {
        text += format("  %-24s %9llu ms by the machine's host, %llu at most in a quarter second\n",
                       "stolen", static_cast<unsigned long long>(run.stolen_ms),
                       static_cast<unsigned long long>(run.stolen_max_ms));
    }
    text += format("  %-24s %9s %9s %9s %9s %9s %9s\n", "ms from the intended send", "p50", "p90",
                   "p99", "p99.9", "p99.99", "max");
    text += latency_line("to the verdict", run.verdict);
    text += latency_line("to the window's row", run.row);
    text += latency_line("to the send", run.generator.lag);
    if (!run.not_sustained.empty()) text += "  not sustained: " + run.not_sustained + "\n";
    for (const std::string& doubt : run.doubts) text += "  doubtful: " + doubt + "\n";
    return text + "\n";
}

std::string goodput_line(const LoadReport& report) {
    const double ratio = report.goodput_ratio();
    if (ratio <= 0) return {};
    const LoadRun &first = report.runs.front(), &last = report.runs.back();
    return format("Goodput under %s: %.3f M events/s judged, %.1f %% of the %.3f M/s without.\n\n",
                  last.name.c_str(), last.goodput_rate / kMillion, 100 * ratio,
                  first.goodput_rate / kMillion);
}

std::string ingest_table(const LoadReport& report) {
    if (report.ingest.empty()) return {};
    std::string text = format("%-12s %10s %15s %11s %9s  %s\n", "way", "M ev/CPU s", "spread",
                              "M ev/s wall", "lost", "what");
    for (const IngestFigure& figure : report.ingest) {
        text += format("%-12s ", figure.name.c_str());
        if (!figure.wrong.empty()) {
            text += "WRONG: " + figure.wrong + "\n";
            continue;
        }
        const std::string spread = format("%.1f-%.1f", figure.slowest_cpu_rate / kMillion,
                                          figure.fastest_cpu_rate / kMillion);
        text += format("%10.2f %15s %11.2f %9llu  %s\n", figure.cpu_rate / kMillion, spread.c_str(),
                       figure.wall_rate / kMillion, static_cast<unsigned long long>(figure.lost),
                       figure.what.c_str());
    }
    if (report.ingest_ratio > 0) {
        text += format("udp is %.0f %% of the smaller of receive and memory.\n",
                       100 * report.ingest_ratio);
    }
    return text;
}

}  // namespace

LatencyFigures figures_of(const LatencyHistogram& histogram) {
    LatencyFigures figures;
    figures.count = histogram.count();
    figures.p50_us = histogram.percentile(50);
    figures.p90_us = histogram.percentile(90);
    figures.p99_us = histogram.percentile(99);
    figures.p99_9_us = histogram.percentile(99.9);
    figures.p99_99_us = histogram.percentile(99.99);
    figures.max_us = histogram.max();
    figures.spectrum = histogram.spectrum();
    return figures;
}

bool MemoryTrend::is_flat() const {
    constexpr double kFlatShare = 0.01;
    return rise_bytes < kFlatShare * mean_bytes;
}

double LoadReport::goodput_ratio() const {
    if (runs.size() < 2 || !right() || runs.front().goodput_rate <= 0) return 0;
    return runs.back().goodput_rate / runs.front().goodput_rate;
}

bool LoadReport::right() const {
    for (const LoadRun& run : steps) {
        if (!run.wrong.empty()) return false;
    }
    for (const LoadRun& run : runs) {
        if (!run.wrong.empty()) return false;
    }
    for (const IngestFigure& figure : ingest) {
        if (!figure.wrong.empty()) return false;
    }
    return true;
}

std::string to_table(const LoadReport& report) {
    std::string text = report.machine + "\n" + report.workload + "\n\n";
    text += steps_table(report);
    for (const LoadRun& run : report.runs) text += run_table(run);
    return text + goodput_line(report) + ingest_table(report);
}

}  // namespace trommel::bench
