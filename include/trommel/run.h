#pragma once
#include <functional>
#include <string>
#include <vector>

#include "trommel/clock.h"
#include "trommel/config.h"
#include "trommel/report.h"
#include "trommel/sink.h"
#include "trommel/source.h"
#include "trommel/status.h"

namespace trommel {

// What happens to late, corrupt and refused records besides being counted (contract L2).
enum class DeadLetters : uint8_t { keep, drop, fail };

// Counters that may be read while a run goes on.
struct Progress {
    uint64_t records = 0, bytes = 0, bytes_total = 0, unique = 0, duplicate = 0, rows = 0;
    int64_t watermark_us = INT64_MIN;
    int64_t newest_us = INT64_MIN;
    double seconds = 0;
};

// The ends of a run: who brings records and who takes results. Everything is borrowed.
struct Run {
    // Each lane can be paused by itself (T7): the files of a list that are partitions of their own.
    // One lane is the usual case. At least one.
    std::vector<Source*> lanes;
    std::vector<Sink*> sinks;      // Each gets every row (or every unique record).
    Sink* dead_letters = nullptr;  // Gets JSON lines; null: kept ones are only counted.
    DeadLetters late = DeadLetters::keep;
    DeadLetters corrupt = DeadLetters::keep;  // fail: stop with Code::corrupt_input at the first.
    Clock* clock = &system_clock();
    std::function<void()> on_open;         // Everything is open; called once, on run()'s thread.
    std::function<bool()> stop_requested;  // Asked often; true: drain and finish normally.
    std::function<void(const Progress&)>
        on_progress;  // About four times a second, on run()'s thread.
    // Sees every batch once its records have their final verdicts, on run()'s thread. For measuring
    // and marking; it costs the run what it costs.
    std::function<void(const RecordBatch&)> on_settled;
};

// Runs a job to its end: opens sources and sinks, reads, judges, writes, finishes the sinks; or, on
// an error, abandons them. With config.engine.threads > 1, or on a GPU, it makes one receiver, that
// many workers and one emitter, joined before it returns. Never throws, prints or exits. The report
// is filled in either way.
Status run(const Config& config, const Run& job, Report& report);

}  // namespace trommel
