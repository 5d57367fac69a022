#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Packets byte by byte, written from the specifications and not from the code that reads them.
namespace trommel::net {

inline std::string big(uint64_t value, int bytes) {
    std::string text;
    for (int b = bytes - 1; b >= 0; --b) text += static_cast<char>(value >> (8 * b) & 0xff);
    return text;
}

// RFC 1071, the slow way.
inline uint16_t internet_checksum(std::string bytes) {
    if (bytes.size() % 2 != 0) bytes += '\0';
    uint32_t sum = 0;
    for (size_t at = 0; at < bytes.size(); at += 2) {
        sum += static_cast<uint32_t>(static_cast<uint8_t>(bytes[at])) << 8;
        sum += static_cast<uint8_t>(bytes[at + 1]);
        if (sum > 0xffff) sum -= 0xffff;
    }
    return static_cast<uint16_t>(~sum);
}

inline const std::string kFromV4 = std::string("\x0a\x01\x02\x03", 4);
inline const std::string kToV4 = std::string("\xc0\x00\x02\x07", 4);
inline const std::string kFromV6 = std::string("\xfe\x80", 2) + std::string(13, '\0') + "\x05";
inline const std::string kToV6 = std::string("\xfe\x80", 2) + std::string(13, '\0') + "\x06";

struct UdpBytes {
    std::string payload = "hello";
    uint16_t from_port = 5000, to_port = 4000;
    bool v6 = false;
    int length = -1;       // As it says; -1: as it is.
    int checksum = -1;     // The same.
    std::string from, to;  // Addresses; empty: those above.
};
inline std::string udp(const UdpBytes& u) {
    const size_t size = 8 + u.payload.size();
    const std::string length = big(u.length >= 0 ? static_cast<uint64_t>(u.length) : size, 2);
    const std::string ports = big(u.from_port, 2) + big(u.to_port, 2);
    const std::string addresses = (!u.from.empty() ? u.from
                                   : u.v6          ? kFromV6
                                                   : kFromV4) +
                                  (!u.to.empty() ? u.to
                                   : u.v6        ? kToV6
                                                 : kToV4);
    uint16_t checksum = internet_checksum(addresses + big(17, 2) + big(size, 2) + ports + length +
                                          big(0, 2) + u.payload);
    if (checksum == 0) checksum = 0xffff;
    return ports + length + big(u.checksum >= 0 ? static_cast<uint64_t>(u.checksum) : checksum, 2) +
           u.payload;
}

struct Ipv4Bytes {
    std::string options;  // A multiple of four bytes.
    uint8_t protocol = 17;
    uint16_t fragment = 0;
    int total = -1, header_words = -1, checksum = -1;  // -1: as it is.
    std::string from = kFromV4;
};
inline std::string ipv4(const std::string& payload, const Ipv4Bytes& ip = {}) {
    const size_t header = 20 + ip.options.size();
    const uint64_t words =
        ip.header_words >= 0 ? static_cast<uint64_t>(ip.header_words) : header / 4;
    const uint64_t total =
        ip.total >= 0 ? static_cast<uint64_t>(ip.total) : header + payload.size();
    const std::string before = big(0x40 + words, 1) + big(0, 1) + big(total, 2) + big(7, 2) +
                               big(ip.fragment, 2) + big(64, 1) + big(ip.protocol, 1);
    const std::string after = ip.from + kToV4 + ip.options;
    const uint16_t checksum = internet_checksum(before + big(0, 2) + after);
    return before + big(ip.checksum >= 0 ? static_cast<uint64_t>(ip.checksum) : checksum, 2) +
           after + payload;
}

inline std::string ipv6(const std::string& payload, uint8_t next = 17, int length = -1) {
    return big(0x60000000, 4) +
           big(length >= 0 ? static_cast<uint64_t>(length) : payload.size(), 2) + big(next, 1) +
           big(64, 1) + kFromV6 + kToV6 + payload;
}
// An extension header of 8 * (more + 1) bytes before `payload`.
inline std::string extension(uint8_t next, const std::string& payload, int more = 0,
                             uint8_t fourth = 0) {
    std::string bytes =
        big(next, 1) + big(static_cast<uint64_t>(more), 1) + big(0, 1) + big(fourth, 1) + big(0, 4);
    bytes.append(static_cast<size_t>(more) * 8, '\0');
    return bytes + payload;
}

inline std::string vlan(uint16_t type, const std::string& payload) {
    return big(5, 2) + big(type, 2) + payload;
}
inline std::string ethernet(uint16_t type, const std::string& payload) {
    return std::string("\x02\0\0\0\0\x01\x02\0\0\0\0\x02", 12) + big(type, 2) + payload;
}

// A datagram for port 4000 as it usually comes.
inline std::string udp_packet(const std::string& payload, uint16_t from_port = 5000,
                              uint16_t to_port = 4000) {
    UdpBytes u;
    u.payload = payload;
    u.from_port = from_port;
    u.to_port = to_port;
    return ethernet(0x0800, ipv4(udp(u)));
}

}  // namespace trommel::net
