#include "bench/kit/gpu_rates.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "trommel/json_text.h"

namespace trommel::bench {
namespace {

constexpr double kMicro = 1e-6;

constexpr GpuTarget kTargets[] = {
    {"exact-64",
     "exact ids of 64 bits, on the device, half of the events copies",
     "random-cas",
     0,
     0.80,
     8e9,
     {},
     {}},
    {"exact-128", "the same of 128 bits", "random-cas", 0, 0.80, {}, {}, {}},
    {"filter-forever",
     "approximate ids that are never forgotten, the same events",
     "random-update",
     0,
     0.90,
     {},
     {},
     {}},
    {"filter-aged",
     "approximate ids within a horizon, with its sweeps",
     "random-update",
     0,
     0.90,
     {},
     {},
     {}},
    {"windows-1M",
     "count and sum of 1 M keys in a window, on the device, keys equally often",
     "random-min",
     0,
     0.75,
     {},
     {},
     {}},
    {"windows-10M", "10 M keys", "random-min", 0, 0.75, {}, {}, {}},
    {"windows-100M", "100 M keys", "random-min", 0, 0.75, {}, {}, {}},
    {"windows-zipf",
     "1 M keys, the k-th with a share of 1 / k^1.5",
     "windows-1M",
     0,
     0.70,
     {},
     {},
     {}},
    {"windows-one-key",
     "1 M keys are there, and all events have one of them",
     "windows-1M",
     0,
     0.70,
     {},
     {},
     {}},
    {"window-rows",
     "rows of the window of 1 M keys, sorted, in the host's memory",
     "-",
     0,
     {},
     {},
     {},
     {}},
    {"end-to-end-dedup",
     "exact ids and times from the host's memory to verdicts there",
     "h2d",
     16,
     0.90,
     {},
     {},
     {}},
    {"end-to-end-windows",
     "the same with key and value, into a window of 1 M keys",
     "h2d",
     32,
     0.85,
     {},
     {},
     {}},
    {"latency-16Ki",
     "a batch alone, from its being submitted to its verdicts",
     "-",
     0,
     {},
     {},
     {},
     {}},
    {"latency-64Ki", "the same of 65,536 events", "-", 0, {}, {}, 80 * kMicro, 200 * kMicro},
    {"latency-256Ki", "the same of 262,144 events", "-", 0, {}, {}, {}, {}}};

const GpuRate* find(const std::vector<GpuRate>& rates, const std::string& name) {
    const auto found = std::find_if(rates.begin(), rates.end(),
                                    [&](const GpuRate& rate) { return rate.name == name; });
    return found == rates.end() || found->rounds.empty() || !found->wrong.empty() ? nullptr
                                                                                  : &*found;
}

double median_of(const GpuRate& rate) {
    return make_figure(rate.name, rate.bytes, rate.unit, rate.rounds).median;
}

// What the rate could be at most, in its own unit.
std::optional<double> bound_of(const GpuTarget& target, const GpuRate& rate,
                               const std::vector<GpuRate>& rates,
                               const std::vector<GpuFigure>& limits) {
    if (const GpuRate* const other = find(rates, target.bound)) return median_of(*other);
    if (target.bytes_per_event > 0) {
        const std::optional<double> link = best_figure(limits, target.bound);
        return link ? std::optional(*link / target.bytes_per_event) : std::nullopt;
    }
    return figure_in_table(limits, target.bound, rate.bytes);
}

bool is_met(const GpuTarget& target, const GpuRate& rate, const GpuVerdict& verdict) {
    if (target.share_least && verdict.share.value_or(0) < *target.share_least) return false;
    if (target.rate_least && median_of(rate) < *target.rate_least) return false;
    if (target.p50_most_s && percentile(rate.rounds, 0.50) > *target.p50_most_s) return false;
    return !target.p99_most_s || percentile(rate.rounds, 0.99) <= *target.p99_most_s;
}

bool has_target(const GpuTarget& target) {
    return target.share_least || target.rate_least || target.p50_most_s || target.p99_most_s;
}

const char* text_of(GpuVerdict::Kind kind) {
    constexpr const char* kTexts[] = {"MET", "NOT MET", "UNMEASURED", "WRONG", "-"};
    return kTexts[static_cast<size_t>(kind)];
}

std::string format(const char* pattern, double value) {
    char text[64];
    std::snprintf(text, sizeof text, pattern, value);
    return text;
}

std::string padded(const std::string& text, int width) {
    char line[256];
    std::snprintf(line, sizeof line, "%*s", width, text.c_str());
    return line;
}

// "80 %, 8.0 G/s", "p50 80 us, p99 200 us".
std::string target_text(const GpuTarget& target) {
    std::string text;
    const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    if (target.share_least) add(format("%.0f %%", 100 * *target.share_least));
    if (target.rate_least) add(format("%.1f G/s", *target.rate_least / 1e9));
    if (target.p50_most_s) add(format("p50 %.0f us", *target.p50_most_s / kMicro));
    if (target.p99_most_s) add(format("p99 %.0f us", *target.p99_most_s / kMicro));
    return text.empty() ? "-" : text;
}

// "1.234 G/s (1.2-1.3)", "p50 61.0 us, p99 75.2 us, most 80.1 us".
std::string found_text(const GpuRate& rate) {
    if (rate.unit == "seconds") {
        return format("p50 %.1f us", percentile(rate.rounds, 0.5) / kMicro) +
               format(", p99 %.1f us", percentile(rate.rounds, 0.99) / kMicro) +
               format(", most %.1f us", percentile(rate.rounds, 1) / kMicro);
    }
    const GpuFigure figure = make_figure(rate.name, rate.bytes, rate.unit, rate.rounds);
    return format("%.3f G/s", figure.median / 1e9) + format(" (%.3f-", figure.least / 1e9) +
           format("%.3f)", figure.most / 1e9);
}

std::string row_text(const GpuTarget& target, const GpuRatesReport& report) {
    const GpuVerdict verdict = judge(target, report.rates, report.limits.figures);
    const GpuRate* const rate = find(report.rates, target.name);
    char line[256];
    std::snprintf(line, sizeof line, "%-20s %40s %6s of %-13s %8s  %-22s %s\n", target.name,
                  rate != nullptr ? found_text(*rate).c_str() : "-",
                  verdict.share ? format("%.0f %%", 100 * *verdict.share).c_str() : "-",
                  target.bound,
                  rate != nullptr && rate->joules_per_million
                      ? format("%.3f", *rate->joules_per_million).c_str()
                      : "-",
                  target_text(target).c_str(), text_of(verdict.kind));
    return line;
}

std::string quoted(const std::string& text) {
    std::string json;
    append_json_string(json, text);
    return json;
}

std::string or_null(const std::optional<double>& value) {
    return value ? format("%.6g", *value) : "null";
}

std::string row_json(const GpuTarget& target, const GpuRatesReport& report) {
    const GpuVerdict verdict = judge(target, report.rates, report.limits.figures);
    std::string json = "{\"name\":" + quoted(target.name) + ",\"what\":" + quoted(target.what) +
                       ",\"bound\":" + quoted(target.bound) +
                       ",\"target\":" + quoted(target_text(target)) +
                       ",\"verdict\":" + quoted(text_of(verdict.kind));
    for (const GpuRate& rate : report.rates) {
        if (rate.name != target.name) continue;
        if (!rate.note.empty()) json += ",\"note\":" + quoted(rate.note);
        if (!rate.wrong.empty()) json += ",\"wrong\":" + quoted(rate.wrong);
    }
    const GpuRate* const rate = find(report.rates, target.name);
    if (rate == nullptr) return json + "}";
    json += ",\"bytes\":" + std::to_string(rate->bytes) +
            ",\"bound_per_second\":" + or_null(verdict.bound) +
            ",\"share\":" + or_null(verdict.share) +
            ",\"joules_per_million\":" + or_null(rate->joules_per_million);
    if (rate->unit == "seconds") {
        return json + ",\"batches\":" + std::to_string(rate->rounds.size()) +
               ",\"p50_s\":" + or_null(percentile(rate->rounds, 0.5)) +
               ",\"p99_s\":" + or_null(percentile(rate->rounds, 0.99)) +
               ",\"most_s\":" + or_null(percentile(rate->rounds, 1)) + "}";
    }
    const GpuFigure figure = make_figure(rate->name, rate->bytes, rate->unit, rate->rounds);
    return json + ",\"unit\":" + quoted(rate->unit + " per second") +
           ",\"median\":" + or_null(figure.median) + ",\"least\":" + or_null(figure.least) +
           ",\"most\":" + or_null(figure.most) + "}";
}

}  // namespace

std::span<const GpuTarget> gpu_targets() {
    return kTargets;
}

GpuVerdict judge(const GpuTarget& target, const std::vector<GpuRate>& rates,
                 const std::vector<GpuFigure>& limits) {
    GpuVerdict verdict;
    for (const GpuRate& rate : rates) {
        if (rate.name == target.name && !rate.wrong.empty()) verdict.kind = GpuVerdict::Kind::wrong;
    }
    const GpuRate* const rate = find(rates, target.name);
    if (rate == nullptr) return verdict;
    verdict.bound = bound_of(target, *rate, rates, limits);
    if (verdict.bound) verdict.share = median_of(*rate) / *verdict.bound;
    if (!has_target(target)) {
        verdict.kind = GpuVerdict::Kind::no_target;
    } else if (!target.share_least || verdict.share) {
        verdict.kind =
            is_met(target, *rate, verdict) ? GpuVerdict::Kind::met : GpuVerdict::Kind::not_met;
    }
    return verdict;
}

double percentile(std::vector<double> seconds, double share) {
    std::sort(seconds.begin(), seconds.end());
    const double rank = std::ceil(share * static_cast<double>(seconds.size()));
    return seconds[static_cast<size_t>(std::max(rank, 1.0)) - 1];
}

bool GpuRatesReport::right() const {
    return std::all_of(rates.begin(), rates.end(),
                       [](const GpuRate& rate) { return rate.wrong.empty(); });
}

std::string to_table(const GpuRatesReport& report) {
    std::string text = report.limits.machine.gpu + "\n" + report.limits.machine.host + "\n";
    if (report.quick) text += "No measurement: a few events check the answers.\n";
    text += "\n" + padded("what", -20) + padded("median, least-most", 41) + padded("share", 7) +
            padded("J/M", 26) + "  target\n";
    for (const GpuTarget& target : gpu_targets()) text += row_text(target, report);
    text += "\n";
    for (const GpuRate& rate : report.rates) {
        if (!rate.wrong.empty()) text += rate.name + ": WRONG: " + rate.wrong + "\n";
        if (!rate.note.empty()) text += rate.name + ": " + rate.note + "\n";
    }
    text += report.why_no_energy.empty()
                ? "J/M: joules per million events, of one second in which the last round's events "
                  "come again and again;\nids are then all copies.\n"
                : "J/M: not reported: " + report.why_no_energy + "\n";
    return text + "\n" + to_table(report.limits.figures);
}

std::string to_json(const GpuRatesReport& report) {
    std::string json =
        "{\"format\":\"trommel gpu rates 1\",\"command\":" + quoted(report.command) +
        ",\"quick\":" + (report.quick ? "true" : "false") + ",\"energy\":" +
        quoted(report.why_no_energy.empty() ? "reported"
                                            : "not reported: " + report.why_no_energy) +
        ",\"limits\":" + to_json(report.limits.machine, report.limits.figures) + ",\"rates\":[";
    for (const GpuTarget& target : gpu_targets()) {
        json += (&target == gpu_targets().data() ? "" : ",") + row_json(target, report);
    }
    return json + "]}";
}

}  // namespace trommel::bench
