#pragma once
#include <cstdint>
#include <string_view>

#include "net/endpoint.h"

// From the bytes of a captured packet to the UDP datagram in it. Nothing here keeps anything.
namespace trommel::net {

// How a packet begins: the link types of capture files that can hold UDP.
enum class LinkType : uint8_t {
    ethernet,       // II, with up to two VLAN tags.
    ip,             // IPv4 or IPv6 at once, as the version says.
    loopback,       // Four bytes with the address family, in the byte order of either machine.
    linux_cooked,   // What "any" captures: 16 bytes, the protocol last.
    linux_cooked2,  // The same, 20 bytes, the protocol first.
};

struct PacketOptions {
    LinkType link = LinkType::ethernet;
    uint16_t port = 0;             // The destination; other datagrams are foreign. 0: any.
    bool verify_checksums = true;  // Of IPv4 headers and of UDP.
};

// What was captured of a packet, and how long it was on the wire.
struct Captured {
    const char* bytes = nullptr;
    size_t size = 0;
    size_t wire_size = 0;  // At least `size`.
};

// A packet as a device hands it over.
struct ReceivedPacket {
    Captured captured;
    bool damaged = false;  // The device has found a checksum wrong.
};

struct Packet {
    enum class Kind : uint8_t {
        datagram,   // `from` and `payload` are set.
        foreign,    // Another protocol or port, a fragment: none of our business.
        truncated,  // Ours, as far as one can see, but not all of it was captured.
        damaged,    // Its lengths or checksums are impossible.
    };
    Kind kind = Kind::foreign;
    const char* why = "";      // In words, unless it is a datagram. Lives for ever.
    Endpoint from;             // The sender, as far as it was read.
    std::string_view payload;  // Of the datagram; points into the captured bytes.
};

// Never reads beyond what was captured. Says `foreign` as soon as that is clear, so that a capture
// cut short in somebody else's packets is no loss; what is damaged before its port is known is
// `damaged`, since it may have been ours.
Packet parse_packet(const Captured& captured, const PacketOptions& options);

}  // namespace trommel::net
