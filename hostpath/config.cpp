#include "trommel/config.h"

#include <algorithm>
#include <string>

#include "hostpath/engine_choice.h"
#include "hostpath/memory_plan.h"
#include "kernels/cpu/approximate_ids.h"
#include "kernels/rules/dedup.h"
#include "kernels/rules/filter.h"
#include "kernels/rules/window.h"

namespace trommel {
namespace {

using Problems = std::vector<Problem>;

// "10m", "36h", "1500us": the largest unit that says it exactly.
std::string duration(int64_t us) {
    constexpr std::pair<int64_t, const char*> kUnits[] = {
        {86'400'000'000, "d"}, {3'600'000'000, "h"}, {60'000'000, "m"},
        {1'000'000, "s"},      {1'000, "ms"},        {1, "us"}};
    for (const auto& [unit, name] : kUnits) {
        if (us % unit == 0) return std::to_string(us / unit) + name;
    }
    return std::to_string(us);
}

void check_range(Problems& problems, const std::string& where, int64_t us, int64_t min_us) {
    if (us >= min_us && us < kTimeLimitUs) return;
    problems.push_back({where, us < min_us ? "must be at least " + duration(min_us)
                                           : "must be below 2^60 us (about 36,500 years)"});
}

void check_names(Problems& problems, const std::string& list,
                 const std::vector<std::string>& names) {
    for (size_t i = 0; i < names.size(); ++i) {
        const std::string where = list + "[" + std::to_string(i) + "].name";
        if (names[i].empty()) problems.push_back({where, "must not be empty"});
        if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
            names.begin() + static_cast<std::ptrdiff_t>(i)) {
            problems.push_back({where, "'" + names[i] + "' is used twice"});
        }
    }
}

template <class T>
std::vector<std::string> names_of(const std::vector<T>& things) {
    std::vector<std::string> names;
    for (const T& thing : things) names.push_back(thing.name);
    return names;
}

void check_window(Problems& problems, const std::string& where, const Window& window) {
    if (window.kind == WindowKind::session) {
        check_range(problems, where + ".gap", window.gap_us, 1);
        return;
    }
    check_range(problems, where + ".size", window.size_us, 1);
    if (window.kind == WindowKind::tumbling) {
        if (window.slide_us != window.size_us) {
            problems.push_back({where + ".every", "a tumbling window has no slide of its own"});
        }
        return;
    }
    check_range(problems, where + ".every", window.slide_us, 1);
    if (window.slide_us > 0 && window.size_us % window.slide_us != 0) {
        problems.push_back(
            {where + ".size", duration(window.size_us) +
                                  " is not a multiple of every: " + duration(window.slide_us)});
    }
}

void check_windows(Problems& problems, const Config& config) {
    check_names(problems, "windows", names_of(config.windows));
    const size_t before = problems.size();
    for (size_t w = 0; w < config.windows.size(); ++w) {
        check_window(problems, "windows[" + std::to_string(w) + "]", config.windows[w]);
    }
    if (config.window_offset_us <= -kTimeLimitUs || config.window_offset_us >= kTimeLimitUs) {
        problems.push_back({"window_offset", "must lie within 2^60 us of zero"});
    }
    if (problems.size() != before) return;
    const int64_t pane_us = rules::pane_us(config);
    for (size_t w = 0; w < config.windows.size(); ++w) {
        const Window& window = config.windows[w];
        if (window.kind == WindowKind::session || window.size_us / pane_us <= kPanesPerWindowMax)
            continue;
        problems.push_back({"windows[" + std::to_string(w) + "].size",
                            duration(window.size_us) + " is " +
                                std::to_string(window.size_us / pane_us) + " panes of " +
                                duration(pane_us) +
                                " (the greatest common divisor of all sizes and slides); at most " +
                                std::to_string(kPanesPerWindowMax) + " are allowed"});
    }
}

void check_dedup(Problems& problems, const Config& config) {
    const DedupOptions& dedup = config.dedup;
    if (dedup.mode == DedupMode::off) {
        if (dedup.verify)
            problems.push_back({"dedup.verify", "there is no deduplication to verify"});
        return;
    }
    if (dedup.verify && (dedup.mode != DedupMode::exact || dedup.id_type != IdType::bytes)) {
        problems.push_back({"dedup.verify",
                            "only for mode: exact with ids of type bytes; other ids are "
                            "compared in full anyway"});
    }
    if (dedup.mode == DedupMode::approximate) {
        if (!(dedup.error_rate >= 1e-9 && dedup.error_rate <= 0.5)) {  // Not a number neither.
            problems.push_back({"dedup.error_rate", "must lie between 1e-9 and 0.5"});
        }
        if (dedup.capacity == 0) {
            problems.push_back({"dedup.capacity",
                                "approximate mode needs the number of ids that are live "
                                "at once (those of one and a half horizons)"});
        }
    }
    if (dedup.horizon_us == kForeverUs) {
        if (config.engine.on_full == OnFull::forget) {
            problems.push_back({"engine.on_full",
                                "forget needs a finite dedup.horizon: with `forever` "
                                "no id is older than another"});
        }
        return;
    }
    const size_t before = problems.size();
    check_range(problems, "dedup.horizon", dedup.horizon_us, 1);
    if (problems.size() != before) return;
    if (!config.time.out_of_order_us) {
        problems.push_back({"dedup.horizon",
                            "a finite horizon needs time.out_of_order: without it no "
                            "event is ever late and no id can be forgotten"});
        return;
    }
    const int64_t pane_us = rules::lateness_pane_us(config);
    const int64_t least_us = rules::horizon_min_us(*config.time.out_of_order_us,
                                                   config.time.allowed_lateness_us, pane_us);
    if (dedup.horizon_us < least_us) {
        problems.push_back({"dedup.horizon", duration(dedup.horizon_us) +
                                                 " is less than out_of_order + allowed_lateness + "
                                                 "pane = " +
                                                 duration(*config.time.out_of_order_us) + " + " +
                                                 duration(config.time.allowed_lateness_us) + " + " +
                                                 duration(pane_us) + " = " + duration(least_us) +
                                                 ": a copy that is still on time could be missed"});
    }
    const int64_t drift_us = config.time.max_drift_us.value_or(0);
    if (drift_us / 400 > dedup.horizon_us ||
        (drift_us / 400 == dedup.horizon_us && drift_us % 400 > 0)) {
        problems.push_back({"time.max_drift", "must be at most 400 horizons"});
    }
}

void check_time(Problems& problems, const TimeOptions& time) {
    const auto optional = [&](const char* where, const std::optional<int64_t>& us, int64_t min_us) {
        if (us) check_range(problems, where, *us, min_us);
    };
    optional("time.out_of_order", time.out_of_order_us, 0);
    check_range(problems, "time.allowed_lateness", time.allowed_lateness_us, 0);
    optional("time.max_drift", time.max_drift_us, 0);
    optional("time.idle_after", time.idle_after_us, 1);
    optional("time.max_future", time.max_future_us, 0);
    if (time.max_time_us &&
        (*time.max_time_us <= -kTimeLimitUs || *time.max_time_us >= kTimeLimitUs)) {
        problems.push_back({"time.max_time", "must lie within 2^60 us of 1970"});
    }
    if (time.allowed_lateness_us > 0 && !time.out_of_order_us) {
        problems.push_back({"time.allowed_lateness",
                            "has no effect without time.out_of_order: nothing is "
                            "ever late"});
    }
}

void check_fields(Problems& problems, const Config& config) {
    if (config.key.size() > kKeyFieldsMax) {
        problems.push_back({"decode.fields.key", "at most 8 fields"});
    }
    if (config.values.size() > kValuesMax) {
        problems.push_back({"decode.fields.values", "at most 16 values"});
    }
    for (const ValueField& value : config.values) {
        if (value.digits >= 0 && value.digits <= 18) continue;
        problems.push_back(
            {"decode.fields.values." + value.name, "digits must lie between 0 and 18"});
    }
    check_names(problems, "aggregates", names_of(config.aggregates));
    for (const Aggregate& aggregate : config.aggregates) {
        const std::string where = "aggregates." + aggregate.name;
        if (aggregate.kind != AggregateKind::count && aggregate.value >= config.values.size()) {
            problems.push_back({where, "names a value that is not declared"});
        }
        if (aggregate.digits < 0 || aggregate.digits > 18) {
            problems.push_back({where, "digits must lie between 0 and 18"});
        }
    }
}

void check_engine(Problems& problems, const EngineOptions& engine) {
    if (engine.threads < 1 || engine.threads > kShardsMax) {
        problems.push_back(
            {"engine.threads", "must lie between 1 and " + std::to_string(kShardsMax)});
    }
    if (engine.expected_rate == 0u) {
        problems.push_back({"engine.expected_rate", "must be at least 1 event per second"});
    }
    const bool is_gpu = engine.type == EngineType::gpu;
    const uint32_t records_max = is_gpu ? kGpuBatchRecordsMax : kBatchRecordsMax;
    if (engine.batch_records < 1 || engine.batch_records > records_max) {
        problems.push_back({"engine.batch_records",
                            "must lie between 1 and " + std::to_string(records_max) +
                                (is_gpu ? "" : "; more are for a GPU, with engine.type gpu")});
    }
    if (engine.memory_bytes < hostpath::kMemoryMinBytes) {
        problems.push_back({"engine.memory", "must be at least 16MiB"});
    }
    const MemoryShares& shares = engine.shares;
    const auto sum = int64_t{shares.ids} + shares.keys + shares.batches;
    if (shares.ids < 1 || shares.keys < 1 || shares.batches < 1 || sum > 100) {
        problems.push_back(
            {"engine.memory_shares", "each is at least 1 % and they sum to at most 100 %"});
    }
}

// Only who asks for a GPU has its driver asked.
void check_engine_type(Problems& problems, const Config& config) {
    if (config.engine.type != EngineType::gpu) return;
    const hostpath::EngineChoice choice = hostpath::choose_engine(config, cuda::visible_devices());
    if (!choice.is_possible) problems.push_back({"engine.type", choice.reason});
}

// A filter has its whole size from the start.
void check_filter(Problems& problems, const Config& config) {
    if (config.dedup.mode != DedupMode::approximate) return;
    const uint64_t needed = rules::filter_bytes(cpu::filter_geometry(config));
    const uint64_t share = hostpath::plan_memory(config).id_bytes * config.engine.threads;
    if (needed <= share) return;
    problems.push_back(
        {"engine.memory", "the filter for dedup.capacity and dedup.error_rate takes " +
                              std::to_string(needed >> 20) + " MiB, and the ids' share is " +
                              std::to_string(share >> 20) + " MiB"});
}

}  // namespace

std::vector<Problem> validate(const Config& config) {
    Problems problems;
    check_time(problems, config.time);
    check_fields(problems, config);
    check_windows(problems, config);
    check_engine(problems, config.engine);
    check_engine_type(problems, config);
    // What follows builds on sizes and durations that make sense.
    if (problems.empty()) check_dedup(problems, config);
    if (problems.empty()) check_filter(problems, config);
    return problems;
}

std::vector<Problem> validate_job(const Config& config) {
    Problems problems = validate(config);
    if (config.output == Output::windows && config.windows.empty()) {
        problems.push_back({"windows",
                            "there are none, so nothing would come out; add one, or say output: "
                            "unique for the deduplicated records themselves"});
    }
    return problems;
}

Status to_status(const std::vector<Problem>& problems) {
    std::string text;
    for (const Problem& problem : problems) {
        text += (text.empty() ? "" : "; ") + problem.where + ": " + problem.what;
    }
    return text.empty() ? Status{} : Status::error(Code::invalid_config, text);
}

}  // namespace trommel
