#pragma once
#include <cstdint>

#include "trommel/config.h"
#include "trommel/report.h"
#include "trommel/status.h"

#include "tools/plan/stream.h"

namespace trommel::tools {

// A run of the engine over a planned stream, on one thread, to see what it takes.
struct Trial {
    Config config;
    PlanStreamOptions stream;
    // Once, this long after the pace began, the consumer does nothing for stall_us.
    int64_t stall_from_us = 0, stall_us = 0;
};

struct TrialResult {
    Status status;
    Report report;
    PlanStream::Timed timed;      // others_ns: the engine's.
    uint64_t originals_lost = 0;  // Of them, taken for copies.
    uint64_t waiting_max = 0;
    // Medians over the outages: until they were caught up with, and what making up an event took
    // meanwhile. -1: there was none, or it was not caught up with.
    double caught_up_s = -1, catch_up_source_ns = -1;
};
TrialResult run_trial(const Trial& trial);

// CPU time that making up an event of the stream takes by itself.
double source_ns(const Config& config, const PlanStreamOptions& stream);

}  // namespace trommel::tools
