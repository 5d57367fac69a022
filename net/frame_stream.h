#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "net/frame_keys.h"
#include "net/send_schedule.h"
#include "net/synthetic_stream.h"
#include "net/wire.h"

namespace trommel::net {

struct FrameStreamOptions {
    uint32_t source_id = 0, epoch = 0;
    uint16_t frame_events = 44;  // 1,440 bytes with the header: one Ethernet packet. At least 1.
    // Each event's time and value are when it is to be sent, of the wall clock: so a receiver can
    // tell how long it took. Null: they are the stream's own. Borrowed.
    const SendSchedule* stamps = nullptr;
    FrameKeys* keys = nullptr;  // To sign with; has one for the source. Null: unsigned. Borrowed.
};

// A made-up stream as frames (wire.h) of one sender, numbered from 0. Precondition: no record is
// corrupt, for a damaged frame would take its neighbours with it.
class FrameStream {
   public:
    FrameStream(const SyntheticStream& stream, const FrameStreamOptions& options);

    // Appends records [begin, end) in full frames; the last one may be shorter.
    void append(uint64_t begin, uint64_t end, std::string& out);
    // Appends the frame that says that the sender is done, after so many events.
    void append_end(uint64_t events, std::string& out);

    // Of a full frame.
    size_t frame_bytes() const;

   private:
    void append_one(const std::vector<WireEvent>& events, std::string& out);

    const SyntheticStream& stream_;
    const FrameStreamOptions options_;
    FrameHeader header_;
    std::vector<WireEvent> events_;
};

}  // namespace trommel::net
