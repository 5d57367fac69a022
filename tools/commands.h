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
    bool insecure_listen = false;  // "source.insecure_listen=true"
};
ExitCode run(const RunCommand& command);

struct CheckCommand {
    std::string job_path;
    std::vector<std::string> overrides;
};
ExitCode check(const CheckCommand& command);

struct GenCommand {
    std::string to = "-";
    std::string format = "json";
    std::string rate = "unlimited";
    std::string out_of_order, allowed_lateness, pane;
    std::vector<std::pair<std::string, std::string>> settings;  // synthetic_options.h: name, text.
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

struct PlanCommand {
    std::vector<std::pair<std::string, std::string>> settings;  // plan_inputs.h: those given.
    std::string job_path;                                       // Empty: none. "-" is stdin.
    std::vector<std::string> overrides;
    std::string calibration_path, out_path, write_job_path, report_path;
    bool json = false, calibrate = false, check = false, require = false;
    bool quick = false;  // A calibration that measures nothing, for tests.
};
ExitCode plan(const PlanCommand& command);

struct VersionCommand {
    bool verbose = false;
};
ExitCode version(const VersionCommand& command);

}  // namespace trommel::tools
