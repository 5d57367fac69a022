#include "net/packet.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace trommel::net {
namespace {

using Kind = Packet::Kind;

constexpr uint16_t kEtherIpv4 = 0x0800, kEtherIpv6 = 0x86dd;
constexpr uint16_t kEtherVlan = 0x8100, kEtherServiceVlan = 0x88a8, kEtherOldServiceVlan = 0x9100;
constexpr uint16_t kEtherTypeMin = 0x0600;  // Below it the field is a length (IEEE 802.3).
constexpr int kVlanTagsMax = 2;
constexpr uint8_t kUdp = 17, kHopByHop = 0, kRouting = 43, kFragment = 44, kDestination = 60;
constexpr int kExtensionHeadersMax = 8;
constexpr size_t kUdpHeaderBytes = 8, kIpv6HeaderBytes = 40, kIpv4HeaderBytesMin = 20;

uint8_t byte_at(const char* bytes, size_t at) {
    return static_cast<uint8_t>(bytes[at]);
}
uint16_t u16_at(const char* bytes, size_t at) {
    return static_cast<uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}

// The sum of RFC 1071, of 16-bit words in network order, not yet inverted.
class InternetSum {
   public:
    void add(const char* bytes, size_t size) {
        uint64_t sum = 0;
        for (; size >= 4; bytes += 4, size -= 4) {
            uint32_t word;
            std::memcpy(&word, bytes, sizeof word);  // In this machine's order; see folded().
            sum += word;
        }
        if (size > 0) {
            char rest[4] = {};
            std::copy_n(bytes, size, rest);
            uint32_t word;
            std::memcpy(&word, rest, sizeof word);
            sum += word;
        }
        sum_ += sum;
    }
    void add(uint16_t word) {
        const char bytes[] = {static_cast<char>(word >> 8), static_cast<char>(word & 0xff)};
        add(bytes, sizeof bytes);
    }
    // The bytes of the sum stand in memory as they would on the wire, on any machine.
    uint16_t folded() const {
        uint64_t sum = sum_;
        while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
        const auto word = static_cast<uint16_t>(sum);
        char bytes[2];
        std::memcpy(bytes, &word, sizeof bytes);
        return u16_at(bytes, 0);
    }

   private:
    uint64_t sum_ = 0;
};

// Goes through a packet from outside to inside; `at_`, `size_` and `wire_size_` are what is left of
// it. Each step either goes on or says why not.
class Parser {
   public:
    Parser(const Captured& captured, const PacketOptions& options)
        : options_(options),
          at_(captured.bytes),
          size_(captured.size),
          wire_size_(std::max(captured.size, captured.wire_size)) {}

    Packet parse() {
        parse_link();
        return packet_;
    }

   private:
    void stop(Kind kind, const char* why) {
        packet_.kind = kind;
        packet_.why = why;
    }
    void damaged(const char* why) { stop(Kind::damaged, why); }
    void foreign(const char* why) { stop(Kind::foreign, why); }

    // Whether that many bytes of what is left were captured.
    bool has(size_t bytes, const char* what_is_too_short) {
        if (size_ >= bytes) return true;
        if (wire_size_ >= bytes) {
            stop(Kind::truncated, "cut short by the capture");
        } else {
            damaged(what_is_too_short);
        }
        return false;
    }
    void skip(size_t bytes) {
        at_ += bytes;
        size_ -= bytes;
        wire_size_ -= bytes;
    }
    // What follows the first `bytes` is padding.
    void trim(size_t bytes) {
        size_ = std::min(size_, bytes);
        wire_size_ = bytes;
    }

    void parse_link() {
        constexpr const char* kShort = "shorter than its link header";
        switch (options_.link) {
            case LinkType::ethernet:
                if (has(14, kShort)) parse_ether_type(12);
                break;
            case LinkType::linux_cooked:
                if (has(16, kShort)) parse_ether_type(14);
                break;
            case LinkType::linux_cooked2:
                if (!has(20, kShort)) break;
                parse_type(u16_at(at_, 0), 20);
                break;
            case LinkType::loopback:
                if (has(4, kShort)) parse_family();
                break;
            case LinkType::ip:
                if (!has(1, kShort)) break;
                byte_at(at_, 0) >> 4 == 6 ? parse_ipv6() : parse_ipv4();
                break;
        }
    }

    void parse_ether_type(size_t at) { parse_type(u16_at(at_, at), at + 2); }

    // `type` is that of what begins after `header` bytes.
    void parse_type(uint16_t type, size_t header) {
        skip(header);
        for (int tags = 0; is_vlan(type); ++tags) {
            if (tags == kVlanTagsMax) return foreign("more VLAN tags than two");
            if (!has(4, "shorter than its VLAN tags")) return;
            type = u16_at(at_, 2);
            skip(4);
        }
        if (type == kEtherIpv4) return parse_ipv4();
        if (type == kEtherIpv6) return parse_ipv6();
        foreign(type < kEtherTypeMin ? "no Ethernet II frame" : "neither IPv4 nor IPv6");
    }
    static bool is_vlan(uint16_t type) {
        return type == kEtherVlan || type == kEtherServiceVlan || type == kEtherOldServiceVlan;
    }

    // The numbers of AF_INET6 are those of Linux and of the BSDs.
    void parse_family() {
        const uint16_t high = u16_at(at_, 0), low = u16_at(at_, 2);
        const bool small = high == 0 || low == 0;
        const auto family = high == 0 ? low : static_cast<uint16_t>(high >> 8 | high << 8);
        skip(4);
        if (small && family == 2) return parse_ipv4();
        constexpr uint16_t kInet6[] = {10, 24, 28, 30};
        if (small && std::count(std::begin(kInet6), std::end(kInet6), family) > 0) {
            return parse_ipv6();
        }
        foreign("neither IPv4 nor IPv6");
    }

    void parse_ipv4() {
        constexpr const char* kShort = "shorter than its IPv4 header";
        if (!has(kIpv4HeaderBytesMin, kShort)) return;
        const size_t header = size_t{byte_at(at_, 0)} % 16 * 4;
        if (byte_at(at_, 0) >> 4 != 4) return damaged("an IPv4 packet of another version");
        if (header < kIpv4HeaderBytesMin) return damaged("an IPv4 header of impossible length");
        constexpr uint16_t kMoreOrOffset = 0x3fff;
        if (byte_at(at_, 9) != kUdp) return foreign("not UDP");
        if ((u16_at(at_, 6) & kMoreOrOffset) != 0) return foreign("a fragment");
        if (!has(header, kShort)) return;
        // Where the network card cuts packets, a capture sees them whole and without a length.
        const size_t total = u16_at(at_, 2) == 0 ? wire_size_ : u16_at(at_, 2);
        if (total < header) return damaged("an IPv4 packet shorter than its header");
        if (total > wire_size_) return damaged("an IPv4 packet shorter than it says");
        if (options_.verify_checksums) {
            InternetSum sum;
            sum.add(at_, header);
            if (sum.folded() != 0xffff) return damaged("an IPv4 header with a wrong checksum");
        }
        packet_.from = Endpoint::from_v4(at_ + 12, 0);
        addresses_ = {at_ + 12, 8};
        trim(total);
        skip(header);
        parse_udp();
    }

    void parse_ipv6() {
        if (!has(kIpv6HeaderBytes, "shorter than its IPv6 header")) return;
        if (byte_at(at_, 0) >> 4 != 6) return damaged("an IPv6 packet of another version");
        const size_t payload = u16_at(at_, 4);
        const uint8_t next = byte_at(at_, 6);
        if (payload == 0 && next == kHopByHop) return foreign("a jumbogram");
        packet_.from = Endpoint::from_v6(at_ + 8, 0);
        v6_ = true;
        addresses_ = {at_ + 8, 32};
        skip(kIpv6HeaderBytes);
        const bool longer = payload > wire_size_;
        trim(std::min(payload, wire_size_));
        if (!skip_extensions(next)) return;
        if (longer) return damaged("an IPv6 packet shorter than it says");
        parse_udp();
    }

    bool skip_extensions(uint8_t next) {
        for (int headers = 0; next != kUdp; ++headers) {
            if (next == kFragment) return foreign("a fragment"), false;
            if (next != kHopByHop && next != kRouting && next != kDestination) {
                return foreign("not UDP"), false;
            }
            if (headers == kExtensionHeadersMax) return foreign("too many headers"), false;
            constexpr const char* kShort = "shorter than its IPv6 extension headers";
            if (!has(8, kShort)) return false;
            if (next == kRouting && byte_at(at_, 3) > 0) {
                return foreign("on its way to somebody else"), false;  // Segments are left.
            }
            const size_t header = (size_t{byte_at(at_, 1)} + 1) * 8;
            if (!has(header, kShort)) return false;
            next = byte_at(at_, 0);
            skip(header);
        }
        return true;
    }

    void parse_udp() {
        // The port is known before the header is whole.
        if (size_ >= 4 && options_.port != 0 && u16_at(at_, 2) != options_.port) {
            return foreign("for another port");
        }
        if (!has(kUdpHeaderBytes, "shorter than its UDP header")) return;
        packet_.from.port = u16_at(at_, 0);
        const size_t length = u16_at(at_, 4);
        if (length < kUdpHeaderBytes) return damaged("a UDP datagram of impossible length");
        if (length > wire_size_) return damaged("a UDP datagram shorter than it says");
        if (!has(length, "")) return;
        if (options_.verify_checksums && !is_checksum_right(length)) {
            return damaged("a UDP datagram with a wrong checksum");
        }
        packet_.payload = {at_ + kUdpHeaderBytes, length - kUdpHeaderBytes};
        stop(Kind::datagram, "");
    }

    bool is_checksum_right(size_t length) const {
        const uint16_t checksum = u16_at(at_, 6);
        if (checksum == 0) return !v6_;  // None was made; only IPv4 allows that.
        InternetSum sum;
        sum.add(addresses_.data(), addresses_.size());
        sum.add(kUdp);
        sum.add(static_cast<uint16_t>(length));
        // Captured where it was sent, before the network card finished the checksum (on a loopback
        // device nobody does): so far it is the sum of these.
        if (checksum == sum.folded()) return true;
        sum.add(at_, length);
        return sum.folded() == 0xffff;
    }

    const PacketOptions& options_;
    const char* at_;
    size_t size_, wire_size_;
    bool v6_ = false;
    std::string_view addresses_;  // Source and destination, for the checksum.
    Packet packet_;
};

}  // namespace

Packet parse_packet(const Captured& captured, const PacketOptions& options) {
    return Parser(captured, options).parse();
}

}  // namespace trommel::net
