#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "trommel/clock.h"
#include "trommel/record_batch.h"
#include "trommel/transport.h"

#include "net/access_list.h"
#include "net/decode_options.h"
#include "net/endpoint.h"
#include "net/frame_keys.h"
#include "net/frame_rows.h"
#include "net/sender_table.h"

namespace trommel::net {

struct IntakeOptions {
    DecodeOptions decode;       // Of format binary.
    AccessList allow;           // Empty: everybody.
    FrameKeys* keys = nullptr;  // With keys every frame must be signed by its source's. Borrowed.
    uint32_t senders_max = 1024;
};

// What a socket, device or capture brought. The bytes are needed during take() only.
struct Datagram {
    const char* bytes = nullptr;
    size_t size = 0;
    Endpoint from;
    bool truncated = false;  // There was more than `size`.
};

// Everything between a datagram's bytes and rows: who may send, damage, signatures, sequence
// numbers, and the counting of all that. A datagram is one frame, no more and no less.
//
// The cheap checks come first, and whatever fails one is counted in one place only: denied,
// truncated, malformed (also a corrupt record of partition 0, "(source)"), unauthentic, refused,
// stale, duplicate; else its events are delivered.
class FrameIntake {
   public:
    // `clock` is asked for max_future alone.
    FrameIntake(const IntakeOptions& options, Clock& clock);

    // Once before the datagrams of a poll.
    void begin_poll();

    // Copies what the rows need into the batch. False: the batch is full, of rows or of bytes; call
    // again with the same datagram and an emptied batch, and it goes on where it stopped.
    bool take(const Datagram& datagram, RecordBatch& batch);
    // The same for a packet whose datagram is damaged before it is a frame (net/packet.h): a
    // corrupt record that says `why`, which lives for ever. `from` is as far as it is known.
    bool take_damaged(const Datagram& packet, const char* why, RecordBatch& batch);
    // Of the sender of the last frame that was whole and not refused.
    uint32_t partition() const { return partition_; }
    // A packet that is no datagram for us (net/packet.h); counted, not a record.
    void count_foreign(size_t bytes);

    Transport& transport() { return transport_; }
    const Transport& transport() const { return transport_; }
    SenderTable& senders() { return senders_; }
    const SenderTable& senders() const { return senders_; }
    // Partitions that have ended and did or said something since begin_poll() (Poll::resting).
    std::span<const uint32_t> resting() const { return resting_; }
    bool all_senders_ended() const { return senders_.all_ended(); }

   private:
    // A frame whose events did not all fit.
    struct Open {
        uint32_t partition = 0;
        uint32_t count = 0;  // 0: none is open.
        uint32_t taken = 0;
        uint16_t event_bytes = 0;
    };

    bool has_room(const RecordBatch& batch);
    bool is_allowed(const Datagram& datagram);
    void append_malformed(const Datagram& datagram, const char* why, RecordBatch& batch);
    const char* fault_of(const Datagram& datagram, FrameHeader& header) const;
    bool is_authentic(const Datagram& datagram, const FrameHeader& header);
    bool append_events(const Datagram& datagram, RecordBatch& batch);
    void note_rest(uint32_t partition);

    const IntakeOptions options_;
    FrameRows rows_;
    Transport transport_;
    SenderTable senders_;
    Open open_;
    uint32_t partition_ = 0;
    uint64_t offset_ = 0;      // Of the datagram at hand in all that came.
    size_t copied_bytes_ = 0;  // Into the batch at hand.
    std::vector<uint32_t> resting_;
};

}  // namespace trommel::net
