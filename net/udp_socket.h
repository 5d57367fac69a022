#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "trommel/status.h"

#include "net/descriptor.h"
#include "net/endpoint.h"
#include "net/listen_address.h"

namespace trommel::net {

struct UdpSocketOptions {
    ListenAddress listen;
    uint32_t sockets = 1;  // More than one share the port; the system spreads senders over them.
    uint64_t receive_buffer_bytes = uint64_t{32} << 20;  // Of each.
};

struct UdpSockets {
    std::vector<Descriptor> all;
    Endpoint bound;                  // With the port that was found, if any would do.
    std::vector<std::string> notes;  // A buffer smaller than was asked for.
};

inline constexpr uint32_t kUdpSocketsMax = 16;
inline constexpr uint64_t kReceiveBufferBytesMax = uint64_t{1} << 30;

// Opens and binds the sockets; they never wait, and hand on datagrams of a sender together where
// the system can (UDP_GRO).
Status open_udp_sockets(const UdpSocketOptions& options, UdpSockets& sockets);

// What the kernel says of a socket's receive queue.
struct UdpQueue {
    uint64_t bytes = 0;    // Held, with what the kernel needs around it.
    uint32_t dropped = 0;  // Since it was opened, modulo 2^32: its memory was full.
};
bool look_at_queue(const Descriptor& socket, UdpQueue& queue);

}  // namespace trommel::net
