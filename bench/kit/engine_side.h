#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trommel/config.h"

namespace trommel::bench {

// One way to run a job: "cpu", "cpu:3" (in three shards) or "gpu".
struct EngineSide {
    EngineType engine = EngineType::cpu;
    uint32_t shards = 1;

    bool operator==(const EngineSide&) const = default;
};

bool parse_engine_side(std::string_view text, EngineSide& side);
std::string to_text(const EngineSide& side);
// The longest batch that it has.
constexpr uint32_t batch_records_max(const EngineSide& side) {
    return side.engine == EngineType::gpu ? kGpuBatchRecordsMax : kBatchRecordsMax;
}

// "cpu,cpu:3,gpu": at least two, and no way twice. What is wrong with the text, or "".
std::string parse_engine_sides(std::string_view text, std::vector<EngineSide>& sides);

}  // namespace trommel::bench
