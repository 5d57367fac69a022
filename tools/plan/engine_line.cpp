#include "tools/plan/engine_line.h"

#include <algorithm>
#include <cmath>

#include "hostpath/engine_choice.h"

namespace trommel::tools {

void tell_engine(Plan& plan, double rate, const std::string& break_even_path,
                 const ThisMachine& machine) {
    const auto line = std::find_if(plan.lines.begin(), plan.lines.end(),
                                   [](const PlanLine& any) { return any.id == "gpu"; });
    if (line == plan.lines.end()) return;
    Config config = plan.config;
    config.engine.type = EngineType::automatic;
    config.engine.expected_rate = static_cast<uint64_t>(std::clamp(std::ceil(rate), 1.0, 0x1p62));
    const KnownBreakEven known = known_break_even(break_even_path, config, machine);
    config.engine.gpu_pays_from = known.gpu_pays_from;
    const hostpath::EngineChoice choice = hostpath::choose_engine(config, machine.devices);
    line->says = (choice.type == EngineType::gpu ? "GPU: " : "CPU: ") + choice.reason;
    if (known.is_unusable) line->says += "; " + known.says;
}

}  // namespace trommel::tools
