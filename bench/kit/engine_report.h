#pragma once
#include <optional>
#include <string>
#include <vector>

#include "bench/kit/engine_comparison.h"
#include "bench/kit/gpu_limits.h"

// What a comparison of engines came to, for people and for programs.
namespace trommel::bench {

struct EngineReport {
    std::string command, machine, commit;
    bool quick = false;               // A few events: the figures mean nothing, and it is said.
    std::optional<GpuLimits> limits;  // Measured in the same run, if a GPU took part.
    std::string why_no_energy;        // Empty: the GPU's driver counts it.
    std::vector<EngineComparison> comparisons;

    bool right() const;  // No comparison is wrong.
};

// Of the second side over the first. Nothing: it is wrong, or there is only one side.
std::optional<BreakEven> break_even_of(const EngineComparison& comparison);
std::vector<EngineSide> sides_of(const EngineComparison& comparison);

// What a rate is of what the GPU can do at most. Nothing: that was not measured, or it is no GPU.
struct LimitShares {
    std::optional<double> link;    // Bytes of the columns by the best transfer to the device.
    std::optional<double> random;  // Events by random updates of 64-byte lines in as much memory.
};
LimitShares shares_of(const EngineFigure& figure, const EngineComparison& comparison,
                      const std::optional<GpuLimits>& limits);

// At this rate: the smallest batch with which each side keeps up, by side.
struct RateRow {
    double events_per_second = 0;
    std::vector<std::optional<SpeedPoint>> batches;
};
std::vector<RateRow> rate_rows(const EngineComparison& comparison);

// "a GPU is ahead from 12.3 M events/s on, in batches of 4,096": a sentence without a full stop.
std::string to_text(const BreakEven& break_even, const std::vector<EngineSide>& sides);

// What is not measured, and why: a sentence.
std::string not_measured(const EngineReport& report);

std::string to_table(const EngineReport& report);
std::string to_json(const EngineReport& report);  // One object, without a line's end.

}  // namespace trommel::bench
