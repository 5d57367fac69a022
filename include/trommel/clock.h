#pragma once
#include <cstdint>

namespace trommel {

// The only way to the time of day. Tests put a fake in its place.
class Clock {
   public:
    virtual ~Clock() = default;
    virtual int64_t wall_us() = 0;       // Since 1970-01-01T00:00:00Z; may jump.
    virtual int64_t monotonic_us() = 0;  // Never goes back.
};

Clock& system_clock();  // Thread-safe; lives as long as the process.

}  // namespace trommel
