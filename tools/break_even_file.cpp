#include "tools/break_even_file.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "bench/kit/engine_workloads.h"
#include "bench/kit/machine.h"
#include "tools/job/document.h"
#include "tools/job/text.h"
#include "tools/quantity.h"
#include "tools/report_json.h"
#include "tools/whole_file.h"

namespace trommel::tools {
namespace {

constexpr std::string_view kFormatName = "trommel-break-even-";
constexpr std::string_view kFormat = "trommel-break-even-1";
constexpr size_t kWorkloadsMax = 16;
constexpr const char* kHowTo = "trommel bench --engine cpu,gpu --save measures it";

std::string workload_json(const StoredBreakEven::Workload& workload) {
    JsonObject json;
    json.text("name", workload.name).number("threads", workload.threads);
    if (workload.gpu_pays_from) {
        json.number("gpu_pays_from", *workload.gpu_pays_from);
    } else {
        json.raw("gpu_pays_from", "null");
    }
    return json.object();
}

template <class T>
bool number(const Node* node, T& out) {
    if (node == nullptr || node->kind != Node::Kind::scalar) return false;
    const char* const end = node->text.data() + node->text.size();
    const auto [stop, error] = std::from_chars(node->text.data(), end, out);
    return error == std::errc() && stop == end && out >= 1;
}

bool text(const Node* node, std::string& out) {
    if (node == nullptr || node->kind != Node::Kind::scalar || node->text.empty()) return false;
    out = node->text;
    return true;
}

bool read_workload(const Node& node, StoredBreakEven::Workload& workload) {
    if (!text(node.find("name"), workload.name)) return false;
    if (!number(node.find("threads"), workload.threads)) return false;
    const Node* const rate = node.find("gpu_pays_from");
    if (rate != nullptr && rate->kind == Node::Kind::none) return true;  // null: never.
    uint64_t from = 0;
    if (!number(rate, from) || from == EngineOptions::kNeverPays) return false;
    workload.gpu_pays_from = from;
    return true;
}

KnownBreakEven unusable(const std::string& path, const std::string& why) {
    return {{}, path + " " + why + "; " + kHowTo + " anew", true};
}

}  // namespace

std::string to_json(const StoredBreakEven& stored) {
    return JsonObject()
        .text("format", kFormat)
        .text("processor", stored.processor)
        .text("gpu", stored.gpu)
        .text("commit", stored.commit)
        .text("written", stored.written)
        .raw("workloads", array_of(stored.workloads, workload_json))
        .object();
}

std::string read_break_even(const std::string& json, const std::string& origin,
                            StoredBreakEven& stored) {
    Node root;
    Mistakes mistakes;
    const std::string not_ours = "is not what trommel bench --save writes";
    if (!parse_document(json, origin, root, mistakes)) return not_ours;
    std::string format;
    if (!text(root.find("format"), format) || !format.starts_with(kFormatName)) return not_ours;
    if (format != kFormat) return "was written by another version of trommel (" + format + ")";
    stored = {};
    const auto damaged = [&](const char* name) {
        return not_ours + ": '" + name + "' is missing or cannot be read";
    };
    if (!text(root.find("processor"), stored.processor)) return damaged("processor");
    if (!text(root.find("gpu"), stored.gpu)) return damaged("gpu");
    if (const Node* const commit = root.find("commit")) stored.commit = commit->text;
    if (const Node* const written = root.find("written")) stored.written = written->text;
    const Node* const list = root.find("workloads");
    if (list == nullptr || list->items.empty() || list->items.size() > kWorkloadsMax) {
        return damaged("workloads");
    }
    for (const Node& item : list->items) {
        if (!read_workload(item, stored.workloads.emplace_back())) return damaged("workloads");
    }
    return "";
}

std::string break_even_path() {
    const auto variable = [](const char* name) {
        const char* const value = std::getenv(name);
        return std::string(value != nullptr ? value : "");
    };
    if (std::string path = variable("TROMMEL_BREAK_EVEN"); !path.empty()) return path;
    std::string folder = variable("XDG_CONFIG_HOME");
    if (folder.empty()) {
        const std::string home = variable("HOME");
        if (home.empty()) return "";
        folder = home + "/.config";
    }
    return folder + "/trommel/break-even.json";
}

Status save_break_even(const std::string& path, const StoredBreakEven& stored) {
    std::error_code error;
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    if (error) return Status::error(Code::io, folder.string() + ": " + error.message());
    return write_whole(path, to_json(stored) + "\n");
}

ThisMachine this_machine() {
    return {bench::describe_processor(), cuda::visible_devices()};
}

KnownBreakEven known_break_even(const std::string& path, const Config& config,
                                const ThisMachine& machine) {
    std::error_code error;
    if (path.empty() || !std::filesystem::exists(path, error)) {
        return {{}, "not measured on this machine; " + std::string(kHowTo), false};
    }
    std::string json;
    if (!read_job_text(path, json).ok()) return unusable(path, "cannot be read");
    StoredBreakEven stored;
    if (const std::string wrong = read_break_even(json, path, stored); !wrong.empty()) {
        return unusable(path, wrong);
    }
    if (stored.processor != machine.processor) {
        return unusable(path, "was measured on another machine (" + stored.processor + ")");
    }
    const std::vector<cuda::Gpu>& gpus = machine.devices.gpus;
    const size_t gpu = cuda::first_able(machine.devices);
    if (gpu < gpus.size() && gpus[gpu].name != stored.gpu) {
        return unusable(path, "was measured with another GPU (" + stored.gpu + ")");
    }
    const std::string_view name = bench::EngineWorkloads::kNames[config.windows.empty() ? 0 : 1];
    const auto found = std::find_if(stored.workloads.begin(), stored.workloads.end(),
                                    [&](const auto& workload) { return workload.name == name; });
    if (found == stored.workloads.end()) {
        return unusable(path, "says nothing of " + std::string(name));
    }
    // With more threads than were measured a CPU may carry more, and nobody knows how much.
    if (config.engine.threads > found->threads) {
        return unusable(path, "was measured with " + std::to_string(found->threads) +
                                  " threads, and the job has " +
                                  std::to_string(config.engine.threads));
    }
    const std::string of = std::string(name) + " on " + std::to_string(found->threads) +
                           (found->threads == 1 ? " thread" : " threads");
    if (!found->gpu_pays_from) {
        return {EngineOptions::kNeverPays, "a GPU is never ahead of " + of, false};
    }
    return {found->gpu_pays_from,
            "a GPU is ahead of " + of + " above " +
                rate_text(static_cast<double>(*found->gpu_pays_from)) + " events/s",
            false};
}

std::string take_break_even(Config& config) {
    EngineOptions& engine = config.engine;
    if (engine.type != EngineType::automatic || !engine.expected_rate) return "";
    const KnownBreakEven known = known_break_even(break_even_path(), config, this_machine());
    engine.gpu_pays_from = known.gpu_pays_from;
    return known.is_unusable ? "engine.type auto takes the CPU: " + known.says : "";
}

}  // namespace trommel::tools
