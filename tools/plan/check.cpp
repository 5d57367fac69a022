#include "tools/plan/check.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "bench/kit/machine.h"
#include "kernels/rules/filter.h"
#include "kernels/rules/window.h"
#include "tools/plan/text.h"
#include "tools/plan/trial.h"
#include "tools/report_json.h"

namespace trommel::tools {
namespace {

constexpr double kIdsMax = 4e6;      // Live at once,
constexpr double kEventsMax = 12e6;  // and events until the stores are full.
constexpr double kKeysMin = 16;
constexpr double kWarmSpans = 2.2;
constexpr double kTimedMin = 2e6;
constexpr uint32_t kSlices = 7;
constexpr double kPacedLoad = 0.4;  // Of what the calibration says that a core takes.
constexpr int64_t kStallMinUs = 250'000, kStallMaxUs = 1'000'000;
constexpr uint32_t kOutages = 5;  // Of which the median counts: a core's speed changes in between.
constexpr int64_t kOutageUs = 1'000'000;
constexpr int64_t kStallFromUs = 300'000;
constexpr int64_t kStallsUntilOutage = 3;  // So that what the stall left is dealt with.
constexpr double kMistakesGood = 1500;     // Of a filter, so that chance is a few percent.
constexpr double kMistakesMin = 500;       // Fewer say nothing about an error rate.
constexpr double kCatchUpMost = 3;         // Times the predicted time, then it has failed.
constexpr double kSlackBytes = 1 << 20;
constexpr double kNear = 0.1, kRough = 0.2;

double seconds(int64_t us) {
    return static_cast<double>(us) / 1e6;
}

// Event time until every store has been as full as it gets.
double full_after_s(const PlanInputs& inputs) {
    const Config& config = inputs.config;
    double window_s = 0;
    for (const Window& window : config.windows) {
        const int64_t us = rules::is_aligned(window.kind) ? window.size_us : window.gap_us;
        window_s = std::max(window_s, seconds(us));
    }
    window_s +=
        seconds(config.time.out_of_order_us.value_or(0)) + seconds(config.time.allowed_lateness_us);
    double ids_s = 0;
    if (config.dedup.mode != DedupMode::off) {
        ids_s = live_ids(inputs).span_s;
        if (config.dedup.horizon_us == kForeverUs) return std::max(ids_s, kWarmSpans * window_s);
        ids_s = std::max(ids_s, 1.5 * seconds(config.dedup.horizon_us));
    }
    return kWarmSpans * std::max(ids_s, window_s);
}

bool has_filter(const PlanInputs& inputs) {
    return inputs.config.dedup.mode == DedupMode::approximate;
}

PlanInputs with_mode(const PlanInputs& inputs, DedupMode mode) {
    PlanInputs changed = inputs;
    changed.config.dedup.mode = mode;
    if (mode == DedupMode::approximate) changed.config.dedup.verify = false;
    return changed;
}

// The share of unique events that the filter loses on average at this rate.
double filter_error_of(const PlanInputs& inputs) {
    const PlanInputs with_filter = with_mode(inputs, DedupMode::approximate);
    const PlanMemory memory = plan_job_memory(with_filter, 1);
    return expected_error(with_filter, memory, memory.live.capacity);
}

PlanStreamOptions stream_of(const ScaledPlan& scaled) {
    const PlanInputs& inputs = scaled.inputs;
    PlanStreamOptions stream;
    stream.step_ns = 1e9 / inputs.events_per_s;
    stream.duplicate_share = inputs.duplicate_share;
    // Copies within half a horizon: copies for sure.
    const LiveIds live = live_ids(inputs);
    stream.reach = std::max<uint64_t>(1, static_cast<uint64_t>(live.ids / 3));
    stream.keys = static_cast<uint64_t>(inputs.keys);
    stream.key_bytes = static_cast<uint32_t>(std::clamp(inputs.key_bytes, 8.0, 1024.0));
    stream.id_bytes = static_cast<uint32_t>(std::clamp(inputs.id_bytes, 16.0, 1024.0));
    stream.slices = kSlices;
    stream.warm = scaled.warm_events;
    stream.events = scaled.warm_events + scaled.timed_events;
    return stream;
}

Config config_of(const PlanInputs& inputs) {
    Config config = planned_config(inputs, plan_job_memory(inputs, 1));
    config.engine.on_full = OnFull::refuse;  // Counted, and then the check has failed.
    config.engine.seed = 1;
    config.time.idle_after_us.reset();
    config.time.max_future_us.reset();
    config.time.max_time_us.reset();
    return config;
}

PlanPair* find(PlanReport& report, std::string_view id) {
    for (PlanPair& pair : report.pairs) {
        if (pair.id == id) return &pair;
    }
    return nullptr;
}

void set(PlanReport& report, std::string_view id, double measured) {
    if (PlanPair* const pair = find(report, id)) pair->measured = measured;
}

Status checked(const TrialResult& result) {
    if (!result.status.ok()) return result.status;
    const uint64_t refused = result.report.ledger[Verdict::refused];
    if (refused == 0) return {};
    return Status::error(Code::memory_full, "the planned memory was too little: " +
                                                std::to_string(refused) + " events were refused");
}

// The planned job, through its whole course: filling up, as fast as it goes, then at a pace with a
// stall and an outage.
Status measure_job(const ScaledPlan& scaled, PlanReport& report) {
    Trial trial{config_of(scaled.inputs), stream_of(scaled), kStallFromUs, scaled.stall_us};
    const PlanPair* const catch_up = find(report, "catch_up");
    if (catch_up != nullptr && catch_up->skipped.empty()) {
        PlanStreamOptions& stream = trial.stream;
        stream.timed_end = stream.paced_from = stream.events;
        stream.rate = scaled.paced_rate;
        stream.outage_from_us = scaled.before_outage_us;
        stream.outage_us = scaled.outage_us;
        stream.outages = scaled.outages;
        const double outage_s = seconds(scaled.before_outage_us + scaled.outage_us) +
                                kCatchUpMost * catch_up->predicted;
        stream.events += static_cast<uint64_t>(scaled.paced_rate * scaled.outages * outage_s);
    }
    const TrialResult result = run_trial(trial);
    if (Status status = checked(result); !status.ok()) return status;
    const ShardReport& shard = result.report.shards[0];
    set(report, "memory_keys", static_cast<double>(shard.key_bytes));
    set(report, has_filter(scaled.inputs) ? "memory_approximate" : "memory_exact",
        static_cast<double>(shard.id_bytes));
    if (!has_filter(scaled.inputs)) set(report, "live_ids", static_cast<double>(shard.live_ids));
    set(report, "rate", 1e9 / std::max(0.001, result.timed.others_ns));
    report.core_share = result.timed.core_share;
    set(report, "buffer_events", static_cast<double>(result.waiting_max));
    if (catch_up == nullptr || !catch_up->skipped.empty()) return {};
    // Not caught up by the end of the stream: as if by then.
    const bool has_caught_up = result.caught_up_s >= 0;
    set(report, "catch_up",
        has_caught_up ? result.caught_up_s : kCatchUpMost * catch_up->predicted);
    if (has_caught_up && result.catch_up_source_ns > 0) {
        const double event_ns = result.timed.others_ns + result.timed.source_ns;
        report.core_speed = result.timed.source_ns / result.catch_up_source_ns;
        report.catch_up_from_rate_s = catch_up_s(scaled, report.core_speed * 1e9 / event_ns);
    }
    return {};
}

// The memory of ids alone, in another mode than the job's; or the filter's errors.
Status measure_ids(const ScaledPlan& scaled, DedupMode mode, PlanReport& report) {
    const PlanInputs inputs = with_mode(scaled.inputs, mode);
    Trial trial{config_of(inputs), stream_of(scaled), 0, 0};
    if (mode == DedupMode::approximate) {
        trial.stream.events = trial.stream.warm + scaled.filter_events;
    }
    const TrialResult result = run_trial(trial);
    if (Status status = checked(result); !status.ok()) return status;
    const ShardReport& shard = result.report.shards[0];
    if (mode == DedupMode::exact) {
        set(report, "memory_exact", static_cast<double>(shard.id_bytes));
        set(report, "live_ids", static_cast<double>(shard.live_ids));
        return {};
    }
    set(report, "memory_approximate", static_cast<double>(shard.id_bytes));
    const auto originals = static_cast<double>(result.timed.originals);
    set(report, "error_rate", static_cast<double>(result.originals_lost) / originals);
    return {};
}

}  // namespace

bool PlanPair::is_met() const {
    const double off = measured > predicted ? measured - predicted : predicted - measured;
    return !skipped.empty() || off <= std::max(target * predicted, slack);
}

bool PlanReport::is_met() const {
    return std::all_of(pairs.begin(), pairs.end(), [](const PlanPair& p) { return p.is_met(); });
}

namespace {

// For how many events what is measured.
void time_phases(const PlanInputs& inputs, ScaledPlan& scaled) {
    const PlanInputs& small = scaled.inputs;
    scaled.warm_events = static_cast<uint64_t>(small.events_per_s * full_after_s(inputs));
    scaled.timed_events = scaled.filter_events = static_cast<uint64_t>(kTimedMin);
    const DedupOptions& dedup = inputs.config.dedup;
    if (dedup.mode == DedupMode::off) return;
    if (dedup.horizon_us == kForeverUs) {
        // Memory that grows all the time is looked at while it fills.
        scaled.timed_events = scaled.filter_events = scaled.warm_events;
        scaled.warm_events = 0;
        return;
    }
    // Whole slices of the filter, half a horizon each: within one its errors grow.
    const double slice = small.events_per_s * seconds(rules::filter_slice_us(dedup.horizon_us));
    const double error = filter_error_of(small);
    const double wanted = kMistakesGood / std::max(error * (1 - inputs.duplicate_share), 1e-12);
    const double events = std::clamp(wanted, kTimedMin, kEventsMax);
    scaled.filter_events = static_cast<uint64_t>(std::max(1.0, std::round(events / slice)) * slice);
}

}  // namespace

ScaledPlan scale_plan(const PlanInputs& inputs, const Calibration& calibration) {
    ScaledPlan scaled;
    PlanInputs& small = scaled.inputs;
    small = inputs;
    small.growth = small.peak = 1;
    const PlanRates rates(inputs);
    const LiveIds live = live_ids(inputs);
    const double span_s = std::max(live.span_s, full_after_s(inputs) / kWarmSpans);
    const double rate = rates.unique_within(span_s) / span_s / rates.unique_share;
    small.events_per_s = rate;
    const double events = rate * full_after_s(inputs);
    scaled.scale = std::min({1.0, kIdsMax / std::max(1.0, live.ids), kEventsMax / events});
    if (inputs.keys * scaled.scale < kKeysMin && inputs.keys > kKeysMin) {
        scaled.scale = std::min(1.0, kKeysMin / inputs.keys);
    }
    small.events_per_s = rate * scaled.scale;
    small.keys = std::max(1.0, std::round(inputs.keys * scaled.scale));
    small.threads = 1;
    time_phases(inputs, scaled);
    scaled.stall_us = std::clamp(inputs.stall_us, kStallMinUs, kStallMaxUs);
    scaled.outages = kOutages;
    scaled.outage_us = kOutageUs;
    scaled.before_outage_us = kStallFromUs + kStallsUntilOutage * scaled.stall_us;
    scaled.source_ns = source_ns(config_of(small), stream_of(scaled));
    if (const auto cost = event_cost(small, plan_job_memory(small, 1), calibration)) {
        scaled.capacity = 1e9 / (cost->all() - cost->decode_ns + scaled.source_ns);
        scaled.paced_rate = kPacedLoad * scaled.capacity;
    }
    return scaled;
}

double catch_up_s(const ScaledPlan& scaled, double capacity) {
    if (capacity <= scaled.paced_rate) return std::numeric_limits<double>::infinity();
    return scaled.paced_rate * seconds(scaled.outage_us) / (capacity - scaled.paced_rate);
}

PlanReport predict(const ScaledPlan& scaled, const Calibration& calibration) {
    const PlanInputs& inputs = scaled.inputs;
    const DedupOptions& dedup = inputs.config.dedup;
    PlanReport report;
    report.machine = bench::describe_machine();
    report.scale = scaled.scale;
    const auto add = [&](const char* id, const char* name, PlanUnit unit, double predicted,
                         double target) -> PlanPair& {
        return report.pairs.emplace_back(PlanPair{id, name, unit, predicted, 0, target,
                                                  unit == PlanUnit::bytes ? kSlackBytes : 0, ""});
    };
    const PlanMemory memory = plan_job_memory(inputs, 1);
    if (dedup.mode != DedupMode::off) {
        const PlanMemory exact = plan_job_memory(with_mode(inputs, DedupMode::exact), 1);
        const PlanMemory filter = plan_job_memory(with_mode(inputs, DedupMode::approximate), 1);
        add("live_ids", "ids live at once", PlanUnit::count, exact.live.ids, kNear);
        add("memory_exact", "ids, exact", PlanUnit::bytes, exact.exact_bytes, kNear);
        add("memory_approximate", "ids, approximate", PlanUnit::bytes, filter.approximate_bytes,
            kNear);
        const double error = filter_error_of(inputs);
        PlanPair& errors =
            add("error_rate", "unique events lost, share", PlanUnit::share, error, kNear);
        const double originals =
            static_cast<double>(scaled.filter_events) * (1 - inputs.duplicate_share);
        if (error * originals < kMistakesMin) {
            errors.skipped = "too rare to be measured in seconds";
        }
    }
    if (memory.windows.bytes() > 0) {
        add("memory_keys", "keys and panes", PlanUnit::bytes, memory.window_bytes(), kNear);
    }
    if (const auto cost = event_cost(inputs, memory, calibration)) {
        const size_t first = report.pairs.size();
        add("rate", "events per core, without decoding", PlanUnit::per_second,
            1e9 / (cost->all() - cost->decode_ns), kRough);
        add("buffer_events", "events waiting after a stall", PlanUnit::count,
            scaled.paced_rate * seconds(scaled.stall_us), kNear);
        add("catch_up", "catching up after an outage", PlanUnit::seconds,
            catch_up_s(scaled, scaled.capacity), kRough);
        if (dedup.mode != DedupMode::off && dedup.horizon_us == kForeverUs) {
            if (dedup.mode == DedupMode::exact) {
                report.pairs[first].skipped = "a table that grows all the time";
            }
            for (size_t p = first + 1; p < report.pairs.size(); ++p) {
                report.pairs[p].skipped = "its ids would pile up beyond the plan";
            }
        }
    }
    return report;
}

Status measure(const ScaledPlan& scaled, const std::function<void(const std::string&)>& tell,
               PlanReport& report) {
    const double events = static_cast<double>(scaled.warm_events + scaled.timed_events);
    tell("the job, " + short_number(events) + " events and an outage");
    if (Status status = measure_job(scaled, report); !status.ok()) return status;
    const DedupMode mode = scaled.inputs.config.dedup.mode;
    if (mode == DedupMode::off) return {};
    tell("the approximate mode");
    if (Status status = measure_ids(scaled, DedupMode::approximate, report); !status.ok()) {
        return status;
    }
    if (mode == DedupMode::exact) return {};
    tell("the exact mode");
    return measure_ids(scaled, DedupMode::exact, report);
}

std::string plan_report_table(const PlanReport& report) {
    char line[160];
    std::snprintf(line, sizeof line, "%-36s %12s %12s %8s %8s\n", "", "predicted", "measured",
                  "error", "target");
    std::string text = line;
    for (const PlanPair& pair : report.pairs) {
        const std::string predicted = plan_value_text(pair.predicted, pair.unit);
        if (!pair.skipped.empty()) {
            std::snprintf(line, sizeof line, "%-36s %12s %12s %s\n", pair.name.c_str(),
                          predicted.c_str(), "-", pair.skipped.c_str());
        } else {
            std::snprintf(line, sizeof line, "%-36s %12s %12s %+7.1f%% %6.0f%% %s\n",
                          pair.name.c_str(), predicted.c_str(),
                          plan_value_text(pair.measured, pair.unit).c_str(), 100 * pair.error(),
                          100 * pair.target, pair.is_met() ? "" : "NOT MET");
        }
        text += line;
    }
    return text;
}

std::string plan_report_json(const PlanReport& report, bool with_measured) {
    std::string pairs;
    for (const PlanPair& pair : report.pairs) {
        JsonObject json;
        json.text("id", pair.id).text("name", pair.name).real("predicted", pair.predicted);
        if (with_measured && pair.skipped.empty()) {
            json.real("measured", pair.measured).real("error", pair.error());
            json.real("target", pair.target).flag("met", pair.is_met());
        }
        if (!pair.skipped.empty()) json.text("skipped", pair.skipped);
        pairs += (pairs.empty() ? "" : ",") + json.object();
    }
    return JsonObject()
        .text("kind", with_measured ? "measured" : "prediction")
        .text("machine", report.machine)
        .real("scale", report.scale)
        .real("speed_before", report.speed_before)
        .real("speed_after", with_measured ? report.speed_after : 1)
        .real("core_share", with_measured ? report.core_share : 1)
        .real("core_speed", with_measured ? report.core_speed : 1)
        .real("catch_up_from_rate_s", with_measured ? report.catch_up_from_rate_s : 0)
        .raw("pairs", "[" + pairs + "]")
        .object();
}

}  // namespace trommel::tools
