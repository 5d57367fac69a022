#include <cstdio>

#include "bench/kit/ingest.h"
#include "tools/commands.h"
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

std::string read_options(const IngestCommand& command, bench::IngestOptions& options) {
    const Parsed<uint64_t> events = parse_count(command.quick ? "300k" : command.events);
    if (!events.ok()) return "--events: " + events.error;
    if (events.value < kEventsMin || events.value > kEventsMax) {
        return "--events: must be 300k to 100M";
    }
    const Parsed<uint64_t> keys = parse_count(command.keys);
    if (!keys.ok()) return "--keys: " + keys.error;
    options.events = events.value;
    options.job.keys = keys.value;
    options.job.window_us = static_cast<int64_t>(events.value / 4) * kStepUs;  // Some close.
    // A copy has its original's time, and is not to be late.
    options.job.out_of_order_us =
        2 * static_cast<int64_t>(options.job.duplicate_distance) * kStepUs;
    options.rounds = command.quick ? 1 : command.rounds;
    for (const Problem& problem : net::validate(bench::stream_of(options.job, 1))) {
        return "--" + problem.where + ": " + problem.what;
    }
    return {};
}

}  // namespace

ExitCode bench_ingest(const IngestCommand& command) {
    bench::IngestOptions options;
    if (const std::string wrong = read_options(command, options); !wrong.empty()) {
        std::fprintf(stderr, "trommel: error: %s\n", wrong.c_str());
        return kExitUsage;
    }
    ReportFile page;
    if (!command.report_path.empty()) {
        const Status status = page.open(command.report_path, ReportFile::Needs::nothing);
        if (!status.ok()) return refuse(status);
    }
    bench::LoadReport report = load_report(
        "trommel bench ingest" + std::string(command.quick ? " --quick" : "") + " --events " +
        command.events + " --keys " + command.keys + " --rounds " + std::to_string(command.rounds));
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
