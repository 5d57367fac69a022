#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "trommel/clock.h"
#include "trommel/status.h"

#include "bench/kit/latency_histogram.h"
#include "net/frame_sender.h"
#include "net/frame_stream.h"
#include "net/record_writer.h"
#include "net/send_schedule.h"
#include "net/synthetic_stream.h"

namespace trommel::tools {

struct PacedSenderOptions {
    uint64_t rate = 0;         // Events per second on an open schedule; 0: as fast as they go.
    int64_t linger_us = 1000;  // A frame that is not full leaves so long after its first event.
    bool stamp = false;        // See FrameStreamOptions::stamps; needs a rate.
    net::FrameStreamOptions frames;
    std::optional<net::RecordFormat> lines;  // Lines instead of frames; to streams only.
};

// Sends a made-up stream through a socket on an open schedule and measures how late it is itself.
// step() does a bounded amount of work and never waits; the caller does.
class PacedSender {
   public:
    // The schedule begins a few milliseconds after this. All is borrowed.
    PacedSender(const net::SyntheticStream& stream, net::FrameSender& socket, Clock& clock,
                const PacedSenderOptions& options);

    Status step();
    // After a step: the socket has no room (wait for it), else when there will be something to do.
    bool blocked() const { return !left_.empty(); }
    int64_t again_us() const { return again_us_; }  // Of the monotonic clock.

    void stop() { stopping_ = true; }               // Says that it is done, and is.
    bool finished() const { return finished_; }     // All was handed to the kernel.
    uint64_t sent() const { return sent_; }         // Events, from 0.
    int64_t start_us() const { return start_us_; }  // Of the schedule; monotonic.
    // From then until the last event was handed to the kernel.
    int64_t passed_us() const { return sent_ > 0 ? last_us_ - start_us_ : 0; }

    // How long after it was due each event was handed to the kernel. An event is due when its
    // frame is: when the frame's last event is, or at the end of its lingering.
    const bench::LatencyHistogram& lag() const { return lag_; }

   private:
    uint64_t due(int64_t now_us) const;
    bool make_due(int64_t now_us);
    void make(uint64_t end);
    bool make_end(int64_t now_us);
    void note_lag(int64_t now_us);

    const net::SyntheticStream& stream_;
    net::FrameSender& socket_;
    Clock& clock_;
    const PacedSenderOptions options_;
    const int64_t start_us_;
    const net::SendSchedule schedule_, wall_schedule_;
    net::FrameStream frames_;
    std::optional<net::RecordWriter> lines_;

    uint64_t made_ = 0, sent_ = 0;  // Events; those between are on their way.
    std::string bytes_;
    std::string_view left_;   // Of bytes_, not yet taken by the kernel.
    size_t frame_bytes_ = 0;  // Of left_.
    bool stopping_ = false, finished_ = false;
    size_t ends_ = 0;       // How often the end was said.
    int64_t ended_us_ = 0;  // When first.
    int64_t again_us_ = 0, last_us_ = 0;
    bench::LatencyHistogram lag_;
};

}  // namespace trommel::tools
