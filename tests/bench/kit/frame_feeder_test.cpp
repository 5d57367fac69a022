#include "bench/kit/frame_feeder.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "net/wire.h"

namespace trommel::bench {
namespace {

TEST(PreparedFrames, TheyHoldTheStreamAndItsTruth) {
    const PreparedFrames frames({}, 1000, 44);
    EXPECT_EQ(frames.frame_bytes, 1440U);
    EXPECT_EQ(frames.bytes.size(), 23 * size_t{32} + 1000 * size_t{32});
    EXPECT_EQ(frames.truth.in, 1000U);
    EXPECT_GT(frames.truth.duplicate, 20U);
    EXPECT_EQ(frames.truth.unique + frames.truth.duplicate, 1000U);
    net::FrameHeader end;
    EXPECT_EQ(net::read_header(frames.end.data(), end), net::FrameFault::none);
    EXPECT_EQ(end.sequence, 1000U);
}

TEST(FrameFeeder, ItIsNeverFurtherAheadThanItMayBeAndSendsEverything) {
    const int receiver = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(bind(receiver, reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(getsockname(receiver, reinterpret_cast<sockaddr*>(&address), &size), 0);
    const timeval patience = {60, 0};  // Only a test that has failed waits so long.
    setsockopt(receiver, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);

    const PreparedFrames frames({}, 20'000, 10);
    FrameFeeder feeder(frames, 8);
    ASSERT_TRUE(
        feeder.start({net::SendTarget::Kind::udp, "127.0.0.1", ntohs(address.sin_port), ""}).ok());
    uint64_t events = 0, reported = 0;
    for (bool ended = false; !ended;) {
        char bytes[2048];
        const ssize_t got = recv(receiver, bytes, sizeof bytes, 0);
        ASSERT_GT(got, 0);
        net::FrameHeader header;
        ASSERT_EQ(net::read_header(bytes, header), net::FrameFault::none);
        ended = (header.flags & net::kFrameEnd) != 0;
        EXPECT_EQ(header.sequence, events);
        events += header.count;
        if (events % 70 != 0) continue;
        reported = events;
        feeder.taken(reported);
    }
    EXPECT_EQ(events, 20'000U);
    close(receiver);
}

}  // namespace
}  // namespace trommel::bench
