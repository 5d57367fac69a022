#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace trommel::net {

// Where a sender sends: "udp://HOST:PORT", "tcp://HOST:PORT" ("[v6]:PORT" too) or "unix:///path".
struct SendTarget {
    enum class Kind : uint8_t { udp, tcp, unix_stream };
    Kind kind = Kind::udp;
    std::string host;  // As written, without brackets.
    uint16_t port = 0;
    std::string path;  // unix_stream only.
};

// Whether the text names one of these ("udp:…"), right or wrong, and not a file.
bool is_send_target(std::string_view text);

// Returns what is wrong with the text, or "".
std::string parse_send_target(std::string_view text, SendTarget& target);

std::string to_text(const SendTarget& target);

}  // namespace trommel::net
