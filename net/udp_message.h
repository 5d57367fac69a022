#pragma once
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string>
#include <sys/socket.h>

#include "net/udp_receiver.h"

// What the two ways of receiving share: how the kernel describes a message.
namespace trommel::net {

// Room for what the kernel says beside the bytes: the size of the datagrams that it put together.
struct UdpControl {
    alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int))];
};

inline UdpMessage message_of(msghdr& header, const void* bytes, size_t size) {
    UdpMessage message;
    message.bytes = static_cast<const char*>(bytes);
    message.size = size;
    message.segment = size > 0 ? size : 1;
    message.truncated = (header.msg_flags & MSG_TRUNC) != 0;
    Endpoint::from_socket(static_cast<const sockaddr*>(header.msg_name), header.msg_namelen,
                          message.from);
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr;
         part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level != SOL_UDP || part->cmsg_type != UDP_GRO) continue;
        int segment = 0;
        std::memcpy(&segment, CMSG_DATA(part), sizeof segment);
        if (segment > 0) message.segment = static_cast<size_t>(segment);
    }
    return message;
}

// Errors that say no more than that there is nothing now. ICMP answers to nobody's datagrams end up
// here too, and a lack of memory in the kernel passes.
inline bool is_nothing(int error) {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ECONNREFUSED ||
           error == EHOSTUNREACH || error == ENETUNREACH || error == ENOMEM || error == ENOBUFS;
}

inline Status receive_error(int error) {
    return Status::error(Code::io, std::string("udp: receiving failed: ") + std::strerror(error));
}

}  // namespace trommel::net
