#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "trommel/clock.h"
#include "trommel/record_batch.h"
#include "trommel/sink.h"

#include "bench/kit/latency_histogram.h"
#include "bench/kit/load_report.h"
#include "bench/kit/socket_queue.h"

namespace trommel::bench {

struct LoadMeterOptions {
    // Of the schedule. What is due in the warm-up is accounted for, but in no latency, rate or
    // trend.
    int64_t warm_up_us = 0;
    int64_t duration_us = INT64_MAX / 2;  // Of the schedule; what comes later is no rate or trend.
    int64_t full_after_us = INT64_MAX / 2;  // Of events so late resident memory should not rise.
    int64_t row_delay_us = 0;  // A window's row is due so long after its end: out_of_order and
                               // allowed lateness.
    int64_t sample_every_us = 250'000;
};

// Measures a run whose events carry their intended time of sending (wall clock) as their value and
// as their time. A sink of the run, and what its on_settled calls; one thread, the emitter's.
class LoadMeter final : public Sink {
   public:
    LoadMeter(const LoadMeterOptions& options, Clock& clock) : options_(options), clock_(clock) {}

    // Run::on_settled: the batch's events have their verdicts now.
    void settle(const RecordBatch& batch);
    struct Sample {
        uint64_t offered;  // What the generator has sent so far.
        SocketQueue queue;
        uint64_t resident_bytes;
        uint64_t stolen_ms;
    };
    // Now and then; adds a point to the timeline when it is time for one.
    bool is_time_to_sample() const;
    void sample(const Sample& now);

    Status open() override { return {}; }
    Status write_rows(const RowBatch& rows) override;
    Status write_record(std::string_view) override { return {}; }
    Status flush() override { return {}; }
    Status finish() override { return {}; }
    void abandon() override {}

    uint64_t settled() const { return settled_; }
    // Fills in latencies, timeline, goodput, queue, resident memory and its trend.
    void report(LoadRun& run) const;

   private:
    void begin(int64_t first_us);
    double goodput_rate() const;
    std::optional<MemoryTrend> memory_trend() const;

    const LoadMeterOptions options_;
    Clock& clock_;
    LatencyHistogram verdict_, row_, interval_;
    int64_t first_us_ = INT64_MIN;  // When the first event was due.
    int64_t newest_us_ = INT64_MIN;
    int64_t sampled_us_ = 0;
    uint64_t settled_ = 0;
    uint64_t judged_ = 0;  // From measured_from_us_ to judged_until_us_, whenever they were due.
    int64_t measured_from_us_ = 0, judged_until_us_ = 0;
    uint64_t settled_then_ = 0;  // At the last sample.
    Sample then_ = {};
    std::vector<TimelinePoint> timeline_;
    size_t full_from_ = SIZE_MAX;  // The timeline's first point with events from full_after_us.
};

// By how much values rise from the first to the last along the straight line that fits them best.
double rise_of(const std::vector<double>& values);

}  // namespace trommel::bench
