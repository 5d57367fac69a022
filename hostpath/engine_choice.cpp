#include "hostpath/engine_choice.h"

#include <cstdio>

#include "kernels/rules/window.h"

namespace trommel::hostpath {
namespace {

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
    if (config.dedup.mode == DedupMode::approximate && config.engine.on_full == OnFull::forget) {
        return "on_full: forget is not there for a filter on a GPU";
    }
    if (config.dedup.mode == DedupMode::approximate && config.engine.threads > 1) {
        return "a filter on a GPU is not divided among shards, so engine.threads has to be 1";
    }
    if (config.dedup.mode == DedupMode::off && rules::pane_us(config) == 0) {
        return "a GPU deduplicates and keeps tumbling and sliding windows, and the job has neither";
    }
    return "";
}

EngineChoice choose_engine(const Config& config, const EngineFacts& facts) {
    const EngineType asked = config.engine.type;
    if (asked == EngineType::cpu) return {EngineType::cpu, "the job says so"};
    std::string why_not = cuda::why_none_able(facts.devices);
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
    facts.devices = cuda::visible_devices();
    return facts;
}

const char* to_text(EngineType type) {
    static constexpr const char* kNames[] = {"auto", "cpu", "gpu"};
    return kNames[static_cast<size_t>(type)];
}

}  // namespace trommel::hostpath
