#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "trommel/status.h"

namespace trommel::net {

// What the kernel tells of a listening socket and of the connections that it brought. Two ways, the
// same answers: epoll (stream_poll.cpp) is the reference, io_uring (stream_ring.cpp) the other.
// Never waits. Connections have numbers that the caller gives them.
class StreamIo {
   public:
    struct Event {
        enum class Kind : uint8_t {
            accepted,  // `value` is a new connection's descriptor, which is the caller's now.
            refused,   // accept() failed with the error `value`; it is not tried until resume().
            readable,  // read() has something for connection `value`, and is to be called until
                       // it says `nothing`: it is told once.
        };
        Kind kind = Kind::readable;
        uint32_t value = 0;
    };
    struct Read {
        enum class Kind : uint8_t {
            bytes,
            nothing,  // A later event tells of more.
            end,      // The other side has sent all it will.
            failed,   // The connection broke.
        };
        Kind kind = Kind::nothing;
        std::string_view bytes;  // Valid until the next call.
    };

    struct Told {
        std::span<const Event> events;  // Oldest first. Valid until the next call.
        bool more = false;              // There may be more already.
        Status failure;                 // Of the whole; nothing works any more.
    };

    // What one poll() tells at most, and one read() brings.
    static constexpr size_t kEventsMax = 256;
    static constexpr size_t kReadBytesMax = size_t{64} << 10;

    virtual ~StreamIo() = default;

    // Begins with a listening socket, which does not block and stays the caller's. `slots_max`
    // connections at most, numbered from 0.
    virtual Status open(int listener, uint32_t slots_max) = 0;

    // What has happened since the last call. All calls but open() come from one thread.
    virtual Told poll() = 0;
    // Accept again after `refused`, or no more.
    virtual void resume() = 0;
    virtual void stop_accepting() = 0;

    // Takes a connection's descriptor, which does not block, under a number that is free. It is the
    // caller's still, but nobody else may read from it. False: the kernel has no room.
    virtual bool add(uint32_t slot, int connection) = 0;
    // Before the descriptor is closed. Nothing is told of the number any more.
    virtual void remove(uint32_t slot) = 0;
    // At most `bytes_max` of what has come. Precondition: bytes_max > 0.
    virtual Read read(uint32_t slot, size_t bytes_max) = 0;
    // Whether bytes of it may have come that no event tells of yet, because buffers are short.
    virtual bool behind(uint32_t slot) const = 0;
    // That many bytes may have been taken from sockets and not been read yet.
    virtual size_t ahead_bytes_max() const = 0;
};

std::unique_ptr<StreamIo> make_stream_poll();

// Null when this build, this kernel or what this process may do has no room for it; `why` tells.
std::unique_ptr<StreamIo> make_stream_ring(Status& why);

}  // namespace trommel::net
