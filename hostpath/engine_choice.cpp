#include "hostpath/engine_choice.h"

#include <cstdio>

#include "kernels/rules/window.h"

namespace trommel::hostpath {
namespace {

std::string rate_text(uint64_t per_second) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g M/s", static_cast<double>(per_second) / 1e6);
    return text;
}

EngineChoice choose_automatically(const EngineOptions& engine) {
    if (!engine.gpu_pays_from) {
        return {EngineType::cpu,
                "the rate from which a GPU pays is not known on this machine (trommel bench "
                "--engine cpu,gpu --save measures it)"};
    }
    if (*engine.gpu_pays_from == EngineOptions::kNeverPays) {
        return {EngineType::cpu, "a GPU does not pay at any rate on this machine, as measured"};
    }
    const std::string from = "a GPU pays from " + rate_text(*engine.gpu_pays_from);
    if (!engine.expected_rate) {
        return {EngineType::cpu,
                from + ", and the rate to expect is not known (engine.expected_rate says it)"};
    }
    const bool pays = *engine.expected_rate >= *engine.gpu_pays_from;
    return {pays ? EngineType::gpu : EngineType::cpu,
            from + ", and " + rate_text(*engine.expected_rate) + " are expected"};
}

}  // namespace

std::string why_not_on_gpu(const Config& config) {
    if (config.dedup.mode == DedupMode::exact && config.dedup.verify) {
        return "dedup.verify compares the bytes of ids, which stay in the host's memory";
    }
    if (config.dedup.mode == DedupMode::approximate && config.engine.threads > 1) {
        return "a filter on a GPU is not divided among shards, so engine.threads has to be 1";
    }
    if (config.dedup.mode == DedupMode::off && rules::pane_us(config) == 0) {
        return "a GPU deduplicates and keeps tumbling and sliding windows, and the job has neither";
    }
    return "";
}

EngineChoice choose_engine(const Config& config, const cuda::Devices& devices) {
    const EngineType asked = config.engine.type;
    if (asked == EngineType::cpu) return {EngineType::cpu, "the job says so"};
    std::string why_not = cuda::why_none_able(devices);
    if (why_not.empty()) why_not = why_not_on_gpu(config);
    if (asked == EngineType::automatic) {
        return why_not.empty() ? choose_automatically(config.engine)
                               : EngineChoice{EngineType::cpu, why_not};
    }
    if (why_not.empty()) return {EngineType::gpu, "the job says so"};
    return {EngineType::gpu, why_not + "; use cpu, or auto, which takes the CPU then", false};
}

EngineType engine_here(const Config& config) {
    const EngineOptions& engine = config.engine;
    if (engine.type != EngineType::automatic) return engine.type;
    if (!engine.expected_rate || !engine.gpu_pays_from) return EngineType::cpu;
    return choose_engine(config, cuda::visible_devices()).type;
}

const char* to_text(EngineType type) {
    static constexpr const char* kNames[] = {"auto", "cpu", "gpu"};
    return kNames[static_cast<size_t>(type)];
}

}  // namespace trommel::hostpath
