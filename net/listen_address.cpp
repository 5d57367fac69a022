#include "net/listen_address.h"

#include <charconv>
#include <cstring>
#include <net/if.h>
#include <netinet/in.h>

namespace trommel::net {
namespace {

bool parse_port(const std::string& text, uint16_t& port) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, port);
    return error == std::errc() && stop == end;
}

}  // namespace

socklen_t ListenAddress::to_socket(sockaddr_storage& address) const {
    const socklen_t bytes = endpoint.to_socket(address);
    if (endpoint.v6) reinterpret_cast<sockaddr_in6&>(address).sin6_scope_id = scope;
    return bytes;
}

Status parse_listen_address(const std::string& text, ListenAddress& address) {
    const auto refuse = [&](const std::string& why) {
        return Status::error(Code::invalid_config, "'" + text + "' " + why);
    };
    const size_t colon = text.rfind(':');
    uint16_t port = 0;
    if (colon == std::string::npos || !parse_port(text.substr(colon + 1), port)) {
        return refuse("does not end with a port from 0 to 65535; expected 127.0.0.1:4000");
    }
    std::string host = text.substr(0, colon);
    const bool in_brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (in_brackets) host = host.substr(1, host.size() - 2);
    const size_t percent = host.find('%');
    if (host.empty() || host == "localhost") host = "127.0.0.1";
    ListenAddress found;
    if (!parse_address(host.substr(0, percent), found.endpoint)) {
        return refuse(
            "has no address that can be listened on; expected one such as "
            "127.0.0.1:4000, 0.0.0.0:4000 or [::1]:4000");
    }
    const bool has_colons = host.find(':') != std::string::npos;
    if (has_colons != in_brackets) {
        return refuse(has_colons ? "needs brackets: [" + host + "]:" + std::to_string(port)
                                 : "needs no brackets: " + host + ":" + std::to_string(port));
    }
    if (percent != std::string::npos) {
        const std::string interface = host.substr(percent + 1);
        found.scope = if_nametoindex(interface.c_str());
        if (found.scope == 0) return refuse("names no interface of this machine after the '%'");
    }
    found.endpoint.port = port;
    address = found;
    return {};
}

}  // namespace trommel::net
