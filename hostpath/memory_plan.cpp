#include "hostpath/memory_plan.h"

#include <algorithm>

#include "kernels/rules/window.h"

namespace trommel::hostpath {
namespace {

// A batch's columns, its raw input and its texts, about.
uint64_t batch_bytes(const Config& config) {
    return config.engine.batch_records * uint64_t{160 + 8 * kValuesMax} + (uint64_t{2} << 20);
}

}  // namespace

MemoryPlan plan_memory(const Config& config) {
    const EngineOptions& engine = config.engine;
    const auto share = [&](int percent) {
        return engine.memory_bytes / 100 * static_cast<uint64_t>(percent);
    };
    const bool aligned = rules::pane_us(config) > 0;
    const bool sessions =
        std::any_of(config.windows.begin(), config.windows.end(),
                    [](const Window& window) { return window.kind == WindowKind::session; });

    MemoryPlan plan;
    plan.id_bytes = share(engine.shares.ids) / engine.threads;
    const uint64_t keys = share(engine.shares.keys);
    plan.session_bytes = sessions ? (aligned ? keys / 2 : keys) : 0;
    plan.key_bytes = (keys - plan.session_bytes) / engine.threads;
    const uint64_t batches = share(engine.shares.batches);
    if (!runs_inline(engine)) {
        const uint64_t wanted = 4 + 4 * uint64_t{engine.threads};
        plan.batches =
            static_cast<uint32_t>(std::clamp<uint64_t>(batches / batch_bytes(config), 3, wanted));
    }
    plan.record_bytes_max = engine.record_bytes_max;
    if (plan.record_bytes_max == 0) {
        plan.record_bytes_max = std::clamp<uint64_t>(batches / 4 / plan.batches, uint64_t{64} << 10,
                                                     uint64_t{16} << 20);
    }
    return plan;
}

}  // namespace trommel::hostpath
