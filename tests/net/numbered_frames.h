#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "trommel/config.h"

#include "net/decode_options.h"
#include "net/wire.h"

// Frames for tests of everything that takes them: event n of a sender has the id and time n, the
// source's id as its key, and the value 1.
namespace trommel::net {

inline DecodeOptions frame_decode_options() {
    DecodeOptions options;
    options.format = Format::binary;
    options.id.form = IdForm::u64;
    options.key = {{"key", FieldType::integer}};
    options.values = {{"value", 0}};
    return options;
}

inline Config frame_config() {
    Config config;
    config.dedup.id_type = IdType::u64;
    config.key = {{"key", FieldType::integer}};
    config.values = {{"value", 0}};
    return config;
}

// The header's next events, in one frame.
inline std::string numbered_frame(const FrameHeader& header, size_t count) {
    std::vector<WireEvent> events;
    for (uint64_t n = header.sequence; n < header.sequence + count; ++n) {
        events.push_back({n, 0, header.source_id, static_cast<int64_t>(n), 1});
    }
    std::string bytes;
    append_frame(header, events, bytes);
    return bytes;
}

inline std::string frame_of(uint64_t sequence, size_t count, uint32_t source_id = 1,
                            uint8_t flags = 0) {
    FrameHeader header;
    header.source_id = source_id;
    header.sequence = sequence;
    header.flags = flags;
    return numbered_frame(header, count);
}

// A sender that goes on where it was.
struct NumberedFrames {
    uint32_t source_id = 1;
    uint32_t epoch = 1;
    uint64_t next = 0;

    std::string frame(uint16_t count, uint8_t flags = 0) {
        FrameHeader header;
        header.source_id = source_id;
        header.epoch = epoch;
        header.sequence = next;
        header.flags = flags;
        next += count;
        return numbered_frame(header, count);
    }
};

}  // namespace trommel::net
