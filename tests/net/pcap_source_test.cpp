#include "net/pcap_source.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/kit/temporary_directory.h"
#include "tests/net/capture_bytes.h"
#include "tests/net/compressed_bytes.h"
#include "tests/net/frame_packets.h"

namespace trommel::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PcapSourceTest : public testing::Test {
   protected:
    // Null when it cannot be made or opened; `status` says why.
    std::unique_ptr<Source> open(const std::vector<std::string>& paths) {
        std::unique_ptr<Source> source;
        status = make_pcap_source({paths, options}, config, files, clock, source);
        if (status.ok()) status = source->open();
        if (!status.ok()) source.reset();
        return source;
    }
    // Reads to the end, or to what it says else.
    Source::Poll read(Source& source, uint32_t capacity = 100) {
        records.clear();
        Source::Poll poll = drain(source, config, capacity, records);
        EXPECT_TRUE(source.transport()->adds_up()) << to_text(*source.transport());
        return poll;
    }
    static std::string capture(const std::vector<std::string>& packets) {
        std::string bytes = PcapBytes().header();
        for (const std::string& packet : packets) bytes += PcapBytes().packet(packet);
        return bytes;
    }

    PacketIntakeOptions options = packet_options();
    Config config = config_of(options.intake.decode);
    testkit::PowerLossFileSystem files;
    testkit::FakeClock clock;
    Status status;
    std::vector<DecodedRecord> records;
};

TEST_F(PcapSourceTest, DeliversTheEventsOfACaptureAndEnds) {
    files.put("f.pcap",
              capture({frame_packet(0, 2), frame_packet(2, 1), frame_packet(0, 1, 6000)}));
    auto source = open({"f.pcap"});
    ASSERT_NE(source, nullptr) << status.message;
    EXPECT_EQ(source->name(), "f.pcap");
    EXPECT_FALSE(source->live());
    EXPECT_EQ(source->partitions(), 1u);
    EXPECT_EQ(source->source_partition(), 0u);
    EXPECT_EQ(read(*source).state, Source::State::ended);
    EXPECT_THAT(words_of(records), ElementsAre("0", "1", "2", "0"));
    EXPECT_EQ(records[0].partition, "10.1.2.3:5000/1");
    EXPECT_EQ(records[3].partition, "10.1.2.3:6000/1");
    EXPECT_EQ(records[3].number, 3u);
    EXPECT_EQ(source->partition_name(0), "(source)");
    EXPECT_EQ(source->bytes_read(), source->bytes_total());
    EXPECT_EQ(source->transport()->delivered, 4u);
}

TEST_F(PcapSourceTest, WhatTheCaptureHasMissedIsCountedAsLost) {
    files.put("f.pcap", capture({frame_packet(10, 2), frame_packet(17, 1)}));
    auto source = open({"f.pcap"});
    read(*source);
    EXPECT_EQ(source->transport()->sent, 18u);
    EXPECT_EQ(source->transport()->delivered, 3u);
    EXPECT_EQ(source->transport()->lost_gaps, 5u);
    EXPECT_EQ(source->transport()->lost_before, 10u);
}

TEST_F(PcapSourceTest, EveryPacketIsCountedInOnePlace) {
    std::string damaged = frame_packet(9, 1);
    damaged[30] = static_cast<char>(damaged[30] ^ 1);
    std::string bytes = capture({frame_packet(0, 1), ethernet(0x0806, "arp"), damaged,
                                 udp_packet("no frame"), frame_packet(0, 1)});
    const std::string cut = frame_packet(1, 3);
    bytes += PcapBytes().packet(cut.substr(0, 60), cut.size());
    files.put("f.pcap", bytes);
    auto source = open({"f.pcap"});
    EXPECT_EQ(read(*source).state, Source::State::ended);
    EXPECT_THAT(words_of(records), ElementsAre("0", "!an IPv4 header with a wrong checksum",
                                               "!a datagram that is too short for a frame"));
    EXPECT_EQ(records[1].partition, "(source)");
    const Transport& transport = *source->transport();
    EXPECT_EQ(transport.datagrams, 6u);
    EXPECT_EQ(transport.frames, 1u);
    EXPECT_EQ(transport.foreign, 1u);
    EXPECT_EQ(transport.malformed, 2u);
    EXPECT_EQ(transport.truncated, 1u);
    EXPECT_EQ(transport.frames_duplicate, 1u);
}

TEST_F(PcapSourceTest, BatchesOfAnySizeBringTheSameRecords) {
    std::vector<std::string> packets;
    for (uint16_t n = 0; n < 30; ++n) {
        packets.push_back(frame_packet(n * 7u, static_cast<uint16_t>(n % 8)));
    }
    packets.insert(packets.begin() + 5, udp_packet("no frame"));
    files.put("f.pcap", capture(packets));
    auto whole = open({"f.pcap"});
    read(*whole, 1000);
    const std::vector<DecodedRecord> expected = records;
    ASSERT_GT(expected.size(), 90u);
    for (const uint32_t capacity : {1u, 2u, 3u, 7u, 64u}) {
        auto source = open({"f.pcap"});
        EXPECT_EQ(read(*source, capacity).state, Source::State::ended);
        EXPECT_EQ(records, expected) << capacity;
        EXPECT_EQ(to_text(*source->transport()), to_text(*whole->transport()));
    }
}

TEST_F(PcapSourceTest, FilesFollowOneAnother) {
    files.put("a.pcap", capture({frame_packet(0, 1)}));
    const PcapngBytes ng;
    files.put("b.pcapng", ng.section() + ng.interface() + ng.packet(frame_packet(1, 1)) +
                              ng.interface(220) + ng.packet("usb", 1));
    auto source = open({"a.pcap", "b.pcapng"});
    EXPECT_EQ(source->name(), "a.pcap and 1 more");
    EXPECT_EQ(read(*source).state, Source::State::ended);
    EXPECT_THAT(words_of(records), ElementsAre("0", "1"));
    EXPECT_EQ(source->transport()->lost(), 0u);
    EXPECT_EQ(source->transport()->foreign, 1u);
    EXPECT_EQ(source->bytes_read(), source->bytes_total());
}

TEST_F(PcapSourceTest, ADamagedFileFailsAfterWhatWasGood) {
    const std::string bytes = capture({frame_packet(0, 2), frame_packet(2, 2)});
    files.put("f.pcap", bytes.substr(0, bytes.size() - 1));
    files.put("next.pcap", capture({frame_packet(2, 2)}));
    auto source = open({"f.pcap", "next.pcap"});
    const Source::Poll poll = read(*source);
    EXPECT_THAT(words_of(records), ElementsAre("0", "1"));
    EXPECT_EQ(poll.state, Source::State::failed);
    EXPECT_EQ(poll.status.code, Code::io);
    EXPECT_THAT(poll.status.message, HasSubstr("f.pcap: it is cut short (at byte"));
    EXPECT_EQ(source->transport()->delivered, 2u);
}

TEST_F(PcapSourceTest, AFileThatVanishesFailsAfterWhatCameBefore) {
    files.put("a.pcap", capture({frame_packet(0, 1)}));
    files.put("b.pcap", capture({frame_packet(1, 1)}));
    auto source = open({"a.pcap", "b.pcap"});
    ASSERT_TRUE(files.remove("b.pcap").ok());
    const Source::Poll poll = read(*source);
    EXPECT_THAT(words_of(records), ElementsAre("0"));
    EXPECT_EQ(poll.state, Source::State::failed);
    EXPECT_EQ(poll.status.code, Code::no_input);
}

TEST_F(PcapSourceTest, AMissingFileIsToldAtOnce) {
    files.put("a.pcap", capture({}));
    EXPECT_EQ(open({"a.pcap", "gone.pcap"}), nullptr);
    EXPECT_EQ(status.code, Code::no_input);
    EXPECT_THAT(status.message, HasSubstr("gone.pcap"));
    EXPECT_EQ(open({}), nullptr);
    EXPECT_EQ(status.code, Code::invalid_config);
}

TEST_F(PcapSourceTest, OptionsThatDoNotFitTheConfigAreRefused) {
    config.dedup.id_type = IdType::bytes;
    EXPECT_EQ(open({"a.pcap"}), nullptr);
    EXPECT_EQ(status.code, Code::invalid_config);
}

TEST_F(PcapSourceTest, ReadsACompressedFile) {
    if (!built_with_gzip()) GTEST_SKIP() << "built without zlib";
    files.put("f.pcap.gz", gzip(capture({frame_packet(0, 2)})));
    auto source = open({"f.pcap.gz"});
    EXPECT_EQ(read(*source).state, Source::State::ended);
    EXPECT_THAT(words_of(records), ElementsAre("0", "1"));
}

TEST_F(PcapSourceTest, AnEndFrameLetsItsPartitionRest) {
    files.put("f.pcap", capture({frame_packet(0, 1), udp_packet(frame_of(1, 0, 1, kFrameEnd)),
                                 frame_packet(0, 1, 6000)}));
    auto source = open({"f.pcap"});
    RecordBatch batch(config, 10);
    const Source::Poll poll = source->poll(batch, INT64_MAX);
    EXPECT_EQ(poll.state, Source::State::records);
    EXPECT_EQ(batch.count, 2u);
    EXPECT_THAT(poll.resting, ElementsAre(1u));
}

TEST_F(PcapSourceTest, AStoppedRunFinishesThePacketThatWasBegun) {
    files.put("f.pcap", capture({frame_packet(0, 5), frame_packet(5, 5)}));
    auto source = open({"f.pcap"});
    RecordBatch batch(config, 3);
    EXPECT_EQ(source->poll(batch, INT64_MAX).state, Source::State::records);
    EXPECT_TRUE(source->drain());
    EXPECT_EQ(read(*source).state, Source::State::ended);
    EXPECT_THAT(words_of(records), ElementsAre("3", "4"));
    EXPECT_EQ(source->transport()->delivered, 5u);
    EXPECT_FALSE(open({"f.pcap"})->drain());
}

TEST_F(PcapSourceTest, WithKeysUnsignedFramesAreNotHeard) {
    if (!built_with_signatures()) GTEST_SKIP() << "built without libcrypto";
    const testkit::TemporaryDirectory directory;
    options.keys_path = directory.file("keys");
    std::ofstream(options.keys_path) << "1 " << std::string(32, 'a') << "\n";
    ASSERT_EQ(chmod(options.keys_path.c_str(), S_IRUSR), 0);
    FrameKeys keys;
    ASSERT_TRUE(keys.load(options.keys_path).ok());
    std::string frame = frame_of(0, 2, 1, kFrameSigned);
    ASSERT_TRUE(keys.sign(1, frame.data(), frame.size()));
    files.put("f.pcap", capture({udp_packet(frame), frame_packet(2, 1)}));
    auto source = open({"f.pcap"});
    ASSERT_NE(source, nullptr) << status.message;
    read(*source);
    EXPECT_THAT(words_of(records), ElementsAre("0", "1"));
    EXPECT_EQ(source->transport()->unauthentic, 1u);
}

TEST_F(PcapSourceTest, APollOfForeignPacketsIsBounded) {
    std::string bytes = PcapBytes().header();
    const std::string packet = PcapBytes().packet(ethernet(0x0806, "arp"));
    for (int i = 0; i < 70000; ++i) bytes += packet;
    bytes += PcapBytes().packet(frame_packet(0, 1));
    files.put("f.pcap", bytes);
    auto source = open({"f.pcap"});
    RecordBatch batch(config, 10);
    EXPECT_EQ(source->poll(batch, INT64_MAX).state, Source::State::nothing);
    EXPECT_LT(source->transport()->datagrams, 70000u);
    EXPECT_EQ(source->poll(batch, INT64_MAX).state, Source::State::records);
}

}  // namespace
}  // namespace trommel::net
