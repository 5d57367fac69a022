#pragma once
#include <cstdint>
#include <vector>

#include "bench/kit/load_job.h"
#include "bench/kit/load_report.h"

namespace trommel::bench {

struct IngestOptions {
    LoadJob job;  // threads: 1.
    uint64_t events = 0;
    uint32_t rounds = 1;
};

// What each way in costs the thread that reads, beside its two limits: receiving alone and the
// engine fed from memory. The ways take turns, `rounds` times. Fills in ingest and ingest_ratio.
void measure_ingest(const IngestOptions& options, LoadReport& report);

}  // namespace trommel::bench
