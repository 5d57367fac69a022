#include "bench/kit/timing.h"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <string>
#include <time.h>
#include <unistd.h>

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

uint64_t stolen_ms() {
    // cpu user nice system idle iowait irq softirq steal …, in ticks: see proc(5).
    std::ifstream file("/proc/stat");
    std::string cpu;
    uint64_t ticks = 0;
    file >> cpu;
    for (int column = 0; column < 8 && file; ++column) file >> ticks;
    return file ? ticks * 1000 / static_cast<uint64_t>(sysconf(_SC_CLK_TCK)) : 0;
}

double median(std::vector<double> figures) {
    const auto middle = figures.begin() + static_cast<ptrdiff_t>(figures.size() / 2);
    std::nth_element(figures.begin(), middle, figures.end());
    return *middle;
}

}  // namespace trommel::bench
