#include "tools/load/json.h"

#include "tools/report_json.h"

namespace trommel::tools {
namespace {

std::string quoted(const std::string& text) {
    std::string member = JsonObject().text("", text).members();
    return member.substr(member.find(':') + 1);
}

std::string point_json(const bench::LatencyHistogram::Point& point) {
    return JsonObject().real("percent", point.percent).number("us", point.value).object();
}

std::string point_json(const bench::TimelinePoint& point) {
    return JsonObject()
        .real("end_s", point.end_s)
        .real("offered_rate", point.offered_rate)
        .real("processed_rate", point.processed_rate)
        .number("dropped", point.dropped)
        .number("queue_bytes", point.queue_bytes)
        .number("resident_bytes", point.resident_bytes)
        .number("stolen_ms", point.stolen_ms)
        .number("p99_us", point.p99_us)
        .number("max_us", point.max_us)
        .object();
}

std::string generator_json(const bench::GeneratorFigures& generator) {
    return JsonObject()
        .number("events", generator.events)
        .real("achieved_rate", generator.achieved_rate)
        .real("cpu_seconds", generator.cpu_seconds)
        .raw("lag", to_json(generator.lag))
        .object();
}

std::string memory_json(const bench::MemoryTrend& trend) {
    return JsonObject()
        .real("from_s", trend.from_s)
        .real("to_s", trend.to_s)
        .real("mean_bytes", trend.mean_bytes)
        .real("rise_bytes", trend.rise_bytes)
        .real("bytes_per_s", trend.bytes_per_s())
        .flag("flat", trend.is_flat())
        .object();
}

// A run that does not add up has no figures.
std::string run_json(const bench::LoadRun& run) {
    JsonObject json;
    json.text("name", run.name)
        .real("rate", run.rate)
        .real("duration_s", run.duration_s)
        .real("warm_up_s", run.warm_up_s)
        .number("offered", run.offered)
        .raw("ledger", to_json(run.ledger))
        .raw("transport", to_json(run.transport));
    if (!run.wrong.empty()) return json.text("wrong", run.wrong).object();
    return json.real("goodput_rate", run.goodput_rate)
        .raw("verdict", to_json(run.verdict))
        .raw("row", to_json(run.row))
        .raw("generator", generator_json(run.generator))
        .real("engine_cpu_seconds", run.engine_cpu_seconds)
        .number("resident_begin_bytes", run.resident_begin_bytes)
        .number("resident_end_bytes", run.resident_end_bytes)
        .number("resident_max_bytes", run.resident_max_bytes)
        .raw("memory", run.memory ? memory_json(*run.memory) : "null")
        .number("stolen_ms", run.stolen_ms)
        .number("stolen_max_ms", run.stolen_max_ms)
        .number("queue_max_bytes", run.queue_max_bytes)
        .real("queue_rise_bytes", run.queue_rise_bytes)
        .text("not_sustained", run.not_sustained)
        .raw("doubts", array_of(run.doubts, quoted))
        .raw("timeline",
             array_of(run.timeline, [](const bench::TimelinePoint& p) { return point_json(p); }))
        .object();
}

std::string ingest_json(const bench::IngestFigure& figure) {
    JsonObject json;
    json.text("name", figure.name).text("what", figure.what);
    if (!figure.wrong.empty()) return json.text("wrong", figure.wrong).object();
    return json.number("events", figure.events)
        .number("lost", figure.lost)
        .real("cpu_rate", figure.cpu_rate)
        .real("slowest_cpu_rate", figure.slowest_cpu_rate)
        .real("fastest_cpu_rate", figure.fastest_cpu_rate)
        .real("wall_rate", figure.wall_rate)
        .object();
}

}  // namespace

std::string to_json(const net::Truth& truth) {
    return JsonObject()
        .number("in", truth.in)
        .number("unique", truth.unique)
        .number("duplicate", truth.duplicate)
        .number("late", truth.late)
        .number("corrupt", truth.corrupt)
        .object();
}

std::string to_json(const bench::LatencyFigures& figures) {
    return JsonObject()
        .number("count", figures.count)
        .number("p50", figures.p50_us)
        .number("p90", figures.p90_us)
        .number("p99", figures.p99_us)
        .number("p99_9", figures.p99_9_us)
        .number("p99_99", figures.p99_99_us)
        .number("max", figures.max_us)
        .raw("spectrum",
             array_of(figures.spectrum,
                      [](const bench::LatencyHistogram::Point& p) { return point_json(p); }))
        .object();
}

std::string to_json(const bench::LoadReport& report) {
    return JsonObject()
        .text("command", report.command)
        .text("machine", report.machine)
        .text("version", report.version)
        .text("commit", report.commit)
        .text("workload", report.workload)
        .real("objective_us", report.objective_us)
        .real("sustainable_rate", report.sustainable_rate)
        .real("goodput_ratio", report.goodput_ratio())
        .raw("steps", array_of(report.steps, run_json))
        .raw("runs", array_of(report.runs, run_json))
        .raw("ingest", array_of(report.ingest, ingest_json))
        .real("ingest_ratio", report.ingest_ratio)
        .object();
}

}  // namespace trommel::tools
