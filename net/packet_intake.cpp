#include "net/packet_intake.h"

#include "net/wire.h"

namespace trommel::net {
namespace {

// The length of the frame that `bytes` begin with; 0 when that is none, or not all of it is there.
size_t frame_bytes_of(std::string_view bytes) {
    FrameHeader header;
    if (bytes.size() < kFrameHeaderBytes) return 0;
    if (read_header(bytes.data(), header) != FrameFault::none) return 0;
    return header.frame_bytes() <= bytes.size() ? header.frame_bytes() : 0;
}

bool is_filled_by_frames(std::string_view payload) {
    while (!payload.empty()) {
        const size_t size = frame_bytes_of(payload);
        if (size == 0) return false;
        payload.remove_prefix(size);
    }
    return true;
}

IntakeOptions with_keys(IntakeOptions options, FrameKeys* keys) {
    options.keys = keys;
    return options;
}

}  // namespace

PacketIntake::PacketIntake(const PacketIntakeOptions& options, Clock& clock)
    : options_(options),
      frames_(with_keys(options.intake, options.keys_path.empty() ? nullptr : &keys_), clock) {}

Status PacketIntake::open() {
    return options_.keys_path.empty() ? Status() : keys_.load(options_.keys_path);
}

bool PacketIntake::take(const ReceivedPacket& received, LinkType link, RecordBatch& batch) {
    const Captured& captured = received.captured;
    const Packet packet = parse_packet(captured, {link, options_.port, options_.verify_checksums});
    const Datagram whole{captured.bytes, captured.size, packet.from, true};
    switch (packet.kind) {
        case Packet::Kind::datagram:
            if (!received.damaged) return take_frames(packet, batch);
            return frames_.take_damaged(whole, "a checksum that the device found wrong", batch);
        case Packet::Kind::damaged:
            return frames_.take_damaged(whole, packet.why, batch);
        case Packet::Kind::truncated:
            return frames_.take(whole, batch);
        case Packet::Kind::foreign:
            break;
    }
    frames_.count_foreign(captured.size);
    return true;
}

bool PacketIntake::take_frames(const Packet& packet, RecordBatch& batch) {
    const bool several = payload_at_ > 0 || is_filled_by_frames(packet.payload);
    do {
        const std::string_view rest = packet.payload.substr(payload_at_);
        const size_t size = several ? frame_bytes_of(rest) : rest.size();
        if (!frames_.take({rest.data(), size, packet.from, false}, batch)) return false;
        payload_at_ += size;
    } while (payload_at_ < packet.payload.size());
    payload_at_ = 0;
    return true;
}

}  // namespace trommel::net
