#include "net/stream_source.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <gtest/gtest.h>
#include <random>
#include <thread>

#include "tests/net/stream_station.h"

namespace trommel::net {
namespace {

INSTANTIATE_TEST_SUITE_P(, StreamSourceTest, testing::ValuesIn(all_ways()), name_of);

TEST_P(StreamSourceTest, EachConnectionIsAPartitionWhoseRecordsComeInOrder) {
    open();
    StreamPeer a = connect(), b = connect();
    std::string name_a = a.own_address(), name_b = b.own_address();
    if (GetParam().unix_socket) name_a = "unix:1", name_b = "unix:2";
    if (frames()) name_a += "/1", name_b += "/1";
    for (uint64_t n = 0; n < 50; n += 10) {
        ASSERT_TRUE(a.send(records_of(n, 10)));
        ASSERT_TRUE(b.send(records_of(n, 10)));
        look(7);
    }
    look_until_records(100);
    const auto by_partition = numbers();
    ASSERT_EQ(by_partition.count(name_a), 1u) << by_partition.begin()->first;
    EXPECT_EQ(by_partition.at(name_a), counted_to(50));
    EXPECT_EQ(by_partition.at(name_b), counted_to(50));
    EXPECT_EQ(source->partitions(), 3u);
    EXPECT_EQ(source->partition_name(source->source_partition()), "(source)");
    EXPECT_TRUE(resting.empty());
    a.close();
    look_until([&] { return resting.size() == 1; });
    EXPECT_EQ(resting[0], name_a) << "a closed connection is not waited for";
    const Transport& transport = *source->transport();
    EXPECT_EQ(transport.connections, 2u);
    EXPECT_EQ(transport.delivered, 100u);
    EXPECT_EQ(transport.connections_ended, 0u);
}

TEST_P(StreamSourceTest, BytesMayComeOneByOne) {
    open();
    StreamPeer peer = connect();
    const std::string bytes = records_of(0, 30);
    for (const char byte : bytes) {
        ASSERT_TRUE(peer.send({&byte, 1}));
        look(3);
    }
    look_until_records(30);
    EXPECT_EQ(numbers().begin()->second, counted_to(30));
    EXPECT_EQ(source->bytes_read(), bytes.size());
}

TEST_P(StreamSourceTest, ManyConnectionsThatAreCutAnywhereLoseNothing) {
    open();
    constexpr size_t kPeers = 40, kRecords = 60;
    std::mt19937 random(1);
    std::vector<StreamPeer> peers;
    std::vector<std::string> left;
    for (size_t p = 0; p < kPeers; ++p) {
        peers.push_back(connect());
        left.push_back(records_of(0, kRecords));
        if (!frames()) left.back().pop_back();  // The last line has no end.
    }
    for (size_t finished = 0; finished < kPeers;) {
        const size_t p = random() % kPeers;
        if (!peers[p].connected()) continue;
        const size_t size = std::min<size_t>(left[p].size(), 1 + random() % 300);
        ASSERT_TRUE(peers[p].send(left[p].substr(0, size)));
        left[p].erase(0, size);
        look(1 + static_cast<uint32_t>(random() % 50));
        if (!left[p].empty()) continue;
        peers[p].close();
        ++finished;
    }
    look_until_records(kPeers * kRecords);
    look_until_open(0);
    const auto by_partition = numbers();
    ASSERT_EQ(by_partition.size(), kPeers);
    for (const auto& [name, got] : by_partition) EXPECT_EQ(got, counted_to(kRecords)) << name;
    EXPECT_EQ(resting.size(), kPeers);
}

TEST_P(StreamSourceTest, WhenNobodyPollsSendersWaitAndNothingIsLost) {
    open();
    StreamPeer peer = connect();
    look_until_open(1);
    const std::string block = records_of(0, 1000);
    uint64_t sent_bytes = 0;
    std::string sent;
    // What the kernel takes while nobody reads is bounded.
    for (int blocks = 0; blocks < 100'000; ++blocks) {
        sent = frames() ? records_of(static_cast<uint64_t>(blocks) * 1000, 1000) : block;
        const size_t taken = peer.send_now(sent);
        sent_bytes += taken;
        sent.erase(0, taken);
        if (taken < block.size()) break;
    }
    ASSERT_FALSE(sent.empty()) << "it never had to wait";
    // The rest goes out as soon as there is room.
    std::thread rest([&] { EXPECT_TRUE(peer.send(sent)); });
    const size_t expected = (sent_bytes + sent.size()) / block.size() * 1000;
    look_until([&] { return records.size() >= expected; }, 4096);
    rest.join();
    EXPECT_EQ(records.size(), expected);
    EXPECT_EQ(corrupt(), 0u);
}

TEST_P(StreamSourceTest, WhatOneConnectionSendsDoesNotStarveAnother) {
    open();
    StreamPeer loud = connect(), quiet = connect();
    look_until_open(2);
    std::string much;
    for (uint64_t n = 0; n < 300'000; n += 100) much += records_of(n, 100);
    std::thread sender([&] { EXPECT_TRUE(loud.send(much)); });
    look_until([&] { return records.size() >= 1000; });
    ASSERT_TRUE(quiet.send(records_of(0, 1)));
    // The loud one always has more; still the quiet one has its turn.
    const auto heard = [&] {
        return std::any_of(records.begin() + 1000, records.end(), [&](const DecodedRecord& record) {
            return record.partition != records[0].partition;
        });
    };
    size_t before = 0;
    for (; records.size() < 300'000 && before == 0; look(4096)) {
        if (heard()) before = records.size();
    }
    EXPECT_GT(before, 0u);
    EXPECT_LT(source->bytes_read(), size_t{3} << 20) << "of " << much.size();
    look_until([&] { return records.size() == 300'001; }, 4096);
    sender.join();
}

TEST_P(StreamSourceTest, AThousandSilentConnectionsHoldNobodyUp) {
    open();
    std::vector<StreamPeer> silent;
    for (int i = 0; i < 1000; ++i) {
        silent.push_back(connect());
        ASSERT_TRUE(silent.back().connected());
        if (i % 2 == 0) {
            ASSERT_TRUE(silent.back().send(records_of(0, 1).substr(0, 3)));
        }
        look();
    }
    const StreamPeer good = connect();
    look_until_open(1001);
    for (uint64_t n = 0; n < 3000; n += 10) {
        ASSERT_TRUE(good.send(records_of(n, 10)));
        look();
    }
    look_until_records(3000);
    EXPECT_EQ(numbers().begin()->second, counted_to(3000));
    EXPECT_EQ(source->partitions(), 2u);
}

TEST_P(StreamSourceTest, ABrokenConnectionsRecordIsCutShort) {
    if (GetParam().unix_socket) return;  // Unix sockets do not tell breaking from ending.
    open();
    StreamPeer peer = connect();
    ASSERT_TRUE(peer.send(records_of(0, 2)));
    look_until_records(2);
    ASSERT_TRUE(peer.send(records_of(2, 1).substr(0, 3)));
    const uint64_t bytes = records_of(0, 2).size() + 3;
    look_until([&] { return source->bytes_read() == bytes; });
    peer.reset();
    look_until_open(0);
    ASSERT_EQ(records.size(), 3u);
    EXPECT_NE(records[2].detail.find("cut short"), std::string::npos) << records[2].detail;
    EXPECT_EQ(source->transport()->connections_ended, 0u) << "it was not us";
}

TEST_P(StreamSourceTest, EndsWhenAllSendersAreGoneIfItIsToldTo) {
    options.stop_with_senders = true;
    open();
    for (int i = 0; i < 100; ++i) EXPECT_EQ(look(), Source::State::nothing);
    StreamPeer a = connect(), b = connect();
    ASSERT_TRUE(a.send(records_of(0, 3)));
    look_until_records(3);
    look_until_open(2);
    a.close();
    look_until_open(1);
    EXPECT_EQ(look(), Source::State::nothing) << "the other one may send yet";
    ASSERT_TRUE(b.send(records_of(0, 3)));
    b.close();
    look_until_records(6);
    Source::State state = Source::State::nothing;
    look_until([&] { return (state = look()) == Source::State::ended; });
    EXPECT_EQ(records.size(), 6u);
    EXPECT_EQ(look(), Source::State::ended);
}

TEST_P(StreamSourceTest, EndsWhenNothingComesForSoLong) {
    options.stop_after_us = 2'000'000;
    open();
    clock.advance(100'000'000);
    EXPECT_EQ(look(), Source::State::nothing) << "nobody has sent anything yet";
    StreamPeer peer = connect();
    ASSERT_TRUE(peer.send(records_of(0, 3)));
    look_until_records(3);
    clock.advance(1'900'000);
    EXPECT_EQ(look(), Source::State::nothing);
    clock.advance(200'000);
    Source::State state = Source::State::nothing;
    look_until([&] { return (state = look()) == Source::State::ended; });
    EXPECT_EQ(source->open_connections(), 0u);
    EXPECT_TRUE(peer.sees_end());
}

TEST_P(StreamSourceTest, AStoppedSourceTakesWhatHasComeAndNoMore) {
    open();
    StreamPeer a = connect(), b = connect();
    look_until_open(2);
    ASSERT_TRUE(a.send(records_of(0, 500)));
    ASSERT_TRUE(b.send(records_of(0, 500)));
    EXPECT_TRUE(source->drain());
    const StreamPeer late = connect();
    // A sender who never stops does not hold it up.
    std::atomic<bool> over{false};
    std::thread sender([&] {
        for (uint64_t n = 500; !over.load(); n += 500) {
            if (!a.send(records_of(n, 500))) return;
        }
    });
    Source::State state = Source::State::nothing;
    look_until([&] { return (state = look(50)) == Source::State::ended; }, 50);
    over = true;
    b.close();
    source.reset();
    sender.join();
    for (const auto& [name, got] : numbers()) {
        EXPECT_GE(got.size(), 500u);
        EXPECT_EQ(got, counted_to(got.size())) << name;
    }
    EXPECT_EQ(numbers().size(), 2u);
}

TEST_P(StreamSourceTest, AStoppedSourceTakesAllThatTheKernelHolds) {
    open();
    look();
    // More than a poll takes, and from one whom nobody has accepted yet.
    const StreamPeer peer = connect();
    std::string much;
    for (uint64_t n = 0; n < 100'000; n += 100) much += records_of(n, 100);
    const size_t sent = peer.send_now(much);
    ASSERT_TRUE(source->drain());
    Source::State state = Source::State::nothing;
    look_until([&] { return (state = look(4096)) == Source::State::ended; });
    // TCP bytes may lie on their sender's side yet.
    if (GetParam().unix_socket) {
        EXPECT_EQ(source->bytes_read(), sent);
    }
    ASSERT_GT(records.size(), 0u);
    EXPECT_LE(source->bytes_read(), sent);
    const size_t whole = records.size() - corrupt();
    EXPECT_EQ(numbers().begin()->second, counted_to(whole));
    EXPECT_LE(corrupt(), 1u) << "the one that was cut";
}

// What only lines or only frames can show, or one way of receiving is enough for.
class StreamSourceCase : public StreamSourceTest {
   protected:
    void SetUp() override {}
};

INSTANTIATE_TEST_SUITE_P(, StreamSourceCase, testing::Values(StreamWay{}),
                         [](const auto&) { return "csv"; });

TEST_P(StreamSourceCase, ADamagedFrameEndsItsConnectionOnly) {
    use({Format::binary, false, Receive::poll});
    open();
    StreamPeer bad = connect(), good = connect();
    std::string bytes = records_of(0, 2) + records_of(2, 2) + records_of(4, 2);
    bytes[records_of(0, 2).size() + 40] ^= 1;
    ASSERT_TRUE(bad.send(bytes));
    look_until([&] { return source->transport()->connections_ended == 1; });
    ASSERT_TRUE(good.send(records_of(0, 5)));
    look_until_records(8);
    EXPECT_EQ(corrupt(), 1u);
    EXPECT_EQ(records[2].partition, "(source)");
    EXPECT_EQ(source->transport()->malformed, 1u);
    EXPECT_TRUE(bad.sees_end());
    EXPECT_TRUE(good.still_open());
}

TEST_P(StreamSourceCase, AnEndFrameLetsItsSenderRestAndTheSourceEnd) {
    use({Format::binary, false, Receive::poll});
    options.stop_with_senders = true;
    open();
    const StreamPeer peer = connect();
    ASSERT_TRUE(peer.send(frame_of(0, 5, 1) + frame_of(5, 0, 1, kFrameEnd)));
    Source::State state = Source::State::nothing;
    look_until([&] { return (state = look()) == Source::State::ended; });
    EXPECT_EQ(records.size(), 5u);
    ASSERT_FALSE(resting.empty());
    EXPECT_EQ(resting[0], peer.own_address() + "/1");
    EXPECT_EQ(corrupt(), 0u);
}

TEST_P(StreamSourceCase, GapsInSequenceNumbersAreCounted) {
    use({Format::binary, false, Receive::poll});
    open();
    const StreamPeer peer = connect();
    ASSERT_TRUE(peer.send(frame_of(10, 5) + frame_of(20, 5) + frame_of(20, 5)));
    look_until_records(10);
    look_until([&] { return source->transport()->frames_duplicate == 1; });
    EXPECT_EQ(source->transport()->sent, 25u);
    EXPECT_EQ(source->transport()->lost_before, 10u);
    EXPECT_EQ(source->transport()->lost_gaps, 5u);
}

TEST_P(StreamSourceCase, WhoIsNotAllowedIsRefused) {
    use({});
    ASSERT_TRUE(options.allow.add("10.0.0.0/8").ok());
    open();
    const StreamPeer peer = connect();
    look_until([&] { return source->transport()->connections_refused == 1; });
    EXPECT_TRUE(peer.sees_end());
    ASSERT_TRUE(options.allow.add("127.0.0.0/8").ok());
    open();
    const StreamPeer allowed = connect();
    ASSERT_TRUE(allowed.send(records_of(0, 1)));
    look_until_records(1);
}

TEST_P(StreamSourceCase, ListensOnIPv6) {
    use({});
    ASSERT_TRUE(parse_listen_address("[::1]:0", options.listen).ok());
    const Status status = [&] {
        const Config config = config_of(options.decode);
        Status made = make_stream_source(options, config, clock, source);
        return made.ok() ? source->open() : made;
    }();
    if (!status.ok()) GTEST_SKIP() << "no IPv6 here: " << status.message;
    const StreamPeer peer = connect();
    ASSERT_TRUE(peer.send(records_of(0, 1)));
    look_until_records(1);
    EXPECT_EQ(records[0].partition, peer.own_address());
    EXPECT_EQ(records[0].partition.rfind("[::1]:", 0), 0u);
}

TEST_P(StreamSourceCase, AFieldNamesThePartitions) {
    options.decode = stream_line_options(Format::csv);
    options.decode.partition = "part";
    options.decode.csv_columns = {"id", "t", "part"};
    ASSERT_TRUE(parse_listen_address("127.0.0.1:0", options.listen).ok());
    open();
    StreamPeer a = connect(), b = connect();
    ASSERT_TRUE(a.send("1,1,x\nbad\n"));
    ASSERT_TRUE(b.send("2,2,x\n"));
    look_until_records(3);
    a.close();
    b.close();
    look_until_open(0);
    EXPECT_EQ(numbers().at("x").size(), 2u);
    EXPECT_EQ(source->partitions(), 2u);
    EXPECT_TRUE(resting.empty()) << "another connection may send for it yet";
}

TEST_P(StreamSourceCase, AStreamOfBlankLinesIsNoRecordAndEndsWithTheHeaderTimeout) {
    use({});
    options.header_timeout_us = 1'000'000;
    open();
    const StreamPeer peer = connect();
    look_until_open(1);
    for (int i = 0; i < 10 && source->open_connections() == 1; ++i) {
        ASSERT_TRUE(peer.send("\n\n"));
        const uint64_t bytes = source->bytes_read();
        look_until([&] { return source->bytes_read() > bytes || source->open_connections() == 0; });
        clock.advance(300'000);
    }
    look_until_open(0);
    EXPECT_EQ(source->transport()->connections_ended, 1u);
    EXPECT_TRUE(records.empty());
}

TEST_P(StreamSourceCase, UnsoundOptionsAreRefusedWithWhatIsWrong) {
    const auto what_is_wrong = [&](const std::function<void(StreamSourceOptions&)>& spoil) {
        StreamSourceOptions spoilt;
        spoilt.decode = stream_line_options(Format::csv);
        spoil(spoilt);
        return validate(spoilt, config_of(spoilt.decode)).message;
    };
    EXPECT_EQ(what_is_wrong([](StreamSourceOptions&) {}), "");
    EXPECT_NE(what_is_wrong([](auto& o) { o.connections_max = 0; }).find("connections_max"),
              std::string::npos);
    EXPECT_NE(what_is_wrong([](auto& o) { o.connection_buffer_bytes = 4095; }).find("record"),
              std::string::npos);
    EXPECT_NE(what_is_wrong([](auto& o) {
                  o.connection_buffer_bytes = size_t{1} << 40;
              }).find("connection_buffer"),
              std::string::npos);
    EXPECT_NE(what_is_wrong([](auto& o) { o.senders_max = 0; }).find("senders_max"),
              std::string::npos);
    EXPECT_NE(what_is_wrong([](auto& o) { o.idle_timeout_us = -1; }).find("idle_timeout"),
              std::string::npos);
    EXPECT_NE(what_is_wrong([](auto& o) { o.header_timeout_us = -1; }).find("header_timeout"),
              std::string::npos);
    EXPECT_NE(what_is_wrong([](auto& o) { o.keys_path = "keys"; }).find("keys"), std::string::npos);
    EXPECT_NE(what_is_wrong([](auto& o) { o.decode.record_bytes_max = 0; }), "");
}

}  // namespace
}  // namespace trommel::net
