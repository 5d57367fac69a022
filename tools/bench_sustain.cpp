#include <algorithm>
#include <cstdio>

#include "bench/kit/machine.h"
#include "tools/commands.h"
#include "tools/job/section.h"
#include "tools/load/json.h"
#include "tools/load/load_test.h"
#include "tools/load/text.h"
#include "tools/pages/bench_report.h"
#include "tools/pages/load_page.h"
#include "tools/pages/report_file.h"
#include "tools/quantity.h"
#include "tools/signals.h"

namespace trommel::tools {
namespace {

using bench::LoadReport;
using bench::LoadRun;

constexpr int64_t kWarmUpMaxUs = 5'000'000;
// A step of the search: start-up, which faults pages in, and then what is judged. Whole windows, so
// that each step pays for as many closings as another; unless they are longer than anybody waits.
constexpr int64_t kStepWarmUpUs = 3'000'000, kStepJudgedUs = 4'000'000;
constexpr int64_t kStepWindowMaxUs = 20'000'000;
constexpr int kConfirmationsMax = 5;  // Of the rate found, each time a little less.
constexpr double kLess = 0.95;

// What the flags ask for.
struct Plan {
    LoadTest test;
    bool search = false;
    bool has_warm_up = false;  // Of the user's.
    double overload = 0;       // 0: none.
    bool quick = false;
};

std::vector<std::string> read_plan(const SustainCommand& command, Plan& plan) {
    std::vector<std::string> wrong;
    const auto read = [&](const char* flag, auto parsed, auto& out) {
        using Value = std::remove_reference_t<decltype(out)>;
        if (!parsed.ok()) wrong.push_back(std::string(flag) + ": " + parsed.error);
        out = static_cast<Value>(parsed.value);
    };
    const auto require = [&](bool holds, const char* what) {
        if (!holds && wrong.empty()) wrong.push_back(what);
    };
    LoadTest& test = plan.test;
    plan.quick = command.quick;
    plan.search = command.rate.empty();
    if (!plan.search) read("--rate", parse_count(command.rate), test.rate);
    read("--duration", parse_duration_us(command.quick ? "1s" : command.duration),
         test.duration_us);
    test.warm_up_us = std::min(test.duration_us / 10, kWarmUpMaxUs);
    plan.has_warm_up = !command.warm_up.empty();
    if (plan.has_warm_up) {
        read("--warm-up", parse_duration_us(command.warm_up), test.warm_up_us);
    }
    read("--slo", parse_duration_us(command.objective), test.objective_us);
    if (!command.overload.empty()) {
        read("--overload", parse_decimal(command.overload), plan.overload);
    }
    read("--keys", parse_count(command.keys), test.job.keys);
    read("--duplicates", parse_share(command.duplicates), test.job.duplicate_share);
    read("--duplicate-distance", parse_count(command.duplicate_distance),
         test.job.duplicate_distance);
    read("--horizon", parse_duration_us(command.horizon), test.job.horizon_us);
    read("--window", parse_duration_us(command.window), test.job.window_us);
    test.job.prefault = command.prefault;
    read("--memory", parse_bytes(command.memory), test.job.memory_bytes);
    read("--receive-buffer", parse_bytes(command.receive_buffer), test.receive_buffer_bytes);
    read("--frame-events", parse_count(command.frame_events), test.frame_events);
    test.job.threads = command.threads;
    read("--transport", one_of<bool>({{"udp", false}, {"tcp", true}})(command.transport), test.tcp);
    require(plan.search || test.rate > 0, "--rate: must be at least 1");
    require(test.duration_us >= 500'000, "--duration: must be at least 500ms");
    require(test.warm_up_us < test.duration_us, "--warm-up: must be less than --duration");
    require(test.frame_events > 0, "--frame-events: must be at least 1");
    require(plan.overload == 0 || plan.overload > 1, "--overload: must be more than 1");
    if (!wrong.empty()) return wrong;
    for (const Problem& problem : validate_job(bench::config_of(test.job))) {
        wrong.push_back(problem.where + " " + problem.what);
    }
    for (const Problem& problem : net::validate(bench::stream_of(test.job, 1))) {
        wrong.push_back("--" + problem.where + ": " + problem.what);
    }
    return wrong;
}

LoadRun run_at(const LoadTest& test, uint64_t rate, const std::string& name) {
    LoadTest at = test;
    at.rate = rate;
    std::fprintf(stderr, "%s: %s/s for %s …\n", name.c_str(),
                 rate_text(static_cast<double>(rate)).c_str(),
                 duration_text(test.duration_us).c_str());
    LoadRun run = run_load(at);
    run.name = name;
    return run;
}

LoadTest step_of(const Plan& plan) {
    LoadTest step = plan.test;
    if (plan.quick) {
        step.duration_us = 600'000;
        step.warm_up_us = 150'000;
        return step;
    }
    step.warm_up_us = plan.has_warm_up ? plan.test.warm_up_us : kStepWarmUpUs;
    int64_t judged_us = kStepJudgedUs;
    const int64_t window_us = plan.test.job.window_us;
    if (window_us <= kStepWindowMaxUs) {
        judged_us = (judged_us + window_us - 1) / window_us * window_us;
    }
    step.duration_us = step.warm_up_us + judged_us;
    return step;
}

// The sustainable rate, confirmed by a run of the full length.
void search(const Plan& plan, LoadReport& report) {
    const LoadTest step = step_of(plan);
    RateSearch bounds;
    if (plan.quick) {
        bounds.first_rate = 50'000;
        bounds.steps_max = 3;
    }
    uint64_t rate = search_rate(
        bounds, [&](uint64_t at) { return run_at(step, at, "search"); }, report.steps);
    for (int times = 0; times < kConfirmationsMax && rate > 0 && !stop_requested(); ++times) {
        LoadRun run = run_at(plan.test, rate, "sustained");
        const bool sustained = run.not_sustained.empty();
        if (!sustained && run.wrong.empty() && times + 1 < kConfirmationsMax) {
            report.steps.push_back(std::move(run));
            rate = static_cast<uint64_t>(static_cast<double>(rate) * kLess);
            continue;
        }
        if (sustained) report.sustainable_rate = static_cast<double>(rate);
        report.runs.push_back(std::move(run));
        return;
    }
}

void overload(const Plan& plan, uint64_t rate, LoadReport& report) {
    char name[64];
    std::snprintf(name, sizeof name, "%.3g x overload", plan.overload);
    const auto more = static_cast<uint64_t>(static_cast<double>(rate) * plan.overload);
    report.runs.push_back(run_at(plan.test, more, name));
}

std::string command_text(const SustainCommand& command) {
    std::string text = "trommel bench sustain";
    if (command.quick) text += " --quick";
    if (!command.rate.empty()) text += " --rate " + command.rate;
    text += " --duration " + command.duration + " --slo " + command.objective;
    if (!command.warm_up.empty()) text += " --warm-up " + command.warm_up;
    if (!command.overload.empty()) text += " --overload " + command.overload;
    return text + " --keys " + command.keys + " --duplicates " + command.duplicates +
           " --duplicate-distance " + command.duplicate_distance + " --horizon " + command.horizon +
           " --window " + command.window + " --memory " + command.memory + " --receive-buffer " +
           command.receive_buffer + " --frame-events " + command.frame_events + " --threads " +
           std::to_string(command.threads) + (command.prefault ? " --prefault" : "");
}

}  // namespace

ExitCode bench_sustain(const SustainCommand& command) {
    Plan plan;
    const std::vector<std::string> wrong = read_plan(command, plan);
    for (const std::string& text : wrong) {
        std::fprintf(stderr, "trommel: error: %s\n", text.c_str());
    }
    if (!wrong.empty()) return kExitUsage;
    ReportFile page;
    if (!command.report_path.empty()) {
        const Status status = page.open(command.report_path, ReportFile::Needs::curves);
        if (!status.ok()) return refuse(status);
    }
    watch_signals();
    plan.test.stop_requested = stop_requested;
    LoadReport report = load_report(command_text(command));
    report.objective_us = plan.test.objective_us;
    report.workload = (plan.test.tcp ? "TCP" : "UDP") + std::string(" over loopback, ") +
                      std::to_string(plan.test.frame_events) + " events in a full frame; " +
                      bench::to_text(plan.test.job);
    if (plan.search) {
        search(plan, report);
    } else {
        report.runs.push_back(run_at(plan.test, plan.test.rate, "declared rate"));
    }
    const auto rate = plan.search ? static_cast<uint64_t>(report.sustainable_rate) : plan.test.rate;
    if (plan.overload > 0 && rate > 0 && report.right() && !stop_requested()) {
        overload(plan, rate, report);
    }
    print(report, command.json);
    if (!command.report_path.empty()) {
        const Status status = page.finish(load_page(report, time_now()));
        if (!status.ok()) return refuse(status);
    }
    return report.right() || stop_requested() ? kExitDone : kExitInternal;
}

}  // namespace trommel::tools
