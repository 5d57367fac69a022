#include "net/frame_decoder.h"

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

#include "net/frame_rows.h"
#include "net/wire.h"

namespace trommel::net {
namespace {

class FrameDecoder final : public Decoder {
   public:
    FrameDecoder(const DecodeOptions& options, const DecodeContext& context)
        : rows_(options, context.clock) {}

    void begin_stream() override {
        events_left_ = 0;
        trailer_left_ = 0;
        lost_ = false;
    }

    Decoded decode(const Chunk& chunk, RecordBatch& batch) override {
        rows_.look_at_clock();
        size_t at = 0;
        while (true) {
            const std::string_view rest = chunk.bytes.substr(at);
            const uint64_t offset = chunk.offset + at;
            if (lost_) {
                swallow(rest, offset);
                at = chunk.bytes.size();
                if (!chunk.last || lost_bytes_ == 0) return {at};
                if (batch.full()) return {at, Stop::full, 0};
                add_lost(batch);
                return {at};
            }
            if (trailer_left_ > 0 && events_left_ == 0) {
                if (rest.size() < trailer_left_) return {at};
                at += std::exchange(trailer_left_, 0);
                continue;
            }
            if (rest.empty()) return {at};
            if (batch.full()) return {at, Stop::full, 0};
            if (events_left_ > 0) {
                const uint32_t there = take_events(rest, offset, chunk.until_us, batch);
                if (there == 0) return {at};
                at += size_t{taken_} * event_bytes_;
                if (taken_ == there) continue;
                if (batch.full()) return {at, Stop::full, 0};
                return {at, Stop::held, batch.time_us[batch.count]};
            }
            const size_t taken = begin_frame(rest, chunk.last, offset, batch);
            if (taken == 0) return {at};
            at += taken;
        }
    }

   private:
    static constexpr size_t kLostRawBytesMax = 4096;

    // Takes the header of a frame, or a damaged frame as a corrupt record. Returns the bytes taken;
    // 0 when the frame is not all there yet.
    size_t begin_frame(std::string_view rest, bool last, uint64_t offset, RecordBatch& batch) {
        FrameHeader header;
        if (rest.size() >= kFrameHeaderBytes) {
            const FrameFault fault = read_header(rest.data(), header);
            if (fault != FrameFault::none) {
                return lose(rest.substr(0, kFrameHeaderBytes), to_text(fault), offset, batch);
            }
        }
        const size_t size = std::max(kFrameHeaderBytes, header.frame_bytes());
        if (rest.size() < size) {
            return last ? lose(rest, "a frame that is cut short", offset, batch) : 0;
        }
        const FrameFault fault = check_frame(rest.substr(0, size), header);
        if (fault != FrameFault::none) {
            return lose(rest.substr(0, size), to_text(fault), offset, batch);
        }
        events_left_ = header.count;
        trailer_left_ = size - kFrameHeaderBytes - header.events_bytes();
        event_bytes_ = header.event_bytes;
        return kFrameHeaderBytes;
    }

    // Takes what there is of the frame's events, as far as the batch and `until_us` go. Returns how
    // many whole events were there; taken_ is how many were taken.
    uint32_t take_events(std::string_view rest, uint64_t offset, int64_t until_us,
                         RecordBatch& batch) {
        const auto there =
            static_cast<uint32_t>(std::min<size_t>(rest.size() / event_bytes_, events_left_));
        taken_ = rows_.append(rest.data(), there, event_bytes_, 0, offset, batch, until_us);
        events_left_ -= taken_;
        return there;
    }

    // A damaged frame: from its end on, nothing can be trusted.
    size_t lose(std::string_view frame, const char* why, uint64_t offset, RecordBatch& batch) {
        rows_.append_corrupt(frame, why, 0, offset, batch);
        lost_ = true;
        lost_bytes_ = 0;
        lost_begin_.clear();
        return frame.size();
    }

    void swallow(std::string_view bytes, uint64_t offset) {
        if (lost_bytes_ == 0) lost_offset_ = offset;
        lost_bytes_ += bytes.size();
        lost_begin_ += bytes.substr(0, kLostRawBytesMax - lost_begin_.size());
    }

    void add_lost(RecordBatch& batch) {
        // One per stream; a deque, since a detail lives as long as the decoder.
        details_.push_back("the " + std::to_string(lost_bytes_) + " bytes after a damaged frame");
        rows_.append_corrupt(batch.copy_text(lost_begin_), details_.back(), 0, lost_offset_, batch);
        lost_bytes_ = 0;
    }

    FrameRows rows_;

    uint32_t events_left_ = 0;  // Of the frame at hand, which was checked.
    uint32_t taken_ = 0;        // Of its events by the last take_events().
    size_t trailer_left_ = 0;   // Its signature, behind the events. In a file nobody asks for it.
    uint16_t event_bytes_ = 0;

    bool lost_ = false;  // A frame was damaged; what follows is swallowed.
    uint64_t lost_bytes_ = 0;
    uint64_t lost_offset_ = 0;
    std::string lost_begin_;
    std::deque<std::string> details_;
};

}  // namespace

std::unique_ptr<Decoder> make_frame_decoder(const DecodeOptions& options,
                                            const DecodeContext& context) {
    return std::make_unique<FrameDecoder>(options, context);
}

}  // namespace trommel::net
