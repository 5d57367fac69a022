#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "trommel/config.h"

namespace trommel::verify {

enum class Skew : uint8_t { uniform, steep, one };  // steep: half of the events have 1 of 64 keys.

// The events of a job, each a function of the seed and its number.
struct Shape {
    uint64_t seed = 1;
    uint64_t keys = 1000;  // At most 10 M.
    Skew skew = Skew::uniform;
    uint32_t duplicates_of_16 = 5;  // So many of 16 events repeat an id of an earlier one ...
    uint64_t distance = 10'000;     // ... at most so many events back.
    int64_t step_us = 1000;         // Event time per event.
    int64_t disorder_us = 0;        // An event is at most so much older than the newest.
    int64_t late_us = 0;            // One event in 256 is so much older; 0: none.
    uint32_t partitions = 1;        // Known from the start.
};

struct Job {
    std::string name;
    Config config;
    Shape shape;
};

// Twenty jobs that between them use every kind of id, horizon, window, aggregate and key that an
// engine has, over streams with copies near and far, late events, skewed keys and values at the
// edges of 64 bits.
std::vector<Job> all_jobs();

}  // namespace trommel::verify
