#pragma once
#include <string>
#include <vector>

#include "bench/kit/measure.h"
#include "tools/pages/html_report.h"

namespace trommel::tools {

// What a figure must not be quoted without.
struct BenchRun {
    std::string command, version, machine, time;
    unsigned rounds = 0;
    bool quick = false;  // Small tables: the figures mean nothing, and the page says so.
};

// The page of `trommel bench --report`: shares of the machine's limit, rates, all figures.
Page bench_page(const std::vector<bench::Result>& results, const BenchRun& run);

// Now, in UTC: "2026-01-31 12:00 UTC".
std::string time_now();

}  // namespace trommel::tools
