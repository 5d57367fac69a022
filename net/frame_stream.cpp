#include "net/frame_stream.h"

#include <algorithm>

namespace trommel::net {

FrameStream::FrameStream(const SyntheticStream& stream, const FrameStreamOptions& options)
    : stream_(stream), options_(options) {
    header_.source_id = options.source_id;
    header_.epoch = options.epoch;
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
        events_.clear();
        for (; begin < next; ++begin) {
            const SyntheticRecord record = stream_.at(begin);
            WireEvent event{record.id, 0, record.key, record.time_us, record.v0};
            if (options_.stamps != nullptr) {
                event.time_us = event.value = options_.stamps->intended_us(begin);
            }
            events_.push_back(event);
        }
        append_frame(header_, events_, out);
    }
}

void FrameStream::append_end(uint64_t events, std::string& out) const {
    FrameHeader header = header_;
    header.sequence = events;
    header.flags |= kFrameEnd;
    append_frame(header, {}, out);
}

}  // namespace trommel::net
