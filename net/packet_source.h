#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>

#include "trommel/clock.h"
#include "trommel/source.h"

#include "net/packet_intake.h"

namespace trommel::net {

inline constexpr uint32_t kBurstPackets = 64;

// A device that hands over packets in bursts. Used by one thread at a time.
class PacketDevice {
   public:
    virtual ~PacketDevice() = default;
    virtual Status open() = 0;
    virtual uint32_t queues() const = 0;
    // Takes up to kBurstPackets packets of a queue and returns how many. Their bytes are there
    // until release(), which comes before the next call.
    virtual uint32_t receive(uint32_t queue, ReceivedPacket* packets) = 0;
    virtual void release() = 0;
    // Packets that the device and its driver say they have lost since open().
    virtual uint64_t dropped() = 0;
};

struct PacketSourceOptions {
    PacketIntakeOptions packets;
    std::string name;
    // The source ends when, after the first datagram for us, none came for so long.
    std::optional<int64_t> stop_after_us;
    bool stop_with_senders = false;  // It ends when every known sender has said that it is done.
};

// The frames in the packets of a device, all its queues in turn. Live and lossy: what it does not
// take in time, the device loses.
class PacketSource final : public Source {
   public:
    PacketSource(const PacketSourceOptions& options, std::unique_ptr<PacketDevice> device,
                 Clock& clock);

    Status open() override;
    Poll poll(RecordBatch& batch, int64_t until_us) override;
    // What waits in the device's queues is taken before the end, however much more comes.
    bool drain() override;
    std::string_view name() const override { return options_.name; }
    uint32_t partitions() const override { return intake_.frames().senders().partitions(); }
    std::string_view partition_name(uint32_t partition) const override {
        return intake_.frames().senders().partition_name(partition);
    }
    uint32_t source_partition() const override { return 0; }
    uint64_t bytes_read() const override { return intake_.frames().transport().bytes; }
    const Transport* transport() const override { return &intake_.frames().transport(); }
    bool live() const override { return true; }

   private:
    bool receive();
    void take_burst(RecordBatch& batch);
    void read_counters(int64_t now_us);
    void note_time(int64_t now_us);

    const PacketSourceOptions options_;
    const std::unique_ptr<PacketDevice> device_;
    Clock& clock_;
    PacketIntake intake_;

    // The burst at hand; when a batch is full the rest of it waits for the next one.
    std::array<ReceivedPacket, kBurstPackets> burst_;
    uint32_t burst_packets_ = 0, burst_at_ = 0;
    uint32_t queue_ = 0;  // Whose turn it is.

    uint64_t records_ = 0;
    int64_t counters_read_us_ = 0;
    uint64_t datagrams_seen_ = 0;  // For us, when somebody last looked.
    int64_t last_datagram_us_ = 0;

    bool draining_ = false, ended_ = false;
    uint64_t drain_bursts_ = 0;  // At most so many are still taken.
};

}  // namespace trommel::net
