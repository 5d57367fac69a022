#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "trommel/ledger.h"
#include "trommel/transport.h"

#include "bench/kit/latency_histogram.h"

// What load tests came to: `trommel bench ingest` and `trommel bench sustain`. Plain values, for a
// table, JSON and pictures. Times are microseconds or seconds, as their names say; rates are events
// per second.
namespace trommel::bench {

struct LatencyFigures {
    uint64_t count = 0;
    uint64_t p50_us = 0, p90_us = 0, p99_us = 0, p99_9_us = 0, p99_99_us = 0, max_us = 0;
    std::vector<LatencyHistogram::Point> spectrum;
};
LatencyFigures figures_of(const LatencyHistogram& histogram);

// One interval of a run, about a quarter of a second.
struct TimelinePoint {
    double end_s = 0;  // Since the first event was due.
    double offered_rate = 0, processed_rate = 0;
    uint64_t dropped = 0;      // Datagrams that the socket had no room for, within the interval.
    uint64_t queue_bytes = 0;  // Waiting in the sockets at its end, by the kernel's own count.
    uint64_t resident_bytes = 0;
    uint64_t stolen_ms = 0;  // See bench/kit/timing.h; of the first interval it is not known.
    uint64_t p99_us = 0, max_us = 0;  // From intended send to verdict, of the interval's events.
};

// How well the sender kept to its schedule. Latencies count from the schedule, so that its delays
// are in them; when they make up much of a latency, that is the generator's and not the engine's.
struct GeneratorFigures {
    uint64_t events = 0;       // Sent.
    double achieved_rate = 0;  // Over the time in which it was sending.
    double cpu_seconds = 0;
    LatencyFigures lag;  // From the intended to the real time of sending; of the whole run.
};

// Resident memory once every store is as full as it gets, by the straight line that fits it best.
struct MemoryTrend {
    double from_s = 0, to_s = 0;  // Since the first event was due.
    double mean_bytes = 0;
    double rise_bytes = 0;  // From from_s to to_s.

    double bytes_per_s() const { return rise_bytes / (to_s - from_s); }
    bool is_flat() const;  // It rises by less than a hundredth of the mean.
};

// One run at one rate.
struct LoadRun {
    std::string name;  // "sustained", "2 x overload"
    double rate = 0;   // Asked for.
    double duration_s = 0, warm_up_s = 0;

    uint64_t offered = 0;  // What the generator says that it has sent.
    Ledger ledger;
    Transport transport;
    // Events that got their verdict after the warm-up and before the schedule's end.
    double goodput_rate = 0;

    LatencyFigures verdict, row;  // After the warm-up.
    GeneratorFigures generator;
    double engine_cpu_seconds = 0;
    uint64_t resident_begin_bytes = 0, resident_end_bytes = 0, resident_max_bytes = 0;
    std::optional<MemoryTrend> memory;          // Absent: the stores were still filling up.
    uint64_t stolen_ms = 0, stolen_max_ms = 0;  // After the warm-up: in all, and in an interval.
    uint64_t queue_max_bytes = 0;
    double queue_rise_bytes = 0;  // By a straight line through the queue's sizes after the warm-up.
    std::vector<TimelinePoint> timeline;

    // Not empty: the run failed or did not add up (L1, L3, the stream's truth). Its rates mean
    // nothing and are not to be shown.
    std::string wrong;
    std::vector<std::string> doubts;  // What a reader must know before believing a figure.

    // Not empty: why the engine does not sustain this rate.
    std::string not_sustained;
};

// One way for events to get in, as fast as it goes without loss.
struct IngestFigure {
    std::string name, what;
    uint64_t events = 0;
    double cpu_rate = 0;   // Per second of the receiving thread's CPU time.
    double wall_rate = 0;  // Median of the rounds, as cpu_rate.
    double slowest_cpu_rate = 0, fastest_cpu_rate = 0;
    uint64_t lost = 0;
    std::string wrong = {};  // As above.
};

struct LoadReport {
    // What a figure must not be quoted without.
    std::string command, machine, version, commit, workload;

    double objective_us = 0;           // Of p99 from intended send to verdict; 0: none.
    std::vector<LoadRun> steps;        // Of the search for the sustainable rate, in its order.
    double sustainable_rate = 0;       // 0: was not searched, or none was found.
    std::vector<LoadRun> runs;         // At a declared rate, and under overload.
    std::vector<IngestFigure> ingest;  // bench ingest alone.
    double ingest_ratio = 0;           // UDP into the engine by the smaller of its two limits.

    // Whether everything adds up.
    bool right() const;
    // Events judged per second in the last run, which is under overload, as a share of those in the
    // first. 0: there is no such run, or something is wrong.
    double goodput_ratio() const;
};

// For people: a line of figures per run with its latencies below, and doubts in words.
std::string to_table(const LoadReport& report);

}  // namespace trommel::bench
