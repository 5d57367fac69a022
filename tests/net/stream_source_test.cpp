#include "net/stream_source.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <thread>

#include "tests/kit/fake_clock.h"
#include "tests/kit/temporary_directory.h"
#include "tests/net/decoded_records.h"
#include "tests/net/stream_frames.h"
#include "tests/net/stream_peers.h"

namespace trommel::net {
namespace {

using Receive = StreamSourceOptions::Receive;

DecodeOptions line_options(Format format) {
    DecodeOptions options;
    options.format = format;
    options.id = {"id", IdForm::u64};
    options.time = {"t", TimeForm::us};
    options.record_bytes_max = 4096;
    if (format == Format::csv) options.csv_columns = {"id", "t"};
    return options;
}

std::string line_of(Format format, uint64_t n) {
    const std::string number = std::to_string(n);
    if (format == Format::csv) return number + "," + number + "\n";
    return R"({"id":)" + number + R"(,"t":)" + number + "}\n";
}

// How a source is tested: what is sent, over what, and which way the kernel is asked.
struct Way {
    Format format = Format::csv;
    bool unix_socket = false;
    Receive receive = Receive::poll;
};

class StreamSourceTest : public testing::TestWithParam<Way> {
   protected:
    void SetUp() override {
        use(GetParam());
        Status why;
        const bool wants_ring = options.receive == Receive::io_uring;
        if (wants_ring && make_stream_ring(why) == nullptr) GTEST_SKIP() << why.message;
        if (options.decode.format == Format::json && !built_with_json()) {
            GTEST_SKIP() << "built without simdjson";
        }
    }
    void use(const Way& way) {
        const bool frames = way.format == Format::binary;
        options.decode = frames ? frame_decode_options() : line_options(way.format);
        options.receive = way.receive;
        if (way.unix_socket) {
            options.path = directory.file("socket");
        } else {
            ASSERT_TRUE(parse_listen_address("127.0.0.1:0", options.listen).ok());
        }
    }
    void open() {
        source.reset();
        const Config config = config_of(options.decode);
        Status status = make_stream_source(options, config, clock, source);
        ASSERT_TRUE(status.ok()) << status.message;
        status = source->open();
        ASSERT_TRUE(status.ok()) << status.message;
    }
    bool frames() const { return options.decode.format == Format::binary; }
    StreamPeer connect() const { return StreamPeer::connect(source->bound()); }

    // `count` records from number `first` on, as the source's format has them.
    std::string records_of(uint64_t first, size_t count) const {
        if (frames()) return frames_of(first, count);
        std::string bytes;
        for (uint64_t n = first; n < first + count; ++n) {
            bytes += line_of(options.decode.format, n);
        }
        return bytes;
    }

    // One poll, as the receiver does it.
    Source::State look(uint32_t capacity = 64) {
        RecordBatch batch(config_of(options.decode), capacity);
        const Source::Poll poll = source->poll(batch, INT64_MAX);
        EXPECT_NE(poll.state, Source::State::failed) << poll.status.message;
        EXPECT_EQ(batch.first_record, records.size());
        for (uint32_t row = 0; row < batch.count; ++row) {
            records.push_back(record_of(batch, row, *source));
        }
        for (const uint32_t partition : poll.resting) {
            resting.emplace_back(source->partition_name(partition));
        }
        EXPECT_TRUE(source->transport()->adds_up()) << to_text(*source->transport());
        return poll.state;
    }
    // Until something holds, which it must in the end.
    void look_until(const std::function<bool()>& condition, uint32_t capacity = 64) {
        for (int i = 0; i < 500'000 && !condition(); ++i) look(capacity);
        ASSERT_TRUE(condition()) << records.size() << " records, " << to_text(*source->transport());
    }
    void look_until_records(size_t count) {
        look_until([&] { return records.size() >= count; });
        ASSERT_EQ(records.size(), count);
    }
    void look_until_open(uint32_t connections) {
        look_until([&] { return source->open_connections() == connections; });
    }

    // The numbers of the records that came from each partition, in order.
    std::map<std::string, std::vector<uint64_t>> numbers() const {
        std::map<std::string, std::vector<uint64_t>> by_partition;
        for (const DecodedRecord& record : records) {
            if (!record.corrupt()) by_partition[record.partition].push_back(record.id_lo);
        }
        return by_partition;
    }
    size_t corrupt() const {
        return static_cast<size_t>(
            std::count_if(records.begin(), records.end(),
                          [](const DecodedRecord& record) { return record.corrupt(); }));
    }

    const testkit::TemporaryDirectory directory;
    testkit::FakeClock clock;
    StreamSourceOptions options;
    std::unique_ptr<StreamSource> source;
    std::vector<DecodedRecord> records;
    std::vector<std::string> resting;
};

std::vector<Way> all_ways() {
    std::vector<Way> ways;
    for (const Format format : {Format::csv, Format::json, Format::binary}) {
        for (const bool unix_socket : {false, true}) {
            for (const Receive receive : {Receive::poll, Receive::io_uring}) {
                ways.push_back({format, unix_socket, receive});
            }
        }
    }
    return ways;
}

std::string name_of(const testing::TestParamInfo<Way>& way) {
    const Format format = way.param.format;
    std::string name = format == Format::csv ? "csv" : format == Format::json ? "json" : "frames";
    name += way.param.unix_socket ? "_unix" : "_tcp";
    return name + (way.param.receive == Receive::poll ? "_poll" : "_ring");
}

INSTANTIATE_TEST_SUITE_P(, StreamSourceTest, testing::ValuesIn(all_ways()), name_of);

std::vector<uint64_t> counted_to(size_t count) {
    std::vector<uint64_t> numbers(count);
    for (size_t n = 0; n < count; ++n) numbers[n] = n;
    return numbers;
}

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
    for (uint64_t n = 0; n < 500'000; n += 100) much += records_of(n, 100);
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
    for (; records.size() < 500'000 && before == 0; look(4096)) {
        if (heard()) before = records.size();
    }
    EXPECT_GT(before, 0u);
    EXPECT_LT(source->bytes_read(), size_t{3} << 20) << "of " << much.size();
    look_until([&] { return records.size() == 500'001; }, 4096);
    sender.join();
}

TEST_P(StreamSourceTest, ConnectionsBeyondTheLimitAreClosedAtOnceAndCounted) {
    options.connections_max = 2;
    open();
    StreamPeer a = connect(), b = connect();
    look_until_open(2);
    StreamPeer c = connect();
    look_until([&] { return source->transport()->connections_refused == 1; });
    EXPECT_TRUE(c.sees_end());
    ASSERT_TRUE(a.send(records_of(0, 2)));
    look_until_records(2);
    b.close();
    look_until_open(1);
    StreamPeer d = connect();
    ASSERT_TRUE(d.send(records_of(0, 3)));
    look_until_records(5);
    EXPECT_EQ(source->transport()->connections, 3u);
}

TEST_P(StreamSourceTest, ASlowConnectionIsEndedByTheHeaderTimeout) {
    options.header_timeout_us = 1'000'000;
    open();
    StreamPeer slow = connect(), good = connect();
    ASSERT_TRUE(good.send(records_of(0, 1)));
    look_until_records(1);
    const std::string record = records_of(0, 1);
    // A byte now and then does not count, only a whole record does.
    for (size_t i = 0; i + 1 < record.size() && source->open_connections() == 2; ++i) {
        ASSERT_TRUE(slow.send(record.substr(i, 1)));
        const uint64_t bytes = source->bytes_read();
        look_until([&] { return source->bytes_read() > bytes || source->open_connections() == 1; });
        clock.advance(300'000);
    }
    clock.advance(300'000);
    look_until_open(1);
    EXPECT_EQ(source->transport()->connections_ended, 1u);
    EXPECT_TRUE(slow.sees_end());
    EXPECT_EQ(corrupt(), 1u) << "what it had sent is a record that was cut short";
    EXPECT_TRUE(good.still_open());
}

TEST_P(StreamSourceTest, AnIdleConnectionIsEndedAndABusyOneIsNot) {
    options.idle_timeout_us = 1'000'000;
    options.header_timeout_us = 0;
    open();
    StreamPeer idle = connect(), busy = connect();
    ASSERT_TRUE(idle.send(records_of(0, 1)));
    look_until_records(1);
    for (uint64_t n = 0; n < 10; ++n) {
        ASSERT_TRUE(busy.send(records_of(n, 1)));
        look_until_records(2 + n);
        clock.advance(400'000);
    }
    look_until_open(1);
    EXPECT_TRUE(idle.sees_end());
    EXPECT_TRUE(busy.still_open());
    EXPECT_EQ(source->transport()->connections_ended, 1u);
    EXPECT_EQ(corrupt(), 0u);
    EXPECT_EQ(resting.size(), 1u);
}

TEST_P(StreamSourceTest, NobodyIsIdleWhileWeDoNotRead) {
    options.idle_timeout_us = 1'000'000;
    options.header_timeout_us = 1'000'000;
    open();
    StreamPeer a = connect(), b = connect();
    ASSERT_TRUE(a.send(records_of(0, 1)));
    look_until_records(1);
    look_until_open(2);
    // Both have sent what they had in time; it was us who did not ask.
    ASSERT_TRUE(a.send(records_of(1, 200)));
    ASSERT_TRUE(b.send(records_of(0, 1)));
    clock.advance(60'000'000);
    look_until([&] { return records.size() == 202; }, 5);
    EXPECT_EQ(source->open_connections(), 2u);
    EXPECT_EQ(source->transport()->connections_ended, 0u);
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
    if (GetParam().unix_socket) GTEST_SKIP() << "unix sockets do not tell breaking from ending";
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
    source->stop();
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

// What only lines or only frames can show, or one way of receiving is enough for.
class StreamSourceCase : public StreamSourceTest {
   protected:
    void SetUp() override {}
};

INSTANTIATE_TEST_SUITE_P(, StreamSourceCase, testing::Values(Way{}),
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
    ASSERT_TRUE(peer.send(frames_of(0, 5, 1) + frames_of(5, 0, 1, kFrameEnd)));
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
    ASSERT_TRUE(peer.send(frames_of(10, 5) + frames_of(20, 5) + frames_of(20, 5)));
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
    options.decode = line_options(Format::csv);
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
        spoilt.decode = line_options(Format::csv);
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
    FrameKeys keys;
    EXPECT_NE(what_is_wrong([&](auto& o) { o.keys = &keys; }).find("keys"), std::string::npos);
    EXPECT_NE(what_is_wrong([](auto& o) { o.decode.record_bytes_max = 0; }), "");
}

}  // namespace
}  // namespace trommel::net
