#include "net/frame_connection.h"

#include <gtest/gtest.h>
#include <random>

#include "net/wire.h"
#include "tests/kit/fake_clock.h"
#include "tests/net/cut_stream.h"
#include "tests/net/numbered_frames.h"

namespace trommel::net {
namespace {

constexpr size_t kBufferBytes = 4096;

class FrameConnectionTest : public testing::Test {
   protected:
    void start(uint32_t senders_max = 100) {
        intake = std::make_unique<FrameIntake>(
            IntakeOptions{frame_decode_options(), {}, nullptr, senders_max}, clock);
    }
    void SetUp() override { start(); }

    std::unique_ptr<Connection> connect(uint64_t peer = 1) {
        return make_frame_connection(*intake, Endpoint::unix_peer(peer), kBufferBytes);
    }
    CutStream read(std::string_view bytes, Connection::End end = Connection::End::finished,
                   size_t cut_bytes = SIZE_MAX, uint32_t capacity = 1000) {
        const auto connection = connect();
        return cut_stream(*connection, bytes, end, frame_config(), cut_bytes, capacity);
    }

    testkit::FakeClock clock;
    std::unique_ptr<FrameIntake> intake;
};

TEST_F(FrameConnectionTest, EachEventIsARowOfItsSendersPartition) {
    const CutStream stream = read(frame_of(0, 3, 7) + frame_of(0, 2, 8));
    ASSERT_EQ(stream.rows.size(), 5u);
    EXPECT_EQ(intake->senders().partition_name(stream.rows[0].partition), "unix:1/7");
    EXPECT_EQ(intake->senders().partition_name(stream.rows[4].partition), "unix:1/8");
    EXPECT_EQ(intake->transport().sent, 5u);
    EXPECT_EQ(intake->transport().delivered, 5u);
}

TEST_F(FrameConnectionTest, ADamagedFrameIsOneRecordAndTheEnd) {
    std::string bytes = frame_of(0, 2) + frame_of(2, 2) + frame_of(4, 2);
    bytes[150] ^= 1;
    const CutStream stream = read(bytes);
    EXPECT_EQ(stream.state, Connection::State::damaged);
    ASSERT_EQ(stream.rows.size(), 3u);
    EXPECT_EQ(stream.rows[2].detail, "a frame with a wrong checksum");
    EXPECT_EQ(stream.rows[2].partition, 0u);
    EXPECT_EQ(intake->transport().malformed, 1u);
}

TEST_F(FrameConnectionTest, WhatIsNoFrameAtAllIsDamage) {
    const CutStream stream = read("GET / HTTP/1.1\r\nHost: somebody else\r\n\r\n");
    EXPECT_EQ(stream.state, Connection::State::damaged);
    ASSERT_EQ(stream.rows.size(), 1u);
    EXPECT_NE(stream.rows[0].detail, "");
}

TEST_F(FrameConnectionTest, AFrameThatIsCutShortIsOneCorruptRecord) {
    const std::string bytes = frame_of(0, 2) + frame_of(2, 2);
    for (const size_t cut : {size_t{1}, size_t{20}, size_t{40}}) {
        start();
        const CutStream stream = read(std::string_view(bytes).substr(0, bytes.size() - cut));
        ASSERT_EQ(stream.rows.size(), 3u) << cut;
        EXPECT_EQ(stream.rows[2].detail, "a frame that is cut short");
    }
}

TEST_F(FrameConnectionTest, AFrameThatTheBufferCannotHoldIsDamageAtOnce) {
    const std::string bytes = frame_of(0, 1000);
    ASSERT_GT(bytes.size(), kBufferBytes);
    const CutStream stream = read(bytes, Connection::End::finished, 64);
    EXPECT_EQ(stream.state, Connection::State::damaged);
    ASSERT_EQ(stream.rows.size(), 1u);
    EXPECT_NE(stream.rows[0].detail.find("connection_buffer"), std::string::npos);
    EXPECT_LE(stream.waiting_bytes_max, 64u);
    start();
    const std::string fits = frame_of(0, (kBufferBytes - kFrameHeaderBytes) / kNarrowEventBytes);
    ASSERT_EQ(fits.size(), kBufferBytes);
    EXPECT_EQ(read(fits + fits, Connection::End::finished, 100).state, Connection::State::hungry);
}

TEST_F(FrameConnectionTest, CutsChangeNothing) {
    std::mt19937 random(5);
    for (int round = 0; round < 50; ++round) {
        std::string bytes;
        uint64_t sequence = 0;
        for (int i = 0; i < 20; ++i) {
            const auto count = static_cast<uint16_t>(random() % 30);
            bytes += frame_of(sequence, count, random() % 2);
            sequence += count;
        }
        if (random() % 2 == 0) bytes[random() % bytes.size()] ^= 4;
        if (random() % 2 == 0) bytes.resize(bytes.size() - random() % 50);
        start();
        const CutStream whole = read(bytes);
        const std::string counts = to_text(intake->transport());
        for (const uint32_t capacity : {1u, 7u, 1000u}) {
            start();
            const auto connection = connect();
            const CutStream cut =
                cut_stream_by(*connection, bytes, Connection::End::finished, frame_config(),
                              capacity, [&] { return 1 + random() % 200; });
            ASSERT_EQ(cut.state, whole.state);
            ASSERT_EQ(cut.rows, whole.rows);
            ASSERT_EQ(to_text(intake->transport()), counts);
        }
        start();
        ASSERT_EQ(read(bytes, Connection::End::finished, 1).rows, whole.rows);
    }
}

TEST_F(FrameConnectionTest, IsDoneWhenAllItsSendersAre) {
    const auto connection = connect();
    RecordBatch batch(frame_config(), 100);
    const auto take = [&](const std::string& bytes) {
        connection->take(bytes, Connection::End::none, batch);
        return connection->done();
    };
    EXPECT_FALSE(connection->done());
    EXPECT_FALSE(take(frame_of(0, 2, 7)));
    EXPECT_TRUE(take(frame_of(2, 0, 7, kFrameEnd)));
    EXPECT_FALSE(take(frame_of(0, 2, 8)));
    EXPECT_TRUE(take(frame_of(2, 1, 8, kFrameEnd)));
    EXPECT_FALSE(take(frame_of(2, 5, 7)));
    ASSERT_EQ(connection->partitions().size(), 2u);
}

TEST_F(FrameConnectionTest, ASenderMoreThanThereMayBeIsRefused) {
    start(1);
    const CutStream stream = read(frame_of(0, 2, 7) + frame_of(0, 2, 8) + frame_of(2, 2, 7));
    EXPECT_EQ(stream.state, Connection::State::refused);
    EXPECT_EQ(stream.rows.size(), 2u);
    EXPECT_EQ(intake->transport().senders_refused, 1u);
}

TEST_F(FrameConnectionTest, AnUnsignedFrameEndsAConnectionThatMustSign) {
    if (!built_with_signatures()) GTEST_SKIP() << "built without libcrypto";
    FrameKeys keys;
    ASSERT_TRUE(keys.parse("7 000102030405060708090a0b0c0d0e0f\n", "keys").ok());
    intake =
        std::make_unique<FrameIntake>(IntakeOptions{frame_decode_options(), {}, &keys, 10}, clock);
    std::string good = frame_of(0, 2, 7, kFrameSigned);
    ASSERT_TRUE(keys.sign(7, good.data(), good.size()));
    const CutStream stream = read(good + frame_of(2, 2, 7) + good);
    EXPECT_EQ(stream.state, Connection::State::damaged);
    EXPECT_EQ(stream.rows.size(), 2u);
    EXPECT_EQ(intake->transport().unauthentic, 1u);
}

}  // namespace
}  // namespace trommel::net
