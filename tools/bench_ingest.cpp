#include <cstdio>

#include "bench/kit/ingest.h"
#include "tools/commands.h"
#include "tools/job/section.h"
#include "tools/load/text.h"
#include "tools/pages/bench_report.h"
#include "tools/pages/load_page.h"
#include "tools/pages/report_file.h"
#include "tools/quantity.h"

namespace trommel::tools {
namespace {

constexpr uint64_t kEventsMin = 300'000;      // More than the first look at a socket finds.
constexpr uint64_t kEventsMax = 100'000'000;  // 3.3 GB of frames.
constexpr int64_t kStepUs = 1;  // Of event time, from one event of a stream to the next.

std::vector<std::string> read_options(const IngestCommand& command, bench::IngestOptions& options) {
    std::vector<std::string> wrong;
    const auto read = [&](const char* flag, const auto& parsed, auto& out) {
        if (!parsed.ok()) wrong.push_back(std::string(flag) + ": " + parsed.error);
        out = parsed.value;
    };
    bench::LoadJob& job = options.job;
    read("--events", parse_count(command.quick ? "300k" : command.events), options.events);
    if (wrong.empty() && (options.events < kEventsMin || options.events > kEventsMax)) {
        wrong.push_back("--events: must be 300k to 100M");
    }
    read("--keys", parse_count(command.keys), job.keys);
    read("--duplicate-distance", parse_count(command.duplicate_distance), job.duplicate_distance);
    read("--horizon", parse_duration_us(command.horizon), job.horizon_us);
    job.window_us = static_cast<int64_t>(options.events / 4) * kStepUs;  // Some close.
    if (!command.window.empty()) {
        read("--window", parse_duration_us(command.window), job.window_us);
    }
    // A copy has its original's time, and is not to be late.
    job.out_of_order_us = 2 * static_cast<int64_t>(job.duplicate_distance) * kStepUs;
    options.rounds = command.quick ? 1 : command.rounds;
    if (!wrong.empty()) return wrong;
    for (const Problem& problem : validate_job(bench::config_of(job))) {
        wrong.push_back(problem.where + " " + problem.what);
    }
    for (const Problem& problem : net::validate(bench::stream_of(job, 1))) {
        wrong.push_back("--" + problem.where + ": " + problem.what);
    }
    return wrong;
}

std::string command_text(const IngestCommand& command) {
    std::string text = "trommel bench ingest";
    if (command.quick) text += " --quick";
    text += " --events " + command.events + " --keys " + command.keys + " --duplicate-distance " +
            command.duplicate_distance + " --horizon " + command.horizon;
    if (!command.window.empty()) text += " --window " + command.window;
    return text + " --rounds " + std::to_string(command.rounds);
}

}  // namespace

ExitCode bench_ingest(const IngestCommand& command) {
    bench::IngestOptions options;
    const std::vector<std::string> wrong = read_options(command, options);
    for (const std::string& text : wrong) {
        std::fprintf(stderr, "trommel: error: %s\n", text.c_str());
    }
    if (!wrong.empty()) return kExitUsage;
    ReportFile page;
    if (!command.report_path.empty()) {
        const Status status = page.open(command.report_path, ReportFile::Needs::nothing);
        if (!status.ok()) return refuse(status);
    }
    bench::LoadReport report = load_report(command_text(command));
    report.workload = std::to_string(options.events) + " events in a round, made beforehand; " +
                      bench::to_text(options.job);
    bench::measure_ingest(options, report);
    print(report, command.json);
    if (!command.report_path.empty()) {
        const Status status = page.finish(load_page(report, time_now()));
        if (!status.ok()) return refuse(status);
    }
    return report.right() ? kExitDone : kExitInternal;
}

}  // namespace trommel::tools
