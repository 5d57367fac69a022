#include "bench/kit/socket_queue.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace trommel::bench {
namespace {

TEST(SocketQueue, ALineSaysWhatWaitsAndWhatWasDropped) {
    const char* const line =
        "  531: 0100007F:0FA0 00000000:0000 07 00000000:0000A300 00:00000000 00000000     0        "
        "0 14121 2 0000000000000000 77         ";
    SocketQueue queue;
    add_socket_line(line, SocketKind::udp, 4000, queue);
    EXPECT_EQ(queue.bytes, 0xA300U);
    EXPECT_EQ(queue.dropped, 77U);
    add_socket_line(line, SocketKind::udp, 4001, queue);
    add_socket_line("  sl  local_address rem_address   st tx_queue rx_queue tr", SocketKind::udp,
                    4000, queue);
    EXPECT_EQ(queue.bytes, 0xA300U);
}

TEST(SocketQueue, AListeningSocketHoldsConnectionsAndNoBytes) {
    SocketQueue queue;
    add_socket_line("   0: 0100007F:0FA0 00000000:0000 0A 00000000:00000005 00:00000000 00000000 0",
                    SocketKind::tcp, 4000, queue);
    EXPECT_EQ(queue.bytes, 0U);
    add_socket_line("   1: 0100007F:0FA0 0100007F:9C40 01 00000000:00000040 00:00000000 00000000 0",
                    SocketKind::tcp, 4000, queue);
    EXPECT_EQ(queue.bytes, 64U);
}

TEST(SocketQueue, UnreadDatagramsAreSeenAndThoseThatFoundNoRoom) {
    const int receiver = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int small = 1;  // The least that the kernel allows.
    setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(bind(receiver, reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(getsockname(receiver, reinterpret_cast<sockaddr*>(&address), &size), 0);
    const uint16_t port = ntohs(address.sin_port);
    EXPECT_EQ(look_at_sockets(SocketKind::udp, port).bytes, 0U);
    const int sender = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const std::vector<char> bytes(1000);
    for (int n = 0; n < 100; ++n) {
        sendto(sender, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&address), size);
    }
    const SocketQueue queue = look_at_sockets(SocketKind::udp, port);
    EXPECT_GT(queue.bytes, 0U);
    EXPECT_GT(queue.dropped, 0U);
    EXPECT_LT(queue.dropped, 100U);
    close(sender);
    close(receiver);
}

TEST(SocketQueue, AProcessIsSomewhereInMemory) {
    EXPECT_GT(resident_bytes(), 100'000U);
}

}  // namespace
}  // namespace trommel::bench
