#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "bench/kit/load_job.h"
#include "bench/kit/load_report.h"

namespace trommel::tools {

// One run under load: the engine here, `trommel gen` beside it, a socket between them.
struct LoadTest {
    bench::LoadJob job;
    bool tcp = false;
    uint64_t rate = 0;
    int64_t duration_us = 0, warm_up_us = 0;
    uint32_t frame_events = 44;
    uint64_t receive_buffer_bytes = uint64_t{32} << 20;
    double objective_us = 0;  // Of p99 to the verdict; 0: none.
    std::function<bool()> stop_requested;
};

// Runs it and says in the result whether it adds up, and whether the rate was sustained.
bench::LoadRun run_load(const LoadTest& test);

// What is wrong with a run's sums: what the generator sent, the transport's counts (L3), the ledger
// (L1), and, when nothing was lost, the truth of the stream. "" when all add up.
std::string wrong_with(const bench::LoadRun& run, const net::Truth& truth);

// Why a run that adds up does not sustain its rate, or "".
std::string why_not_sustained(const bench::LoadRun& run, const LoadTest& test);

// What makes the figures of a run doubtful.
std::vector<std::string> doubts_about(const bench::LoadRun& run);

// Searches the highest rate that is sustained: doubles from `first_rate` (or halves) until the
// answer changes, then halves the interval in between until it is narrower than `precision` of the
// rate. Each step is one call of `run_at`; a step that does not add up ends the search.
struct RateSearch {
    uint64_t first_rate = 1'000'000;
    double precision = 0.05;
    uint32_t steps_max = 24;
};
// Returns 0 when there is none.
uint64_t search_rate(const RateSearch& search,
                     const std::function<bench::LoadRun(uint64_t rate)>& run_at,
                     std::vector<bench::LoadRun>& steps);

}  // namespace trommel::tools
