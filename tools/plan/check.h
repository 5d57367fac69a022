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
    // Of the time that passed, how much of a core the run had: else rates and times mean little.
    double core_share = 1;
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
    double paced_rate = 0;       // Events per second of the part with an outage and a stall.
    int64_t stall_us = 0, outage_us = 0, before_outage_us = 0;
};
ScaledPlan scale_plan(const PlanInputs& inputs, const Calibration& calibration);

// The figures that the model gives for the scaled workload, on one core: pairs without a
// measurement.
PlanReport predict(const ScaledPlan& scaled, const Calibration& calibration);

// Runs it and fills in what was measured.
Status measure(const ScaledPlan& scaled, const std::function<void(const std::string&)>& tell,
               PlanReport& report);

std::string plan_report_table(const PlanReport& report);
std::string plan_report_json(const PlanReport& report, bool with_measured);

}  // namespace trommel::tools
