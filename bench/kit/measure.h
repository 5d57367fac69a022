#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "bench/kit/case.h"

namespace trommel::bench {

// What one case came to. Rates are medians over the rounds.
struct Result {
    std::string name, what;
    double events_per_second = 0, slowest = 0, fastest = 0;
    uint64_t footprint_bytes = 0;  // 0: there is no roofline, hence no share.
    double lines_per_second = 0;   // The roofline: random line updates in as much memory.
    double share = 0;       // Median of events_per_second / lines_per_second, round by round.
    double huge_share = 0;  // Of the footprint, on huge pages.
    uint32_t rounds = 0;
    std::vector<Metric> metrics;
    std::string wrong;  // Not empty: the answers were, and the figures are void.

    // "ratio" (share), "rate" (events_per_second), or one of the metrics; nullptr: no such.
    const double* find(std::string_view metric) const;
};

// Prepares the case and measures it `rounds` (> 0) times, each time beside the roofline.
Result measure(const CaseInfo& info, Scale scale, uint32_t rounds);

// One line for each, aligned, with a head.
std::string to_table(const std::vector<Result>& results);
// A Markdown table.
std::string to_markdown(const std::vector<Result>& results);

}  // namespace trommel::bench
