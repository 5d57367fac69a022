#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "trommel/config.h"

#include "net/decode_options.h"
#include "net/wire.h"

// Frames for tests of streams: event n of a sender has the id and time n.
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

inline std::string frames_of(uint64_t sequence, size_t count, uint32_t source_id = 1,
                             uint8_t flags = 0) {
    FrameHeader header;
    header.source_id = source_id;
    header.sequence = sequence;
    header.flags = flags;
    std::vector<WireEvent> events;
    for (uint64_t n = sequence; n < sequence + count; ++n) {
        events.push_back({n, 0, 5, static_cast<int64_t>(n), 9});
    }
    std::string bytes;
    append_frame(header, events, bytes);
    return bytes;
}

}  // namespace trommel::net
