#pragma once
#include <cstdint>

#include "trommel/config.h"

namespace trommel::hostpath {

// How engine.memory_bytes is dealt out. The shares are the config's; everything is a maximum.
struct MemoryPlan {
    uint64_t id_bytes = 0;       // For each shard.
    uint64_t key_bytes = 0;      // For each shard: keys and panes.
    uint64_t session_bytes = 0;  // Of the one session store.
    uint32_t batches = 1;
    uint64_t record_bytes_max = 0;
    uint32_t row_blocks = 2;  // For each shard.
};

inline constexpr uint32_t kRowsPerBlock = 1024;
inline constexpr uint64_t kMemoryMinBytes = uint64_t{16} << 20;

// One shard on a core needs no thread and no ring. One on a GPU has a worker, so that batches are
// read and written while others are under way.
inline bool runs_inline(const EngineOptions& engine) {
    return engine.threads == 1 && engine.type != EngineType::gpu;
}

MemoryPlan plan_memory(const Config& config);

}  // namespace trommel::hostpath
