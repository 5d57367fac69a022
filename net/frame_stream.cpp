#include "net/frame_stream.h"

#include <algorithm>

namespace trommel::net {

FrameStream::FrameStream(const SyntheticStream& stream, const FrameStreamOptions& options)
    : stream_(stream), options_(options) {
    header_.source_id = options.source_id;
    header_.epoch = options.epoch;
    if (options.keys != nullptr) header_.flags |= kFrameSigned;
    events_.reserve(options.frame_events);
}

size_t FrameStream::frame_bytes() const {
    FrameHeader header = header_;
    header.count = options_.frame_events;
    return header.frame_bytes();
}

void FrameStream::append(uint64_t begin, uint64_t end, std::string& out) {
    while (begin < end) {
        const uint64_t next = std::min(end, begin + options_.frame_events);
        header_.sequence = begin;
        events_.resize(next - begin);
        for (WireEvent& event : events_) {
            const SyntheticRecord record = stream_.at(begin);
            const bool stamped = options_.stamps != nullptr;
            const int64_t stamp_us = stamped ? options_.stamps->intended_us(begin) : 0;
            event.id_lo = record.id;
            event.key = record.key;
            event.time_us = stamped ? stamp_us : record.time_us;
            event.value = stamped ? stamp_us : record.v0;
            ++begin;
        }
        append_one(events_, out);
    }
}

void FrameStream::append_end(uint64_t events, std::string& out) {
    header_.sequence = events;
    header_.flags |= kFrameEnd;
    append_one({}, out);
    header_.flags &= static_cast<uint8_t>(~kFrameEnd);
}

void FrameStream::append_one(const std::vector<WireEvent>& events, std::string& out) {
    const size_t begin = out.size();
    append_frame(header_, events, out);
    if (options_.keys == nullptr) return;
    options_.keys->sign(options_.source_id, out.data() + begin, out.size() - begin);
}

}  // namespace trommel::net
