#include "bench/kit/engine_report.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "trommel/json_text.h"

namespace trommel::bench {
namespace {

constexpr int kRatesShown = 9;
constexpr double kMillion = 1e6;

__attribute__((format(printf, 1, 2))) std::string format(const char* pattern, ...) {
    char text[256];
    va_list values;
    va_start(values, pattern);
    std::vsnprintf(text, sizeof text, pattern, values);
    va_end(values);
    return text;
}

std::string quoted(const std::string& text) {
    std::string json;
    append_json_string(json, text);
    return json;
}

std::string real_or_null(const std::optional<double>& value) {
    return value ? format("%.6g", *value) : "null";
}

std::string percent(const std::optional<double>& share) {
    return share ? format("%.0f%%", 100 * *share) : "-";
}

// --- Text ----------------------------------------------------------------------------------------

std::string figures_text(const EngineComparison& comparison,
                         const std::optional<GpuLimits>& limits) {
    std::string text = format("%-8s %8s %10s %17s %10s %6s %7s %7s\n", "engine", "batch", "M ev/s",
                              "spread", "us/batch", "link", "random", "J/M");
    for (const EngineFigure& figure : comparison.figures) {
        const LimitShares shares = shares_of(figure, comparison, limits);
        text += format(
            "%-8s %8u %10.2f %17s %10.1f %6s %7s %7s\n", to_text(figure.side).c_str(),
            figure.batch_records, figure.rate / kMillion,
            format("%.2f-%.2f", figure.slowest / kMillion, figure.fastest / kMillion).c_str(),
            1e6 * figure.batch_seconds(), percent(shares.link).c_str(),
            percent(shares.random).c_str(),
            figure.joules_per_million ? format("%.3f", *figure.joules_per_million).c_str() : "-");
    }
    return text;
}

std::string rates_text(const EngineComparison& comparison) {
    std::string text = format("%10s", "M ev/s");
    for (const EngineSide& side : sides_of(comparison)) {
        text += format("  %20s", (to_text(side) + " batch, us").c_str());
    }
    text += "\n";
    for (const RateRow& row : rate_rows(comparison)) {
        text += format("%10.2f", row.events_per_second / kMillion);
        for (const std::optional<SpeedPoint>& batch : row.batches) {
            const std::string cell =
                batch ? format("%.0f, %.1f", batch->batch_records, 1e6 * batch->batch_seconds())
                      : "does not keep up";
            text += format("  %20s", cell.c_str());
        }
        text += "\n";
    }
    return text;
}

std::string comparison_text(const EngineComparison& comparison,
                            const std::optional<GpuLimits>& limits) {
    std::string text = comparison.name + ": " + comparison.what + "\n";
    if (!comparison.wrong.empty()) return text + "WRONG: " + comparison.wrong + "\n";
    text += "every run: verdicts " + comparison.verdict_digest + ", rows " + comparison.row_digest +
            "\n" + to_text(comparison.ledger) + " rows=" + std::to_string(comparison.rows) +
            "\n\n" + figures_text(comparison, limits);
    if (const std::optional<BreakEven> break_even = break_even_of(comparison)) {
        text += "\nThe smallest batch with which each keeps up, and how long that takes:\n" +
                rates_text(comparison) + to_text(*break_even, sides_of(comparison)) + "\n";
    }
    return text;
}

// --- JSON ----------------------------------------------------------------------------------------

std::string figure_json(const EngineFigure& figure, const LimitShares& shares) {
    return "{\"engine\":" + quoted(to_text(figure.side)) +
           format(
               ",\"batch_records\":%u,\"rate\":%.6g,\"slowest\":%.6g,\"fastest\":%.6g,"
               "\"batch_us\":%.6g",
               figure.batch_records, figure.rate, figure.slowest, figure.fastest,
               1e6 * figure.batch_seconds()) +
           ",\"share_of_link\":" + real_or_null(shares.link) +
           ",\"share_of_random\":" + real_or_null(shares.random) +
           ",\"joules_per_million\":" + real_or_null(figure.joules_per_million) + "}";
}

const char* name_of(BreakEven::Kind kind) {
    constexpr const char* kNames[] = {"never", "from_rate", "from_smallest", "from_limit"};
    return kNames[static_cast<size_t>(kind)];
}

template <class T, class Convert>
std::string array_of(const std::vector<T>& items, Convert convert) {
    std::string json = "[";
    for (const T& item : items) json += (json.size() > 1 ? "," : "") + convert(item);
    return json + "]";
}

std::string comparison_json(const EngineComparison& comparison,
                            const std::optional<GpuLimits>& limits) {
    std::string json =
        "{\"name\":" + quoted(comparison.name) + ",\"what\":" + quoted(comparison.what);
    if (!comparison.wrong.empty()) return json + ",\"wrong\":" + quoted(comparison.wrong) + "}";
    json += ",\"verdict_digest\":" + quoted(comparison.verdict_digest) +
            ",\"row_digest\":" + quoted(comparison.row_digest) +
            ",\"events\":" + std::to_string(comparison.ledger.in) +
            ",\"rows\":" + std::to_string(comparison.rows) +
            ",\"bytes_per_event\":" + std::to_string(comparison.bytes_per_event) +
            ",\"store_bytes\":" + std::to_string(comparison.store_bytes) +
            ",\"figures\":" + array_of(comparison.figures, [&](const EngineFigure& figure) {
                return figure_json(figure, shares_of(figure, comparison, limits));
            });
    if (const std::optional<BreakEven> found = break_even_of(comparison)) {
        const bool never = found->kind == BreakEven::Kind::never;
        const auto unless_never = [&](double value) {
            return real_or_null(never ? std::nullopt : std::optional(value));
        };
        json +=
            ",\"break_even\":{\"kind\":" + quoted(name_of(found->kind)) +
            ",\"rate\":" + unless_never(found->events_per_second) +
            ",\"batch_records\":" + unless_never(found->batch_records) +
            "},\"rates\":" + array_of(rate_rows(comparison), [](const RateRow& row) {
                return format("{\"rate\":%.6g,\"batch_records\":", row.events_per_second) +
                       array_of(row.batches,
                                [](const std::optional<SpeedPoint>& batch) {
                                    return real_or_null(batch ? std::optional(batch->batch_records)
                                                              : std::nullopt);
                                }) +
                       "}";
            });
    }
    return json + "}";
}

}  // namespace

bool EngineReport::right() const {
    return std::all_of(comparisons.begin(), comparisons.end(),
                       [](const EngineComparison& c) { return c.wrong.empty(); });
}

std::vector<EngineSide> sides_of(const EngineComparison& comparison) {
    std::vector<EngineSide> sides;
    for (const EngineFigure& figure : comparison.figures) {
        if (sides.empty() || sides.back() != figure.side) sides.push_back(figure.side);
    }
    return sides;
}

std::optional<BreakEven> break_even_of(const EngineComparison& comparison) {
    const std::vector<EngineSide> sides = sides_of(comparison);
    if (!comparison.wrong.empty() || sides.size() < 2) return {};
    return find_break_even(comparison.curve_of(sides[0]), comparison.curve_of(sides[1]));
}

LimitShares shares_of(const EngineFigure& figure, const EngineComparison& comparison,
                      const std::optional<GpuLimits>& limits) {
    LimitShares shares;
    if (!limits || figure.side.engine != EngineType::gpu) return shares;
    const std::optional<double> link = best_figure(limits->figures, "h2d");
    if (link && comparison.bytes_per_event > 0) {
        shares.link = figure.rate * static_cast<double>(comparison.bytes_per_event) / *link;
    }
    const std::optional<double> random =
        figure_in_table(limits->figures, "random-update", comparison.store_bytes);
    if (random) shares.random = figure.rate / *random;
    return shares;
}

std::vector<RateRow> rate_rows(const EngineComparison& comparison) {
    const std::vector<EngineSide> sides = sides_of(comparison);
    std::vector<RateRow> rows;
    if (!comparison.wrong.empty() || sides.size() < 2) return rows;
    const SpeedCurve first = comparison.curve_of(sides[0]), second = comparison.curve_of(sides[1]);
    for (const double rate : rates_to_show(first, second, kRatesShown)) {
        RateRow& row = rows.emplace_back(RateRow{rate, {}});
        for (const EngineSide& side : sides) {
            row.batches.push_back(batch_that_keeps_up(comparison.curve_of(side), rate));
        }
    }
    return rows;
}

std::string to_text(const BreakEven& break_even, const std::vector<EngineSide>& sides) {
    const std::string first = to_text(sides[0]), second = to_text(sides[1]);
    if (break_even.kind == BreakEven::Kind::never) {
        return second + " is never ahead of " + first +
               ": it carries no more in any batch measured";
    }
    if (break_even.kind == BreakEven::Kind::from_limit) {
        return second + " is ahead of " + first + " above " +
               format("%.2f M events/s, ", break_even.events_per_second / kMillion) +
               "the most that " + first + " carries; for it " + second +
               format(" needs batches of %.0f", break_even.batch_records);
    }
    return second + " is ahead of " + first + " above " +
           format("%.2f M events/s, ", break_even.events_per_second / kMillion) +
           (break_even.kind == BreakEven::Kind::from_smallest
                ? "what " + first + " carries in the smallest batches measured, of "
                : "where both need batches of ") +
           format("%.0f", break_even.batch_records);
}

std::string not_measured(const EngineReport& report) {
    std::string text =
        "Not measured: rates of events that are on a GPU already, which gpu_rates has";
    if (!report.limits) return text + ".";
    if (!report.why_no_energy.empty()) return text + "; energy: " + report.why_no_energy + ".";
    return text + "; energy of less than half a second in all rounds together.";
}

std::string to_table(const EngineReport& report) {
    std::string text = report.machine + "\n";
    if (report.quick) text += "No measurement: a few events check the answers.\n";
    if (report.limits) text += report.limits->machine.gpu + "\n";
    for (const EngineComparison& comparison : report.comparisons) {
        text += "\n" + comparison_text(comparison, report.limits);
    }
    if (report.limits) {
        text +=
            "\nlink: share of the best transfer to the GPU, of the columns' bytes; random: of "
            "random updates of\n64-byte lines in as much memory; J/M: joules of the GPU per "
            "million "
            "events.\n" +
            to_table(report.limits->figures);
    }
    return text + "\n" + not_measured(report) + "\n";
}

std::string to_json(const EngineReport& report) {
    return "{\"format\":\"trommel engines 1\",\"command\":" + quoted(report.command) +
           ",\"machine\":" + quoted(report.machine) + ",\"commit\":" + quoted(report.commit) +
           ",\"quick\":" + (report.quick ? "true" : "false") + ",\"limits\":" +
           (report.limits ? to_json(report.limits->machine, report.limits->figures) : "null") +
           ",\"comparisons\":" +
           array_of(report.comparisons,
                    [&](const EngineComparison& c) { return comparison_json(c, report.limits); }) +
           "}";
}

}  // namespace trommel::bench
