#include "bench/kit/engine_side.h"

#include <algorithm>
#include <charconv>

namespace trommel::bench {

bool parse_engine_side(std::string_view text, EngineSide& side) {
    side = {};
    if (text == "gpu") side.engine = EngineType::gpu;
    if (text == "gpu" || text == "cpu") return true;
    if (!text.starts_with("cpu:")) return false;
    text.remove_prefix(4);
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, side.shards);
    return error == std::errc() && stop == end && side.shards >= 1 && side.shards <= kShardsMax;
}

std::string to_text(const EngineSide& side) {
    if (side.engine == EngineType::gpu) return "gpu";
    return side.shards == 1 ? "cpu" : "cpu:" + std::to_string(side.shards);
}

std::string parse_engine_sides(std::string_view text, std::vector<EngineSide>& sides) {
    sides.clear();
    for (bool more = true; more;) {
        const size_t comma = text.find(',');
        const std::string_view word = text.substr(0, comma);
        EngineSide side;
        if (!parse_engine_side(word, side)) {
            return "'" + std::string(word) + "' is no engine; write cpu, cpu:SHARDS or gpu";
        }
        if (std::find(sides.begin(), sides.end(), side) != sides.end()) {
            return "'" + to_text(side) + "' is there twice";
        }
        sides.push_back(side);
        more = comma != std::string_view::npos;
        if (more) text.remove_prefix(comma + 1);
    }
    return sides.size() < 2 ? "two are compared, such as cpu,gpu" : "";
}

}  // namespace trommel::bench
