#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trommel/config.h"

#include "net/decode_options.h"
#include "tools/quantity.h"

namespace trommel::tools {

inline constexpr int64_t kSecondUs = 1'000'000, kMinuteUs = 60 * kSecondUs,
                         kHourUs = 60 * kMinuteUs, kDayUs = 24 * kHourUs;

// What a plan is made from. `config` says what the job does; everything else is about the stream
// and the place where it will run. The values are the defaults of `trommel plan`.
struct PlanInputs {
    double events_per_s = 0;    // Mean; > 0.
    double growth = 1;          // Times that, by the time that is planned for.
    double peak = 3;            // Events per second in the busiest time, by the mean,
    int64_t peak_us = kHourUs;  // and how long that lasts.
    double event_bytes = 200;   // As it comes in.
    double duplicate_share = 0.05;
    double id_bytes = 36;   // Mean length of byte-string ids; only those that are kept count.
    double keys = 100'000;  // Different ones.
    double key_bytes = 16;  // Mean length of a key's text.
    int64_t lifetime_us = 30 * kDayUs;  // horizon: forever: how long ids pile up.
    net::Format format = net::Format::binary;

    Config config;         // dedup.capacity and engine.memory_bytes are what is planned.
    uint32_t threads = 0;  // Shards; 0: as many as cores are planned, or this machine's.

    double utilisation_max = 0.7;        // Of a core, at the peak.
    double spare_cores = 1;              // So that one may fail.
    int64_t outage_us = 30 * kMinuteUs;  // To ride out, and then to catch up.
    int64_t stall_us = 200'000;          // Longest time for which nothing is read.
    int64_t checkpoint_us = kMinuteUs;   // Interval.
    double disk_bytes_per_s = 500e6;
    int64_t retention_us = 7 * kDayUs;    // Of the log that the events come from.
    double replication = 3;               // Of that log.
    double partition_bytes_per_s = 10e6;  // What one partition of that log carries.
    double ram_bytes = 0;                 // 0: not known.

    struct Prices {  // Of the user; absent: no cost is printed.
        std::optional<double> core_hour, gib_hour, disk_tb_month;
    } prices;
};

// The job that plans are for without a job file: dedup, one key, one value, a tumbling window.
Config default_plan_config();

// One input: a flag of `trommel plan`. "peak_for" is --peak-for.
struct PlanSetting {
    const char* name;
    const char* preset;  // What the default reads like.
    const char* help;
    bool of_job;  // A job file says it, so that with --job the flag is refused.
    // Sets the input; returns what is wrong with the text, or "".
    std::string (*set)(PlanInputs& inputs, std::string_view text);
    // Multiplies the input, to see what it does to the plan; null: that means nothing.
    void (*scale)(PlanInputs& inputs, double factor);
};
std::span<const PlanSetting> plan_settings();

// Everything that does not fit together, in words; after the settings were read one by one.
std::vector<std::string> problems_of(const PlanInputs& inputs);

// "11574", "1M", "1G/day", "60k/min": events per second.
Parsed<double> parse_event_rate(std::string_view text);

}  // namespace trommel::tools
