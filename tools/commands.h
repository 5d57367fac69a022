#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tools/exit_code.h"

// The program's commands, one file each. Results go to stdout, everything else to stderr.
namespace trommel::tools {

struct RunCommand {
    std::string job_path;                // Empty: the demo job. "-" is stdin.
    std::vector<std::string> overrides;  // "engine.threads=2"
    bool json = false;                   // stderr is JSON lines.
    bool quiet = false;                  // Only errors on stderr.
    bool print_demo = false;
    std::string engine;            // "engine.type=…"; empty: as the job says.
    bool insecure_listen = false;  // "source.insecure_listen=true"
};
ExitCode run(const RunCommand& command);

struct CheckCommand {
    std::string job_path;
    std::vector<std::string> overrides;
    std::string engine;  // As above.
};
ExitCode check(const CheckCommand& command);

struct GenCommand {
    std::string to = "-";
    std::string format;  // Empty: json; to the network, binary.
    std::string rate = "unlimited";
    std::string duration;  // Empty: as many records as settings say.
    std::string out_of_order, allowed_lateness, pane;
    // To the network alone.
    std::string source_id = "1", epoch, frame_events = "44", linger = "1ms", key_file;
    bool stamp = false, no_gso = false;
    std::vector<std::pair<std::string, std::string>> settings;  // synthetic_options.h: name, text.
    bool json = false;                                          // stderr is JSON lines.
    bool quiet = false;
};
ExitCode gen(const GenCommand& command);

struct BenchCommand {
    std::vector<std::string> cases;  // Empty: all.
    std::vector<std::string> require;
    std::string baseline_path, results_path, report_path;
    unsigned rounds = 5;
    bool quick = false, json = false, list = false;
};
ExitCode bench(const BenchCommand& command);

// `bench --engine`: flags of BenchCommand, and its own.
struct EnginesCommand {
    std::string engines;                 // "cpu:16,gpu"; empty: not asked for.
    std::vector<std::string> workloads;  // Empty: all.
    std::string job_path;                // Empty: none.
    std::string events, batches;         // Empty: presets.
    std::string report_path;
    unsigned rounds = 5;
    bool quick = false, json = false, save = false;
};
ExitCode bench_engines(const EnginesCommand& command);

struct PlanCommand {
    std::vector<std::pair<std::string, std::string>> settings;  // plan/inputs.h: those given.
    std::string job_path;                                       // Empty: none. "-" is stdin.
    std::vector<std::string> overrides;
    std::string calibration_path, out_path, write_job_path, report_path;
    bool json = false, calibrate = false, check = false, require = false;
    bool quick = false;  // A calibration that measures nothing, for tests.
};
ExitCode plan(const PlanCommand& command);

struct SustainCommand {
    std::string rate;  // Empty: the sustainable one is searched.
    std::string duration = "60s", warm_up, objective = "10ms", overload;
    std::string keys = "1M", duplicates = "5%", duplicate_distance = "100k";
    std::string horizon = "10m", window = "10s", memory = "8GiB", receive_buffer = "32MiB";
    std::string frame_events = "44";
    std::string transport = "udp";
    std::string report_path;
    unsigned threads = 1;
    bool prefault = false;  // "engine.prefault=true"
    bool quick = false, json = false;
};
ExitCode bench_sustain(const SustainCommand& command);

struct IngestCommand {
    std::string events = "8M", keys = "100k";
    std::string duplicate_distance = "100k", horizon = "10m";
    std::string window;  // Empty: a quarter of the events.
    std::string report_path;
    unsigned rounds = 5;
    bool quick = false, json = false;
};
ExitCode bench_ingest(const IngestCommand& command);

struct VersionCommand {
    bool verbose = false;
};
ExitCode version(const VersionCommand& command);

}  // namespace trommel::tools
