#pragma once
#include <string>
#include <vector>

#include "net/packet_intake.h"
#include "net/wire.h"
#include "tests/net/decoded_records.h"
#include "tests/net/packet_bytes.h"

// Frames in packets, for everything that reads packets.
namespace trommel::net {

// Frames with ids of 64 bits, a key and a value, in datagrams for port 4000.
inline PacketIntakeOptions packet_options() {
    PacketIntakeOptions options;
    options.intake.decode.format = Format::binary;
    options.intake.decode.id.form = IdForm::u64;
    options.intake.decode.key = {{"key", FieldType::integer}};
    options.intake.decode.values = {{"value", 0}};
    options.intake.senders_max = 16;
    options.port = 4000;
    options.verify_checksums = true;
    return options;
}

// Events have their sequence number as id and time.
inline std::string frame_bytes(uint64_t sequence, uint16_t count, uint8_t flags = 0) {
    FrameHeader header;
    header.source_id = 1;
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
inline std::string frame_packet(uint64_t sequence, uint16_t count, uint16_t from_port = 5000) {
    return udp_packet(frame_bytes(sequence, count), from_port);
}

// What the records are, in short: ids of readable ones, and "!" with the reason of corrupt ones.
inline std::vector<std::string> words_of(const std::vector<DecodedRecord>& records) {
    std::vector<std::string> words;
    for (const DecodedRecord& r : records) {
        words.push_back(r.corrupt() ? "!" + r.detail : std::to_string(r.id_lo));
    }
    return words;
}

}  // namespace trommel::net
