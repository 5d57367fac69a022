#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "trommel/status.h"

#include "net/send_target.h"

namespace trommel::net {

struct FrameSenderOptions {
    // UDP: hand the kernel up to 64 frames of one size in one call (UDP_SEGMENT). Where it is
    // refused, and without, each frame is a message of its own.
    bool segments = true;
};

// A socket that frames leave by: one frame per datagram, or one after another in a stream. It never
// waits but in open(), where names are resolved and connections made, and in wait(). One thread.
class FrameSender {
   public:
    struct Counters {
        uint64_t bytes = 0;        // Handed to the kernel.
        uint64_t datagrams = 0;    // UDP.
        uint64_t calls = 0;        // Of the system.
        uint64_t no_room = 0;      // Calls that found no room.
        uint64_t unreachable = 0;  // UDP: times that the other side said that nobody listens.
    };

    static Status open(const SendTarget& target, const FrameSenderOptions& options,
                       std::unique_ptr<FrameSender>& sender);
    // Takes a connected socket over; `name` is for messages.
    static Status adopt(int socket, std::string name, const FrameSenderOptions& options,
                        std::unique_ptr<FrameSender>& sender);
    ~FrameSender();
    FrameSender(const FrameSender&) = delete;
    FrameSender& operator=(const FrameSender&) = delete;

    // Sends frames from the front of `frames` and cuts them off it; what did not find room stays.
    // All are of `frame_bytes`, but the last one may be shorter. To a stream, any bytes go.
    Status send(std::string_view& frames, size_t frame_bytes);

    // Until there may be room, but at most so long; a signal ends it too.
    void wait(int64_t timeout_us);

    // Nothing more will be sent: ends a stream, so that its reader knows.
    Status finish();

    bool is_stream() const { return stream_; }
    bool uses_segments() const { return segments_; }
    const Counters& counters() const { return counters_; }

   private:
    FrameSender(int socket, std::string name) : socket_(socket), name_(std::move(name)) {}
    long send_segments(std::string_view frames, size_t frame_bytes);
    long send_messages(std::string_view frames, size_t frame_bytes);
    Status after_error(int error);

    const int socket_;
    const std::string name_;
    bool stream_ = false, segments_ = false;
    Counters counters_;
};

}  // namespace trommel::net
