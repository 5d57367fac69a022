#pragma once
#include <string>
#include <vector>

#include "net/packet_intake.h"
#include "tests/net/decoded_records.h"
#include "tests/net/numbered_frames.h"
#include "tests/net/packet_bytes.h"

// Frames in packets, for everything that reads packets.
namespace trommel::net {

// Frames with ids of 64 bits, a key and a value, in datagrams for port 4000.
inline PacketIntakeOptions packet_options() {
    PacketIntakeOptions options;
    options.intake.decode = frame_decode_options();
    options.intake.senders_max = 16;
    options.port = 4000;
    options.verify_checksums = true;
    return options;
}

inline std::string frame_packet(uint64_t sequence, uint16_t count, uint16_t from_port = 5000) {
    return udp_packet(frame_of(sequence, count), from_port);
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
