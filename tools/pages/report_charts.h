#pragma once
#include <string>
#include <vector>

#include "bench/kit/load_report.h"
#include "tools/pages/html_report.h"

// The pictures of load tests and of plans.
namespace trommel::tools {

// Latency by percentile: a line for each load. `objective_us` is that of p99; 0: there is none.
struct LatencyLevel {
    std::string name;
    const bench::LatencyFigures* latency;
};
Chart latency_chart(const std::vector<LatencyLevel>& levels, double objective_us);

// Offered load against latency, and the knee: the rate up to which it is sustained (0: unknown).
Chart knee_chart(const std::vector<bench::LoadRun>& steps, double sustainable_rate,
                 double objective_us);

// Offered, processed and dropped; latency; queue; memory: one above the other over the same time.
// `cursor`: a word of their own.
std::vector<Chart> timeline_charts(const bench::LoadRun& run, const std::string& cursor);

// Something that was predicted and then measured.
struct Prediction {
    std::string name;
    double predicted = 0, measured = 0;
    std::string predicted_text, measured_text;  // For people: "1.5 GiB".
    double tolerance = 0;                       // Aimed at: 0.1 is 10 % more or less; 0: nothing.
    std::string skipped = {};                   // Why it was not measured; else empty.
    double slack = 0;                           // So much is next to nothing and may differ, too.

    double error() const { return measured / predicted - 1; }
    bool is_met() const {
        return tolerance == 0 || std::abs(error()) <= tolerance ||
               std::abs(measured - predicted) <= slack;
    }
};
// Each measured figure beside its prediction, which is 100 %.
BarChart prediction_bars(const std::vector<Prediction>& predictions);
Table prediction_table(const std::vector<Prediction>& predictions);

}  // namespace trommel::tools
