#pragma once
#include <cstdint>

#include "trommel/int128.h"

namespace trommel::net {

// An open schedule: event n is due at start + n / rate, whatever happened before. A sender that was
// held up sends what it missed and keeps to the plan. (One that waits for its receiver instead, or
// counts from when it got round to sending, leaves out the very delays that it should show:
// "coordinated omission".)
class SendSchedule {
   public:
    // `rate` is events per second, 1 up; event 0 is due at `start_us`.
    SendSchedule(int64_t start_us, uint64_t rate) : start_us_(start_us), rate_(rate) {}

    // When event n is to be sent; exact but for the rounding down to a microsecond.
    int64_t intended_us(uint64_t n) const {
        const bool small = n < UINT64_MAX / kMicros;  // Spares the slow division.
        const uint64_t since =
            small ? n * kMicros / rate_ : static_cast<uint64_t>(uint128{n} * kMicros / rate_);
        return start_us_ + static_cast<int64_t>(since);
    }

    // How many events are due by then: all those whose intended time is at most `now_us`.
    uint64_t due(int64_t now_us) const {
        if (now_us < start_us_) return 0;
        // Event n is due when n * 1e6 / rate, rounded down, is at most the time passed.
        const auto passed = static_cast<uint64_t>(now_us - start_us_);
        return static_cast<uint64_t>(((uint128{passed} + 1) * rate_ - 1) / kMicros) + 1;
    }

   private:
    static constexpr uint64_t kMicros = 1'000'000;

    int64_t start_us_;
    uint64_t rate_;
};

}  // namespace trommel::net
