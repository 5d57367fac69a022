#pragma once
#include <cstdint>
#include <string>
#include <sys/socket.h>

#include "trommel/status.h"

#include "net/endpoint.h"

namespace trommel::net {

// Where a socket is bound: "127.0.0.1:4000", "[::1]:4000", "[fe80::1%eth0]:4000", "localhost:4000";
// without an address, ":4000", it is 127.0.0.1, so that a port is never open by accident. Port 0 is
// any free one. "[::]:4000" takes IPv4 as well.
struct ListenAddress {
    Endpoint endpoint;
    uint32_t scope = 0;  // Of a link-local address: its interface.

    bool is_loopback() const { return endpoint.is_loopback(); }
    socklen_t to_socket(sockaddr_storage& address) const;
};

// Code::invalid_config says what is wrong with it. Names other than localhost are not looked up.
Status parse_listen_address(const std::string& text, ListenAddress& address);

}  // namespace trommel::net
