#include "trommel/run.h"

#include <cstdio>
#include <optional>

#include "tools/break_even_file.h"
#include "tools/commands.h"
#include "tools/console.h"
#include "tools/job/ends.h"
#include "tools/job/synthetic_options.h"
#include "tools/job/text.h"
#include "tools/load/json.h"
#include "tools/report_json.h"
#include "tools/signals.h"

namespace trommel::tools {
namespace {

// The job that the command names, or the exit code that says why there is none.
std::optional<ExitCode> load_job(const RunCommand& command, Console& console, Job& job) {
    std::string text = kDemoJob;
    if (!command.job_path.empty()) {
        const Status status = read_job_text(command.job_path, text);
        if (!status.ok()) {
            console.error(status.message);
            return exit_code(status.code);
        }
    }
    const std::string origin = command.job_path.empty() ? "(demo job)" : command.job_path;
    std::vector<Override> overrides = all_overrides(command.overrides, command.engine);
    if (command.insecure_listen) {
        overrides.push_back({"source.insecure_listen=true", "--insecure-listen"});
    }
    Mistakes mistakes;
    read_job(text, origin, overrides, job, mistakes);
    if (mistakes.empty()) return std::nullopt;
    console.mistakes(mistakes.sorted());
    return kExitJobFile;
}

Run make_run(const Job& job, const Ends& ends, Console& console) {
    Run run;
    for (const auto& source : ends.sources) run.lanes.push_back(source.get());
    for (const auto& sink : ends.sinks) run.sinks.push_back(sink.get());
    run.dead_letters = ends.dlq.get();
    run.late = job.late;
    run.corrupt = job.corrupt;
    run.stop_requested = stop_requested;
    run.on_open = [&ends, &console] {
        for (const auto& source : ends.sources) {
            for (const std::string& note : source->notes()) console.note(note);
        }
    };
    run.on_progress = [&console](const Progress& progress) { console.progress(progress); };
    return run;
}

bool agrees(const net::Truth& truth, const Ledger& ledger) {
    return truth == net::Truth{ledger.in, ledger[Verdict::unique], ledger[Verdict::duplicate],
                               ledger[Verdict::late], ledger[Verdict::corrupt]};
}

// The stream of the demo is made up, so what must come out is known: says both. False when they
// differ.
bool compare_with_truth(const net::SyntheticStream& stream, const Report& report, Console& console,
                        std::string& extra) {
    const net::Truth truth = stream.truth(0, report.ledger.in);
    const bool same = agrees(truth, report.ledger);
    console.note("The stream was made up, so the truth is known: " + to_text(truth));
    console.note(same ? "The ledger says the same:" : "The ledger DIFFERS:");
    extra = JsonObject().raw("truth", to_json(truth)).flag("truth_met", same).members();
    return same;
}

ExitCode finish(const Status& status, const Report& report, Console& console) {
    if (!status.ok() && status.code != Code::closed) {
        console.error(status.message);
        return exit_code(status.code);
    }
    if (!report.ledger.adds_up()) {
        console.error("the ledger does not add up; please report this");
        return kExitInternal;
    }
    return kExitDone;
}

ExitCode run_job(const RunCommand& command, const Job& job, Ends& ends, Console& console) {
    Report report;
    const Status status = trommel::run(job.config, make_run(job, ends, console), report);
    const ExitCode code = finish(status, report, console);
    std::string extra;
    bool true_to_stream = true;
    const bool demo = command.job_path.empty() && job.config.dedup.mode == DedupMode::exact;
    if (demo && status.ok() && ends.synthetic != nullptr) {
        true_to_stream = compare_with_truth(ends.synthetic->stream(), report, console, extra);
    }
    console.report(report, job.config.engine.memory_bytes, extra);
    return true_to_stream ? code : kExitInternal;
}

}  // namespace

ExitCode run(const RunCommand& command) {
    if (command.print_demo) {
        std::fputs(kDemoJob, stdout);
        return kExitDone;
    }
    Console console({command.json, command.quiet});
    Job job;
    if (const auto code = load_job(command, console, job); code) return *code;

    if (const std::string note = take_break_even(job.config); !note.empty()) console.note(note);
    watch_signals();
    Ends ends;
    const Status status = make_ends(job, real_file_system(), system_clock(), ends);
    if (!status.ok()) {
        console.error(status.message);
        return exit_code(status.code);
    }
    return run_job(command, job, ends, console);
}

}  // namespace trommel::tools
