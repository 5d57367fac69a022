// The only file that sees CLI11, which takes five seconds to compile.
#include "tools/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "tools/commands.h"
#include "tools/job/synthetic_options.h"
#include "tools/job/text.h"
#include "tools/plan/inputs.h"
#include "tools/suggestion.h"

namespace trommel::tools {
namespace {

constexpr const char* kProgramFooter = R"(
Begin with
  trommel run                          a made-up stream, no file needed
  trommel check --fields               every field of a job file, with its default
  trommel check job.yaml               what a job does and needs, or every mistake in it
  trommel run job.yaml -s engine.threads=2 -s source.path=today.ndjson

stdout carries data, stderr everything else. Each flag can also be given as an environment variable,
which a flag overrides: --quiet is TROMMEL_QUIET=1, -s is TROMMEL_SET='a.b=1;c.d=2'.
TROMMEL_SIMD=scalar|avx2|avx512 and TROMMEL_ENGINE=cpu|gpu force a variant.

Exit codes: 0 done, 64 command line, 65 corrupt input under on_error: fail, 66 no input,
69 unreachable, 70 internal, 74 input/output, 75 memory used up under on_full: stop, 78 job file,
99 a --require was not met, 130 second Ctrl-C.)";

constexpr const char* kRunFooter = R"(
Examples
  trommel run                                           the demo job
  trommel run --print-demo > demo.yaml                  the same as a file to change
  trommel run job.yaml -s 'source={type: stdin}' < events.ndjson > rows.csv
  trommel run job.yaml -s windows[0].size=1h -s sinks[0].path=hourly.csv
  trommel run job.yaml --json 2> report.jsonl           the last line is the full report

Ctrl-C stops reading, finishes what was read and exits with 0; a second one exits at once.
The last line on stderr is the ledger: what became of every record.)";

constexpr const char* kCheckFooter = R"(
Prints every mistake at once as file:line:column and exits with 78; without one it prints what the
job does, the values in effect and the memory it needs, and exits with 0.)";

constexpr const char* kGenFooter = R"(
Examples
  trommel gen --events 1M --duplicates 5% --to events.ndjson
  trommel gen --format csv --keys 1M --zipf 1.1 --rate 200k | trommel run job.yaml
  trommel gen --to udp://127.0.0.1:4000 --rate 1M --duration 60s --duplicates 5%

Records are {"id", "key", "time" (us), "v0"} and, with several partitions, "partition". What an
exact run must say of them is printed on stderr. Whether an event is late depends on the job: give
its --out-of-order, --allowed-lateness and --pane (which trommel check prints).

To udp://HOST:PORT, tcp://HOST:PORT and unix:///PATH the rate is an open schedule: record n is due
at the start plus n / rate, whatever happened before, and what was missed is sent at once. Frames
(net/README.md) are sent full, or when their first record has waited for --linger; the last one says
that the sender is done. With --stamp each record's time and value are its intended time of sending.
How late the sending was, and what it cost, is printed at the end.)";

constexpr const char* kBenchFooter = R"(
Examples
  trommel bench                                   every case; minutes, and up to 6 GiB of memory
  trommel bench exact-64 windows                  two of them
  trommel bench --quick                           seconds; checks answers, measures nothing
  trommel bench engine --require 'ratio>=0.1'     exits with 99 when it is less
  trommel bench --json > old.json; trommel bench --baseline old.json
  trommel bench --report bench.html               bars and tables in one file, for a browser
  trommel bench --engine cpu:16,gpu --save        two engines over the same events
  trommel bench ingest                            events from sockets (its own --help)
  trommel bench sustain --rate 1M                 latency under load (its own --help)

Each case runs in turns with the machine's own limit, random updates of 64-byte lines in as much
memory; `ratio` is the share of it. A case whose answers are wrong prints no figure.

With --engine: dedup and dedup-windows, or a job, through each engine in batches of several sizes.
Engines that differ in a single verdict or row print no figure, and it exits with 70. Printed are
rates, shares of the GPU's and its link's limits, and from which rate on the second engine is ahead;
--save keeps that (in ~/.config/trommel/break-even.json or $TROMMEL_BREAK_EVEN) for engine.type
auto, which takes a GPU where the job expects such a rate (engine.expected_rate).)";

constexpr const char* kPlanFooter = R"(
Examples
  trommel plan --events 1G/day --peak 5 --event-bytes 1kB     what a stream needs, with formulas
  trommel plan --job job.yaml --events 200k --write-job planned.yaml
  trommel plan --calibrate --out machine.json                 measures this machine, a minute
  trommel plan --events 1M --calibration machine.json         with cores and catch-up times
  trommel plan --events 1M --check --calibration machine.json predicted against measured

Without a calibration, what depends on this machine's speed is unknown. --check writes its
prediction to a file before it measures (--out, else plan-check.jsonl); with --require it exits with
99 when a figure is further off than its target.)";

constexpr const char* kSustainFooter = R"(
Examples
  trommel bench sustain --rate 1M --duration 60s      the acceptance load
  trommel bench sustain --overload 2                  searches the rate, then twice as much

`trommel gen` sends stamped events over loopback on an open schedule, in a process of its own; what
it sends late counts as latency. Latencies are from the time that an event was to be sent at, to its
verdict and to its window's row. A rate is sustained when nothing is lost, the queue does not grow
and p99 is within --slo. A run that does not add up (what was sent, delivered and lost, the verdict
of each record, the truth of the stream) prints no rate and exits with 70.)";

constexpr const char* kIngestFooter = R"(
receive: a loop that takes datagrams and only touches the events; memory: the engine fed with the
same events from memory; udp: both together, exact deduplication and a window; udp-1: with one event
in each datagram. Rates are per second of the receiving thread's CPU time. The sender is a process
of its own and never further ahead than the socket has room for.)";

constexpr std::string_view kPlannedVerbs[] = {"top", "inspect", "create"};

// "duplicate_distance" as a flag and as an environment variable.
std::string flag_of(std::string name) {
    std::replace(name.begin(), name.end(), '_', '-');
    return "--" + name;
}
std::string variable_of(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return "TROMMEL_" + name;
}

CLI::Option* add_flag(CLI::App& app, const std::string& name, bool& out, const std::string& help) {
    return app.add_flag("--" + name, out, help)->envname(variable_of(name));
}

void add_overrides(CLI::App& app, std::vector<std::string>& overrides) {
    // Its variable, TROMMEL_SET, is read where jobs are: the values add up instead of replacing.
    app.add_option("-s,--set", overrides, "replace a field of the job (Env:TROMMEL_SET)")
        ->expected(1)
        ->take_all()
        ->type_name("PATH=VALUE")
        ->default_str("");
}

// Its variable, TROMMEL_ENGINE, is read where jobs are, so that -s may overrule it.
void add_engine(CLI::App& app, std::string& engine) {
    app.add_option("--engine", engine, "instead of the job's engine.type (Env:TROMMEL_ENGINE)")
        ->type_name("auto|cpu|gpu")
        ->default_str("");
}

void add_run(CLI::App& program, RunCommand& run) {
    CLI::App& app = *program.add_subcommand("run", "Run a job; without a file, the demo job");
    app.add_option("job", run.job_path, "a job file in YAML; - is standard input")
        ->type_name("JOB.yaml");
    add_overrides(app, run.overrides);
    add_engine(app, run.engine);
    app.add_flag("--insecure-listen", run.insecure_listen,
                 "let whoever can reach the source's address send to it");
    add_flag(app, "json", run.json, "stderr is JSON lines, the last one the full report");
    add_flag(app, "quiet", run.quiet, "nothing but errors on stderr");
    app.add_flag("--print-demo", run.print_demo, "print the demo job and exit");
    app.footer(kRunFooter);
}

void add_check(CLI::App& program, CheckCommand& check, bool& fields) {
    CLI::App& app =
        *program.add_subcommand("check", "Find every mistake in a job, or say what it does");
    app.add_option("job", check.job_path, "a job file in YAML; - is standard input")
        ->type_name("JOB.yaml");
    add_overrides(app, check.overrides);
    add_engine(app, check.engine);
    app.add_flag("--fields", fields, "print every field of a job file with its default and exit");
    app.footer(kCheckFooter);
}

void add_gen(CLI::App& program, GenCommand& gen) {
    CLI::App& app = *program.add_subcommand("gen", "Write a made-up stream whose truth is known");
    const auto add = [&](const char* name, std::string& out, const char* type, const char* help) {
        app.add_option(flag_of(name), out, help)->envname(variable_of(name))->type_name(type);
    };
    add("to", gen.to, "PATH|URL", "a file, udp://…, tcp://… or unix://…; - is standard output");
    add("format", gen.format, "json|csv|binary", "of records; json, or to the network binary");
    add("rate", gen.rate, "N", "records per second, such as 200k; or unlimited");
    add("duration", gen.duration, "TIME", "so long at that rate, whatever --events says");
    gen.settings.reserve(synthetic_settings().size());
    for (const SyntheticSetting& setting : synthetic_settings()) {
        std::string& text = gen.settings.emplace_back(setting.name, setting.preset).second;
        add(setting.name, text, "", setting.help);
    }
    add("out_of_order", gen.out_of_order, "TIME", "time.out_of_order of the job it is for");
    add("allowed_lateness", gen.allowed_lateness, "TIME", "time.allowed_lateness of that job");
    add("pane", gen.pane, "TIME", "pane of that job; trommel check prints it");
    add("source_id", gen.source_id, "N", "network: of the sender");
    add("epoch", gen.epoch, "N", "network: higher at each start; without it, seconds of the clock");
    add("frame_events", gen.frame_events, "N", "network: records of a full frame");
    add("linger", gen.linger, "TIME", "network: a frame waits so long to be full");
    add("key_file", gen.key_file, "FILE",
        "network: sign frames; lines 'SOURCE_ID HEXKEY' as receivers have");
    app.add_flag("--stamp", gen.stamp, "network: time and value are the intended time of sending");
    app.add_flag("--no-gso", gen.no_gso, "udp: a message for each frame, no UDP_SEGMENT");
    add_flag(app, "json", gen.json, "stderr is JSON lines, the last one the report");
    add_flag(app, "quiet", gen.quiet, "do not print the truth");
    app.footer(kGenFooter);
}

void add_sustain(CLI::App& bench, SustainCommand& sustain) {
    CLI::App& app = *bench.add_subcommand(
        "sustain", "The whole engine under an open load from a socket: rate and latencies");
    const auto add = [&](const char* name, std::string& out, const char* type, const char* help) {
        app.add_option(name, out, help)->type_name(type);
    };
    add("--rate", sustain.rate, "N", "events per second; without it the most is searched");
    add("--duration", sustain.duration, "TIME", "of a run at a rate");
    add("--warm-up", sustain.warm_up, "TIME", "left out at first; a tenth of it, up to 5s");
    add("--slo", sustain.objective, "TIME", "what p99 to the verdict may be");
    add("--overload", sustain.overload, "FACTOR", "also run at so many times the rate, such as 2");
    add("--keys", sustain.keys, "N", "different keys");
    add("--duplicates", sustain.duplicates, "SHARE", "of the events");
    add("--duplicate-distance", sustain.duplicate_distance, "N", "at most so many events later");
    add("--horizon", sustain.horizon, "TIME", "of the deduplication");
    add("--window", sustain.window, "TIME", "tumbling, per key");
    add("--memory", sustain.memory, "BYTES", "of the engine");
    add("--receive-buffer", sustain.receive_buffer, "BYTES", "of the socket");
    add("--transport", sustain.transport, "udp|tcp", "what the events come by");
    add("--frame-events", sustain.frame_events, "N", "events of a full frame");
    app.add_option("--threads", sustain.threads, "shards of the engine; 1: no thread")
        ->check(CLI::Range(1u, 64u));
    app.add_flag("--prefault", sustain.prefault, "a helper thread takes the page faults of growth");
    app.add_flag("--quick", sustain.quick, "a second or two: a check, not a measurement");
    app.add_flag("--json", sustain.json, "print JSON");
    app.add_option("--report", sustain.report_path, "also write it to a file as an HTML page")
        ->type_name("FILE.html");
    app.footer(kSustainFooter);
}

void add_ingest(CLI::App& bench, IngestCommand& ingest) {
    CLI::App& app = *bench.add_subcommand(
        "ingest", "What getting events in from sockets costs, by the side of its limits");
    const auto add = [&](const char* name, std::string& out, const char* type, const char* help) {
        app.add_option(name, out, help)->type_name(type);
    };
    add("--events", ingest.events, "N", "events of a round, a microsecond of event time apart");
    add("--keys", ingest.keys, "N", "different keys");
    add("--duplicate-distance", ingest.duplicate_distance, "N", "a copy is so many later at most");
    add("--horizon", ingest.horizon, "TIME", "of the deduplication");
    add("--window", ingest.window, "TIME", "tumbling, per key; a quarter of the events");
    app.add_option("--rounds", ingest.rounds, "how often each is measured; medians are printed")
        ->check(CLI::Range(1u, 1000u));
    app.add_flag("--quick", ingest.quick, "few events: a check, not a measurement");
    app.add_flag("--json", ingest.json, "print JSON");
    app.add_option("--report", ingest.report_path, "also write it to a file as an HTML page")
        ->type_name("FILE.html");
    app.footer(kIngestFooter);
}

// `bench` and the load tests under it.
struct BenchCommands {
    BenchCommand cases;
    EnginesCommand engines;
    SustainCommand sustain;
    IngestCommand ingest;
};

// The cases and the comparison of engines have flags in common, which are read once.
void add_engines(CLI::App& app, EnginesCommand& engines) {
    CLI::Option* const engine =
        app.add_option("--engine", engines.engines, "compare engines: cpu, cpu:SHARDS, gpu")
            ->type_name("A,B")
            ->default_str("");
    app.add_option("--job", engines.job_path, "with --engine: a job instead of our workloads")
        ->type_name("JOB.yaml")
        ->needs(engine);
    app.add_option("--events", engines.events, "with --engine: so many (24M)")
        ->type_name("N")
        ->needs(engine);
    app.add_option("--batch", engines.batches, "with --engine: sizes (1024,4096,16384,65536)")
        ->type_name("N,N…")
        ->needs(engine);
    app.add_flag("--save", engines.save, "with --engine cpu,gpu: auto goes by it from now on")
        ->needs(engine);
}

void add_bench(CLI::App& program, BenchCommands& commands) {
    BenchCommand& bench = commands.cases;
    CLI::App& app = *program.add_subcommand(
        "bench", "Measure the engine's parts against the limit of this machine's memory");
    app.require_subcommand(0, 1);
    app.add_option("case", bench.cases, "what to measure; without one, everything");
    app.add_option("--require", bench.require, "exit with 99 unless it is met")
        ->expected(1)
        ->take_all()
        ->type_name("[CASE:]METRIC>=NUMBER")
        ->default_str("");
    app.add_option("--baseline", bench.baseline_path, "an earlier --json to compare with")
        ->type_name("FILE");
    app.add_option("--results", bench.results_path, "also write them to a file as Markdown")
        ->type_name("FILE");
    app.add_option("--report", bench.report_path, "also write them to a file as an HTML page")
        ->type_name("FILE.html");
    app.add_option("--rounds", bench.rounds, "how often each is measured; medians are printed")
        ->check(CLI::Range(1u, 1000u));
    app.add_flag("--quick", bench.quick, "small tables: a check, not a measurement");
    app.add_flag("--json", bench.json, "print JSON");
    app.add_flag("--list", bench.list, "print the names of the cases and exit");
    add_engines(app, commands.engines);
    app.footer(kBenchFooter);
    add_sustain(app, commands.sustain);
    add_ingest(app, commands.ingest);
}

void add_plan(CLI::App& program, PlanCommand& plan) {
    CLI::App& app = *program.add_subcommand("plan", "Say what a stream will need, and measure it");
    for (const PlanSetting& setting : plan_settings()) {
        const std::string name = setting.name;
        app.add_option_function<std::string>(
               flag_of(name),
               [&plan, name](const std::string& text) { plan.settings.emplace_back(name, text); },
               setting.help)
            ->default_str(setting.preset)
            ->envname(variable_of(name))
            ->type_name("");
    }
    app.add_option("--job", plan.job_path, "take what the job does from a job file")
        ->type_name("JOB.yaml");
    add_overrides(app, plan.overrides);
    app.add_option("--write-job", plan.write_job_path, "write a job file with the planned memory")
        ->type_name("FILE");
    app.add_option("--calibration", plan.calibration_path, "what --calibrate wrote")
        ->type_name("FILE");
    app.add_flag("--calibrate", plan.calibrate, "measure this machine");
    app.add_flag("--check", plan.check, "run the planned workload and compare");
    app.add_option("--out", plan.out_path, "where --calibrate and --check write")
        ->type_name("FILE");
    app.add_option("--report", plan.report_path, "also write it to a file as an HTML page")
        ->type_name("FILE.html");
    app.add_flag("--require", plan.require, "with --check: exit with 99 unless all is near");
    app.add_flag("--json", plan.json, "print JSON");
    // For tests: small tables, whose figures mean nothing.
    app.add_flag("--quick", plan.quick)->group("");
    app.footer(kPlanFooter);
}

void add_version(CLI::App& program, VersionCommand& version) {
    CLI::App& app = *program.add_subcommand("version", "Print the version");
    add_flag(app, "verbose", version.verbose, "also how it was built and what this machine has");
}

ExitCode fail(const std::string& message) {
    std::fprintf(stderr, "trommel: error: %s\nTry 'trommel --help'.\n", message.c_str());
    return kExitUsage;
}

ExitCode run_bench(const CLI::App& program, const BenchCommands& commands) {
    const CLI::App& app = *program.get_subcommand("bench");
    if (app.got_subcommand("sustain")) return bench_sustain(commands.sustain);
    if (app.got_subcommand("ingest")) return bench_ingest(commands.ingest);
    if (commands.engines.engines.empty()) return bench(commands.cases);
    const BenchCommand& shared = commands.cases;
    if (!shared.require.empty() || !shared.baseline_path.empty() || !shared.results_path.empty() ||
        shared.list) {
        return fail("--engine: not with --require, --baseline, --results or --list");
    }
    EnginesCommand engines = commands.engines;
    engines.workloads = shared.cases;
    engines.report_path = shared.report_path;
    engines.rounds = shared.rounds;
    engines.quick = shared.quick;
    engines.json = shared.json;
    return bench_engines(engines);
}

// A word where a command belongs that is none; or nothing to complain about.
ExitCode check_verb(const CLI::App& program, std::string_view word) {
    if (word.starts_with('-')) return kExitDone;
    std::vector<std::string_view> verbs;
    std::vector<std::string> names;
    for (const CLI::App* command : program.get_subcommands({}))
        names.push_back(command->get_name());
    for (const std::string& name : names) verbs.push_back(name);
    if (std::find(verbs.begin(), verbs.end(), word) != verbs.end()) return kExitDone;
    const std::string quoted = "'" + std::string(word) + "'";
    for (const std::string_view planned : kPlannedVerbs) {
        if (word == planned) return fail("the command " + quoted + " is planned, not built yet");
    }
    if (word.ends_with(".yaml") || word.ends_with(".yml")) {
        return fail(quoted + " is no command (did you mean 'trommel run " + std::string(word) +
                    "'?)");
    }
    return fail("unknown command " + quoted + did_you_mean(word, verbs));
}

// The command that was given, of commands within commands.
const CLI::App* innermost(const CLI::App& program) {
    const CLI::App* app = &program;
    while (!app->get_subcommands().empty()) app = app->get_subcommands()[0];
    return app;
}

// Of a mistake that CLI11 found: its message, and for an unknown flag the nearest one.
ExitCode fail_parse(const CLI::App& program, const CLI::ParseError& error,
                    const std::vector<std::string>& words) {
    const CLI::App* const command = innermost(program);
    if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr || command == &program) {
        return fail(error.what());
    }
    std::vector<std::string> names;
    for (const CLI::Option* option : command->get_options()) {
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
    const std::vector<std::string_view> flags(names.begin(), names.end());
    for (const std::string& word : words) {
        const std::string_view flag = std::string_view(word).substr(0, word.find('='));
        if (!flag.starts_with("--") || std::find(flags.begin(), flags.end(), flag) != flags.end())
            continue;
        return fail("unknown flag '" + std::string(flag) + "'" + did_you_mean(flag, flags));
    }
    return fail(error.what());
}

}  // namespace

ExitCode run_command_line(int argc, char** argv) {
    RunCommand run_options;
    CheckCommand check_options;
    GenCommand gen_options;
    BenchCommands bench_options;
    PlanCommand plan_options;
    VersionCommand version_options;
    bool print_fields = false;

    CLI::App program(
        "trommel removes duplicate events and combines the rest into windows, exactly.", "trommel");
    program.require_subcommand(1);
    program.footer(kProgramFooter);
    program.option_defaults()->always_capture_default();
    program.get_formatter()->column_width(52);
    add_run(program, run_options);
    add_check(program, check_options, print_fields);
    add_gen(program, gen_options);
    add_bench(program, bench_options);
    add_plan(program, plan_options);
    add_version(program, version_options);

    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.empty()) {
        std::fputs((program.help() + "\n").c_str(), stderr);
        return kExitUsage;
    }
    if (words[0] == "--version") return version(version_options);
    if (words[0] == "help") {
        std::fputs((program.help() + "\n").c_str(), stdout);
        return kExitDone;
    }
    if (const ExitCode code = check_verb(program, words[0]); code != kExitDone) return code;
    try {
        program.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        const CLI::App* const command = innermost(program);
        const CLI::App* const above = command->get_parent();
        const bool nested = above != nullptr && above != &program;
        std::fputs(command
                       ->help(command == &program ? ""
                              : nested            ? "trommel " + above->get_name()
                                                  : "trommel")
                       .c_str(),
                   stdout);
        return kExitDone;
    } catch (const CLI::ParseError& error) {
        return fail_parse(program, error, words);
    }

    if (program.got_subcommand("run")) return run(run_options);
    if (program.got_subcommand("gen")) return gen(gen_options);
    if (program.got_subcommand("bench")) return run_bench(program, bench_options);
    if (program.got_subcommand("plan")) return plan(plan_options);
    if (program.got_subcommand("version")) return version(version_options);
    if (print_fields) {
        std::fputs(reference_job().c_str(), stdout);
        return kExitDone;
    }
    if (check_options.job_path.empty())
        return fail("check needs a job file: trommel check JOB.yaml");
    return check(check_options);
}

}  // namespace trommel::tools
