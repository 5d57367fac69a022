#include "bench/kit/timing.h"

#include <algorithm>
#include <cstddef>
#include <time.h>

namespace trommel::bench {
namespace {

double seconds_of(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

double cpu_seconds() {
    return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

double wall_seconds() {
    return seconds_of(CLOCK_MONOTONIC);
}

double process_cpu_seconds() {
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

double median(std::vector<double> figures) {
    const auto middle = figures.begin() + static_cast<ptrdiff_t>(figures.size() / 2);
    std::nth_element(figures.begin(), middle, figures.end());
    return *middle;
}

}  // namespace trommel::bench
