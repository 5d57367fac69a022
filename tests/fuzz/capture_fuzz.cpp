// Capture files: cuts in the way a file comes change nothing, and it ends or fails. The first byte
// chooses the cuts.
#include <algorithm>

#include "net/capture_reader.h"
#include "tests/fuzz/decoder_fuzz.h"
#include "tests/net/scripted_file.h"

namespace {

using namespace trommel;
using Next = net::CaptureReader::Next;

// What is in the file, and why it ends.
std::vector<std::string> read(const std::string& bytes, size_t piece_bytes) {
    std::vector<std::string> pieces;
    for (const std::string& piece : net::in_pieces(bytes, piece_bytes)) {
        pieces.push_back(piece);
        pieces.push_back("");  // Nothing yet.
    }
    std::unique_ptr<net::ByteStream> stream;
    const Status made = net::make_byte_stream(
        "f.pcap", std::make_unique<net::ScriptedFile>(std::move(pieces)), stream);
    fuzz::require(made.ok(), "a plain stream is made");
    net::CaptureReader reader("f.pcap", std::move(stream));
    std::vector<std::string> found;
    while (true) {
        net::CaptureReader::Found packet;
        const Next next = reader.next(packet);
        if (next == Next::nothing_yet) continue;
        if (next != Next::packet) {
            fuzz::require((next == Next::failed) == !reader.failure().ok(), "a failure says why");
            found.push_back(reader.failure().message);
            return found;
        }
        fuzz::require(packet.captured.size <= packet.captured.wire_size, "sizes agree");
        fuzz::require(packet.captured.size <= net::kCapturedBytesMax, "packets are bounded");
        found.emplace_back(packet.captured.bytes, packet.captured.size);
        found.back() += packet.link ? std::to_string(static_cast<int>(*packet.link)) : "?";
        fuzz::require(found.size() <= bytes.size(), "no packet comes from nothing");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
    if (size < 1) return 0;
    const std::string file(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    fuzz::require(read(file, size_t{1} + bytes[0]) == read(file, size), "cuts change nothing");
    return 0;
}
