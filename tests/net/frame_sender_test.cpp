#include "net/frame_sender.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace trommel::net {
namespace {

// A UDP socket on a free port of the loopback address.
class Receiver {
   public:
    Receiver() : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
        EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
        port_ = ntohs(address.sin_port);
    }
    ~Receiver() { end(); }

    SendTarget target() const { return {SendTarget::Kind::udp, "127.0.0.1", port_, ""}; }
    void end() {
        if (socket_ >= 0) close(socket_);
        socket_ = -1;
    }
    std::string next() {
        char bytes[65'536];
        const ssize_t size = recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT);
        return size < 0 ? "nothing" : std::string(bytes, static_cast<size_t>(size));
    }

   private:
    int socket_;
    uint16_t port_ = 0;
};

// So many frames of `size` bytes that all differ, and a shorter one.
std::vector<std::string> frames_of(size_t size, size_t count) {
    std::vector<std::string> frames;
    for (size_t f = 0; f < count; ++f) {
        std::string& frame = frames.emplace_back(std::to_string(f));
        frame.resize(f + 1 < count ? size : size / 2 + 1, static_cast<char>('a' + f % 26));
    }
    return frames;
}

std::string joined(const std::vector<std::string>& frames) {
    std::string bytes;
    for (const std::string& frame : frames) bytes += frame;
    return bytes;
}

std::unique_ptr<FrameSender> open_sender(const SendTarget& target, bool segments) {
    std::unique_ptr<FrameSender> sender;
    const Status status = FrameSender::open(target, {segments}, sender);
    EXPECT_TRUE(status.ok()) << status.message;
    return sender;
}

TEST(FrameSender, EachFrameIsADatagramWithSegmentsAndWithout) {
    for (const bool segments : {true, false}) {
        for (const size_t size : {size_t{64}, size_t{1440}, size_t{9000}}) {
            Receiver receiver;
            const auto sender = open_sender(receiver.target(), segments);
            EXPECT_EQ(sender->uses_segments(), segments);
            const std::vector<std::string> frames = frames_of(size, size > 2000 ? 7 : 70);
            const std::string bytes = joined(frames);
            std::string_view left = bytes;
            ASSERT_TRUE(sender->send(left, size).ok());
            EXPECT_TRUE(left.empty());
            for (const std::string& frame : frames) EXPECT_EQ(receiver.next(), frame);
            EXPECT_EQ(receiver.next(), "nothing");
            EXPECT_EQ(sender->counters().datagrams, frames.size());
            EXPECT_EQ(sender->counters().bytes, bytes.size());
        }
    }
}

TEST(FrameSender, SegmentsTakeFewerCallsOfTheSystem) {
    Receiver receiver;
    const auto sender = open_sender(receiver.target(), true);
    const std::string bytes = joined(frames_of(1000, 128));
    std::string_view left = bytes;
    ASSERT_TRUE(sender->send(left, 1000).ok());
    if (!sender->uses_segments()) GTEST_SKIP() << "this kernel cannot do UDP_SEGMENT";
    EXPECT_EQ(sender->counters().calls, 2U);
}

TEST(FrameSender, AFrameAloneNeedsNoSegments) {
    Receiver receiver;
    const auto sender = open_sender(receiver.target(), true);
    std::string_view left = "alone";
    ASSERT_TRUE(sender->send(left, 1440).ok());
    EXPECT_EQ(receiver.next(), "alone");
    EXPECT_EQ(receiver.next(), "nothing");
}

TEST(FrameSender, NobodyListeningIsCountedAndNotAnError) {
    Receiver receiver;
    const auto sender = open_sender(receiver.target(), true);
    receiver.end();
    for (int attempt = 0; attempt < 100 && sender->counters().unreachable == 0; ++attempt) {
        std::string_view left = "into the void";
        ASSERT_TRUE(sender->send(left, 100).ok());
        sender->wait(1000);
    }
    EXPECT_GT(sender->counters().unreachable, 0U);
}

TEST(FrameSender, AFrameThatNoDatagramHoldsIsAnError) {
    Receiver receiver;
    const auto sender = open_sender(receiver.target(), true);
    const std::string frame(70'000, 'x');
    std::string_view left = frame;
    const Status status = sender->send(left, frame.size());
    EXPECT_EQ(status.code, Code::unreachable);
    EXPECT_NE(status.message.find(to_text(receiver.target())), std::string::npos);
    EXPECT_EQ(left.size(), frame.size());
}

TEST(FrameSender, AStreamTakesWhatItHasRoomForAndLosesNothing) {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    std::unique_ptr<FrameSender> sender;
    ASSERT_TRUE(FrameSender::adopt(ends[0], "pair", {}, sender).ok());
    EXPECT_TRUE(sender->is_stream());
    const std::string bytes = joined(frames_of(1440, 5000));
    std::string_view left = bytes;
    std::string arrived;
    while (!left.empty()) {
        ASSERT_TRUE(sender->send(left, 1440).ok());  // Nobody reads meanwhile: it must not wait.
        char some[100'000];
        const ssize_t got = recv(ends[1], some, sizeof some, 0);
        ASSERT_GT(got, 0);
        arrived.append(some, static_cast<size_t>(got));
    }
    EXPECT_GT(sender->counters().no_room, 0U);
    ASSERT_TRUE(sender->finish().ok());
    char some[100'000];
    for (ssize_t got; (got = recv(ends[1], some, sizeof some, 0)) > 0;) {
        arrived.append(some, static_cast<size_t>(got));
    }
    EXPECT_TRUE(arrived == bytes);
    close(ends[1]);
}

TEST(FrameSender, AReaderThatWentAwayIsAnErrorAndNoSignal) {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    std::unique_ptr<FrameSender> sender;
    ASSERT_TRUE(FrameSender::adopt(ends[0], "pair", {}, sender).ok());
    close(ends[1]);
    std::string_view left = "bytes";
    const Status status = sender->send(left, 5);
    EXPECT_EQ(status.code, Code::unreachable);
    EXPECT_EQ(status.message, "pair: Broken pipe");
}

TEST(FrameSender, WhatCannotBeReachedSaysSo) {
    std::unique_ptr<FrameSender> sender;
    const SendTarget unix_target{SendTarget::Kind::unix_stream, "", 0, "/nonexistent/x.sock"};
    Status status = FrameSender::open(unix_target, {}, sender);
    EXPECT_EQ(status.code, Code::unreachable);
    EXPECT_EQ(status.message, "unix:///nonexistent/x.sock: No such file or directory");

    Receiver taken;  // A UDP port: nobody listens on the same number of TCP, most likely.
    SendTarget tcp_target = taken.target();
    tcp_target.kind = SendTarget::Kind::tcp;
    status = FrameSender::open(tcp_target, {}, sender);
    EXPECT_EQ(status.code, Code::unreachable);
    EXPECT_EQ(status.message, to_text(tcp_target) + ": Connection refused");
}

}  // namespace
}  // namespace trommel::net
