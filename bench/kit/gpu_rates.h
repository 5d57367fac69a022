#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "trommel/status.h"

#include "bench/kit/gpu_energy.h"
#include "bench/kit/gpu_limits.h"

// What the engine's parts do on a GPU, as shares of what it can do at most, against the targets
// that are set for an H200. No CUDA in here, so that it is tested everywhere.
namespace trommel::bench {

// One part of the engine, as it was measured.
struct GpuRate {
    std::string name;  // "exact-64": see gpu_targets().
    // "events" or "rows" per second, of each round; or "seconds", of each batch.
    std::string unit = "events";
    std::vector<double> rounds = {};  // Empty: not measured, or wrong.
    uint64_t bytes = 0;               // Of the table that is visited.
    std::optional<double> joules_per_million = {};
    std::string note = {};   // What is not as it was asked for: less memory, fewer keys.
    std::string wrong = {};  // Not empty: what came out is not what must; there are no figures.
};

// What a part is held against. A share is of a limit measured in the same run, in a table that is
// as large, or of another part's rate.
struct GpuTarget {
    const char* name;
    const char* what;
    const char* bound;       // "random-cas" of the limits, or "windows-1M" of the rates.
    double bytes_per_event;  // Where the bound is the link, whose unit is bytes.
    std::optional<double> share_least, rate_least;  // Of the median.
    std::optional<double> p50_most_s, p99_most_s;   // Of seconds.
};
std::span<const GpuTarget> gpu_targets();

struct GpuVerdict {
    enum class Kind : uint8_t { met, not_met, unmeasured, wrong, no_target };
    Kind kind = Kind::unmeasured;
    std::optional<double> bound;  // In the rate's unit.
    std::optional<double> share;
};
GpuVerdict judge(const GpuTarget& target, const std::vector<GpuRate>& rates,
                 const std::vector<GpuFigure>& limits);

// Of seconds: the smallest that at least `share` of them do not exceed. There must be some.
double percentile(std::vector<double> seconds, double share);

struct GpuRatesReport {
    std::string command;
    bool quick = false;
    GpuLimits limits;
    std::string why_no_energy;  // Empty: it was measured.
    std::vector<GpuRate> rates;

    bool right() const;  // Nothing is wrong.
};
std::string to_table(const GpuRatesReport& report);
std::string to_json(const GpuRatesReport& report);  // One object, without a line's end.

// `full` takes about a minute of an H200 and 24 GiB of its memory, what there is of it; `quick` a
// second or two, and means nothing. Status as of measure_gpu_limits(), which comes first.
Status measure_gpu_rates(GpuScale scale, const EnergyReading& energy, std::vector<GpuRate>& rates);

}  // namespace trommel::bench
