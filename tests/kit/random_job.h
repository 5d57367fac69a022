#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "trommel/config.h"
#include "trommel/record_batch.h"

#include "tests/kit/oracle.h"

namespace trommel::testkit {

// A small valid job and a stream that exercises it, both made from a seed. Ids, keys and times come
// from small domains so that they meet; the engine options are left at their defaults. The mode is
// `exact` or `off`, never `approximate`.
struct RandomJob {
    uint64_t seed = 0;
    Config config;
    uint32_t declared_partitions = 0;  // Known from the start (T2); 0: none, all are discovered.
    std::vector<OracleEvent> events;

    // Before events[before_event] (or after the last one) the partition ends; it has no later
    // event.
    struct End {
        size_t before_event;
        uint32_t partition;
    };
    std::vector<End> ends;  // In order.
};

RandomJob random_job(uint64_t seed);

// What the config says, in one line, for failure messages.
std::string to_text(const Config& config);

// Appends events[begin, end) to a batch as a source would. Precondition: they fit.
void fill(RecordBatch& batch, const Config& config, const std::vector<OracleEvent>& events,
          size_t begin, size_t end);

}  // namespace trommel::testkit
