#include "kernels/cpu/backend.h"

#include <string>
#include <utility>

namespace trommel::cpu {

void Backend::stop(Status why) {
    if (full_.ok()) full_ = std::move(why);
}

Status used_up(const UsedUp& memory) {
    return Status::error(
        Code::memory_full,
        std::string("the memory for ") + memory.what + " is used up: " +
            std::to_string(memory.bytes) + " bytes of this shard, " + std::to_string(memory.ids) +
            " ids" + (memory.keys ? " and " + std::to_string(*memory.keys) + " keys" : "") +
            " live; it needs about twice engine.memory to go on, or " + memory.other_ways);
}

Status span_used_up() {
    return Status::error(
        Code::memory_full,
        "event times lie further apart than ids can be remembered for, because a partition holds "
        "the watermark back: end it, set time.idle_after or a smaller time.max_drift, or choose "
        "on_full: refuse or forget");
}

}  // namespace trommel::cpu
