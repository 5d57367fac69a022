// Two or more engines over the same events: whether they agree, and how fast each is. The same as
// `trommel bench --engine`, in a program that needs nothing but the engine, for bare machines.
//
//   engine_bench ONE,OTHER[,…] [--events N] [--batch N]… [--rounds N] [--quick] [--json FILE]
//                [--commit NAME]
//
// Engines are cpu, cpu:SHARDS and gpu. Exit codes: 0 measured; 64 usage; 69 an engine cannot be had
// here; 70 the engines disagree or a CUDA call failed, and then there are no figures; 74 cannot
// write.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string_view>

#include "bench/kit/engine_report.h"
#include "bench/kit/engine_workloads.h"
#include "bench/kit/machine.h"

namespace trommel::bench {
namespace {

constexpr int kDone = 0, kUsage = 64, kNoEngine = 69, kWrong = 70, kCannotWrite = 74;

struct Options {
    ComparisonOptions comparison;
    uint64_t events = EngineWorkloads::kEventsPreset;
    bool quick = false;
    std::string json_path, commit;
};

template <class T>
bool parse_number(std::string_view text, T& number) {
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && stop == text.data() + text.size() && number > 0;
}

bool parse(const std::vector<std::string_view>& words, Options& options) {
    ComparisonOptions& comparison = options.comparison;
    if (words.empty() || !parse_engine_sides(words[0], comparison.sides).empty()) return false;
    for (size_t i = 1; i < words.size(); ++i) {
        if (words[i] == "--quick") {
            options.quick = true;
            continue;
        }
        if (i + 1 == words.size()) return false;
        const std::string_view name = words[i], value = words[++i];
        uint32_t batch = 0;
        if (name == "--batch" && parse_number(value, batch)) {
            comparison.batch_records.push_back(batch);
        } else if (name == "--json") {
            options.json_path = value;
        } else if (name == "--commit") {
            options.commit = value;
        } else if (!(name == "--events" && parse_number(value, options.events)) &&
                   !(name == "--rounds" && parse_number(value, comparison.rounds))) {
            return false;
        }
    }
    if (comparison.batch_records.empty()) {
        comparison.batch_records = default_batch_sizes(options.quick, comparison.sides);
    }
    if (options.quick) {
        options.events = EngineWorkloads::kEventsQuick;
        comparison.rounds = 1;
    }
    return check_batch_sizes(comparison.batch_records, comparison.sides, options.events).empty();
}

int fail(int code, const std::string& message) {
    std::fprintf(stderr, "engine_bench: %s\n", message.c_str());
    return code;
}

int run(const std::vector<std::string_view>& words) {
    Options options;
    if (!parse(words, options)) {
        return fail(kUsage,
                    "usage: engine_bench ONE,OTHER [--events N] [--batch N]... [--rounds N] "
                    "[--quick] [--json FILE] [--commit NAME]");
    }
    EngineReport report;
    report.machine = describe_machine();
    report.commit = options.commit;
    report.quick = options.quick;
    for (const std::string_view word : words) report.command += " " + std::string(word);
    report.command.insert(0, "engine_bench");
    if (const Status status = engines_here(options.comparison.sides); !status.ok()) {
        return fail(kNoEngine, status.message);
    }
    if (has_gpu(options.comparison.sides)) {
        const GpuScale scale = options.quick ? GpuScale::quick : GpuScale::full;
        report.limits.emplace();
        if (const Status status = measure_gpu_limits(scale, options.commit, *report.limits);
            !status.ok()) {
            return fail(status.code == Code::unreachable ? kNoEngine : kWrong, status.message);
        }
        options.comparison.energy = first_gpu_energy(report.why_no_energy);
    }
    options.comparison.tell = [](const std::string& what) {
        std::fprintf(stderr, "%s\n", what.c_str());
    };
    const EngineWorkloads workloads(options.events);
    for (const EngineWorkload& workload : workloads.all()) {
        report.comparisons.push_back(compare_engines(workload, options.comparison, trommel::run));
    }
    std::fputs(to_table(report).c_str(), stdout);
    if (!options.json_path.empty()) {
        std::FILE* const file = std::fopen(options.json_path.c_str(), "we");
        const std::string json = to_json(report) + "\n";
        const bool written =
            file != nullptr && std::fwrite(json.data(), 1, json.size(), file) == json.size();
        if ((file != nullptr && std::fclose(file) != 0) || !written) {
            return fail(kCannotWrite, "cannot write " + options.json_path);
        }
    }
    return report.right() ? kDone : kWrong;
}

}  // namespace
}  // namespace trommel::bench

int main(int argc, char** argv) {
    return trommel::bench::run({argv + 1, argv + argc});
}
