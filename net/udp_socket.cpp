#include "net/udp_socket.h"

#include <cerrno>
#include <cstring>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

namespace trommel::net {
namespace {

Status fail(const std::string& what, const Endpoint& endpoint) {
    const int error = errno;
    std::string hint;
    if (error == EADDRINUSE) hint = "; another program listens there";
    if (error == EACCES) hint = "; ports below 1024 need a privilege";
    if (error == EADDRNOTAVAIL) hint = "; this machine has no such address";
    return Status::error(Code::no_input, "udp: cannot " + what + " " + to_text(endpoint) + ": " +
                                             std::strerror(error) + hint);
}

bool set(int socket, int level, int name, int value) {
    return setsockopt(socket, level, name, &value, sizeof value) == 0;
}

// Returns the bytes that the system grants.
uint64_t set_receive_buffer(int socket, uint64_t bytes) {
    const int value = static_cast<int>(bytes);
    // The first takes a privilege; the second is cut to net.core.rmem_max without a word.
    if (!set(socket, SOL_SOCKET, SO_RCVBUFFORCE, value)) set(socket, SOL_SOCKET, SO_RCVBUF, value);
    int granted = 0;
    socklen_t size = sizeof granted;
    if (getsockopt(socket, SOL_SOCKET, SO_RCVBUF, &granted, &size) != 0 || granted < 0) return 0;
    return static_cast<uint64_t>(granted) / 2;  // The kernel doubles what it was asked for.
}

std::string small_buffer_note(uint64_t asked, uint64_t granted) {
    return "udp: a receive buffer of " + std::to_string(asked) +
           " bytes was asked for, the system grants " + std::to_string(granted) +
           "; to grant more: sysctl -w net.core.rmem_max=" + std::to_string(asked);
}

Status open_one(const UdpSocketOptions& options, const ListenAddress& listen, UdpSockets& sockets) {
    const int family = listen.endpoint.v6 ? AF_INET6 : AF_INET;
    Descriptor opened(socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!opened.is_open()) return fail("open a socket for", listen.endpoint);
    const int number = opened.get();
    // Only with several: with it, other programs of this user could take a part of the port.
    if (options.sockets > 1 && !set(number, SOL_SOCKET, SO_REUSEPORT, 1)) {
        return fail("share the port of", listen.endpoint);
    }
    if (listen.endpoint.v6 && listen.endpoint.is_unspecified()) {
        set(number, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    }
    const uint64_t granted = set_receive_buffer(number, options.receive_buffer_bytes);
    if (granted < options.receive_buffer_bytes && sockets.notes.empty()) {
        sockets.notes.push_back(small_buffer_note(options.receive_buffer_bytes, granted));
    }
    set(number, IPPROTO_UDP, UDP_GRO, 1);  // Where it is missing, datagrams come one by one.
    sockaddr_storage address;
    const socklen_t bytes = listen.to_socket(address);
    if (bind(number, reinterpret_cast<const sockaddr*>(&address), bytes) != 0) {
        return fail("listen on", listen.endpoint);
    }
    sockets.all.push_back(std::move(opened));
    return {};
}

bool bound_endpoint(const Descriptor& socket, Endpoint& endpoint) {
    sockaddr_storage address = {};
    socklen_t bytes = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    return getsockname(socket.get(), generic, &bytes) == 0 &&
           Endpoint::from_socket(generic, bytes, endpoint);
}

}  // namespace

Status open_udp_sockets(const UdpSocketOptions& options, UdpSockets& sockets) {
    sockets = {};
    ListenAddress listen = options.listen;
    for (uint32_t i = 0; i < options.sockets; ++i) {
        if (Status status = open_one(options, listen, sockets); !status.ok()) return status;
        if (!bound_endpoint(sockets.all.back(), sockets.bound)) {
            return fail("ask for the address of", listen.endpoint);
        }
        listen.endpoint.port = sockets.bound.port;  // The others join the first.
    }
    return {};
}

bool look_at_queue(const Descriptor& socket, UdpQueue& queue) {
    uint32_t memory[SK_MEMINFO_VARS] = {};
    socklen_t bytes = sizeof memory;
    if (getsockopt(socket.get(), SOL_SOCKET, SO_MEMINFO, memory, &bytes) != 0) return false;
    queue = {memory[SK_MEMINFO_RMEM_ALLOC], memory[SK_MEMINFO_DROPS]};
    return true;
}

}  // namespace trommel::net
