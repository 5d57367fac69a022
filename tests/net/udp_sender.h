#pragma once
#include <cstring>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string>
#include <sys/socket.h>

#include "net/descriptor.h"
#include "net/endpoint.h"

// Somebody who sends datagrams to a socket under test.
namespace trommel::net {

class UdpSender {
   public:
    // From a port of its own.
    explicit UdpSender(const Endpoint& to) : socket_(open_socket(to)) {
        sockaddr_storage address = {};
        const socklen_t bytes = to.to_socket(address);
        EXPECT_EQ(connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), bytes), 0);
    }

    // Waits for room: what is lost is not lost here.
    void send(const std::string& bytes) {
        EXPECT_EQ(::send(socket_.get(), bytes.data(), bytes.size(), 0),
                  static_cast<ssize_t>(bytes.size()));
    }
    // Several datagrams of that many bytes at once (UDP_SEGMENT); false where it is refused.
    bool send_segments(const std::string& bytes, int segment) {
        if (setsockopt(socket_.get(), IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment) != 0) {
            return false;
        }
        const bool sent = ::send(socket_.get(), bytes.data(), bytes.size(), 0) ==
                          static_cast<ssize_t>(bytes.size());
        segment = 0;
        return setsockopt(socket_.get(), IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment) == 0 &&
               sent;
    }
    // Whether anything was answered.
    bool was_answered() {
        char byte = 0;
        return recv(socket_.get(), &byte, 1, MSG_DONTWAIT) >= 0;
    }
    Endpoint endpoint() const {
        sockaddr_storage address = {};
        socklen_t bytes = sizeof address;
        Endpoint endpoint;
        EXPECT_EQ(getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &bytes), 0);
        EXPECT_TRUE(Endpoint::from_socket(reinterpret_cast<sockaddr*>(&address), bytes, endpoint));
        return endpoint;
    }

   private:
    static int open_socket(const Endpoint& to) {
        return socket(to.v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    }
    Descriptor socket_;
};

}  // namespace trommel::net
