#include "bench/kit/measure.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "bench/kit/crafted_case.h"
#include "bench/kit/decode_cases.h"
#include "bench/kit/file_cases.h"
#include "bench/kit/line_updates.h"
#include "bench/kit/timing.h"

namespace trommel::bench {
namespace {

constexpr uint64_t kRooflineUpdates = 1 << 23, kQuickUpdates = 1 << 16;
constexpr double kMillion = 1e6;

template <class... Arguments>
std::string format(const char* pattern, Arguments... arguments) {
    char text[256];
    std::snprintf(text, sizeof text, pattern, arguments...);
    return text;
}

double mebibytes(uint64_t bytes) {
    return static_cast<double>(bytes) / (1 << 20);
}

std::string metrics_text(const Result& result) {
    std::string text;
    for (const Metric& metric : result.metrics) {
        if (!text.empty()) text += ", ";
        text += metric.name + format(" %.3g", metric.value);
        if (!metric.unit.empty()) text += " " + metric.unit;
    }
    return text;
}

}  // namespace

const std::vector<CaseInfo>& all_cases() {
    static const std::vector<CaseInfo> cases = [] {
        std::vector<CaseInfo> all = dedup_cases();
        all.push_back({"crafted", "30,000 ids made to collide under a seed that is known",
                       make_crafted_case});
        for (const auto& more : {window_cases(), engine_cases(), decode_cases(), file_cases(),
                                 stream_cases(), ring_cases(), thread_cases()}) {
            all.insert(all.end(), more.begin(), more.end());
        }
        return all;
    }();
    return cases;
}

const double* Result::find(std::string_view metric) const {
    if (metric == "ratio") return footprint_bytes > 0 ? &share : nullptr;
    if (metric == "rate") return &events_per_second;
    for (const Metric& m : metrics) {
        if (m.name == metric) return &m.value;
    }
    return nullptr;
}

Result measure(const CaseInfo& info, Scale scale, uint32_t rounds) {
    Result result;
    result.name = info.name;
    result.what = info.what;
    result.rounds = rounds;
    const std::unique_ptr<Case> subject = info.make(scale);
    if (const Status status = subject->prepare(); !status.ok()) {
        result.wrong = status.message;
        return result;
    }
    std::optional<LineUpdates> limit;
    result.footprint_bytes = subject->footprint_bytes();
    if (const cpu::Stretch lines = subject->lines(); lines.bytes > 0) {
        limit.emplace(lines);
    } else if (result.footprint_bytes > 0) {
        limit.emplace(result.footprint_bytes);
    }
    std::vector<double> rates, limits, shares;
    for (uint32_t r = 0; r < rounds; ++r) {
        const Sample sample = subject->round();
        rates.push_back(static_cast<double>(sample.events) / sample.seconds);
        if (!limit) continue;
        // As many as there were events: each finds its lines pushed out of the cache by the other.
        const uint64_t updates_max = scale == Scale::full ? kRooflineUpdates : kQuickUpdates;
        limits.push_back(limit->run(std::clamp(sample.events, kQuickUpdates, updates_max)));
        shares.push_back(rates.back() / limits.back());
    }
    result.wrong = subject->wrong();
    if (!result.wrong.empty()) return result;
    result.events_per_second = median(rates);
    result.slowest = *std::min_element(rates.begin(), rates.end());
    result.fastest = *std::max_element(rates.begin(), rates.end());
    result.metrics = subject->metrics();
    if (!limit) return result;
    result.lines_per_second = median(limits);
    result.share = median(shares);
    result.footprint_bytes = subject->footprint_bytes();
    result.huge_share = static_cast<double>(subject->huge_page_bytes()) /
                        static_cast<double>(result.footprint_bytes);
    return result;
}

std::string to_table(const std::vector<Result>& results) {
    std::string text = format("%-17s %9s %15s %9s %6s %9s %5s\n", "case", "M ev/s", "spread",
                              "M lines/s", "share", "MiB", "huge");
    for (const Result& r : results) {
        if (!r.wrong.empty()) {
            text += format("%-17s WRONG: ", r.name.c_str()) + r.wrong + "\n";
            continue;
        }
        text += format("%-17s %9.2f %15s ", r.name.c_str(), r.events_per_second / kMillion,
                       format("%.1f-%.1f", r.slowest / kMillion, r.fastest / kMillion).c_str());
        if (r.footprint_bytes > 0) {
            text += format("%9.1f %5.0f%% %9.1f %4.0f%%  ", r.lines_per_second / kMillion,
                           100 * r.share, mebibytes(r.footprint_bytes), 100 * r.huge_share);
        } else {
            text += format("%9s %6s %9s %5s  ", "-", "-", "-", "-");
        }
        text += metrics_text(r) + "\n";
    }
    return text;
}

std::string to_markdown(const std::vector<Result>& results) {
    std::string text =
        "| case | what | M events/s (slowest - fastest) | M lines/s of the same memory | share | "
        "MiB, "
        "on huge pages | also |\n|---|---|---|---|---|---|---|\n";
    for (const Result& r : results) {
        text += "| " + r.name + " | " + r.what + " | ";
        if (!r.wrong.empty()) {
            text += "WRONG: " + r.wrong + " | | | | |\n";
            continue;
        }
        text += format("%.1f (%.1f - %.1f) | ", r.events_per_second / kMillion,
                       r.slowest / kMillion, r.fastest / kMillion);
        if (r.footprint_bytes > 0) {
            text += format("%.0f | **%.0f %%** | %.0f, %.0f %% | ", r.lines_per_second / kMillion,
                           100 * r.share, mebibytes(r.footprint_bytes), 100 * r.huge_share);
        } else {
            text += "| | | ";
        }
        text += metrics_text(r) + " |\n";
    }
    return text;
}

}  // namespace trommel::bench
