#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "trommel/status.h"

#include "net/byte_stream.h"
#include "net/packet.h"

namespace trommel::net {

// Longest packet that a capture may hold: what the usual writers allow.
inline constexpr size_t kCapturedBytesMax = size_t{256} << 10;

// Packet by packet through a capture file: classic pcap (both byte orders, microseconds and
// nanoseconds) or pcapng. What a file says of lengths is believed only as far as it is possible.
class CaptureReader {
   public:
    enum class Next : uint8_t { packet, nothing_yet, end, failed };
    struct Found {
        Captured captured;             // Valid until the next call of next().
        std::optional<LinkType> link;  // None: of a kind that cannot hold UDP, such as USB.
    };

    // `path` stands in messages.
    CaptureReader(std::string path, std::unique_ptr<ByteStream> stream);

    Next next(Found& found);
    const Status& failure() const { return failure_; }  // After Next::failed.

    uint64_t packets() const { return packets_; }  // Found so far.
    uint64_t bytes_read() const { return stream_->bytes_read(); }

   private:
    enum class Layout : uint8_t { unknown, classic, blocks };
    struct Interface {
        std::optional<LinkType> link;
        uint32_t packet_bytes_max = 0;  // 0: not limited.
    };
    // What next() has to return; none: go on.
    using Stop = std::optional<Next>;

    // Gets the next `size` bytes to hand. With `may_end` the file may be over before them.
    Stop need(size_t size, bool may_end = false);
    Next fail(const std::string& what);
    Stop find_layout();
    Next next_record(Found& found);

    // pcapng.
    Stop next_block(Found& found);
    Stop begin_section();
    Stop skip();
    Stop add_interface(uint32_t size);
    Next take_packet(uint32_t type, uint32_t size, Found& found);

    uint16_t u16(size_t at) const;
    uint32_t u32(size_t at) const;
    void take(size_t bytes);

    const std::string path_;
    const std::unique_ptr<ByteStream> stream_;
    std::vector<char> buffer_;
    size_t at_ = 0, end_ = 0;  // Of the bytes in the buffer that are not used yet.
    size_t behind_ = 0;        // Of them, those of the packet that was given last.
    uint64_t offset_ = 0;      // Of at_, in the file as a reader means it.
    uint64_t skip_bytes_ = 0;  // Of a block that is of no interest, and all of them.
    uint32_t skipped_block_bytes_ = 0;
    uint64_t packets_ = 0;
    bool at_end_ = false;
    Status failure_;

    Layout layout_ = Layout::unknown;
    bool other_order_ = false;  // The bytes of its numbers stand the other way round.
    std::optional<LinkType> link_;
    std::vector<Interface> interfaces_;  // Of the section.
};

}  // namespace trommel::net
