#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "trommel/status.h"

#include "kernels/cpu/memory.h"

namespace trommel::bench {

// How large the cases are: `full` is what targets are stated for (up to 6 GiB of memory), `quick`
// takes a second or two in all and measures nothing that means something.
enum class Scale : uint8_t { full, quick };

// Work that was timed: CPU time of the calling thread, unless the case says otherwise.
struct Sample {
    uint64_t events = 0;
    double seconds = 0;
};

struct Metric {
    std::string name, unit;
    double value;
};

// One thing that is measured. prepare() once, then round() again and again, each with other events;
// called from one thread. A case checks its own answers: when wrong() is not empty, its figures
// are void.
class Case {
   public:
    virtual ~Case() = default;
    virtual Status prepare() = 0;
    virtual Sample round() = 0;
    virtual std::string wrong() const = 0;
    // The memory that is visited: the roofline, random line updates, is measured for as much. 0:
    // that would say nothing about this case.
    virtual uint64_t footprint_bytes() const = 0;
    // Where that memory is one stretch of lines, the roofline is measured in it; else in other
    // memory. It may have grown after a round, but does not move.
    virtual cpu::Stretch lines() const { return {}; }
    virtual uint64_t huge_page_bytes() const { return footprint_bytes(); }
    virtual std::vector<Metric> metrics() const { return {}; }
};

struct CaseInfo {
    std::string_view name, what;
    std::unique_ptr<Case> (*make)(Scale scale);
};
const std::vector<CaseInfo>& all_cases();

// The lists that all_cases() is put together from.
std::vector<CaseInfo> dedup_cases();
std::vector<CaseInfo> window_cases();
std::vector<CaseInfo> engine_cases();
std::vector<CaseInfo> stream_cases();
std::vector<CaseInfo> ring_cases();
std::vector<CaseInfo> thread_cases();

}  // namespace trommel::bench
