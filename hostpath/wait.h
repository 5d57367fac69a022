#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>

namespace trommel::hostpath {

// The one policy for having nothing to do: spin a little, then yield, then sleep, longer each time
// up to half a millisecond. Pure spinning collapsed fivefold on a loaded machine; sleeping at once
// costs latency.
class Wait {
   public:
    void worked() { idle_rounds_ = 0; }

    void idle() {
        ++idle_rounds_;
        if (idle_rounds_ <= kSpins) return;
        if (idle_rounds_ <= kSpins + kYields) {
            std::this_thread::yield();
            return;
        }
        const uint32_t sleeps =
            std::min(idle_rounds_ - kSpins - kYields, kSleepMaxUs / kSleepStepUs);
        std::this_thread::sleep_for(std::chrono::microseconds(sleeps * kSleepStepUs));
    }

   private:
    static constexpr uint32_t kSpins = 64, kYields = 64, kSleepStepUs = 20, kSleepMaxUs = 500;
    uint32_t idle_rounds_ = 0;
};

}  // namespace trommel::hostpath
