#pragma once
#include <cstdint>
#include <string_view>

namespace trommel::bench {

// What waits in the sockets of a port of this machine, as the kernel tells anybody who asks: so it
// is measured from outside, whoever owns them.
struct SocketQueue {
    uint64_t bytes = 0;    // UDP: with what the kernel needs around them. TCP: unread.
    uint64_t dropped = 0;  // Datagrams for which there was no room, since the socket was opened.
};
enum class SocketKind : uint8_t { udp, tcp };

SocketQueue look_at_sockets(SocketKind kind, uint16_t port);

// Adds what one line of /proc/net/udp or tcp says to the queue, if it is of that port.
void add_socket_line(std::string_view line, SocketKind kind, uint16_t port, SocketQueue& queue);

// Of this process, in memory now.
uint64_t resident_bytes();

}  // namespace trommel::bench
