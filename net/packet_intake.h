#pragma once
#include <cstddef>
#include <cstdint>

#include "net/frame_intake.h"
#include "net/packet.h"

namespace trommel::net {

struct PacketIntakeOptions {
    IntakeOptions intake;
    uint16_t port = 0;              // UDP datagrams for it are ours.
    bool verify_checksums = false;  // Of IPv4 and UDP; frames have one of their own.
};

// Whole packets, from a capture or a device, to rows: parse, then FrameIntake. Where a packet was
// caught before the network card cut it (or after it was joined), its datagram is several frames
// one after another, and nothing else; each is taken as if it had come by itself.
class PacketIntake {
   public:
    PacketIntake(const PacketIntakeOptions& options, Clock& clock)
        : options_(options), frames_(options.intake, clock) {}

    // As FrameIntake::take(): false means that the batch is full and the same packet comes again.
    bool take(const ReceivedPacket& packet, LinkType link, RecordBatch& batch);

    FrameIntake& frames() { return frames_; }
    const FrameIntake& frames() const { return frames_; }

   private:
    bool take_frames(const Packet& packet, RecordBatch& batch);

    const PacketIntakeOptions options_;
    FrameIntake frames_;
    size_t payload_at_ = 0;  // Of the packet at hand: what comes before it was taken.
};

}  // namespace trommel::net
