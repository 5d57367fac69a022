#include "net/capture_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace trommel::net {
namespace {

constexpr size_t kBufferBytes = size_t{256} << 10;
constexpr uint32_t kClassicMicro = 0xa1b2c3d4, kClassicNano = 0xa1b23c4d;
constexpr uint32_t kClassicPatched = 0xa1b2cd34;  // A short-lived variant with longer headers.
constexpr size_t kClassicFileHeaderBytes = 24, kClassicPacketHeaderBytes = 16;

constexpr uint32_t kSection = 0x0a0d0d0a, kInterface = 1, kOldPacket = 2, kSimplePacket = 3,
                   kEnhancedPacket = 6;
constexpr uint32_t kByteOrder = 0x1a2b3c4d;
constexpr size_t kBlockFrameBytes = 12;  // Type, length, and the length again at the end.
constexpr uint32_t kBlockBytesMax = uint32_t{1} << 20;  // Of those that are looked into.
constexpr size_t kInterfacesMax = 4096;

std::optional<LinkType> link_type(uint32_t number) {
    switch (number) {
        case 1:
            return LinkType::ethernet;
        case 12:
        case 14:
        case 101:
        case 228:
        case 229:
            return LinkType::ip;
        case 0:
        case 108:
            return LinkType::loopback;
        case 113:
            return LinkType::linux_cooked;
        case 276:
            return LinkType::linux_cooked2;
        default:
            return {};
    }
}

uint32_t swapped(uint32_t value) {
    return __builtin_bswap32(value);
}

}  // namespace

CaptureReader::CaptureReader(std::string path, std::unique_ptr<ByteStream> stream)
    : path_(std::move(path)), stream_(std::move(stream)), buffer_(kBufferBytes) {}

uint16_t CaptureReader::u16(size_t at) const {
    uint16_t value;
    std::memcpy(&value, buffer_.data() + at_ + at, sizeof value);
    return other_order_ ? __builtin_bswap16(value) : value;
}
uint32_t CaptureReader::u32(size_t at) const {
    uint32_t value;
    std::memcpy(&value, buffer_.data() + at_ + at, sizeof value);
    return other_order_ ? swapped(value) : value;
}

void CaptureReader::take(size_t bytes) {
    at_ += bytes;
    offset_ += bytes;
}

CaptureReader::Next CaptureReader::fail(const std::string& what) {
    failure_ = Status::error(Code::io, "cannot read " + path_ + ": " + what + " (at byte " +
                                           std::to_string(offset_) + ", after " +
                                           std::to_string(packets_) + " packets)");
    return Next::failed;
}

CaptureReader::Stop CaptureReader::need(size_t size, bool may_end) {
    if (end_ - at_ >= size) return {};
    std::copy(buffer_.begin() + static_cast<ptrdiff_t>(at_),
              buffer_.begin() + static_cast<ptrdiff_t>(end_), buffer_.begin());
    end_ -= std::exchange(at_, 0);
    if (buffer_.size() < size) buffer_.resize(size);
    while (end_ < size && !at_end_) {
        File::ReadResult result = stream_->read(buffer_.data() + end_, buffer_.size() - end_);
        if (result.kind == File::Read::nothing_yet) return Next::nothing_yet;
        if (result.kind == File::Read::failed) {
            failure_ = std::move(result.status);
            return Next::failed;
        }
        at_end_ = result.kind == File::Read::end;
        end_ += result.bytes;
    }
    if (end_ >= size) return {};
    if (end_ == 0 && may_end) return Next::end;
    return fail("it is cut short");
}

CaptureReader::Next CaptureReader::next(Found& found) {
    if (!failure_.ok()) return Next::failed;
    take(std::exchange(behind_, 0));
    if (layout_ == Layout::unknown) {
        if (const Stop stop = find_layout()) return *stop;
    }
    if (layout_ == Layout::classic) return next_record(found);
    // Bounded by the file: each turn takes a block, or stops.
    while (true) {
        if (const Stop stop = next_block(found)) return *stop;
    }
}

CaptureReader::Stop CaptureReader::find_layout() {
    if (const Stop stop = need(4)) return stop;
    const uint32_t magic = u32(0);
    if (magic == kSection) {
        layout_ = Layout::blocks;
        return {};
    }
    const auto is = [&](uint32_t known) { return magic == known || swapped(magic) == known; };
    if (is(kClassicPatched)) return fail("a patched pcap format; save it as pcap or pcapng");
    if (!is(kClassicMicro) && !is(kClassicNano)) return fail("neither pcap nor pcapng");
    if (const Stop stop = need(kClassicFileHeaderBytes)) return stop;
    other_order_ = magic != kClassicMicro && magic != kClassicNano;
    if (u16(4) != 2 || u16(6) != 4) return fail("a pcap file of another version than 2.4");
    constexpr uint32_t kLinkMask = 0x0fffffff;  // Above it: whether packets end in a checksum.
    const uint32_t number = u32(20) & kLinkMask;
    link_ = link_type(number);
    if (!link_) {
        return fail("packets of link type " + std::to_string(number) +
                    "; known are Ethernet, Linux cooked, raw IP and loopback");
    }
    take(kClassicFileHeaderBytes);
    layout_ = Layout::classic;
    return {};
}

CaptureReader::Next CaptureReader::next_record(Found& found) {
    if (const Stop stop = need(kClassicPacketHeaderBytes, true)) return *stop;
    const uint32_t size = u32(8), wire_size = u32(12);
    if (size > kCapturedBytesMax) {
        return fail("a packet of " + std::to_string(size) + " bytes, more than is possible");
    }
    if (const Stop stop = need(kClassicPacketHeaderBytes + size)) return *stop;
    take(kClassicPacketHeaderBytes);
    found = {{buffer_.data() + at_, size, std::max(size, wire_size)}, link_};
    behind_ = size;
    ++packets_;
    return Next::packet;
}

CaptureReader::Stop CaptureReader::next_block(Found& found) {
    if (skip_bytes_ > 0) return skip();
    if (const Stop stop = need(kBlockFrameBytes, true)) return stop;
    if (u32(0) == kSection) {
        if (const Stop stop = begin_section()) return stop;
    }
    const uint32_t type = u32(0), size = u32(4);
    if (size < kBlockFrameBytes || size % 4 != 0) return fail("a block of impossible length");
    const bool packet = type == kOldPacket || type == kSimplePacket || type == kEnhancedPacket;
    if (!packet && type != kSection && type != kInterface) {
        skip_bytes_ = skipped_block_bytes_ = size;
        return {};
    }
    if (size > kBlockBytesMax) {
        return fail("a block of " + std::to_string(size) + " bytes, more than is possible");
    }
    if (const Stop stop = need(size)) return stop;
    if (u32(size - 4) != size) return fail("a block with two different lengths");
    if (packet) return take_packet(type, size, found);
    if (type == kInterface) {
        if (const Stop stop = add_interface(size)) return stop;
    }
    take(size);
    return {};
}

// Finds out the byte order; the block itself is taken as any other.
CaptureReader::Stop CaptureReader::begin_section() {
    constexpr size_t kUpToVersion = 14;
    if (const Stop stop = need(kUpToVersion)) return stop;
    other_order_ = false;
    if (u32(8) != kByteOrder) other_order_ = true;
    if (u32(8) != kByteOrder) return fail("a section of unknown byte order");
    if (u16(12) != 1) return fail("a pcapng file of another version than 1");
    interfaces_.clear();
    return {};
}

CaptureReader::Stop CaptureReader::skip() {
    constexpr size_t kEnd = 4;  // The length again.
    while (skip_bytes_ > kEnd) {
        if (const Stop stop = need(1)) return stop;
        const auto bytes = static_cast<size_t>(std::min<uint64_t>(skip_bytes_ - kEnd, end_ - at_));
        take(bytes);
        skip_bytes_ -= bytes;
    }
    if (const Stop stop = need(kEnd)) return stop;
    if (u32(0) != skipped_block_bytes_) return fail("a block with two different lengths");
    take(kEnd);
    skip_bytes_ = 0;
    return {};
}

CaptureReader::Stop CaptureReader::add_interface(uint32_t size) {
    if (size < kBlockFrameBytes + 8) return fail("an interface block that is too short");
    if (interfaces_.size() == kInterfacesMax) {
        return fail("more than " + std::to_string(kInterfacesMax) + " interfaces");
    }
    interfaces_.push_back({link_type(u16(8)), u32(12)});
    return {};
}

CaptureReader::Next CaptureReader::take_packet(uint32_t type, uint32_t size, Found& found) {
    const bool simple = type == kSimplePacket;
    const size_t header = simple ? 12 : 28;
    if (size < header + 4) return fail("a packet block that is too short");
    const uint32_t number = simple ? 0 : type == kOldPacket ? u16(8) : u32(8);
    if (number >= interfaces_.size()) {
        return fail("a packet of an interface that the file does not describe");
    }
    const Interface& interface = interfaces_[number];
    const uint32_t wire_size = u32(simple ? 8 : 24);
    const auto room = static_cast<uint32_t>(size - header - 4);
    uint32_t captured = simple ? std::min(wire_size, room) : u32(20);
    if (simple && interface.packet_bytes_max > 0) {
        captured = std::min(captured, interface.packet_bytes_max);
    }
    if (captured > room || captured > kCapturedBytesMax) {
        return fail("a packet of " + std::to_string(captured) + " bytes, more than is possible");
    }
    found = {{buffer_.data() + at_ + header, captured, std::max(captured, wire_size)},
             interface.link};
    behind_ = size;
    ++packets_;
    return Next::packet;
}

}  // namespace trommel::net
