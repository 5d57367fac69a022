#pragma once
#include <cstdint>

#include "trommel/config.h"
#include "trommel/record_batch.h"

namespace trommel::bench {

// Which key the n-th event has.
enum class Keys : uint8_t {
    uniform,
    zipf,  // Probability about 1 / rank.
    one,   // All events have the same.
};

struct EventStreamOptions {
    uint64_t live = 0;  // Ids within a horizon.
    uint64_t keys = 1;
    Keys skew = Keys::uniform;
    uint64_t window_events = 0;  // 0: as many as half a horizon has.
};

// Events for a whole engine: 64-bit random-looking ids, one in five a copy of an event within the
// last half horizon; times go up by a millisecond per event; one value. Event n is a function of n.
class EventStream {
   public:
    static constexpr int64_t kStepUs = 1000;
    static constexpr uint32_t kDuplicatesOf5 = 1;

    explicit EventStream(const EventStreamOptions& options);

    void fill(RecordBatch& batch);  // To its capacity.
    uint64_t unique() const { return unique_; }
    uint64_t events() const { return events_; }

    // The job that goes with it: 64-bit ids for a horizon, a tumbling window with count, sum, min
    // and max per key, times in order to within 100 events, batches of 4096.
    static Config job(const EventStreamOptions& options);

   private:
    int64_t key(uint64_t random) const;

    const EventStreamOptions options_;
    const uint64_t reach_;
    uint64_t events_ = 0, unique_ = 0;
};

}  // namespace trommel::bench
