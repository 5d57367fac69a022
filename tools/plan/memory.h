#pragma once
#include <cstdint>

#include "kernels/cpu/footprint.h"
#include "kernels/rules/filter.h"
#include "tools/plan/inputs.h"

namespace trommel::tools {

// How many events per second there are, planned.
struct PlanRates {
    explicit PlanRates(const PlanInputs& inputs);

    double mean = 0, peak = 0;
    double unique_share = 1;
    double peak_s = 0;

    // The most unique events within a span of event time: the busiest time lies in it.
    double unique_within(double span_s) const;
};

// How many ids are live at once, and why.
struct LiveIds {
    double span_s = 0;    // Event time whose ids are remembered, at most.
    double ids = 0;       // Of that span, and of a batch.
    double capacity = 0;  // Of the approximate mode: ids within one and a half horizons.
};
LiveIds live_ids(const PlanInputs& inputs);

// The memory of a job in `shards` shards. What the stores commit at their fullest.
struct PlanMemory {
    LiveIds live;
    uint32_t shards = 1;
    double exact_bytes = 0;
    double approximate_bytes = 0;
    uint64_t filter_capacity = 0;  // A tenth more than are in view: what comes is not quite even.
    rules::FilterGeometry filter;
    double fingerprint_bytes = 0;  // What a table of fingerprints would take; none is built.
    double sessions = 0;           // Open at once, and
    double session_bytes = 0;      // what they take.
    cpu::WindowFootprint windows;  // Of one shard.
    double batch_bytes = 0;

    double window_bytes() const { return static_cast<double>(windows.bytes()) * shards; }
    double key_bytes() const { return window_bytes() + session_bytes; }
    // Of the mode of the job.
    double id_bytes(DedupMode mode) const {
        return mode == DedupMode::off     ? 0
               : mode == DedupMode::exact ? exact_bytes
                                          : approximate_bytes;
    }
    double bytes(DedupMode mode) const { return id_bytes(mode) + key_bytes() + batch_bytes; }
};
PlanMemory plan_job_memory(const PlanInputs& inputs, uint32_t shards);

// The config with the capacity, memory and shares that the job needs, and a tenth to spare.
Config planned_config(const PlanInputs& inputs, const PlanMemory& memory);

// The share of unique events that the planned filter takes for duplicates on average, when ids
// come at the planned rate: less than the declared error rate, which holds when it is full.
double expected_error(const PlanInputs& inputs, const PlanMemory& memory, double ids_in_span);

}  // namespace trommel::tools
