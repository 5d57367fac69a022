#include <chrono>

#include "trommel/clock.h"

namespace trommel {
namespace {

template <class C>
int64_t now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(C::now().time_since_epoch())
        .count();
}

class SystemClock final : public Clock {
   public:
    int64_t wall_us() override { return now_us<std::chrono::system_clock>(); }
    int64_t monotonic_us() override { return now_us<std::chrono::steady_clock>(); }
};

}  // namespace

Clock& system_clock() {
    static SystemClock clock;
    return clock;
}

}  // namespace trommel
