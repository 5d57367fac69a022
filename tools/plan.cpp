#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>

#include "tools/commands.h"
#include "tools/console.h"
#include "tools/job/text.h"
#include "tools/pages/bench_report.h"
#include "tools/pages/plan_page.h"
#include "tools/pages/report_file.h"
#include "tools/plan/calibrate.h"
#include "tools/plan/check.h"
#include "tools/plan/inputs.h"
#include "tools/plan/job.h"
#include "tools/plan/model.h"
#include "tools/plan/text.h"
#include "tools/signals.h"
#include "tools/whole_file.h"

namespace trommel::tools {
namespace {

constexpr const char* kCheckPath = "plan-check.jsonl";
constexpr double kQuietShare = 0.9;
constexpr double kSameSpeed = 0.1;

std::string flag_of(std::string name) {
    for (char& c : name) c = c == '_' ? '-' : c;
    return "--" + name;
}

// Memory of this machine, in bytes; 0: unknown.
double machine_memory() {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/proc/meminfo", "re"),
                                                     &std::fclose);
    unsigned long long kib = 0;
    if (file == nullptr || std::fscanf(file.get(), "MemTotal: %llu kB", &kib) != 1) return 0;
    return static_cast<double>(kib) * 1024;
}

struct Request {
    PlanInputs inputs;
    std::string job_text;  // Of --job.
    std::optional<Calibration> calibration;
};

std::optional<ExitCode> take_job_file(const PlanCommand& command, Console& console,
                                      Request& request) {
    if (command.job_path.empty()) return std::nullopt;
    const Status status = read_job_text(command.job_path, request.job_text);
    if (!status.ok()) {
        console.error(status.message);
        return exit_code(status.code);
    }
    Job job;
    Mistakes mistakes;
    // How much memory it needs is what is asked: too little of it in the job is no mistake.
    std::vector<Override> overrides = all_overrides(command.overrides);
    overrides.push_back({"engine.memory=1024TiB", "trommel plan"});
    read_job(request.job_text, command.job_path, overrides, job, mistakes);
    if (!mistakes.empty()) {
        console.mistakes(mistakes.sorted());
        return kExitJobFile;
    }
    take_job(job, request.inputs);
    return std::nullopt;
}

std::optional<ExitCode> take_calibration(const PlanCommand& command, Console& console,
                                         Request& request) {
    if (command.calibration_path.empty()) return std::nullopt;
    std::string text;
    const Status status = read_job_text(command.calibration_path, text);
    Calibration calibration;
    const std::string wrong =
        status.ok() ? read_calibration(text, command.calibration_path, calibration)
                    : "--calibration: '" + command.calibration_path + "' cannot be read";
    if (!wrong.empty()) {
        console.error(wrong);
        return kExitNoInput;
    }
    request.calibration = calibration;
    return std::nullopt;
}

// Every mistake of the flags at once.
std::vector<std::string> take_settings(const PlanCommand& command, PlanInputs& inputs) {
    std::vector<std::string> wrong;
    for (const PlanSetting& setting : plan_settings()) {
        for (const auto& [name, text] : command.settings) {
            if (name != setting.name) continue;
            std::string error;
            if (setting.of_job && !command.job_path.empty()) {
                error = "the job says it; change the job, or use -s";
            } else {
                error = setting.set(inputs, text);
            }
            if (!error.empty()) wrong.push_back(flag_of(name) + ": " + error);
        }
    }
    if (wrong.empty()) wrong = problems_of(inputs);
    return wrong;
}

// Flags that do not go together.
std::vector<std::string> contradictions(const PlanCommand& command) {
    std::vector<std::string> wrong;
    const auto require = [&](bool holds, const char* text) {
        if (!holds) wrong.emplace_back(text);
    };
    require(command.overrides.empty() || !command.job_path.empty(),
            "--set: changes a job; give one with --job");
    require(!command.require || command.check, "--require: belongs to --check");
    require(command.out_path.empty() || command.check || command.calibrate,
            "--out: belongs to --calibrate and --check");
    require(command.write_job_path.empty() || (!command.check && !command.calibrate),
            "--write-job: not with --calibrate or --check");
    require(!command.calibrate || command.calibration_path.empty(),
            "--calibrate: measures anew; leave --calibration out");
    return wrong;
}

ExitCode fail(const Status& status, Console& console) {
    console.error(status.message);
    return status.code == Code::closed ? kExitInterrupted : exit_code(status.code);
}

Status calibrate_here(const PlanCommand& command, Console& console, Calibration& calibration) {
    const auto scale = command.quick ? CalibrationScale::quick : CalibrationScale::full;
    return calibrate(
        scale, [&](const std::string& what) { console.note("measuring " + what); }, calibration);
}

ExitCode print_calibration(const PlanCommand& command, Console& console) {
    Calibration calibration;
    if (const Status status = calibrate_here(command, console, calibration); !status.ok()) {
        return fail(status, console);
    }
    const std::string text = to_json(calibration) + "\n";
    if (command.out_path.empty()) {
        std::fputs(text.c_str(), stdout);
        return kExitDone;
    }
    const Status status = write_whole(command.out_path, text);
    return status.ok() ? kExitDone : fail(status, console);
}

// "trommel plan --events 1M --check": what repeats this run.
std::string command_text(const PlanCommand& command) {
    std::string text = "trommel plan";
    const auto add = [&](const char* flag, const std::string& value) {
        if (!value.empty()) text += std::string(" ") + flag + " " + value;
    };
    for (const auto& [name, value] : command.settings) add(flag_of(name).c_str(), value);
    add("--job", command.job_path);
    for (const std::string& value : command.overrides) add("-s", value);
    add("--calibration", command.calibration_path);
    return text + (command.check ? " --check" : "");
}

std::vector<Fact> facts_of(const PlanCommand& command) {
    return {{"Program", std::string("trommel ") + TROMMEL_VERSION + ", commit " + TROMMEL_COMMIT},
            {"Command", command_text(command)},
            {"Written", time_now()}};
}

// How many times as fast this machine is now as it was when it was calibrated.
Status measure_speed(const PlanCommand& command, const Calibration& calibration, double& speed) {
    double now_ns = 0;
    const auto scale = command.quick ? CalibrationScale::quick : CalibrationScale::full;
    const Status status = measure_reference(scale, now_ns);
    if (status.ok()) speed = calibration.reference_ns / now_ns;
    return status;
}

void tell_speeds(const PlanReport& report, Console& console) {
    char text[320];
    const bool is_steady = std::abs(report.speed_after / report.speed_before - 1) <= kSameSpeed;
    std::snprintf(text, sizeof text,
                  "%sby the same work, this machine was %.2f times as fast before the run, and "
                  "%.2f times after it, as when it was calibrated; rates and times are predicted "
                  "for the speed before",
                  is_steady ? "" : "warning: ", report.speed_before, report.speed_after);
    console.note(text);
    if (report.catch_up_from_rate_s <= 0) return;
    std::snprintf(text, sizeof text,
                  "%sthe core was %.2f times as fast while catching up as when its rate was "
                  "measured; from that rate and speed, catching up would take %.3g s",
                  std::abs(report.core_speed - 1) > kSameSpeed ? "warning: " : "",
                  report.core_speed, report.catch_up_from_rate_s);
    console.note(text);
}

// Writes the prediction, then runs what was planned, and adds what came out.
ExitCode check_plan(const PlanCommand& command, Console& console, Request& request,
                    ReportFile& page) {
    if (!request.calibration) {
        Calibration calibration;
        if (const Status status = calibrate_here(command, console, calibration); !status.ok()) {
            return fail(status, console);
        }
        request.calibration = calibration;
    }
    double speed = 1;
    if (const Status status = measure_speed(command, *request.calibration, speed); !status.ok()) {
        return fail(status, console);
    }
    const Calibration now = at_speed(*request.calibration, speed);
    const std::string path = command.out_path.empty() ? kCheckPath : command.out_path;
    const ScaledPlan scaled = scale_plan(request.inputs, now);
    PlanReport report = predict(scaled, now);
    report.speed_before = speed;
    const std::string prediction = plan_report_json(report, false) + "\n";
    if (const Status status = write_whole(path, prediction); !status.ok()) {
        return fail(status, console);
    }
    console.note("The prediction is in " + path + ". The workload is " +
                 plan_value_text(scaled.scale, PlanUnit::share) +
                 " of the planned events and keys, at the busiest rate.");
    const auto tell = [&](const std::string& what) { console.note("running " + what); };
    Status status = measure(scaled, tell, report);
    if (status.ok()) status = measure_speed(command, *request.calibration, report.speed_after);
    if (!status.ok()) return fail(status, console);
    const std::string measured = plan_report_json(report, true);
    std::fputs(command.json ? (measured + "\n").c_str() : plan_report_table(report).c_str(),
               stdout);
    status = write_whole(path, prediction + measured + "\n");
    if (!status.ok()) return fail(status, console);
    if (!command.report_path.empty()) {
        status = page.finish(plan_check_page(report, facts_of(command)));
        if (!status.ok()) return fail(status, console);
    }
    if (report.core_share < kQuietShare) {
        console.note("warning: others were busy on this machine: the run had " +
                     plan_value_text(report.core_share, PlanUnit::share) +
                     " of a core, so its rate and times mean little");
    }
    tell_speeds(report, console);
    if (report.is_met()) return kExitDone;
    console.note("not every prediction was within its target");
    return command.require ? kExitUnmet : kExitDone;
}

ExitCode print_plan(const PlanCommand& command, Console& console, const Request& request,
                    ReportFile& page) {
    const Plan plan =
        make_plan(request.inputs, request.calibration ? &*request.calibration : nullptr);
    std::fputs(command.json ? (plan_json(plan) + "\n").c_str() : plan_table(plan).c_str(), stdout);
    for (const std::string& warning : plan.warnings) console.note("warning: " + warning);
    if (!command.report_path.empty()) {
        const Status status = page.finish(plan_page(plan, facts_of(command)));
        if (!status.ok()) return fail(status, console);
    }
    if (command.write_job_path.empty()) return kExitDone;
    const std::string text =
        command.job_path.empty()
            ? planned_job_text(request.inputs, plan.config)
            : with_planned_memory(request.job_text, command.job_path, plan.config);
    const Status status = write_whole(command.write_job_path, text);
    return status.ok() ? kExitDone : fail(status, console);
}

}  // namespace

ExitCode plan(const PlanCommand& command) {
    Console console({});
    watch_signals();
    const std::vector<std::string> together = contradictions(command);
    for (const std::string& text : together) console.error(text);
    if (!together.empty()) return kExitUsage;
    if (command.calibrate && !command.check) return print_calibration(command, console);
    Request request;
    request.inputs.config = default_plan_config();
    request.inputs.ram_bytes = machine_memory();
    if (const auto code = take_job_file(command, console, request)) return *code;
    const std::vector<std::string> wrong = take_settings(command, request.inputs);
    for (const std::string& text : wrong) console.error(text);
    if (!wrong.empty()) return kExitUsage;
    if (const auto code = take_calibration(command, console, request)) return *code;
    ReportFile page;
    if (!command.report_path.empty()) {
        const Status status = page.open(command.report_path, ReportFile::Needs::nothing);
        if (!status.ok()) return fail(status, console);
    }
    return command.check ? check_plan(command, console, request, page)
                         : print_plan(command, console, request, page);
}

}  // namespace trommel::tools
