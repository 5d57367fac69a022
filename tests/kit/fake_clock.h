#pragma once
#include <cstdint>
#include <mutex>

#include "trommel/clock.h"

namespace trommel::testkit {

// A clock that the test moves. With `step_us` it also moves by itself at every reading, so that
// code which waits for time to pass gets on. Thread-safe.
class FakeClock : public Clock {
   public:
    explicit FakeClock(int64_t wall_start_us = 0, int64_t step_us = 0)
        : wall_us_(wall_start_us), step_us_(step_us) {}

    int64_t wall_us() override {
        const std::lock_guard lock(mutex_);
        pass(step_us_);
        return wall_us_;
    }
    int64_t monotonic_us() override {
        const std::lock_guard lock(mutex_);
        pass(step_us_);
        return monotonic_us_;
    }

    // Time passes: both clocks move. Precondition: us >= 0.
    void advance(int64_t us) {
        const std::lock_guard lock(mutex_);
        pass(us);
    }
    // Somebody sets the wall clock, forwards or back; the monotonic clock does not notice.
    void set_wall(int64_t us) {
        const std::lock_guard lock(mutex_);
        wall_us_ = us;
    }

   private:
    void pass(int64_t us) {
        wall_us_ += us;
        monotonic_us_ += us;
    }

    std::mutex mutex_;
    int64_t wall_us_;
    int64_t monotonic_us_ = 0;
    const int64_t step_us_;
};

}  // namespace trommel::testkit
