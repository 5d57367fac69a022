#include "net/frame_intake.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>

#include "net/wire.h"
#include "tests/kit/fake_clock.h"
#include "tests/kit/random.h"

namespace trommel::net {
namespace {

Endpoint endpoint_at(const std::string& address, uint16_t port) {
    Endpoint endpoint;
    EXPECT_TRUE(parse_address(address, endpoint));
    endpoint.port = port;
    return endpoint;
}

IntakeOptions intake_options() {
    IntakeOptions options;
    options.decode.format = Format::binary;
    options.decode.id.form = IdForm::u64;
    options.decode.key = {{"key", FieldType::integer}};
    options.decode.values = {{"value", 0}};
    return options;
}

Config config_of(const IntakeOptions& options) {
    Config config;
    config.dedup.id_type = IdType::u64;
    config.key = options.decode.key;
    config.values = options.decode.values;
    return config;
}

// Events have the sequence number as their id and time.
std::string frame_of(uint64_t sequence, uint16_t count, uint8_t flags = 0, uint32_t source_id = 1) {
    FrameHeader header;
    header.source_id = source_id;
    header.sequence = sequence;
    header.flags = flags;
    std::vector<WireEvent> events;
    for (uint64_t n = sequence; n < sequence + count; ++n) {
        events.push_back({n, 0, 5, static_cast<int64_t>(n), 9});
    }
    std::string bytes;
    append_frame(header, events, bytes);
    return bytes;
}

// An intake and the rows it has brought; batches are as small as they are asked for.
class Station {
   public:
    explicit Station(const IntakeOptions& options = intake_options(), uint32_t capacity = 64)
        : intake(options, clock), batch(config_of(options), capacity) {}

    void take(const std::string& bytes, const Endpoint& from, bool truncated = false) {
        // Bytes of their own: reading beyond them is seen, and rows must not need them.
        const std::vector<char> own(bytes.begin(), bytes.end());
        while (!intake.take({own.data(), own.size(), from, truncated}, batch)) hand_over();
    }
    void take(const std::string& bytes) { take(bytes, endpoint_at("127.0.0.1", 7)); }
    void hand_over() {
        ASSERT_GT(batch.count, 0u);
        for (uint32_t row = 0; row < batch.count; ++row) {
            const bool corrupt = batch.verdict[row] == Verdict::corrupt;
            ids.push_back(corrupt ? UINT64_MAX : batch.id_lo[row]);
            raws.emplace_back(batch.raw[row]);
            offsets.push_back(batch.offset[row]);
            partitions.push_back(batch.partition[row]);
            details.emplace_back(corrupt ? batch.detail[row] : "");
        }
        batch.clear();
        intake.begin_poll();
    }
    const Transport& transport() {
        if (batch.count > 0) hand_over();
        EXPECT_TRUE(intake.transport().adds_up()) << to_text(intake.transport());
        return intake.transport();
    }

    testkit::FakeClock clock;
    FrameIntake intake;
    RecordBatch batch;
    std::vector<uint64_t> ids;
    std::vector<std::string> raws, details;
    std::vector<uint64_t> offsets;
    std::vector<uint32_t> partitions;
};

TEST(FrameIntake, EachEventOfAFrameIsARowOfItsSendersPartition) {
    Station station;
    const std::string first = frame_of(0, 2), second = frame_of(0, 1, 0, 2);
    station.take(first);
    station.take(second);
    EXPECT_EQ(to_text(station.transport()),
              "sent=3 delivered=3 lost=0 senders=2 frames=2 datagrams=2 bytes=160");
    EXPECT_EQ(station.ids, (std::vector<uint64_t>{0, 1, 0}));
    EXPECT_EQ(station.partitions, (std::vector<uint32_t>{1, 1, 2}));
    EXPECT_EQ(station.offsets, (std::vector<uint64_t>{32, 64, 96 + 32}));
    EXPECT_EQ(station.raws[1], first.substr(64, 32));
    EXPECT_EQ(station.intake.senders().partition_name(2), "127.0.0.1:7/2");
}

TEST(FrameIntake, AFrameGoesOnInTheNextBatch) {
    for (uint32_t capacity = 1; capacity <= 8; ++capacity) {
        Station station(intake_options(), capacity);
        station.take(frame_of(0, 5));
        station.take(frame_of(5, 3));
        EXPECT_EQ(station.transport().delivered, 8u);
        EXPECT_EQ(station.ids, (std::vector<uint64_t>{0, 1, 2, 3, 4, 5, 6, 7})) << capacity;
        EXPECT_EQ(station.transport().datagrams, 2u);
        EXPECT_EQ(station.offsets[4], 32u + 4 * 32);
    }
}

TEST(FrameIntake, WhatIsNoFrameIsACorruptRecordOfTheSource) {
    const std::string good = frame_of(0, 2);
    std::string bad_sum = good, far = frame_of(kSequenceMax - 1, 1);
    bad_sum[40] = 'x';
    Station station;
    for (const std::string& bytes :
         {std::string(), std::string("hello"), std::string(40, 'x'), good.substr(0, 95), good + "x",
          good + good, bad_sum, frame_of(kSequenceMax - 1, 2), frame_of(UINT64_MAX, 1)}) {
        station.take(bytes);
    }
    station.take(far);
    EXPECT_EQ(station.transport().malformed, 9u);
    EXPECT_EQ(station.transport().delivered, 1u);
    EXPECT_EQ(
        station.details,
        (std::vector<std::string>{
            "a datagram that is too short for a frame", "a datagram that is too short for a frame",
            "not a frame: it does not begin with TRM1", "a frame that is cut short",
            "a datagram with bytes behind its frame", "a datagram with bytes behind its frame",
            "a frame with a wrong checksum", "a frame with an impossible sequence number",
            "a frame with an impossible sequence number", ""}));
    EXPECT_EQ(station.raws[1], "hello");
    EXPECT_EQ(station.partitions[1], 0u);
}

TEST(FrameIntake, DeniedAndTruncatedDatagramsAreCountedAndNotLookedAt) {
    IntakeOptions options = intake_options();
    ASSERT_TRUE(options.allow.add("10.0.0.0/8").ok());
    Station station(options);
    station.take(frame_of(0, 2), endpoint_at("10.0.0.1", 1));
    station.take(frame_of(2, 2), endpoint_at("11.0.0.1", 1));
    station.take("nonsense", endpoint_at("::1", 1), true);
    station.take(frame_of(2, 2), endpoint_at("10.0.0.1", 1), true);
    EXPECT_EQ(to_text(station.transport()),
              "sent=2 delivered=2 lost=0 senders=1 frames=1 datagrams=4 bytes=296 truncated=1 "
              "denied=2");
}

TEST(FrameIntake, DuplicateAndStaleFramesAreCountedOnly) {
    Station station;
    station.take(frame_of(0, 2));
    station.take(frame_of(0, 2));
    station.take(frame_of(1, 2));
    EXPECT_EQ(station.transport().delivered, 2u);
    EXPECT_EQ(station.transport().frames_duplicate, 1u);
    EXPECT_EQ(station.transport().frames_stale, 1u);
    EXPECT_EQ(station.ids.size(), 2u);
}

TEST(FrameIntake, WithKeysOnlyWhatItsSourceSignedIsTaken) {
    if (!built_with_signatures()) GTEST_SKIP() << "built without libcrypto";
    FrameKeys keys, foreign_keys;
    const std::string key(32, 'a'), other(32, 'b');
    ASSERT_TRUE(keys.parse("1 " + key + "\n2 " + other, "keys").ok());
    ASSERT_TRUE(foreign_keys.parse("1 " + other + "\n3 " + key, "keys").ok());
    const auto signed_by = [](FrameKeys& by, uint32_t source_id) {
        std::string bytes = frame_of(0, 2, kFrameSigned, source_id);
        EXPECT_TRUE(by.sign(source_id, bytes.data(), bytes.size()));
        return bytes;
    };
    IntakeOptions options = intake_options();
    options.keys = &keys;
    Station station(options);
    station.take(frame_of(0, 2));                // Not signed.
    station.take(frame_of(0, 2, kFrameSigned));  // Zeroes.
    station.take(signed_by(foreign_keys, 1));    // Another key.
    station.take(signed_by(foreign_keys, 3));    // A source without a key.
    EXPECT_EQ(station.transport().unauthentic, 4u);
    EXPECT_EQ(station.transport().senders, 0u);
    station.take(signed_by(keys, 1));
    station.take(signed_by(keys, 2));
    station.take(signed_by(keys, 1));  // A replay.
    EXPECT_EQ(station.transport().delivered, 4u);
    EXPECT_EQ(station.transport().frames_duplicate, 1u);
    station.take(signed_by(keys, 1), endpoint_at("192.0.2.9", 9));  // From somewhere else, too.
    EXPECT_EQ(station.transport().delivered, 4u);
    EXPECT_EQ(station.transport().senders, 2u);
    EXPECT_EQ(station.transport().frames_duplicate, 2u);
    std::string damaged = signed_by(keys, 1);
    damaged[40] = 'x';  // The checksum speaks first.
    station.take(damaged);
    EXPECT_EQ(station.transport().malformed, 1u);
    EXPECT_EQ(station.transport().unauthentic, 4u);
}

TEST(FrameIntake, WithoutKeysASignatureIsPassedOver) {
    Station station;
    station.take(frame_of(0, 2, kFrameSigned));
    EXPECT_EQ(station.transport().delivered, 2u);
}

TEST(FrameIntake, APartitionRestsWhenItsSenderHasSpokenItsLastWord) {
    Station station;
    const auto resting = [&] {
        const auto span = station.intake.resting();
        return std::vector<uint32_t>(span.begin(), span.end());
    };
    station.take(frame_of(0, 2, 0, 1));
    station.take(frame_of(0, 2, 0, 2));
    EXPECT_EQ(resting(), std::vector<uint32_t>());
    station.take(frame_of(4, 0, kFrameEnd, 2));
    EXPECT_EQ(resting(), std::vector<uint32_t>{2});
    station.hand_over();
    EXPECT_EQ(resting(), std::vector<uint32_t>());
    station.take(frame_of(2, 2, 0, 2));  // It wakes its partition up, which is put to rest again.
    EXPECT_EQ(resting(), std::vector<uint32_t>{2});
    EXPECT_FALSE(station.intake.all_senders_ended());
    station.take(frame_of(2, 1, kFrameEnd, 1));
    EXPECT_TRUE(station.intake.all_senders_ended());
    EXPECT_EQ(station.transport().delivered, 7u);
}

TEST(FrameIntake, ALastFrameRestsInTheBatchThatHoldsItsLastEvent) {
    Station station(intake_options(), 2);
    const std::string bytes = frame_of(0, 3, kFrameEnd);
    const Datagram datagram{bytes.data(), bytes.size(), endpoint_at("127.0.0.1", 7), false};
    ASSERT_FALSE(station.intake.take(datagram, station.batch));
    EXPECT_TRUE(station.intake.resting().empty());
    station.hand_over();
    ASSERT_TRUE(station.intake.take(datagram, station.batch));
    EXPECT_EQ(station.intake.resting().size(), 1u);
    EXPECT_EQ(station.transport().delivered, 3u);
}

TEST(FrameIntake, PacketsOfOthersAreCountedOnly) {
    Station station;
    station.intake.count_foreign(60);
    EXPECT_EQ(to_text(station.transport()),
              "sent=0 delivered=0 lost=0 datagrams=1 bytes=60 foreign=1");
}

TEST(FrameIntake, ABatchHoldsNoMoreBytesThanItKeeps) {
    Station station(intake_options(), 65536);
    const std::string junk(60'000, 'x');
    const Endpoint from = endpoint_at("127.0.0.1", 7);
    uint64_t taken = 0;
    while (station.intake.take({junk.data(), junk.size(), from, false}, station.batch)) ++taken;
    EXPECT_LT(taken * 4096, size_t{1} << 20);
    EXPECT_GT(taken * 4096, size_t{1} << 19);
    EXPECT_EQ(station.batch.raw[0].size(), 4096u);
    station.take(junk);
    EXPECT_EQ(station.transport().malformed, taken + 1);
    EXPECT_EQ(station.ids.size(), taken + 1);
}

TEST(FrameIntake, TimesAheadOfTheClockAreCorrupt) {
    IntakeOptions options = intake_options();
    options.decode.max_future_us = 10;
    Station station(options);
    station.intake.begin_poll();
    station.take(frame_of(10, 2));
    station.transport();
    EXPECT_EQ(station.details,
              (std::vector<std::string>{"", "time: further ahead of the clock than max_future"}));
}

}  // namespace
}  // namespace trommel::net
