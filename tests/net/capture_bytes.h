#pragma once
#include <algorithm>
#include <cstdint>
#include <string>

// Capture files byte by byte, from the specifications.
namespace trommel::net {

// Numbers in the order of the machine that wrote the file.
struct ByteOrder {
    bool big = false;

    std::string number(uint64_t value, int bytes) const {
        std::string text;
        for (int b = 0; b < bytes; ++b) text += static_cast<char>(value >> (8 * b) & 0xff);
        if (big) std::reverse(text.begin(), text.end());
        return text;
    }
    std::string u16(uint64_t value) const { return number(value, 2); }
    std::string u32(uint64_t value) const { return number(value, 4); }
};

struct PcapBytes {
    ByteOrder order;
    uint32_t magic = 0xa1b2c3d4;
    uint32_t link = 1;
    uint16_t major = 2, minor = 4;

    std::string header() const {
        return order.u32(magic) + order.u16(major) + order.u16(minor) + order.u32(0) +
               order.u32(0) + order.u32(262144) + order.u32(link);
    }
    // `wire` is the packet's length on the wire; 0: all of it was captured.
    std::string packet(const std::string& bytes, size_t wire = 0) const {
        return order.u32(1700000000) + order.u32(7) + order.u32(bytes.size()) +
               order.u32(wire == 0 ? bytes.size() : wire) + bytes;
    }
};

struct PcapngBytes {
    ByteOrder order;

    std::string block(uint32_t type, std::string body) const {
        while (body.size() % 4 != 0) body += '\0';
        const std::string size = order.u32(body.size() + 12);
        return order.u32(type) + size + body + size;
    }
    std::string section(uint16_t major = 1) const {
        return block(0x0a0d0d0a, order.u32(0x1a2b3c4d) + order.u16(major) + order.u16(0) +
                                     order.number(~uint64_t{0}, 8));
    }
    std::string interface(uint16_t link = 1, uint32_t packet_bytes_max = 0) const {
        // With an option: the resolution of its times.
        return block(1, order.u16(link) + order.u16(0) + order.u32(packet_bytes_max) +
                            order.u16(9) + order.u16(1) + std::string("\x09\0\0\0", 4) +
                            order.u32(0));
    }
    std::string packet(const std::string& bytes, uint32_t interface = 0, size_t wire = 0) const {
        std::string padded = bytes;
        while (padded.size() % 4 != 0) padded += 'P';
        return block(6, order.u32(interface) + order.number(1, 8) + order.u32(bytes.size()) +
                            order.u32(wire == 0 ? bytes.size() : wire) + padded + order.u16(1) +
                            order.u16(4) + "note" + order.u32(0));
    }
    std::string old_packet(const std::string& bytes, uint16_t interface = 0) const {
        return block(2, order.u16(interface) + order.u16(3) + order.number(1, 8) +
                            order.u32(bytes.size()) + order.u32(bytes.size()) + bytes);
    }
    std::string simple_packet(const std::string& bytes, size_t wire = 0) const {
        return block(3, order.u32(wire == 0 ? bytes.size() : wire) + bytes);
    }
};

}  // namespace trommel::net
