#include "net/send_target.h"

#include <charconv>
#include <sys/un.h>

namespace trommel::net {
namespace {

constexpr std::string_view kUdp = "udp://", kTcp = "tcp://", kUnix = "unix://";
constexpr size_t kHostBytesMax = 253;  // The longest name that DNS has.
constexpr size_t kUnixPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;

std::string quoted(std::string_view text) {
    return "'" + std::string(text) + "'";
}

std::string parse_port(std::string_view text, uint16_t& port) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0) {
        return quoted(text) + " is no port: write 1 to 65535";
    }
    return {};
}

std::string parse_host_and_port(std::string_view text, SendTarget& target) {
    const size_t colon = text.rfind(':');
    const bool bracketed = text.starts_with('[');
    const size_t bracket = text.find(']');
    if (colon == std::string_view::npos || (bracketed && colon != bracket + 1)) {
        return quoted(text) + " has no port: write HOST:PORT or [IPv6]:PORT";
    }
    const std::string_view host = bracketed ? text.substr(1, bracket - 1) : text.substr(0, colon);
    if (host.empty() || host.size() > kHostBytesMax) {
        return quoted(text) + " has no host: write HOST:PORT, such as 127.0.0.1:4000";
    }
    if (!bracketed && host.find(':') != std::string_view::npos) {
        return quoted(text) + ": write an IPv6 address in brackets: [" + std::string(host) +
               "]:" + std::string(text.substr(colon + 1));
    }
    target.host = host;
    return parse_port(text.substr(colon + 1), target.port);
}

std::string parse_path(std::string_view text, SendTarget& target) {
    if (!text.starts_with('/')) {
        return quoted(text) + " is no absolute path: write unix:///PATH";
    }
    if (text.size() > kUnixPathBytesMax) {
        return "the path of a unix socket has at most " + std::to_string(kUnixPathBytesMax) +
               " bytes";
    }
    target.path = text;
    return {};
}

}  // namespace

bool is_send_target(std::string_view text) {
    const size_t colon = text.find(':');
    const std::string_view scheme = text.substr(0, colon);
    return colon != std::string_view::npos &&
           (scheme == "udp" || scheme == "tcp" || scheme == "unix" ||
            text.substr(colon).starts_with("://"));
}

std::string parse_send_target(std::string_view text, SendTarget& target) {
    if (text.starts_with(kUdp)) {
        target.kind = SendTarget::Kind::udp;
        return parse_host_and_port(text.substr(kUdp.size()), target);
    }
    if (text.starts_with(kTcp)) {
        target.kind = SendTarget::Kind::tcp;
        return parse_host_and_port(text.substr(kTcp.size()), target);
    }
    if (text.starts_with(kUnix)) {
        target.kind = SendTarget::Kind::unix_stream;
        return parse_path(text.substr(kUnix.size()), target);
    }
    return quoted(text) + ": write udp://HOST:PORT, tcp://HOST:PORT or unix:///PATH";
}

std::string to_text(const SendTarget& target) {
    if (target.kind == SendTarget::Kind::unix_stream) return std::string(kUnix) + target.path;
    const bool bracketed = target.host.find(':') != std::string::npos;
    const std::string host = bracketed ? "[" + target.host + "]" : target.host;
    return std::string(target.kind == SendTarget::Kind::udp ? kUdp : kTcp) + host + ":" +
           std::to_string(target.port);
}

}  // namespace trommel::net
