#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/socket.h>

namespace trommel::net {

// An internet address with a port. IPv4 stands in the last four bytes, as IPv4-mapped IPv6: a
// sender is the same one whichever kind of socket it comes in by. The scope of a link-local address
// is not kept.
struct Endpoint {
    std::array<uint8_t, 16> address = {};  // Network order.
    uint16_t port = 0;                     // Host order.
    bool v6 = false;
    bool local = false;  // No address at all: a unix socket's peer, by its number.

    bool operator==(const Endpoint&) const = default;

    static Endpoint from_v4(const void* four_bytes, uint16_t port);
    // A mapped address becomes IPv4.
    static Endpoint from_v6(const void* sixteen_bytes, uint16_t port);
    // The peers of a unix socket have no addresses; they are told apart by counting.
    static Endpoint unix_peer(uint64_t number);
    // Of AF_INET or AF_INET6; false for others and when there are too few bytes.
    static bool from_socket(const sockaddr* address, size_t bytes, Endpoint& endpoint);
    // Returns the bytes that were written.
    socklen_t to_socket(sockaddr_storage& address) const;

    bool is_loopback() const;     // 127.0.0.0/8 or ::1
    bool is_unspecified() const;  // 0.0.0.0 or ::
};

std::string address_text(const Endpoint& endpoint);  // 192.0.2.7, 2001:db8::1
// 192.0.2.7:4000, [2001:db8::1]:4000, unix:3
std::string to_text(const Endpoint& endpoint);

// Callers who cannot know who sends give a secret seed.
uint64_t hash_of(const Endpoint& endpoint, uint64_t seed);

// An address without a port, as people write it; false when it is none.
bool parse_address(const std::string& text, Endpoint& endpoint);

}  // namespace trommel::net
