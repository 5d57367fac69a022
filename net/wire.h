#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// The binary format of files, datagrams and streams: frames of events, little-endian.
//
//   header, 32 bytes: magic "TRM1" · version u8 (1) · flags u8 · header bytes u16 (32)
//                     source id u32 · epoch u32 · sequence u64
//                     count u16 · event bytes u16 (32 or 40) · checksum u32
//   count events:     id u64 (or u128, low half first) · key i64 · time i64 µs · value i64
//   signed: 16 bytes, the first of HMAC-SHA256(key, all of the frame before them)
//
// The checksum is the low half of XXH3-64 over header and events with the checksum's four bytes
// zero. A signature is made after it, so it covers the checksum too.
namespace trommel::net {

inline constexpr size_t kFrameHeaderBytes = 32;
inline constexpr uint16_t kNarrowEventBytes = 32;
inline constexpr uint16_t kWideEventBytes = 40;  // With a 128-bit id.
inline constexpr size_t kSignatureBytes = 16;

// Flags of a frame; others are not known.
inline constexpr uint8_t kFrameSigned = 1;
// Its sender is done with this epoch. Without events the sequence says how many there were.
inline constexpr uint8_t kFrameEnd = 2;

// Sequence numbers end here, so that sums of them cannot overflow: 22 years of 100 M events/s.
inline constexpr uint64_t kSequenceMax = uint64_t{1} << 56;

struct FrameHeader {
    uint32_t source_id = 0;
    uint32_t epoch = 0;     // Of the source: a new one starts its sequence anew.
    uint64_t sequence = 0;  // Of the frame's first event in its source and epoch.
    uint16_t count = 0;     // Events.
    uint16_t event_bytes = kNarrowEventBytes;
    uint32_t checksum = 0;
    uint8_t flags = 0;

    size_t events_bytes() const { return size_t{count} * event_bytes; }
    size_t frame_bytes() const {
        const bool is_signed = (flags & kFrameSigned) != 0;
        return kFrameHeaderBytes + events_bytes() + (is_signed ? kSignatureBytes : 0);
    }
};

struct WireEvent {
    uint64_t id_lo = 0;
    uint64_t id_hi = 0;  // 0 in a narrow event.
    int64_t key = 0;
    int64_t time_us = 0;
    int64_t value = 0;
};

// Why bytes are no frame.
enum class FrameFault : uint8_t { none, magic, version, sizes, checksum };
const char* to_text(FrameFault fault);

// `bytes` holds at least kFrameHeaderBytes. Does not look at the checksum.
FrameFault read_header(const char* bytes, FrameHeader& header);
// `frame` holds header.frame_bytes() bytes. Looks at the checksum, not at the signature.
FrameFault check_frame(std::string_view frame, const FrameHeader& header);
WireEvent read_event(const char* bytes, uint16_t event_bytes);

// Appends the frame of `events`, at most 65,535, to `out`; count and checksum are filled in. Narrow
// events lose id_hi. The signature of a signed frame is zero until FrameKeys::sign().
void append_frame(FrameHeader header, const std::vector<WireEvent>& events, std::string& out);

}  // namespace trommel::net
