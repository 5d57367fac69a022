#include "net/frame_decoder.h"

#include <algorithm>
#include <deque>
#include <string>

#include "net/wire.h"

namespace trommel::net {
namespace {

class FrameDecoder final : public Decoder {
   public:
    FrameDecoder(const DecodeOptions& options, const DecodeContext& context)
        : context_(context),
          wide_ids_(options.id.form == IdForm::u128),
          with_key_(!options.key.empty()),
          with_value_(!options.values.empty()),
          raw_bytes_max_(options.record_bytes_max),
          max_time_us_(options.max_time_us.value_or(INT64_MAX)),
          max_future_us_(options.max_future_us) {}

    void begin_stream() override {
        events_left_ = 0;
        lost_ = false;
    }

    Decoded decode(const Chunk& chunk, RecordBatch& batch) override {
        look_at_clock();
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
            if (rest.empty()) return {at};
            if (batch.full()) return {at, Stop::full, 0};
            if (events_left_ > 0) {
                if (rest.size() < event_bytes_) return {at};
                const std::string_view event = rest.substr(0, event_bytes_);
                if (!add_event(event, offset, chunk.until_us, batch)) {
                    return {at, Stop::held, batch.time_us[batch.count]};
                }
                at += event_bytes_;
                --events_left_;
                continue;
            }
            const size_t taken = begin_frame(rest, chunk.last, offset, batch);
            if (taken == 0) return {at};
            at += taken;
        }
    }

   private:
    static constexpr size_t kLostRawBytesMax = 4096;

    void look_at_clock() {
        if (!max_future_us_) return;
        const int64_t now = context_.clock->wall_us();
        if (__builtin_add_overflow(now, *max_future_us_, &max_now_us_)) max_now_us_ = INT64_MAX;
    }

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
        event_bytes_ = header.event_bytes;
        return kFrameHeaderBytes;
    }

    // False when the event is later than `until_us`.
    bool add_event(std::string_view raw, uint64_t offset, int64_t until_us, RecordBatch& batch) {
        const WireEvent event = read_event(raw.data(), event_bytes_);
        const uint32_t row = begin_row(raw, offset, batch);
        batch.id_lo[row] = event.id_lo;
        if (wide_ids_) batch.id_hi[row] = event.id_hi;
        batch.time_us[row] = event.time_us;
        if (with_key_) batch.key_int[row] = event.key;
        if (with_value_) batch.values[0][row] = event.value;
        const char* const problem = problem_of(event);
        if (problem != nullptr) {
            mark_corrupt(problem, row, batch);
        } else if (event.time_us > until_us) {
            return false;
        }
        ++batch.count;
        return true;
    }

    const char* problem_of(const WireEvent& event) const {
        const int64_t time = event.time_us;
        if (time >= kTimeLimitUs || time <= -kTimeLimitUs) return "time: out of range";
        if (time > max_time_us_) return "time: later than max_time";
        if (time > max_now_us_) return "time: further ahead of the clock than max_future";
        if (!wide_ids_ && event.id_hi != 0) return "id: more than 64 bits";
        return nullptr;
    }

    // A damaged frame: from its end on, nothing can be trusted.
    size_t lose(std::string_view frame, const char* why, uint64_t offset, RecordBatch& batch) {
        const uint32_t row = begin_row(frame.substr(0, raw_bytes_max_), offset, batch);
        mark_corrupt(why, row, batch);
        ++batch.count;
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
        const uint32_t row = begin_row(batch.copy_text(lost_begin_), lost_offset_, batch);
        // One per stream; a deque, since a detail lives as long as the decoder.
        details_.push_back("the " + std::to_string(lost_bytes_) + " bytes after a damaged frame");
        mark_corrupt(details_.back(), row, batch);
        ++batch.count;
        lost_bytes_ = 0;
    }

    static uint32_t begin_row(std::string_view raw, uint64_t offset, RecordBatch& batch) {
        const uint32_t row = batch.count;
        batch.raw[row] = raw;
        batch.offset[row] = offset;
        batch.partition[row] = 0;
        batch.verdict[row] = Verdict::pending;
        batch.detail[row] = {};
        return row;
    }

    static void mark_corrupt(std::string_view detail, uint32_t row, RecordBatch& batch) {
        batch.verdict[row] = Verdict::corrupt;
        batch.detail[row] = detail;
    }

    const DecodeContext context_;
    const bool wide_ids_, with_key_, with_value_;
    const uint64_t raw_bytes_max_;
    const int64_t max_time_us_;
    const std::optional<int64_t> max_future_us_;
    int64_t max_now_us_ = INT64_MAX;

    uint16_t events_left_ = 0;  // Of the frame at hand, which was checked.
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
