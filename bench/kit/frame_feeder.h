#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <sys/types.h>

#include "trommel/status.h"

#include "bench/kit/load_job.h"
#include "net/send_target.h"
#include "net/synthetic_stream.h"

namespace trommel::bench {

// A stream's frames, made beforehand: a sender of these costs what sending costs.
struct PreparedFrames {
    PreparedFrames(const LoadJob& job, uint64_t events, uint16_t frame_events);

    uint64_t events;
    uint16_t frame_events;
    size_t frame_bytes = 0;  // Of all but the last.
    std::string bytes, end;  // end: the frame that says so.
    net::Truth truth;
};

// Sends prepared frames in a process of its own, no further ahead of the receiver than it may be:
// so that the receiver always has something to do and its socket never overflows. To a stream, as
// fast as it takes them. Killed by the destructor if it still runs.
class FrameFeeder {
   public:
    // `frames` outlives the process.
    FrameFeeder(const PreparedFrames& frames, uint64_t frames_ahead);
    ~FrameFeeder();
    FrameFeeder(const FrameFeeder&) = delete;
    FrameFeeder& operator=(const FrameFeeder&) = delete;

    Status start(const net::SendTarget& target);
    // Tells the sender how many events the receiver has taken.
    void taken(uint64_t events) { taken_->store(events, std::memory_order_relaxed); }

   private:
    int send_all(const net::SendTarget& target) const;
    uint64_t allowed(uint64_t sent_events) const;

    const PreparedFrames& frames_;
    const uint64_t events_ahead_;
    std::atomic<uint64_t>* taken_;  // In memory that both processes share.
    pid_t pid_ = -1;
};

}  // namespace trommel::bench
