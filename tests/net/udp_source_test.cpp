#include "net/udp_source.h"

#include <atomic>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>

#include "tests/kit/fake_clock.h"
#include "tests/kit/temporary_directory.h"
#include "tests/net/decoded_records.h"
#include "tests/net/numbered_frames.h"
#include "tests/net/udp_sender.h"

namespace trommel::net {
namespace {

using State = Source::State;

UdpSourceOptions udp_options(UdpReceive receive = UdpReceive::recvmmsg) {
    UdpSourceOptions options;
    EXPECT_TRUE(parse_listen_address("127.0.0.1:0", options.socket.listen).ok());
    options.socket.receive_buffer_bytes = size_t{1} << 20;
    options.receive = receive;
    options.intake.decode = frame_decode_options();
    return options;
}

// An open source and what it has brought.
class Station {
   public:
    explicit Station(const UdpSourceOptions& options, uint32_t capacity = 64)
        : config(config_of(options.intake.decode)),
          source(options, clock),
          batch(config, capacity) {
        const Status status = source.open();
        EXPECT_TRUE(status.ok()) << status.message;
    }

    // One poll, with all that a receiver may rely on.
    State poll() {
        batch.clear();
        const Source::Poll poll = source.poll(batch, INT64_MAX);
        EXPECT_TRUE(poll.status.ok()) << poll.status.message;
        if (batch.count > 0) {
            EXPECT_EQ(batch.first_record, records.size());
        }
        for (uint32_t row = 0; row < batch.count; ++row) {
            records.push_back(record_of(batch, row, source));
        }
        resting.assign(poll.resting.begin(), poll.resting.end());
        EXPECT_TRUE(transport().adds_up()) << to_text(transport());
        return poll.state;
    }
    // Until nothing comes any more; or to the end, which comes in a bounded number of polls.
    State poll_all() {
        State state = poll();
        for (int polls = 0; polls < 100'000 && state == State::records; ++polls) state = poll();
        return state;
    }
    const Transport& transport() const { return *source.transport(); }
    std::vector<uint64_t> ids() const {
        std::vector<uint64_t> ids;
        for (const DecodedRecord& record : records) ids.push_back(record.id_lo);
        return ids;
    }

    const Config config;
    testkit::FakeClock clock{1'000'000};
    UdpSource source;
    RecordBatch batch;
    std::vector<DecodedRecord> records;
    std::vector<uint32_t> resting;
};

class UdpSourceWays : public testing::TestWithParam<UdpReceive> {
   protected:
    void SetUp() override {
        if (GetParam() != UdpReceive::io_uring) return;
        const Status status = probe_ring_receiver();
        if (!status.ok()) GTEST_SKIP() << status.message;
    }
};
INSTANTIATE_TEST_SUITE_P(Both, UdpSourceWays,
                         testing::Values(UdpReceive::recvmmsg, UdpReceive::io_uring),
                         [](const auto& tested) {
                             return tested.param == UdpReceive::io_uring ? "io_uring" : "recvmmsg";
                         });

TEST_P(UdpSourceWays, BringsTheEventsOfTwoSendersInTheOrderOfEach) {
    Station station(udp_options(GetParam()));
    EXPECT_EQ(station.poll(), State::nothing);
    UdpSender one(station.source.bound()), two(station.source.bound());
    NumberedFrames first{.source_id = 7}, second{.source_id = 8};
    for (int i = 0; i < 50; ++i) {
        one.send(first.frame(44));
        two.send(second.frame(3));
    }
    EXPECT_EQ(station.poll_all(), State::nothing);
    EXPECT_EQ(station.records.size(), 50u * 47);
    EXPECT_EQ(station.source.partitions(), 3u);
    uint64_t next[2] = {0, 0};
    for (const DecodedRecord& record : station.records) {
        const bool of_first = record.key_int == 7;
        const Endpoint from = of_first ? one.endpoint() : two.endpoint();
        ASSERT_EQ(record.partition, to_text(from) + (of_first ? "/7" : "/8"));
        ASSERT_EQ(record.id_lo, next[of_first ? 0 : 1]++);
    }
    EXPECT_EQ(station.transport().sent, 50u * 47);
    EXPECT_EQ(station.transport().lost(), 0u);
    EXPECT_EQ(station.transport().datagrams, 100u);
    EXPECT_FALSE(one.was_answered());
}

TEST_P(UdpSourceWays, FramesThatWereSentAsOneAreTheSame) {
    Station station(udp_options(GetParam()), 100);
    UdpSender sender(station.source.bound());
    NumberedFrames frames;
    std::string bytes;
    for (int i = 0; i < 40; ++i) bytes += frames.frame(44);
    if (!sender.send_segments(bytes, 1440)) GTEST_SKIP() << "this system has no UDP_SEGMENT";
    EXPECT_EQ(station.poll_all(), State::nothing);
    ASSERT_EQ(station.records.size(), 40u * 44);
    for (size_t i = 0; i < station.records.size(); ++i) ASSERT_EQ(station.records[i].id_lo, i);
    EXPECT_EQ(station.transport().datagrams, 40u);
}

TEST_P(UdpSourceWays, AFrameThatCameTwiceIsCountedAndDropped) {
    Station station(udp_options(GetParam()));
    UdpSender sender(station.source.bound());
    NumberedFrames frames;
    const std::string frame = frames.frame(5);
    for (int i = 0; i < 3; ++i) sender.send(frame);
    station.poll_all();
    EXPECT_EQ(station.records.size(), 5u);
    EXPECT_EQ(station.transport().frames_duplicate, 2u);
    EXPECT_EQ(station.transport().events_duplicate, 10u);
}

TEST_P(UdpSourceWays, ASenderThatStartsAgainIsTheSamePartition) {
    Station station(udp_options(GetParam()));
    UdpSender sender(station.source.bound());
    NumberedFrames before{.epoch = 5}, after{.epoch = 6};
    sender.send(before.frame(5));
    before.next += 3;  // Lost on the way.
    sender.send(before.frame(5));
    sender.send(after.frame(4));
    sender.send(before.frame(5));  // Late: its epoch is over.
    station.poll_all();
    EXPECT_EQ(station.source.partitions(), 2u);
    EXPECT_EQ(station.transport().sent, 17u);
    EXPECT_EQ(station.transport().lost_gaps, 3u);
    EXPECT_EQ(station.transport().frames_stale, 1u);
    EXPECT_EQ(station.records.size(), 14u);
}

TEST_P(UdpSourceWays, WhatIsLostUnderOverloadIsWhatTheKernelDropped) {
    UdpSourceOptions options = udp_options(GetParam());
    options.socket.receive_buffer_bytes = 65536;
    Station station(options);
    UdpSender sender(station.source.bound());
    NumberedFrames frames;
    constexpr uint64_t kFrames = 20'000;
    {
        // It sends as fast as it can, while we stop reading again and again.
        std::jthread sending([&] {
            for (uint64_t i = 0; i < kFrames; ++i) sender.send(frames.frame(44));
        });
        for (int i = 0; i < 200; ++i) {
            station.poll();
            station.clock.advance(60'000);  // So that the drops are looked at now and then.
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        }
    }
    station.poll_all();
    sender.send(frames.frame(0, kFrameEnd));  // After all the others; it tells their number.
    station.poll_all();
    ASSERT_TRUE(station.source.drain());
    EXPECT_EQ(station.poll_all(), State::ended);
    const Transport& transport = station.transport();
    EXPECT_EQ(transport.sent, kFrames * 44);
    EXPECT_GT(transport.lost_gaps, 0u) << "the sender was not too fast";
    EXPECT_EQ(transport.lost(), transport.dropped_kernel * 44);
    EXPECT_EQ(transport.delivered, station.records.size());
    EXPECT_EQ(transport.sent, transport.delivered + transport.lost());
}

TEST_P(UdpSourceWays, WhatArrivedBeforeTheRunIsStoppedIsStillBrought) {
    Station station(udp_options(GetParam()), 10);
    UdpSender sender(station.source.bound());
    NumberedFrames frames;
    station.poll();
    for (int i = 0; i < 100; ++i) sender.send(frames.frame(7));
    EXPECT_EQ(station.poll(), State::records);
    ASSERT_TRUE(station.source.drain());
    EXPECT_EQ(station.poll_all(), State::ended);
    EXPECT_EQ(station.records.size(), 700u);
    EXPECT_EQ(station.poll(), State::ended);
}

TEST_P(UdpSourceWays, DrainingEndsThoughASenderNeverStops) {
    Station station(udp_options(GetParam()), 4096);
    NumberedFrames frames;
    std::atomic<bool> done{false};
    std::jthread sending([&, sender = UdpSender(station.source.bound())]() mutable {
        while (!done.load()) sender.send(frames.frame(44));
    });
    while (station.transport().datagrams < 100) station.poll();
    ASSERT_TRUE(station.source.drain());
    // No more than what was held and what the source may have had in its own hands.
    const uint64_t before = station.transport().bytes;
    State state = station.poll();
    while (state != State::ended && station.transport().bytes < (uint64_t{64} << 20)) {
        state = station.poll();
    }
    done.store(true);
    EXPECT_EQ(state, State::ended);
    EXPECT_LT(station.transport().bytes - before, uint64_t{8} << 20);
    EXPECT_EQ(station.transport().delivered, station.records.size());
}

TEST_P(UdpSourceWays, SeveralSocketsAreOneSource) {
    UdpSourceOptions options = udp_options(GetParam());
    options.socket.sockets = 4;
    Station station(options);
    std::vector<UdpSender> senders;
    for (int i = 0; i < 10; ++i) senders.emplace_back(station.source.bound());
    for (uint32_t round = 0; round < 5; ++round) {
        for (UdpSender& sender : senders) {
            NumberedFrames frames{.next = round * 3};
            sender.send(frames.frame(3));
        }
    }
    station.poll_all();
    EXPECT_EQ(station.records.size(), 150u);
    EXPECT_EQ(station.source.partitions(), 11u);
    EXPECT_EQ(station.transport().lost(), 0u);
}

TEST_P(UdpSourceWays, ADatagramThatIsTooLongIsCountedAndNotRead) {
    UdpSourceOptions options = udp_options(GetParam());
    options.datagram_bytes_max = 2048;
    Station station(options);
    UdpSender sender(station.source.bound());
    NumberedFrames frames;
    sender.send(frames.frame(70));
    sender.send(frames.frame(10));
    station.poll_all();
    EXPECT_EQ(station.transport().truncated, 1u);
    EXPECT_EQ(station.transport().lost_before, 70u);
    EXPECT_EQ(station.records.size(), 10u);
}

TEST(UdpSource, ListensOnIpv6AsWell) {
    UdpSourceOptions options = udp_options();
    ASSERT_TRUE(parse_listen_address("[::1]:0", options.socket.listen).ok());
    Station station(options);
    UdpSender sender(station.source.bound());
    NumberedFrames frames;
    sender.send(frames.frame(2));
    station.poll_all();
    ASSERT_EQ(station.records.size(), 2u);
    EXPECT_THAT(station.records[0].partition, testing::StartsWith("[::1]:"));
}

TEST(UdpSource, OneSocketForAllAddressesTakesBothFamilies) {
    UdpSourceOptions options = udp_options();
    ASSERT_TRUE(parse_listen_address("[::]:0", options.socket.listen).ok());
    ASSERT_TRUE(options.intake.allow.add("127.0.0.0/8").ok());
    Station station(options);
    Endpoint v4, v6;
    ASSERT_TRUE(parse_address("127.0.0.1", v4) && parse_address("::1", v6));
    v4.port = v6.port = station.source.bound().port;
    NumberedFrames frames;
    UdpSender(v4).send(frames.frame(2));
    UdpSender(v6).send(frames.frame(2));  // Not in the list.
    station.poll_all();
    ASSERT_EQ(station.records.size(), 2u);
    EXPECT_THAT(station.records[0].partition, testing::StartsWith("127.0.0.1:"));
    EXPECT_EQ(station.transport().denied, 1u);
}

TEST(UdpSource, EndsWhenNothingCameForLongAfterSomethingDid) {
    UdpSourceOptions options = udp_options();
    options.stop_after_us = 1'000'000;
    Station station(options);
    station.clock.advance(10'000'000);
    EXPECT_EQ(station.poll(), State::nothing);  // The first datagram is waited for.
    UdpSender sender(station.source.bound());
    NumberedFrames frames;
    sender.send(frames.frame(2));
    EXPECT_EQ(station.poll_all(), State::nothing);
    station.clock.advance(999'999);
    EXPECT_EQ(station.poll(), State::nothing);
    station.clock.advance(1);
    EXPECT_EQ(station.poll(), State::ended);
}

TEST(UdpSource, EndsWhenEverySenderIsDone) {
    UdpSourceOptions options = udp_options();
    options.stop_with_senders = true;
    Station station(options);
    EXPECT_EQ(station.poll(), State::nothing);
    UdpSender one(station.source.bound()), two(station.source.bound());
    NumberedFrames first, second;
    one.send(first.frame(2));
    two.send(second.frame(2));
    one.send(first.frame(0, kFrameEnd));
    EXPECT_EQ(station.poll(), State::records);
    EXPECT_EQ(station.resting, std::vector<uint32_t>{1});
    EXPECT_EQ(station.poll(), State::nothing);
    for (int i = 0; i < 3; ++i) two.send(second.frame(0, kFrameEnd));
    const State state = station.poll();
    EXPECT_EQ(station.resting, std::vector<uint32_t>{2});
    EXPECT_TRUE(state == State::ended || station.poll_all() == State::ended);
    EXPECT_EQ(station.transport().frames_duplicate, 0u);
}

TEST(UdpSource, WithoutBeingToldItNeverEnds) {
    Station station(udp_options());
    UdpSender sender(station.source.bound());
    NumberedFrames frames;
    sender.send(frames.frame(0, kFrameEnd));
    station.poll_all();
    station.clock.advance(int64_t{1} << 50);
    EXPECT_EQ(station.poll(), State::nothing);
}

TEST(UdpSource, DamagedDatagramsAreRecordsOfTheSourceItself) {
    Station station(udp_options());
    UdpSender sender(station.source.bound());
    sender.send("hello");
    sender.send("");
    station.poll_all();
    ASSERT_EQ(station.records.size(), 2u);
    EXPECT_EQ(station.records[0].partition, "(source)");
    EXPECT_EQ(station.records[0].raw, "hello");
    EXPECT_EQ(station.transport().malformed, 2u);
    EXPECT_EQ(station.source.source_partition(), 0u);
    EXPECT_EQ(station.source.bytes_read(), 5u);
    EXPECT_FALSE(sender.was_answered());
}

TEST(UdpSource, AFloodThatIsNotForUsDoesNotKeepAPollBusyForEver) {
    UdpSourceOptions options = udp_options();
    ASSERT_TRUE(options.intake.allow.add("192.0.2.7").ok());
    Station station(options);
    UdpSender sender(station.source.bound());
    for (int i = 0; i < 300; ++i) sender.send("");
    station.poll();
    EXPECT_GT(station.transport().denied, 0u);
    station.poll_all();
    EXPECT_EQ(station.transport().denied, 300u);
    EXPECT_TRUE(station.records.empty());
}

TEST(UdpSource, SaysWhereItListensAndWhatItWasNotGranted) {
    UdpSourceOptions options = udp_options();
    Station station(options);
    const std::string name = "udp:" + to_text(station.source.bound());
    EXPECT_EQ(station.source.name(), name);
    EXPECT_THAT(station.source.notes(), testing::ElementsAre("listening on " + name));
    EXPECT_TRUE(station.source.live());
}

TEST(UdpSource, TakesOnlySignedFramesWhenItHasKeys) {
    if (!built_with_signatures()) GTEST_SKIP() << "built without libcrypto";
    const testkit::TemporaryDirectory folder;
    const std::string key(32, 'a'), path = folder.file("keys");
    std::ofstream(path) << "1 " << key << "\n";
    UdpSourceOptions options = udp_options();
    options.keys_path = path;
    testkit::FakeClock clock;
    ASSERT_EQ(chmod(path.c_str(), 0644), 0);
    EXPECT_THAT(UdpSource(options, clock).open().message, testing::HasSubstr("chmod 600"));
    ASSERT_EQ(chmod(path.c_str(), 0600), 0);
    Station station(options);
    FrameKeys keys;
    ASSERT_TRUE(keys.parse("1 " + key, "keys").ok());
    UdpSender sender(station.source.bound());
    NumberedFrames frames;
    sender.send(frames.frame(2));
    frames.next = 0;
    std::string frame = frames.frame(2, kFrameSigned);
    ASSERT_TRUE(keys.sign(1, frame.data(), frame.size()));
    sender.send(frame);
    station.poll_all();
    EXPECT_EQ(station.transport().unauthentic, 1u);
    EXPECT_EQ(station.ids(), (std::vector<uint64_t>{0, 1}));
}

}  // namespace
}  // namespace trommel::net
