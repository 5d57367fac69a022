// Frames: cuts change nothing, for bytes as they come and for the same bytes with checksums put
// right.
#include <cstring>

#include "net/wire.h"
#include "tests/fuzz/decoder_fuzz.h"

namespace {

using namespace trommel;

// Makes what looks like frames from the beginning of `stream` into frames: events survive the
// checks.
std::string with_checksums(std::string stream) {
    size_t at = 0;
    while (stream.size() - at >= net::kFrameHeaderBytes) {
        net::FrameHeader header;
        if (net::read_header(stream.data() + at, header) != net::FrameFault::none) break;
        if (stream.size() - at < header.frame_bytes()) break;
        std::vector<net::WireEvent> events;
        for (uint16_t i = 0; i < header.count; ++i) {
            const char* const event =
                stream.data() + at + net::kFrameHeaderBytes + size_t{i} * header.event_bytes;
            events.push_back(net::read_event(event, header.event_bytes));
        }
        std::string frame;
        net::append_frame(header, events, frame);
        fuzz::require(frame.size() == header.frame_bytes(), "a frame keeps its size");
        stream.replace(at, frame.size(), frame);
        at += frame.size();
    }
    return stream;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
    if (size < 2) return 0;
    const int choice = bytes[1] >> 4;
    net::DecodeOptions options;
    options.format = net::Format::binary;
    options.id.form = (choice & 1) != 0 ? net::IdForm::u128 : net::IdForm::u64;
    if ((choice & 2) != 0) options.key = {{"key", FieldType::integer}};
    if ((choice & 4) != 0) options.values = {{"value", 0}};
    if ((choice & 8) != 0) options.max_time_us = 1'000'000;
    fuzz::check_cuts(bytes, size, options);
    const std::string stream(reinterpret_cast<const char*>(bytes) + 2, size - 2);
    const std::string repaired =
        std::string(reinterpret_cast<const char*>(bytes), 2) + with_checksums(stream);
    fuzz::check_cuts(reinterpret_cast<const uint8_t*>(repaired.data()), repaired.size(), options);
    return 0;
}
