#include "tools/load/paced_sender.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "net/wire.h"

namespace trommel::tools {
namespace {

class FakeClock final : public Clock {
   public:
    int64_t wall_us() override { return 1'800'000'000'000'000 + now_us; }
    int64_t monotonic_us() override { return now_us; }
    int64_t now_us = 1'000'000;
};

struct Frame {
    net::FrameHeader header;
    std::vector<net::WireEvent> events;
};

// A sender and what its other end got.
class Pair {
   public:
    Pair(int type, const net::SyntheticStream& stream, const PacedSenderOptions& options) {
        EXPECT_EQ(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends_), 0);
        EXPECT_TRUE(net::FrameSender::adopt(ends_[0], "pair", {}, socket_).ok());
        sender.emplace(stream, *socket_, clock, options);
        start_us = sender->start_us();
    }
    ~Pair() { close(ends_[1]); }

    void step() { EXPECT_TRUE(sender->step().ok()); }
    std::string next() {
        char bytes[65'536];
        const ssize_t size = recv(ends_[1], bytes, sizeof bytes, MSG_DONTWAIT);
        return size <= 0 ? "" : std::string(bytes, static_cast<size_t>(size));
    }
    std::vector<Frame> frames() {
        std::vector<Frame> got;
        for (std::string bytes = next(); !bytes.empty(); bytes = next()) {
            Frame& frame = got.emplace_back();
            EXPECT_EQ(net::read_header(bytes.data(), frame.header), net::FrameFault::none);
            EXPECT_EQ(net::check_frame(bytes, frame.header), net::FrameFault::none);
            for (uint16_t e = 0; e < frame.header.count; ++e) {
                frame.events.push_back(net::read_event(bytes.data() + 32 + e * size_t{32}, 32));
            }
        }
        return got;
    }
    // Steps at one moment until nothing more is due.
    std::vector<Frame> frames_at(int64_t us_after_start) {
        clock.now_us = start_us + us_after_start;
        std::vector<Frame> got;
        for (int steps = 0; steps < 100 && !sender->finished(); ++steps) {
            step();
            for (Frame& frame : frames()) got.push_back(std::move(frame));
        }
        return got;
    }

    FakeClock clock;
    std::optional<PacedSender> sender;
    int64_t start_us = 0;

   private:
    int ends_[2];
    std::unique_ptr<net::FrameSender> socket_;
};

net::SyntheticStream stream_of(uint64_t events) {
    net::SyntheticOptions options;
    options.events = events;
    options.duplicate_share = 0.1;
    return net::SyntheticStream(options);
}

PacedSenderOptions at_rate(uint64_t rate, uint16_t frame_events) {
    PacedSenderOptions options;
    options.rate = rate;
    options.frames.frame_events = frame_events;
    return options;
}

TEST(PacedSender, AFrameLeavesWhenItsLastEventIsDue) {
    const net::SyntheticStream stream = stream_of(1000);
    Pair pair(SOCK_DGRAM, stream, at_rate(1'000'000, 10));
    EXPECT_TRUE(pair.frames_at(-1).empty());
    EXPECT_TRUE(pair.frames_at(8).empty());
    EXPECT_EQ(pair.sender->again_us(), pair.start_us + 9);
    const std::vector<Frame> first = pair.frames_at(9);
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0].header.sequence, 0U);
    EXPECT_EQ(first[0].header.count, 10);
    EXPECT_EQ(pair.sender->lag().max(), 0U);
}

TEST(PacedSender, WhatWasMissedIsSentAtOnceAndCountedAsLate) {
    const net::SyntheticStream stream = stream_of(100'000);
    PacedSenderOptions options = at_rate(1'000'000, 10);
    options.stamp = true;
    Pair pair(SOCK_DGRAM, stream, options);
    EXPECT_EQ(pair.frames_at(9).size(), 1U);
    const std::vector<Frame> frames = pair.frames_at(1009);  // A millisecond went by.
    ASSERT_EQ(frames.size(), 100U);
    const int64_t wall_start_us = 1'800'000'000'000'000 + pair.start_us;
    uint64_t n = 10;
    for (const Frame& frame : frames) {
        EXPECT_EQ(frame.header.sequence, n);
        for (const net::WireEvent& event : frame.events) {
            EXPECT_EQ(event.time_us, wall_start_us + static_cast<int64_t>(n));
            EXPECT_EQ(event.value, event.time_us);
            EXPECT_EQ(event.id_lo, stream.at(n++).id);
        }
    }
    EXPECT_EQ(pair.sender->lag().count(), 1010U);
    EXPECT_NEAR(static_cast<double>(pair.sender->lag().max()), 990, 1);
    EXPECT_NEAR(static_cast<double>(pair.sender->lag().percentile(50)), 495, 15);
    EXPECT_EQ(pair.frames_at(1018).size(), 0U);  // And then it is on its plan again.
    EXPECT_EQ(pair.frames_at(1019).size(), 1U);
}

TEST(PacedSender, AnEventWaitsForItsFrameNoLongerThanItLingers) {
    const net::SyntheticStream stream = stream_of(1000);
    PacedSenderOptions options = at_rate(1000, 10);  // One a millisecond.
    options.linger_us = 2500;
    Pair pair(SOCK_DGRAM, stream, options);
    EXPECT_TRUE(pair.frames_at(2499).empty());
    EXPECT_EQ(pair.sender->again_us(), pair.start_us + 2500);
    const std::vector<Frame> frames = pair.frames_at(2500);
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(frames[0].header.count, 3);
    EXPECT_EQ(pair.sender->lag().max(), 0U);
}

TEST(PacedSender, TheEndIsSaidThreeTimesWithTheNumberOfEvents) {
    const net::SyntheticStream stream = stream_of(25);
    Pair pair(SOCK_DGRAM, stream, at_rate(1'000'000, 10));
    std::vector<Frame> frames = pair.frames_at(24);
    ASSERT_EQ(frames.size(), 4U);
    EXPECT_EQ(pair.sender->again_us(), pair.start_us + 20'024);  // Others may be lost together.
    for (const int64_t later_us : {20'024, 200'024}) {
        EXPECT_FALSE(pair.sender->finished());
        for (Frame& frame : pair.frames_at(later_us)) frames.push_back(std::move(frame));
    }
    ASSERT_EQ(frames.size(), 6U);
    EXPECT_EQ(frames[2].header.count, 5);  // The rest needs not linger.
    for (size_t f = 3; f < 6; ++f) {
        EXPECT_EQ(frames[f].header.flags, net::kFrameEnd);
        EXPECT_EQ(frames[f].header.sequence, 25U);
        EXPECT_EQ(frames[f].header.count, 0);
    }
    EXPECT_TRUE(pair.sender->finished());
    EXPECT_EQ(pair.sender->sent(), 25U);
}

TEST(PacedSender, StoppedItSaysHowManyItHasSent) {
    const net::SyntheticStream stream = stream_of(1000);
    Pair pair(SOCK_DGRAM, stream, at_rate(1'000'000, 10));
    EXPECT_EQ(pair.frames_at(99).size(), 10U);
    pair.sender->stop();
    const std::vector<Frame> end = pair.frames_at(500);
    ASSERT_EQ(end.size(), 1U);
    EXPECT_EQ(end[0].header.sequence, 100U);
    EXPECT_EQ(pair.sender->sent(), 100U);
}

TEST(PacedSender, WithoutARateEverythingIsDueAtOnce) {
    const net::SyntheticStream stream = stream_of(100);
    Pair pair(SOCK_DGRAM, stream, at_rate(0, 44));
    const std::vector<Frame> frames = pair.frames_at(0);
    EXPECT_EQ(frames.size(), 3U + 1U);
    EXPECT_EQ(pair.sender->lag().count(), 0U);
}

TEST(PacedSender, AStreamOfLinesIsTheStreamAndEndsWithoutAFrame) {
    const net::SyntheticStream stream = stream_of(20'000);
    PacedSenderOptions options;
    options.lines = net::RecordFormat::json;
    Pair pair(SOCK_STREAM, stream, options);
    std::string got;
    for (int steps = 0; steps < 10'000 && !pair.sender->finished(); ++steps) {
        pair.step();
        got += pair.next();
    }
    for (std::string more = pair.next(); !more.empty(); more = pair.next()) got += more;
    std::string wanted;
    const net::RecordWriter writer(net::RecordFormat::json, false);
    for (uint64_t n = 0; n < 20'000; ++n) writer.append(wanted, stream.at(n));
    EXPECT_TRUE(pair.sender->finished());
    EXPECT_TRUE(got == wanted);
}

TEST(PacedSender, AFullSocketHoldsEventsBackAndLosesNone) {
    const net::SyntheticStream stream = stream_of(100'000);
    Pair pair(SOCK_STREAM, stream, at_rate(0, 44));
    int blocked = 0;
    while (!pair.sender->blocked()) pair.step();
    const uint64_t sent = pair.sender->sent();
    pair.step();
    EXPECT_EQ(pair.sender->sent(), sent);
    std::string got;
    for (int steps = 0; steps < 100'000 && !pair.sender->finished(); ++steps) {
        pair.step();
        blocked += pair.sender->blocked();
        got += pair.next();
    }
    for (std::string more = pair.next(); !more.empty(); more = pair.next()) got += more;
    EXPECT_TRUE(pair.sender->finished());
    EXPECT_GT(blocked, 0);
    uint64_t events = 0, ends = 0;
    for (std::string_view left = got; !left.empty();) {
        net::FrameHeader header;
        ASSERT_EQ(net::read_header(left.data(), header), net::FrameFault::none);
        EXPECT_EQ(header.sequence, events);
        events += header.count;
        ends += header.flags == net::kFrameEnd;
        left.remove_prefix(header.frame_bytes());
    }
    EXPECT_EQ(events, 100'000U);
    EXPECT_EQ(ends, 1U);
}

}  // namespace
}  // namespace trommel::tools
