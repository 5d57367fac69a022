#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "trommel/config.h"
#include "trommel/transport.h"

#include "net/endpoint.h"
#include "net/wire.h"

namespace trommel::net {

// Who sends, and which of their events have come. Each sender (address, port, source id) is a
// partition, from 1 on; partition 0 is "(source)". Sequence numbers tell what was lost, comes twice
// or late: per sender the next number, and the gaps that frames on their way may still fill. What
// is found goes to a Transport, for which sent = delivered + lost holds after every call.
//
// Nothing is allocated but for a new sender, of which there are at most `senders_max`.
class SenderTable {
   public:
    static constexpr uint32_t kSendersMax = kPartitionsMax - 1;
    // More open gaps than a sender may have: the oldest is given up, what it lacks is lost for good
    // and a late frame of it is stale.
    static constexpr size_t kGapsMax = 64;

    // Who is the same sender. Where frames are signed it is whoever holds the source's key: else a
    // frame that somebody recorded would be new once more when sent from another address.
    enum class Identity : uint8_t { address_and_source, source };

    // `senders_max` is 1 to kSendersMax.
    SenderTable(uint32_t senders_max, Transport& transport,
                Identity identity = Identity::address_and_source);

    enum class Arrival : uint8_t {
        fresh,      // To be delivered: none of its events came before.
        duplicate,  // Has come.
        stale,      // Of an epoch that is over, too old to tell, or cut otherwise than before.
        refused,    // Of one sender more than there may be.
    };
    // Notes a frame that is whole; its partition is set unless it is refused.
    // Precondition: sequence + count <= kSequenceMax.
    Arrival note(const Endpoint& from, const FrameHeader& header, uint32_t& partition);

    // The sender has said, with its last frame or by closing its connection, that it is done. It is
    // no longer when it sends something new.
    bool ended(uint32_t partition) const { return senders_[partition - 1].ended; }
    void end(uint32_t partition) { set_ended(senders_[partition - 1], true); }
    // There is one and all have ended.
    bool all_ended() const { return !senders_.empty() && ended_ == senders_.size(); }

    uint32_t partitions() const { return static_cast<uint32_t>(senders_.size()) + 1; }
    std::string_view partition_name(uint32_t partition) const {
        return partition == 0 ? kSourceName : std::string_view(senders_[partition - 1].name);
    }

   private:
    static constexpr std::string_view kSourceName = "(source)";

    // Events that did not come: [begin, end).
    struct Gap {
        uint64_t begin, end;
        bool before;  // Before the first frame of the epoch: counted in lost_before.
    };
    struct Sender {
        Endpoint from;
        uint32_t source_id = 0;
        uint32_t partition = 0;
        uint32_t epoch = 0;
        bool ended = false;
        uint64_t next = 0;      // The number that is expected.
        uint64_t given_up = 0;  // Below it nobody remembers what came.
        std::vector<Gap> gaps;  // By their numbers.
        std::string name;
    };

    bool is_from(const Sender& sender, const Endpoint& from, const FrameHeader& header) const;
    Sender* find_or_add(const Endpoint& from, const FrameHeader& header);
    Arrival note_past(Sender& sender, uint64_t begin, uint64_t end);
    void begin_epoch(Sender& sender, const FrameHeader& first);
    void open_gap(Sender& sender, uint64_t end, bool before);
    void fill_gap(Sender& sender, size_t gap, uint64_t begin, uint64_t end);
    void set_ended(Sender& sender, bool ended);

    const uint32_t senders_max_;
    const Identity identity_;
    const uint64_t seed_;  // Addresses are chosen by others.
    Transport& transport_;
    std::deque<Sender> senders_;   // By partition; they never move.
    std::vector<uint32_t> slots_;  // Hash table of their partitions; 0: free. At most half full.
    Sender* last_ = nullptr;       // Frames of a sender come in runs.
    uint32_t ended_ = 0;
};

}  // namespace trommel::net
