#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trommel/clock.h"
#include "trommel/config.h"
#include "trommel/source.h"

#include "net/frame_intake.h"
#include "net/frame_keys.h"
#include "net/udp_receiver.h"
#include "net/udp_socket.h"

namespace trommel::net {

// `automatic` is recvmmsg: with datagrams put together by the kernel it took 1.4 times as many
// events per second from one socket as io_uring, and one by one as many.
enum class UdpReceive : uint8_t { automatic, recvmmsg, io_uring };

struct UdpSourceOptions {
    UdpSocketOptions socket;
    IntakeOptions intake;   // Its keys are set by the source.
    std::string keys_path;  // Empty: frames need no signature.
    UdpReceive receive = UdpReceive::automatic;
    size_t datagram_bytes_max = size_t{64} << 10;  // A longer one is truncated.
    std::optional<int64_t>
        stop_after_us;               // Ends when nothing came for so long after something did.
    bool stop_with_senders = false;  // Ends when every sender has said that it is done.
};

// Frames in UDP datagrams, one in each (net/wire.h). Each sender is a partition; partition 0 is
// "(source)". It never answers, whatever comes. What is lost, and where, is in transport().
//
// Whenever it ends, by itself or because the run is stopped, it first takes what the kernel held at
// that moment. What comes later is nobody's: it is neither sent nor lost.
class UdpSource final : public Source {
   public:
    UdpSource(const UdpSourceOptions& options, Clock& clock);

    Status open() override;
    Poll poll(RecordBatch& batch, int64_t until_us) override;
    bool drain() override;
    std::vector<std::string> notes() const override;

    std::string_view name() const override { return name_; }
    uint32_t partitions() const override { return intake_->senders().partitions(); }
    std::string_view partition_name(uint32_t partition) const override {
        return intake_->senders().partition_name(partition);
    }
    uint32_t source_partition() const override { return 0; }
    uint64_t bytes_read() const override { return intake_->transport().bytes; }
    const Transport* transport() const override { return &intake_->transport(); }
    bool live() const override { return true; }

    // Where it listens; with the port that was found. Precondition: open() succeeded.
    const Endpoint& bound() const { return sockets_.bound; }

   private:
    bool take_messages(RecordBatch& batch);
    bool take_message(const UdpMessage& message, RecordBatch& batch);
    void note_time(bool came);
    void count_drops();
    Poll finish();

    UdpSourceOptions options_;
    Clock& clock_;
    std::string name_;
    FrameKeys keys_;
    std::unique_ptr<FrameIntake> intake_;
    UdpSockets sockets_;
    std::unique_ptr<UdpReceiver> receiver_;

    std::span<const UdpMessage> messages_;  // Received; those before next_ are done.
    size_t next_ = 0;
    size_t at_ = 0;  // Of the next datagram in its message.
    uint64_t records_ = 0;

    std::vector<uint32_t> drops_seen_;  // Of each socket.
    int64_t drops_looked_us_ = 0;
    int64_t last_came_us_ = -1;  // -1: nothing has come yet.

    bool draining_ = false, ended_ = false;
    uint64_t drain_bytes_ = 0;  // At most so many are still taken.
};

}  // namespace trommel::net
