#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>

namespace trommel::hostpath {

// The one policy for having nothing to do: spin a little, then yield, then sleep, longer each time
// up to half a millisecond. Pure spinning collapsed fivefold on a loaded machine; sleeping at once
// costs latency.
//
// Workers do not yield. A yield gives the core away for a whole time slice, and whoever else is on
// it takes it; a sleeper is let in again when it wakes. Against everybody yielding, on two cores:
// `trommel bench loaded`, with a neighbour on each core, is 1.36 times as fast and `threads` as
// fast as before. If nobody yields they are 2.1 and 0.83 times as fast: a receiver and an emitter
// that sleep wake up in the middle of a worker's batch.
class Wait {
   public:
    enum class Yields : uint8_t { yes, no };
    explicit Wait(Yields yields = Yields::yes) : yields_(yields == Yields::yes ? kYields : 0) {}

    void worked() { idle_rounds_ = 0; }

    void idle() {
        ++idle_rounds_;
        if (idle_rounds_ <= kSpins) return;
        if (idle_rounds_ <= kSpins + yields_) {
            std::this_thread::yield();
            return;
        }
        const uint32_t sleeps =
            std::min(idle_rounds_ - kSpins - yields_, kSleepMaxUs / kSleepStepUs);
        std::this_thread::sleep_for(std::chrono::microseconds(sleeps * kSleepStepUs));
    }

   private:
    static constexpr uint32_t kSpins = 64, kYields = 64, kSleepStepUs = 20, kSleepMaxUs = 500;
    const uint32_t yields_;
    uint32_t idle_rounds_ = 0;
};

}  // namespace trommel::hostpath
