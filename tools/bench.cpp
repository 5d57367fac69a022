#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <vector>

#include "bench/kit/machine.h"
#include "bench/kit/measure.h"
#include "tools/commands.h"
#include "tools/job/document.h"
#include "tools/pages/bench_report.h"
#include "tools/pages/report_file.h"
#include "tools/report_json.h"
#include "tools/suggestion.h"

namespace trommel::tools {
namespace {

using bench::Result;

ExitCode fail(ExitCode code, const std::string& message) {
    std::fprintf(stderr, "trommel: error: %s\n", message.c_str());
    return code;
}

// "[CASE:]METRIC>=NUMBER" or "<=".
struct Requirement {
    std::string text, case_name, metric;
    bool at_least = true;
    double bound = 0;
};

std::optional<double> number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return {};
    return value;
}

std::optional<Requirement> parse_requirement(const std::string& text) {
    const size_t sign = text.find_first_of("<>");
    if (sign == std::string::npos || sign + 1 >= text.size() || text[sign + 1] != '=') return {};
    Requirement requirement;
    requirement.text = text;
    requirement.at_least = text[sign] == '>';
    const size_t colon = text.find(':');
    const size_t begin = colon == std::string::npos ? 0 : colon + 1;
    if (begin > 0) requirement.case_name = text.substr(0, colon);
    requirement.metric = text.substr(begin, sign - begin);
    const std::optional<double> bound = number(std::string_view(text).substr(sign + 2));
    if (!bound || requirement.metric.empty()) return {};
    requirement.bound = *bound;
    return requirement;
}

std::optional<std::string> choose_cases(const std::vector<std::string>& names,
                                        std::vector<bench::CaseInfo>& chosen) {
    if (names.empty()) chosen = bench::all_cases();
    for (const std::string& name : names) {
        std::vector<std::string_view> known;
        for (const bench::CaseInfo& info : bench::all_cases()) {
            known.push_back(info.name);
            if (info.name == name) chosen.push_back(info);
        }
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            return "no case is called '" + name + "'" + did_you_mean(name, known) +
                   "; trommel bench --list prints them";
        }
    }
    return {};
}

std::string to_json(const Result& result) {
    JsonObject json;
    json.text("case", result.name);
    if (!result.wrong.empty()) return json.text("wrong", result.wrong).object();
    json.real("rate", result.events_per_second)
        .real("slowest", result.slowest)
        .real("fastest", result.fastest)
        .number("rounds", result.rounds);
    if (result.footprint_bytes > 0) {
        json.real("roofline", result.lines_per_second)
            .real("ratio", result.share)
            .number("footprint_bytes", result.footprint_bytes)
            .real("huge_page_share", result.huge_share);
    }
    for (const bench::Metric& metric : result.metrics) json.real(metric.name, metric.value);
    return json.object();
}

// "trommel bench exact-64 --quick": what repeats this run.
std::string command_text(const BenchCommand& command) {
    std::string text = "trommel bench";
    for (const std::string& name : command.cases) text += " " + name;
    if (command.quick) text += " --quick";
    return text + " --rounds " + std::to_string(command.rounds);
}

std::string to_json(const std::vector<Result>& results, const BenchCommand& command) {
    std::string list;
    for (const Result& result : results) {
        list += (list.empty() ? "\n  " : ",\n  ") + to_json(result);
    }
    return JsonObject()
        .text("command", command_text(command))
        .text("machine", bench::describe_machine())
        .text("version", TROMMEL_VERSION)
        .text("commit", TROMMEL_COMMIT)
        .raw("results", "[" + list + "\n]")
        .object();
}

std::string to_markdown(const std::vector<Result>& results, const BenchCommand& command) {
    return "# Results\n\nWritten by `" + command_text(command) + " --results FILE` (trommel " +
           TROMMEL_VERSION + ", commit " + TROMMEL_COMMIT +
           ").\nMachine: " + bench::describe_machine() +
           ".\n\nOne thread, CPU time, unless a case says otherwise. A share is events per second\n"
           "by random 64-byte line updates per second in as much memory, measured in turns.\n\n" +
           bench::to_markdown(results);
}

BenchRun run_of(const BenchCommand& command) {
    BenchRun run;
    run.command = command_text(command);
    run.version = std::string("trommel ") + TROMMEL_VERSION + ", commit " + TROMMEL_COMMIT;
    run.machine = bench::describe_machine();
    run.time = time_now();
    run.rounds = command.rounds;
    run.quick = command.quick;
    return run;
}

// Does each result do what is required of it? Says what does not.
bool is_met(const Requirement& requirement, const std::vector<Result>& results) {
    bool met = true, found = false;
    for (const Result& result : results) {
        if (!requirement.case_name.empty() && requirement.case_name != result.name) continue;
        const double* const value = result.find(requirement.metric);
        if (value == nullptr || !result.wrong.empty()) continue;
        found = true;
        if (requirement.at_least ? *value >= requirement.bound : *value <= requirement.bound) {
            continue;
        }
        met = false;
        std::fprintf(stderr, "trommel: %s is not met: %s has %.4g\n", requirement.text.c_str(),
                     result.name.c_str(), *value);
    }
    if (!found) {
        std::fprintf(stderr, "trommel: %s is not met: no result has it\n",
                     requirement.text.c_str());
    }
    return met && found;
}

// Prints each share beside that of an earlier run's --json.
ExitCode compare(const std::string& path, const std::vector<Result>& results) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    if (!file) return fail(kExitNoInput, path + ": cannot be read");
    Node root;
    Mistakes mistakes;
    const Node* old =
        parse_document(text.str(), path, root, mistakes) ? root.find("results") : nullptr;
    if (old == nullptr) return fail(kExitNoInput, path + ": is not the output of bench --json");
    std::printf("\n%-17s %8s %8s %8s\n", "share", "before", "now", "change");
    for (const Result& result : results) {
        for (const Node& item : old->items) {
            const Node* const name = item.find("case");
            const Node* const ratio = item.find("ratio");
            if (name == nullptr || ratio == nullptr || name->text != result.name) continue;
            const double before = number(ratio->text).value_or(0);
            std::printf("%-17s %7.1f%% %7.1f%% %+7.1f%%\n", result.name.c_str(), 100 * before,
                        100 * result.share, before > 0 ? 100 * (result.share / before - 1) : 0.0);
        }
    }
    return kExitDone;
}

}  // namespace

ExitCode bench(const BenchCommand& command) {
    if (command.list) {
        for (const bench::CaseInfo& info : bench::all_cases()) {
            std::printf("%-17s %s\n", std::string(info.name).c_str(),
                        std::string(info.what).c_str());
        }
        return kExitDone;
    }
    std::vector<bench::CaseInfo> cases;
    if (const auto wrong = choose_cases(command.cases, cases)) return fail(kExitUsage, *wrong);
    std::vector<Requirement> requirements;
    for (const std::string& text : command.require) {
        const std::optional<Requirement> requirement = parse_requirement(text);
        if (!requirement) {
            return fail(kExitUsage, "--require '" + text +
                                        "': write [CASE:]METRIC>=NUMBER, such as "
                                        "'exact-64:ratio>=0.5' or 'bytes_per_id<=32'");
        }
        requirements.push_back(*requirement);
    }
    ReportFile report;
    if (!command.report_path.empty()) {
        const Status status = report.open(command.report_path, ReportFile::Needs::nothing);
        if (!status.ok()) return fail(exit_code(status.code), status.message);
    }
    const bench::Scale scale = command.quick ? bench::Scale::quick : bench::Scale::full;
    std::vector<Result> results;
    for (const bench::CaseInfo& info : cases) {
        std::fprintf(stderr, "%s …\n", std::string(info.name).c_str());
        results.push_back(bench::measure(info, scale, command.rounds));
    }
    std::fputs(command.json ? (to_json(results, command) + "\n").c_str()
                            : bench::to_table(results).c_str(),
               stdout);
    if (!command.results_path.empty()) {
        std::ofstream file(command.results_path);
        file << to_markdown(results, command);
        if (!file.flush()) return fail(kExitIo, command.results_path + ": cannot be written");
    }
    if (!command.report_path.empty()) {
        const Status status = report.finish(bench_page(results, run_of(command)));
        if (!status.ok()) return fail(exit_code(status.code), status.message);
    }
    ExitCode code = kExitDone;
    if (!command.baseline_path.empty()) code = compare(command.baseline_path, results);
    for (const Result& result : results) {
        if (!result.wrong.empty()) return fail(kExitInternal, result.name + ": " + result.wrong);
    }
    for (const Requirement& requirement : requirements) {
        if (!is_met(requirement, results)) code = kExitUnmet;
    }
    return code;
}

}  // namespace trommel::tools
