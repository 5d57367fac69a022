#include <algorithm>
#include <cstdio>

#include "trommel/file_system.h"

#include "bench/kit/engine_report.h"
#include "bench/kit/engine_workloads.h"
#include "bench/kit/machine.h"
#include "hostpath/engine_choice.h"
#include "tools/break_even_file.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/job/ends.h"
#include "tools/job/text.h"
#include "tools/load/text.h"
#include "tools/pages/bench_report.h"
#include "tools/pages/engine_page.h"
#include "tools/pages/report_file.h"
#include "tools/quantity.h"
#include "tools/suggestion.h"

namespace trommel::tools {
namespace {

ExitCode fail(ExitCode code, const std::string& message) {
    std::fprintf(stderr, "trommel: error: %s\n", message.c_str());
    return code;
}

std::string command_text(const EnginesCommand& command) {
    std::string text = "trommel bench --engine " + command.engines;
    for (const std::string& name : command.workloads) text += " " + name;
    if (!command.job_path.empty()) text += " --job " + command.job_path;
    if (!command.events.empty()) text += " --events " + command.events;
    if (!command.batches.empty()) text += " --batch " + command.batches;
    if (command.quick) text += " --quick";
    return command.quick ? text : text + " --rounds " + std::to_string(command.rounds);
}

struct Request {
    bench::ComparisonOptions options;
    uint64_t events = bench::EngineWorkloads::kEventsPreset;
};

// "1024,4096,64Ki" is three sizes.
std::string read_batches(std::string_view text, std::vector<uint32_t>& sizes) {
    for (bool more = true; more;) {
        const size_t comma = text.find(',');
        const Parsed<uint64_t> size = parse_count(text.substr(0, comma));
        if (!size.ok()) return size.error;
        sizes.push_back(static_cast<uint32_t>(std::min<uint64_t>(size.value, UINT32_MAX)));
        more = comma != std::string_view::npos;
        if (more) text.remove_prefix(comma + 1);
    }
    return "";
}

// What is wrong with the command line, or "".
std::string read_request(const EnginesCommand& command, Request& request) {
    bench::ComparisonOptions& options = request.options;
    const std::string sides = bench::parse_engine_sides(command.engines, options.sides);
    if (!sides.empty()) return "--engine: " + sides;
    options.rounds = command.quick ? 1 : command.rounds;
    if (!command.job_path.empty()) {
        if (!command.workloads.empty()) return "--job: is a workload of its own; name no other";
        if (!command.events.empty()) return "--events: the job's source says how many there are";
        if (command.save) return "--save: is for the workloads that trommel brings itself";
    }
    if (command.save) {
        const bool cpu_then_gpu = options.sides.size() == 2 &&
                                  options.sides[0].engine == EngineType::cpu &&
                                  options.sides[1].engine == EngineType::gpu;
        if (!cpu_then_gpu) return "--save: needs --engine cpu,gpu or --engine cpu:SHARDS,gpu";
        if (command.quick) return "--save: not with --quick, which measures nothing";
    }
    if (command.quick) request.events = bench::EngineWorkloads::kEventsQuick;
    if (!command.events.empty()) {
        const Parsed<uint64_t> events = parse_count(command.events);
        if (!events.ok()) return "--events: " + events.error;
        request.events = events.value;
    }
    options.batch_records = bench::default_batch_sizes(command.quick, options.sides);
    if (!command.batches.empty()) {
        options.batch_records.clear();
        const std::string wrong = read_batches(command.batches, options.batch_records);
        if (!wrong.empty()) return "--batch: " + wrong;
    }
    const uint64_t known = command.job_path.empty() ? request.events : UINT64_MAX;
    const std::string wrong = bench::check_batch_sizes(options.batch_records, options.sides, known);
    if (!wrong.empty()) return "--batch: " + wrong;
    const auto& names = bench::EngineWorkloads::kNames;
    for (const std::string& name : command.workloads) {
        if (std::find(std::begin(names), std::end(names), name) != std::end(names)) continue;
        return "no workload of engines is called '" + name + "'" +
               did_you_mean(name, {std::begin(names), std::end(names)}) +
               "; there are dedup and dedup-windows";
    }
    return "";
}

// The job's source, anew for each run: a run uses one up.
std::unique_ptr<Source> make_source(const Job& job) {
    Ends ends;
    if (!make_ends(job, real_file_system(), system_clock(), ends).ok()) return nullptr;
    return ends.sources.size() == 1 ? std::move(ends.sources[0]) : nullptr;
}

// A job as a workload. Its source must bring the same events each time, in one order.
Status read_workload(const EnginesCommand& command, Console& console, Job& job,
                     bench::EngineWorkload& workload) {
    std::string text;
    if (Status status = read_job_text(command.job_path, text); !status.ok()) return status;
    Mistakes mistakes;
    read_job(text, command.job_path, all_overrides({}, ""), job, mistakes);
    if (!mistakes.empty()) {
        console.mistakes(mistakes.sorted());
        return Status::error(Code::invalid_config, command.job_path + ": is no job that could run");
    }
    const auto refuse = [](const std::string& why) {
        return Status::error(Code::invalid_config, "--job: " + why);
    };
    const bool is_file = job.source.type == SourceJob::Type::file;
    const bool is_made_up = job.source.type == SourceJob::Type::synthetic && job.source.rate == 0;
    if (!is_file && !is_made_up) {
        return refuse(
            "the source has to bring the same events for each engine, as fast as they are "
            "taken: files, or synthetic without a rate");
    }
    job.sinks = {{.type = SinkJob::Type::null, .path = "", .format = {}, .time_format = {}}};
    job.dlq.reset();
    Ends ends;
    if (Status status = make_ends(job, real_file_system(), system_clock(), ends); !status.ok()) {
        return status;
    }
    if (ends.sources.size() != 1) {
        return refuse(
            "the files are partitions of their own, and in which order they are read "
            "depends on the size of batches; take one file");
    }
    workload.name = job.name;
    workload.what = "the job " + command.job_path + ", with what its source takes";
    workload.config = job.config;
    workload.make_source = [&job] { return make_source(job); };
    return {};
}

// A job that no GPU can run is refused before anything is measured.
Status can_run(const bench::EngineWorkload& workload, const bench::ComparisonOptions& options) {
    Config config = workload.config;
    config.engine.threads = 1;  // As a GPU's side has it.
    const std::string why_not = hostpath::why_not_on_gpu(config);
    if (!bench::has_gpu(options.sides) || why_not.empty()) return {};
    return Status::error(Code::invalid_config, "--engine gpu: " + why_not);
}

Status measure(const EnginesCommand& command, Request& request, Console& console,
               bench::EngineReport& report) {
    Job job;
    bench::EngineWorkload of_job;
    if (!command.job_path.empty()) {
        Status status = read_workload(command, console, job, of_job);
        if (status.ok()) status = can_run(of_job, request.options);
        if (!status.ok()) return status;
    }
    if (Status status = bench::engines_here(request.options.sides); !status.ok()) {
        return Status::error(Code::unreachable, status.message);
    }
    if (bench::has_gpu(request.options.sides)) {
        report.limits.emplace();
        const auto scale = command.quick ? bench::GpuScale::quick : bench::GpuScale::full;
        Status status = bench::measure_gpu_limits(scale, report.commit, *report.limits);
        if (!status.ok()) return status;
        request.options.energy = bench::first_gpu_energy(report.why_no_energy);
    }
    if (!command.job_path.empty()) {
        report.comparisons.push_back(compare_engines(of_job, request.options, trommel::run));
        return {};
    }
    const bench::EngineWorkloads workloads(request.events);
    for (const bench::EngineWorkload& workload : workloads.all()) {
        const auto& names = command.workloads;
        if (!names.empty() && std::find(names.begin(), names.end(), workload.name) == names.end()) {
            continue;
        }
        report.comparisons.push_back(compare_engines(workload, request.options, trommel::run));
    }
    return {};
}

// What `auto` is to go by from now on.
StoredBreakEven stored_of(const bench::EngineReport& report, const Request& request) {
    StoredBreakEven stored;
    const ThisMachine machine = this_machine();
    stored.processor = machine.processor;
    stored.gpu = machine.devices.gpus.at(cuda::first_able(machine.devices)).name;
    stored.commit = report.commit;
    stored.written = time_now();
    for (const bench::EngineComparison& comparison : report.comparisons) {
        const bench::BreakEven found = *break_even_of(comparison);
        StoredBreakEven::Workload& workload = stored.workloads.emplace_back();
        workload.name = comparison.name;
        workload.threads = request.options.sides[0].shards;
        if (found.kind != bench::BreakEven::Kind::never) {
            workload.gpu_pays_from =
                std::max<uint64_t>(1, static_cast<uint64_t>(found.events_per_second));
        }
    }
    return stored;
}

}  // namespace

ExitCode bench_engines(const EnginesCommand& command) {
    Request request;
    if (const std::string wrong = read_request(command, request); !wrong.empty()) {
        return fail(kExitUsage, wrong);
    }
    const std::string path = break_even_path();
    if (command.save && path.empty()) {
        return fail(kExitUsage, "--save: there is no HOME to keep it in; set TROMMEL_BREAK_EVEN");
    }
    ReportFile page;
    if (!command.report_path.empty()) {
        const Status status = page.open(command.report_path, ReportFile::Needs::curves);
        if (!status.ok()) return refuse(status);
    }
    Console console({});
    request.options.tell = [&](const std::string& what) { console.note(what + " …"); };
    bench::EngineReport report;
    report.command = command_text(command);
    report.machine = bench::describe_machine();
    report.commit = TROMMEL_COMMIT;
    report.quick = command.quick;
    if (const Status status = measure(command, request, console, report); !status.ok()) {
        return refuse(status);
    }
    std::fputs(command.json ? (to_json(report) + "\n").c_str() : to_table(report).c_str(), stdout);
    if (!command.report_path.empty()) {
        const std::string version =
            std::string("trommel ") + TROMMEL_VERSION + ", commit " + TROMMEL_COMMIT;
        const Status status = page.finish(engine_page(report, version, time_now()));
        if (!status.ok()) return refuse(status);
    }
    if (!report.right()) return fail(kExitInternal, "the engines are not right; see above");
    if (command.save) {
        const Status status = save_break_even(path, stored_of(report, request));
        if (!status.ok()) return refuse(status);
        console.note("engine.type auto goes by " + path + " from now on");
    }
    return kExitDone;
}

}  // namespace trommel::tools
