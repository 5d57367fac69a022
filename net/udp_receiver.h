#pragma once
#include <cstddef>
#include <memory>
#include <span>

#include "trommel/status.h"

#include "net/descriptor.h"
#include "net/endpoint.h"

namespace trommel::net {

// What a socket handed on at once: a datagram, or several of one sender in a row, all as long as
// `segment` but for the last.
struct UdpMessage {
    const char* bytes = nullptr;
    size_t size = 0;
    size_t segment = 0;  // At least 1.
    Endpoint from;
    bool truncated = false;  // Its last datagram is longer than there was room for.
};

// As many as a receiver takes at a time. Few, so that they stay in the processor's cache.
inline constexpr size_t kUdpMessagesMax = 64;

struct UdpReceiverOptions {
    std::span<const Descriptor> sockets;     // Borrowed.
    size_t buffer_bytes = size_t{64} << 10;  // A longer datagram is truncated; none is with 64 KiB.
};

// A way to take what sockets hold. Never waits. One thread at a time: the one that calls first.
class UdpReceiver {
   public:
    virtual ~UdpReceiver() = default;
    // What is there, some of it; empty when there is nothing. Valid until the next call.
    virtual Status receive(std::span<const UdpMessage>& messages) = 0;
};

// recvmmsg: the reference, for any Linux.
std::unique_ptr<UdpReceiver> make_mmsg_receiver(const UdpReceiverOptions& options);

// io_uring, multishot, with buffers that the kernel picks from. Says why when this build or this
// system has none.
Status make_ring_receiver(const UdpReceiverOptions& options,
                          std::unique_ptr<UdpReceiver>& receiver);
// Ok when the system can do it: tried out once on a loopback socket of its own.
Status probe_ring_receiver();

// Whether this build has it at all.
bool built_with_io_uring();

}  // namespace trommel::net
