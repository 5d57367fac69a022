#pragma once
#include <functional>
#include <string>
#include <vector>

#include "trommel/status.h"

#include "tools/plan/model.h"

namespace trommel::tools {

// What was predicted and what came out.
struct PlanPair {
    std::string id;    // "memory_exact", as the line of the plan is called.
    std::string name;  // For people.
    PlanUnit unit = PlanUnit::count;
    double predicted = 0;
    double measured = 0;
    double target = 0.1;  // By how much they may differ; or by
    double slack = 0;     // so much, which is next to nothing.
    std::string skipped;  // Why nothing was measured; else "".

    double error() const { return predicted > 0 ? measured / predicted - 1 : 0; }
    bool is_met() const;
};

// A plan that was tried on this machine.
struct PlanReport {
    std::string machine;
    double scale = 1;  // The workload that ran had this share of the planned events and keys.
    // How fast this machine was just before the run and just after it, by when it was calibrated.
    // Predictions of rates and times are for the speed before.
    double speed_before = 1, speed_after = 1;
    // Of the time that passed, how much of a core the run had: else rates and times mean little.
    double core_share = 1;
    // How fast the core was while outages were caught up with, by when the rate was measured: the
    // same work, making up events, was done in both. A core that shares its units with a busy
    // neighbour is slower, whatever time it is given.
    double core_speed = 1;
    // Catching up by the same formula from the measured rate, on a core of that speed: what is
    // left of the error is the formula's. 0: was not measured.
    double catch_up_from_rate_s = 0;
    std::vector<PlanPair> pairs;

    bool is_met() const;
};

// The planned workload in a size that this machine runs in seconds: the same event time, copies,
// windows and density of keys; a share of the events and keys, all at the rate of the busiest time.
struct ScaledPlan {
    double scale = 1;
    PlanInputs inputs;
    uint64_t warm_events = 0;  // Until every store is as full as it gets, and some more.
    uint64_t timed_events = 0;
    uint64_t filter_events = 0;  // The same for the filter alone: enough of its mistakes.
    double source_ns = 0;        // What making up an event takes.
    double capacity = 0;         // Events per second of one core, making them up included.
    double paced_rate = 0;       // The same of the part with outages and a stall.
    uint32_t outages = 0;
    int64_t stall_us = 0, outage_us = 0, before_outage_us = 0;
};
ScaledPlan scale_plan(const PlanInputs& inputs, const Calibration& calibration);

// By the model's formula: the time until what piled up in an outage is dealt with, on a core that
// takes `capacity` events per second; infinite when more come.
double catch_up_s(const ScaledPlan& scaled, double capacity);

// The figures that the model gives for the scaled workload, on one core: pairs without a
// measurement.
PlanReport predict(const ScaledPlan& scaled, const Calibration& calibration);

// Runs it and fills in what was measured.
Status measure(const ScaledPlan& scaled, const std::function<void(const std::string&)>& tell,
               PlanReport& report);

std::string plan_report_table(const PlanReport& report);
std::string plan_report_json(const PlanReport& report, bool with_measured);

}  // namespace trommel::tools
