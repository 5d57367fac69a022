#include "net/frame_sender.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace trommel::net {
namespace {

constexpr size_t kSegmentsMax = 64;             // UDP_MAX_SEGMENTS of Linux.
constexpr size_t kDatagramBytesMax = 65'507;    // Of IPv4, and of all segments of one call.
constexpr size_t kStreamBytesMax = 256 * 1024;  // In one call.

Status error_at(const std::string& name, int error) {
    return Status::error(Code::unreachable, name + ": " + std::strerror(error));
}

// A socket that is connected to the address, or -1 and errno.
int connect_to(int family, int type, const sockaddr* address, socklen_t size) {
    const int socket = ::socket(family, type | SOCK_CLOEXEC, 0);
    if (socket < 0 || connect(socket, address, size) == 0) return socket;
    const int error = errno;
    close(socket);
    errno = error;
    return -1;
}

int connect_unix(const SendTarget& target) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::copy(target.path.begin(), target.path.end(), address.sun_path);
    return connect_to(AF_UNIX, SOCK_STREAM, reinterpret_cast<const sockaddr*>(&address),
                      sizeof address);
}

// Tries each address of the name.
Status connect_host(const SendTarget& target, int& socket) {
    addrinfo wanted = {}, *found = nullptr;
    wanted.ai_socktype = target.kind == SendTarget::Kind::udp ? SOCK_DGRAM : SOCK_STREAM;
    const int failure =
        getaddrinfo(target.host.c_str(), std::to_string(target.port).c_str(), &wanted, &found);
    if (failure != 0) {
        return Status::error(Code::unreachable,
                             to_text(target) + ": " + target.host + ": " + gai_strerror(failure));
    }
    socket = -1;
    for (const addrinfo* at = found; at != nullptr && socket < 0; at = at->ai_next) {
        socket = connect_to(at->ai_family, at->ai_socktype, at->ai_addr, at->ai_addrlen);
    }
    const int error = errno;
    freeaddrinfo(found);
    return socket < 0 ? error_at(to_text(target), error) : Status{};
}

int option_of(int socket, int option) {
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

}  // namespace

Status FrameSender::open(const SendTarget& target, const FrameSenderOptions& options,
                         std::unique_ptr<FrameSender>& sender) {
    int socket = -1;
    if (target.kind == SendTarget::Kind::unix_stream) {
        socket = connect_unix(target);
        if (socket < 0) return error_at(to_text(target), errno);
    } else if (Status status = connect_host(target, socket); !status.ok()) {
        return status;
    }
    return adopt(socket, to_text(target), options, sender);
}

Status FrameSender::adopt(int socket, std::string name, const FrameSenderOptions& options,
                          std::unique_ptr<FrameSender>& sender) {
    sender.reset(new FrameSender(socket, std::move(name)));
    const int family = option_of(socket, SO_DOMAIN);
    const bool internet = family == AF_INET || family == AF_INET6;
    sender->stream_ = option_of(socket, SO_TYPE) == SOCK_STREAM;
    sender->segments_ = options.segments && internet && !sender->stream_;
    const int on = 1;
    if (internet && sender->stream_) {
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // Frames are not to wait.
    }
    return {};
}

FrameSender::~FrameSender() {
    close(socket_);
}

Status FrameSender::send(std::string_view& frames, size_t frame_bytes) {
    while (!frames.empty()) {
        ++counters_.calls;
        long sent = 0;
        if (stream_) {
            sent = ::send(socket_, frames.data(), std::min(frames.size(), kStreamBytesMax),
                          MSG_DONTWAIT | MSG_NOSIGNAL);
        } else if (segments_ && frames.size() > frame_bytes) {
            sent = send_segments(frames, frame_bytes);
        } else {
            sent = send_messages(frames, frame_bytes);
        }
        if (sent < 0) {
            const int error = errno;
            if (error == EAGAIN || error == ENOBUFS || error == ECONNREFUSED || error == EINTR) {
                counters_.unreachable += error == ECONNREFUSED && !stream_;
                counters_.no_room += error == EAGAIN || error == ENOBUFS;
                return stream_ && error == ECONNREFUSED ? error_at(name_, error) : Status{};
            }
            const bool no_segments = error == EINVAL || error == EIO || error == EOPNOTSUPP;
            if (!segments_ || !no_segments) return error_at(name_, error);
            segments_ = false;  // Once and for all: the route cannot do it.
            continue;
        }
        counters_.bytes += static_cast<uint64_t>(sent);
        frames.remove_prefix(static_cast<size_t>(sent));
    }
    return {};
}

// As many frames as one call may have; the kernel cuts them apart. Returns bytes, or -1 and errno.
long FrameSender::send_segments(std::string_view frames, size_t frame_bytes) {
    const size_t together = std::clamp<size_t>(kDatagramBytesMax / frame_bytes, 1, kSegmentsMax);
    const size_t size = std::min(frames.size(), together * frame_bytes);
    const auto segment = static_cast<uint16_t>(frame_bytes);
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof segment)] = {};
    iovec bytes = {const_cast<char*>(frames.data()), size};
    msghdr message = {};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof segment);
    std::memcpy(CMSG_DATA(header), &segment, sizeof segment);
    const long sent = sendmsg(socket_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
        counters_.datagrams += (static_cast<size_t>(sent) + frame_bytes - 1) / frame_bytes;
    }
    return sent;
}

// Likewise, a message for each frame.
long FrameSender::send_messages(std::string_view frames, size_t frame_bytes) {
    mmsghdr messages[kSegmentsMax] = {};
    iovec bytes[kSegmentsMax];
    unsigned count = 0;
    for (; count < kSegmentsMax && !frames.empty(); ++count) {
        const size_t size = std::min(frames.size(), frame_bytes);
        bytes[count] = {const_cast<char*>(frames.data()), size};
        messages[count].msg_hdr.msg_iov = &bytes[count];
        messages[count].msg_hdr.msg_iovlen = 1;
        frames.remove_prefix(size);
    }
    const int sent = sendmmsg(socket_, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) return -1;
    counters_.datagrams += static_cast<unsigned>(sent);
    long total = 0;
    for (int m = 0; m < sent; ++m) total += static_cast<long>(bytes[m].iov_len);
    return total;
}

void FrameSender::wait(int64_t timeout_us) {
    pollfd room = {socket_, POLLOUT, 0};
    const timespec timeout = {timeout_us / 1'000'000, timeout_us % 1'000'000 * 1000};
    ppoll(&room, 1, &timeout, nullptr);
}

Status FrameSender::finish() {
    if (stream_ && shutdown(socket_, SHUT_WR) != 0) return error_at(name_, errno);
    return {};
}

}  // namespace trommel::net
