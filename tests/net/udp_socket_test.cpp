#include "net/udp_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/net/udp_sender.h"

namespace trommel::net {
namespace {

UdpSocketOptions options_for(const std::string& listen, uint32_t sockets = 1) {
    UdpSocketOptions options;
    EXPECT_TRUE(parse_listen_address(listen, options.listen).ok()) << listen;
    options.sockets = sockets;
    options.receive_buffer_bytes = 65536;
    return options;
}

TEST(UdpSocket, AnyFreePortIsFoundAndTold) {
    UdpSockets sockets;
    const Status status = open_udp_sockets(options_for("127.0.0.1:0"), sockets);
    ASSERT_TRUE(status.ok()) << status.message;
    EXPECT_NE(sockets.bound.port, 0);
    EXPECT_TRUE(sockets.bound.is_loopback());
    EXPECT_THAT(sockets.notes, testing::IsEmpty());
}

TEST(UdpSocket, SeveralShareOnePort) {
    UdpSockets sockets;
    const Status status = open_udp_sockets(options_for("127.0.0.1:0", 4), sockets);
    ASSERT_TRUE(status.ok()) << status.message;
    EXPECT_EQ(sockets.all.size(), 4u);
}

TEST(UdpSocket, APortThatIsTakenIsAnErrorThatSaysSo) {
    UdpSockets first, second;
    ASSERT_TRUE(open_udp_sockets(options_for("127.0.0.1:0"), first).ok());
    const std::string taken = to_text(first.bound);
    const Status status = open_udp_sockets(options_for(taken), second);
    EXPECT_EQ(status.code, Code::no_input);
    EXPECT_THAT(status.message, testing::HasSubstr(taken));
    EXPECT_THAT(status.message, testing::HasSubstr("another program listens there"));
    // A socket of ours that does not share keeps one that would out.
    EXPECT_FALSE(open_udp_sockets(options_for(taken, 2), second).ok());
}

TEST(UdpSocket, AnAddressOfAnotherMachineIsAnErrorThatSaysSo) {
    UdpSockets sockets;
    EXPECT_THAT(open_udp_sockets(options_for("192.0.2.7:0"), sockets).message,
                testing::HasSubstr("no such address"));
}

TEST(UdpSocket, ABufferThatIsNotGrantedIsNotedWithItsCure) {
    UdpSockets sockets;
    UdpSocketOptions options = options_for("127.0.0.1:0");
    options.receive_buffer_bytes = 1;  // The system gives more than so little.
    ASSERT_TRUE(open_udp_sockets(options, sockets).ok());
    EXPECT_THAT(sockets.notes, testing::IsEmpty());
    options.receive_buffer_bytes = kReceiveBufferBytesMax;
    ASSERT_TRUE(open_udp_sockets(options, sockets).ok());
    if (sockets.notes.empty()) GTEST_SKIP() << "this user may have any buffer";
    EXPECT_THAT(sockets.notes[0], testing::HasSubstr("sysctl -w net.core.rmem_max=1073741824"));
}

TEST(UdpSocket, TheKernelsDropsAreCountedExactly) {
    UdpSockets sockets;
    UdpSocketOptions options = options_for("127.0.0.1:0");
    options.receive_buffer_bytes = 8192;
    ASSERT_TRUE(open_udp_sockets(options, sockets).ok());
    UdpSender sender(sockets.bound);
    constexpr uint32_t kSent = 500;
    for (uint32_t i = 0; i < kSent; ++i) sender.send(std::string(1000, 'x'));
    UdpQueue queue;
    ASSERT_TRUE(look_at_queue(sockets.all[0], queue));
    EXPECT_GT(queue.bytes, 0u);
    uint32_t received = 0;
    char bytes[1000];
    while (recv(sockets.all[0].get(), bytes, sizeof bytes, 0) >= 0) ++received;
    EXPECT_GT(queue.dropped, 0u);
    EXPECT_EQ(received + queue.dropped, kSent);
}

}  // namespace
}  // namespace trommel::net
