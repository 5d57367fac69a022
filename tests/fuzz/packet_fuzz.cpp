// Packets: whatever comes, what is found lies in what was captured, and a capture that is cut short
// never tells another story than the whole packet. The first two bytes choose link type, options
// and the cut.
#include <algorithm>
#include <memory>

#include "net/packet.h"
#include "tests/fuzz/decoder_fuzz.h"

namespace {

using namespace trommel;
using Kind = net::Packet::Kind;

// Parses a copy in memory of its own size: reading past it is seen.
struct Parsed {
    Kind kind;
    std::string why, payload;
    net::Endpoint from;

    Parsed(std::string_view bytes, size_t wire_size, const net::PacketOptions& options) {
        const std::unique_ptr<char[]> copy(new char[bytes.size()]);
        std::copy(bytes.begin(), bytes.end(), copy.get());
        const net::Packet packet = parse_packet({copy.get(), bytes.size(), wire_size}, options);
        kind = packet.kind;
        why = packet.why;
        from = packet.from;
        payload = packet.payload;
        fuzz::require((kind == Kind::datagram) == why.empty(), "what is no datagram says why");
        if (kind != Kind::datagram) return;
        fuzz::require(packet.payload.data() >= copy.get() &&
                          packet.payload.data() + payload.size() <= copy.get() + bytes.size(),
                      "the payload lies in the packet");
    }
    bool operator==(const Parsed&) const = default;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
    if (size < 2) return 0;
    const std::string_view packet(reinterpret_cast<const char*>(bytes) + 2, size - 2);
    net::PacketOptions options{static_cast<net::LinkType>(bytes[0] % 8 % 5), 0,
                               (bytes[0] & 8) != 0};
    if ((bytes[0] & 16) != 0) options.port = 4000;
    const size_t more_on_the_wire = bytes[0] >> 5;
    const size_t wire_size = packet.size() + more_on_the_wire;
    const Parsed whole(packet, wire_size, options);
    const Parsed cut(packet.substr(0, bytes[1]), wire_size, options);
    if (cut.kind != Kind::truncated) fuzz::require(cut == whole, "a cut tells the same");
    options.verify_checksums = false;
    const Parsed unverified(packet, wire_size, options);
    if (whole.kind == Kind::datagram) {
        fuzz::require(unverified == whole, "what has right checksums needs none");
    }
    return 0;
}
