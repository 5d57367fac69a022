#include "hostpath/engine_choice.h"

#include <algorithm>
#include <cstdio>

namespace trommel::hostpath {
namespace {

const cuda::Gpu* first_able(const cuda::Devices& devices) {
    const auto found = std::find_if(devices.gpus.begin(), devices.gpus.end(), cuda::is_able);
    return found == devices.gpus.end() ? nullptr : &*found;
}

// Why no job can run on a GPU here; empty if some can.
std::string why_no_gpu_here(const EngineFacts& facts) {
    if (!facts.has_gpu_engine) return "'gpu' is planned, not built yet: no job runs on a GPU";
    if (facts.devices.gpus.empty()) return facts.devices.why_none;
    if (first_able(facts.devices) != nullptr) return "";
    return "a GPU of compute capability 8.0 or more is needed, and there is " +
           cuda::to_text(facts.devices.gpus.front());
}

std::string rate_text(double per_second) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g M/s", per_second / 1e6);
    return text;
}

EngineChoice choose_automatically(const EngineFacts& facts) {
    if (!facts.break_even_per_second) {
        return {EngineType::cpu,
                "the rate from which a GPU pays has not been measured on this machine"};
    }
    const std::string from = "a GPU pays from " + rate_text(*facts.break_even_per_second);
    if (!facts.expected_per_second) {
        return {EngineType::cpu, from + ", and the rate to expect is not known"};
    }
    const bool pays = *facts.expected_per_second >= *facts.break_even_per_second;
    return {pays ? EngineType::gpu : EngineType::cpu,
            from + ", and " + rate_text(*facts.expected_per_second) + " are expected"};
}

}  // namespace

std::string why_not_on_gpu(const Config& config) {
    if (config.dedup.mode == DedupMode::exact && config.dedup.verify) {
        return "dedup.verify compares the bytes of ids, which stay in the host's memory";
    }
    return "";
}

EngineChoice choose_engine(const Config& config, const EngineFacts& facts) {
    const EngineType asked = config.engine.type;
    if (asked == EngineType::cpu) return {EngineType::cpu, "the job says so"};
    std::string why_not = why_no_gpu_here(facts);
    if (why_not.empty()) why_not = why_not_on_gpu(config);
    if (asked == EngineType::automatic) {
        return why_not.empty() ? choose_automatically(facts)
                               : EngineChoice{EngineType::cpu, why_not};
    }
    if (why_not.empty()) return {EngineType::gpu, "the job says so"};
    return {EngineType::gpu, why_not + "; use cpu, or auto, which takes the CPU then", false};
}

EngineFacts engine_facts() {
    EngineFacts facts;
    if (facts.has_gpu_engine) facts.devices = cuda::visible_devices();
    return facts;
}

const char* to_text(EngineType type) {
    static constexpr const char* kNames[] = {"auto", "cpu", "gpu"};
    return kNames[static_cast<size_t>(type)];
}

}  // namespace trommel::hostpath
