#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "trommel/clock.h"
#include "trommel/config.h"
#include "trommel/source.h"
#include "trommel/status.h"

#include "net/access_list.h"
#include "net/connection.h"
#include "net/decode_options.h"
#include "net/endpoint.h"
#include "net/frame_intake.h"
#include "net/frame_keys.h"
#include "net/listen_address.h"
#include "net/record_connection.h"
#include "net/slot_list.h"
#include "net/stream_io.h"
#include "net/stream_listener.h"

namespace trommel::net {

struct StreamSourceOptions {
    enum class Receive : uint8_t { automatic, poll, io_uring };

    DecodeOptions decode;
    ListenAddress listen;   // TCP, unless there is a
    std::string path;       // of a unix socket.
    AccessList allow;       // Of TCP. Empty: everybody who can reach the address.
    std::string keys_path;  // Of binary frames (net/frame_keys.h). Empty: no signatures.

    // automatic is poll: one connection's bytes cost a receiver the same either way (6.6 and 6.75
    // GB/s of one CPU), and epoll is allowed everywhere.
    Receive receive = Receive::automatic;

    uint32_t connections_max = 1024;  // 1 to kConnectionsMax. One more is closed at once.
    // Of one connection, for what is no whole record yet: room for a record, for a frame.
    size_t connection_buffer_bytes = size_t{256} << 10;
    int64_t idle_timeout_us = 300'000'000;   // Without a whole line or frame; 0: none.
    int64_t header_timeout_us = 10'000'000;  // Until the first record; 0: none.
    uint32_t senders_max = 1024;             // Of binary frames.

    // When the source ends by itself: nothing came for so long, after something had; or there were
    // senders, and all have said that they are done, or closed their connections.
    std::optional<int64_t> stop_after_us;
    bool stop_with_senders = false;
};

inline constexpr uint32_t kConnectionsMax = 65535;
inline constexpr size_t kConnectionBufferBytesMin = size_t{4} << 10;
inline constexpr size_t kConnectionBufferBytesMax = size_t{64} << 20;

// Records from stream connections, as binary frames or as lines. A connection that sends lines is a
// partition named after its peer unless a field is; in frames each sender is one. What a connection
// sends comes in its order; connections take turns of a bounded number of bytes. When the batch is
// full nobody is read from, the windows of their connections close, and nothing is lost.
//
// Only connections that have sent something cost a poll anything.
class StreamSource final : public Source {
   public:
    // Precondition: validate(options, …) is ok.
    StreamSource(const StreamSourceOptions& options, Clock& clock);
    ~StreamSource() override;
    StreamSource(const StreamSource&) = delete;
    StreamSource& operator=(const StreamSource&) = delete;

    Status open() override;
    Poll poll(RecordBatch& batch, int64_t until_us) override;

    // Accepts no more and brings what has come until now. That is no more than what lies in the
    // sockets, so that senders who go on sending cannot delay the end.
    bool drain() override;
    std::vector<std::string> notes() const override;

    std::string_view name() const override { return name_; }
    uint32_t partitions() const override;
    std::string_view partition_name(uint32_t partition) const override;
    uint32_t source_partition() const override { return 0; }
    uint64_t bytes_read() const override { return bytes_read_; }
    const Transport* transport() const override { return transport_; }
    bool live() const override { return true; }

    // Where it listens; after open().
    const std::string& bound() const { return listener_.bound(); }
    bool uses_io_uring() const { return uses_io_uring_; }
    uint32_t open_connections() const { return open_; }

   private:
    struct Peer {
        std::unique_ptr<Connection> connection;
        int descriptor = -1;
        Connection::End end = Connection::End::none;
        int64_t since_us = 0;  // It was accepted; later: it had a whole line or frame.
        bool fresh = true;     // No record yet.
        bool overdue = false;  // Its time was over while it waited for its turn, the last one.
        bool done = false;     // See Connection::done().
        uint64_t left = 0;     // Bytes to be read yet when we stop.
    };
    enum class Phase : uint8_t { running, stopping, ending, ended };

    Status choose_io();
    bool take_events(const StreamIo::Told& told);
    void admit(int descriptor);
    bool identify(int descriptor, Endpoint& from);
    void take_turns(RecordBatch& batch);
    bool take_turn(uint32_t slot, RecordBatch& batch);
    std::string_view read(uint32_t slot, Peer& peer, bool& nothing);
    bool note_progress(uint32_t slot, const Connection::Taken& taken);
    void expire(SlotList& list, int64_t timeout_us);
    void make_ready(uint32_t slot);
    void end_by_us(uint32_t slot);
    void close_peer(uint32_t slot);
    void begin(Phase phase);
    void consider_ending(bool quiet);
    Poll result(const RecordBatch& batch);

    const StreamSourceOptions options_;
    Clock& clock_;
    std::string name_;
    StreamListener listener_;
    std::unique_ptr<StreamIo> io_;
    bool uses_io_uring_ = false;

    FrameKeys keys_;
    // One of them: lines or frames.
    std::unique_ptr<RecordConnections> lines_;
    std::unique_ptr<FrameIntake> frames_;
    Transport lines_transport_;
    Transport* transport_ = nullptr;

    std::vector<Peer> peers_;         // By number.
    std::vector<uint32_t> free_;      // Numbers.
    SlotList ready_;                  // Have something to do, in the order of their turns.
    SlotList fresh_, idle_;           // All but overdue ones, by Peer::since_us.
    uint32_t open_ = 0, undone_ = 0;  // Connections, and those whose senders are not done.
    uint64_t unix_peers_ = 0;
    std::vector<uint32_t> resting_;

    Phase phase_ = Phase::running;
    int64_t now_us_ = 0;
    std::optional<int64_t> accept_again_us_;  // After a lack of descriptors.
    int64_t last_bytes_us_ = 0;
    bool had_senders_ = false;
    uint64_t bytes_read_ = 0, records_ = 0;
};

// What is wrong with the options, or between them and the config.
Status validate(const StreamSourceOptions& options, const Config& config);
Status make_stream_source(const StreamSourceOptions& options, const Config& config, Clock& clock,
                          std::unique_ptr<StreamSource>& source);

}  // namespace trommel::net
