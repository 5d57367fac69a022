#include "net/packet_intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/net/frame_packets.h"

namespace trommel::net {
namespace {

using testing::ElementsAre;

// Rows as words: the sequence numbers of events, "!" with the reason of damage.
class PacketIntakeTest : public testing::Test {
   protected:
    void make(uint32_t capacity = 64) {
        intake.emplace(options, clock);
        batch.emplace(config_of(options.intake.decode), capacity);
    }
    void take(const std::string& bytes, bool damaged = false, size_t wire_size = 0) {
        if (!intake) make();
        const Captured captured{bytes.data(), bytes.size(), std::max(bytes.size(), wire_size)};
        while (!intake->take({captured, damaged}, LinkType::ethernet, *batch)) hand_over();
        hand_over();
        EXPECT_TRUE(transport().adds_up()) << to_text(transport());
    }
    void hand_over() {
        for (uint32_t row = 0; row < batch->count; ++row) {
            const bool corrupt = batch->verdict[row] == Verdict::corrupt;
            words.push_back(corrupt ? "!" + std::string(batch->detail[row])
                                    : std::to_string(batch->id_lo[row]));
            raws.emplace_back(batch->raw[row]);
        }
        batch->clear();
        intake->frames().begin_poll();
    }
    const Transport& transport() { return intake->frames().transport(); }

    testkit::FakeClock clock;
    PacketIntakeOptions options = packet_options();
    std::optional<PacketIntake> intake;
    std::optional<RecordBatch> batch;
    std::vector<std::string> words, raws;
};

TEST_F(PacketIntakeTest, EventsComeFromTheSenderInTheHeaders) {
    take(frame_packet(0, 3));
    EXPECT_THAT(words, ElementsAre("0", "1", "2"));
    EXPECT_EQ(intake->frames().senders().partition_name(1), "10.1.2.3:5000/1");
    EXPECT_EQ(transport().delivered, 3u);
}

TEST_F(PacketIntakeTest, ForeignPacketsAreCountedOnly) {
    take(udp_packet(frame_of(0, 3), 5000, 4001));
    take(ethernet(0x0806, "arp"));
    EXPECT_TRUE(words.empty());
    EXPECT_EQ(transport().foreign, 2u);
    EXPECT_EQ(transport().datagrams, 2u);
    EXPECT_EQ(transport().malformed, 0u);
}

TEST_F(PacketIntakeTest, ADamagedPacketIsACorruptRecordWithAllThatCame) {
    std::string bytes = frame_packet(0, 1);
    bytes.back() ^= 1;
    take(bytes);
    take(udp_packet("no frame"));
    take(frame_packet(0, 1), true);
    EXPECT_THAT(words, ElementsAre("!a UDP datagram with a wrong checksum",
                                   "!a datagram that is too short for a frame",
                                   "!a checksum that the device found wrong"));
    EXPECT_EQ(raws[0], bytes);
    EXPECT_EQ(raws[1], "no frame");
    EXPECT_EQ(transport().malformed, 3u);
    EXPECT_EQ(transport().sent, 0u);
}

TEST_F(PacketIntakeTest, WithoutVerificationTheFramesOwnChecksumDecides) {
    options.verify_checksums = false;
    std::string bytes = frame_packet(0, 1);
    bytes.back() ^= 1;
    take(bytes);
    EXPECT_THAT(words, ElementsAre("!a frame with a wrong checksum"));
}

TEST_F(PacketIntakeTest, ATruncatedPacketIsCountedAndNeverParsed) {
    const std::string bytes = frame_packet(0, 2);
    take(bytes.substr(0, bytes.size() - 1), false, bytes.size());
    EXPECT_TRUE(words.empty());
    EXPECT_EQ(transport().truncated, 1u);
    take(frame_packet(2, 1));  // The sequence tells what was in it.
    EXPECT_EQ(transport().lost_before, 2u);
}

TEST_F(PacketIntakeTest, OnlyThoseOnTheListAreHeard) {
    ASSERT_TRUE(options.intake.allow.add("10.1.2.0/24").ok());
    take(frame_packet(0, 1));
    Ipv4Bytes ip;
    ip.from = std::string("\x0a\x01\x03\x03", 4);
    UdpBytes u;
    u.payload = frame_of(0, 1);
    u.from = ip.from;
    take(ethernet(0x0800, ipv4(udp(u), ip)));
    u.checksum = 5;
    take(ethernet(0x0800, ipv4(udp(u), ip)));
    EXPECT_THAT(words, ElementsAre("0"));
    EXPECT_EQ(transport().denied, 2u);
    EXPECT_EQ(transport().malformed, 0u);
}

// A capture on the sender's machine shows what it gave to its network card to cut.
TEST_F(PacketIntakeTest, SeveralFramesThatFillADatagramAreTakenOneByOne) {
    take(udp_packet(frame_of(0, 2) + frame_of(2, 2) + frame_of(4, 1)));
    EXPECT_THAT(words, ElementsAre("0", "1", "2", "3", "4"));
    EXPECT_EQ(transport().frames, 3u);
    EXPECT_EQ(transport().datagrams, 3u);
}

TEST_F(PacketIntakeTest, AFrameWithAnythingElseBehindItIsDamaged) {
    take(udp_packet(frame_of(0, 2) + frame_of(2, 2) + "x"));
    take(udp_packet(frame_of(0, 2) + std::string(64, '\0')));
    EXPECT_THAT(words, ElementsAre("!a datagram with bytes behind its frame",
                                   "!a datagram with bytes behind its frame"));
}

TEST_F(PacketIntakeTest, ABatchOfAnySizeBringsTheSameRows) {
    for (uint32_t capacity = 1; capacity < 9; ++capacity) {
        words.clear();
        make(capacity);
        take(udp_packet(frame_of(0, 4) + frame_of(4, 3)));
        take(udp_packet("no frame"));
        take(frame_packet(7, 2));
        EXPECT_THAT(words, ElementsAre("0", "1", "2", "3", "4", "5", "6",
                                       "!a datagram that is too short for a frame", "7", "8"));
        EXPECT_EQ(transport().frames, 3u) << capacity;
    }
}

}  // namespace
}  // namespace trommel::net
