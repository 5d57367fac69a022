#pragma once
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include "net/endpoint.h"

// The other side of stream connections.
namespace trommel::net {

class StreamPeer {
   public:
    StreamPeer() = default;
    ~StreamPeer() { close(); }
    StreamPeer(StreamPeer&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
    StreamPeer& operator=(StreamPeer&& other) noexcept {
        close();
        socket_ = std::exchange(other.socket_, -1);
        return *this;
    }

    // To "127.0.0.1:4000", "[::1]:4000", or the path of a unix socket.
    static StreamPeer connect(const std::string& where) {
        StreamPeer peer;
        sockaddr_storage storage{};
        socklen_t size = 0;
        if (where.find('/') != std::string::npos) {
            sockaddr_un address{};
            address.sun_family = AF_UNIX;
            std::strncpy(address.sun_path, where.c_str(), sizeof address.sun_path - 1);
            std::memcpy(&storage, &address, sizeof address);
            size = sizeof address;
        } else {
            const size_t colon = where.rfind(':');
            std::string host = where.substr(0, colon);
            if (host[0] == '[') host = host.substr(1, host.size() - 2);
            Endpoint endpoint;
            EXPECT_TRUE(parse_address(host, endpoint)) << where;
            endpoint.port = static_cast<uint16_t>(std::atoi(where.c_str() + colon + 1));
            size = endpoint.to_socket(storage);
        }
        peer.socket_ = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (::connect(peer.socket_, reinterpret_cast<sockaddr*>(&storage), size) != 0) {
            peer.close();
            return peer;
        }
        if (storage.ss_family != AF_UNIX) {
            const int on = 1;
            setsockopt(peer.socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        }
        return peer;
    }

    bool connected() const { return socket_ >= 0; }
    int descriptor() const { return socket_; }

    // Waits until all of it is on its way; false when the connection is closed.
    bool send(std::string_view bytes) const {
        while (!bytes.empty()) {
            const size_t sent = send_some(bytes, 0);
            if (sent == 0) return false;
            bytes.remove_prefix(sent);
        }
        return true;
    }
    // As much as there is room for; 0 when there is none or the connection is closed.
    size_t send_now(std::string_view bytes) const { return send_some(bytes, MSG_DONTWAIT); }

    void finish() const { shutdown(socket_, SHUT_WR); }
    void close() {
        if (socket_ >= 0) ::close(socket_);
        socket_ = -1;
    }
    // Breaks the connection instead of ending it.
    void reset() {
        const linger none{1, 0};
        setsockopt(socket_, SOL_SOCKET, SO_LINGER, &none, sizeof none);
        close();
    }
    // Whether the other side has closed it: waits for that.
    bool sees_end() const {
        char byte = 0;
        return recv(socket_, &byte, 1, 0) <= 0;
    }
    bool still_open() const {
        char byte = 0;
        return recv(socket_, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
    }
    // "127.0.0.1:40000"
    std::string own_address() const {
        sockaddr_storage storage{};
        socklen_t size = sizeof storage;
        Endpoint endpoint;
        getsockname(socket_, reinterpret_cast<sockaddr*>(&storage), &size);
        Endpoint::from_socket(reinterpret_cast<sockaddr*>(&storage), size, endpoint);
        return to_text(endpoint);
    }

   private:
    size_t send_some(std::string_view bytes, int flags) const {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), flags | MSG_NOSIGNAL);
        return sent > 0 ? static_cast<size_t>(sent) : 0;
    }

    int socket_ = -1;
};

}  // namespace trommel::net
