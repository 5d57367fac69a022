#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "net/frame_intake.h"
#include "net/frame_keys.h"
#include "net/packet.h"

namespace trommel::net {

struct PacketIntakeOptions {
    IntakeOptions intake;           // Its keys are set by the intake.
    std::string keys_path;          // Empty: frames need no signature.
    uint16_t port = 0;              // UDP datagrams for it are ours.
    bool verify_checksums = false;  // Of IPv4 and UDP; frames have one of their own.
};

// Whole packets, from a capture or a device, to rows: parse, then FrameIntake. Where a packet was
// caught before the network card cut it (or after it was joined), its datagram is several frames
// one after another, and nothing else; each is taken as if it had come by itself.
class PacketIntake {
   public:
    PacketIntake(const PacketIntakeOptions& options, Clock& clock);
    PacketIntake(const PacketIntake&) = delete;
    PacketIntake& operator=(const PacketIntake&) = delete;

    // Reads the keys, if there are to be some. Before the first packet.
    Status open();

    // As FrameIntake::take(): false means that the batch is full and the same packet comes again.
    bool take(const ReceivedPacket& packet, LinkType link, RecordBatch& batch);

    FrameIntake& frames() { return frames_; }
    const FrameIntake& frames() const { return frames_; }

   private:
    bool take_frames(const Packet& packet, RecordBatch& batch);

    const PacketIntakeOptions options_;
    FrameKeys keys_;
    FrameIntake frames_;
    size_t payload_at_ = 0;  // Of the packet at hand: what comes before it was taken.
};

}  // namespace trommel::net
