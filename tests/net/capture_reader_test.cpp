#include "net/capture_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kit/random.h"
#include "tests/net/capture_bytes.h"
#include "tests/net/compressed_bytes.h"
#include "tests/net/scripted_file.h"

namespace trommel::net {
namespace {

using Next = CaptureReader::Next;
using testing::ElementsAre;
using testing::HasSubstr;

// All packets of a file, as text: bytes, the length on the wire where it is another, the link.
struct Reading {
    std::vector<std::string> packets;
    Next end = Next::end;
    std::string failure;
};

const char* name_of(const std::optional<LinkType>& link) {
    constexpr const char* kNames[] = {"", " ip", " loopback", " cooked", " cooked2"};
    return link ? kNames[static_cast<size_t>(*link)] : " unknown";
}

Reading read(const std::vector<std::string>& pieces, const std::string& name = "f.pcap") {
    std::unique_ptr<ByteStream> stream;
    EXPECT_TRUE(make_byte_stream(name, std::make_unique<ScriptedFile>(pieces), stream).ok());
    CaptureReader reader(name, std::move(stream));
    Reading reading;
    for (int waits = 0; waits < 10000; ++waits) {
        CaptureReader::Found found;
        Next next = reader.next(found);
        for (; next == Next::packet; next = reader.next(found)) {
            std::string text(found.captured.bytes, found.captured.size);
            if (found.captured.wire_size != found.captured.size) {
                text += "/" + std::to_string(found.captured.wire_size);
            }
            reading.packets.push_back(text + name_of(found.link));
        }
        EXPECT_EQ(reader.packets(), reading.packets.size());
        if (next == Next::nothing_yet) continue;
        reading.end = next;
        reading.failure = reader.failure().message;
        EXPECT_EQ(next == Next::failed, !reading.failure.empty());
        EXPECT_EQ(reader.next(found), next);  // It stays so.
        return reading;
    }
    ADD_FAILURE() << "no end";
    return reading;
}
Reading read(const std::string& bytes) {
    return read(std::vector<std::string>{bytes});
}
std::string failure_of(const std::string& bytes) {
    const Reading reading = read(bytes);
    EXPECT_EQ(reading.end, Next::failed);
    return reading.failure;
}

TEST(CaptureReader, ReadsPcapOfBothByteOrdersAndResolutions) {
    for (const bool big : {false, true}) {
        for (const uint32_t magic : {0xa1b2c3d4, 0xa1b23c4d}) {
            const PcapBytes file{{big}, magic};
            const Reading reading =
                read(file.header() + file.packet("one") + file.packet("") + file.packet("tw", 9));
            EXPECT_EQ(reading.end, Next::end);
            EXPECT_THAT(reading.packets, ElementsAre("one", "", "tw/9"));
        }
    }
    EXPECT_EQ(read(PcapBytes().header()).end, Next::end);  // A capture without packets.
}

TEST(CaptureReader, ReadsEveryLinkTypeThatHoldsUdp) {
    const std::pair<uint32_t, const char*> known[] = {
        {0, "x loopback"},  {108, "x loopback"}, {1, "x"},      {12, "x ip"},
        {101, "x ip"},      {228, "x ip"},       {229, "x ip"}, {113, "x cooked"},
        {276, "x cooked2"}, {0xf0000001, "x"}};
    for (const auto& [link, text] : known) {
        PcapBytes file;
        file.link = link;
        EXPECT_THAT(read(file.header() + file.packet("x")).packets, ElementsAre(text)) << link;
    }
    PcapBytes usb;
    usb.link = 220;
    EXPECT_THAT(failure_of(usb.header()), HasSubstr("link type 220"));
}

TEST(CaptureReader, ReadsEveryKindOfPacketOfAPcapng) {
    for (const bool big : {false, true}) {
        const PcapngBytes file{{big}};
        const Reading reading =
            read(file.section() + file.block(5, "statistics") + file.interface(1, 4) +
                 file.interface(113) + file.interface(220) + file.packet("one", 0, 70) +
                 file.block(0x80000bad, std::string(300000, 'x')) + file.old_packet("two", 1) +
                 file.simple_packet("thre", 900) + file.packet("four", 2) + file.packet("", 1));
        EXPECT_EQ(reading.failure, "");
        EXPECT_THAT(reading.packets,
                    ElementsAre("one/70", "two cooked", "thre/900", "four unknown", " cooked"));
    }
}

TEST(CaptureReader, ASectionBeginsWithByteOrderAndInterfacesOfItsOwn) {
    const PcapngBytes little, big{{true}};
    const std::string both = little.section() + little.interface(1) + little.packet("one") +
                             big.section() + big.interface(101) + big.packet("two");
    EXPECT_THAT(read(both).packets, ElementsAre("one", "two ip"));
    EXPECT_THAT(
        failure_of(little.section() + little.interface(1) + big.section() + big.packet("two")),
        HasSubstr("an interface that the file does not describe"));
}

TEST(CaptureReader, CutsInTheWayTheFileComesChangeNothing) {
    const PcapngBytes file;
    const std::string bytes = file.section() + file.interface() + file.packet("one") +
                              file.block(77, std::string(50, 'x')) + file.packet("three");
    for (size_t size = 1; size < bytes.size(); size += 3) {
        std::vector<std::string> pieces;
        for (const std::string& piece : in_pieces(bytes, size)) {
            pieces.push_back(piece);
            pieces.push_back("");  // Nothing yet.
        }
        const Reading reading = read(pieces);
        EXPECT_EQ(reading.end, Next::end) << reading.failure;
        EXPECT_THAT(reading.packets, ElementsAre("one", "three"));
    }
}

TEST(CaptureReader, AFileThatIsCutShortFailsAfterItsWholePackets) {
    const PcapBytes pcap;
    const PcapngBytes ng;
    const std::string files[][3] = {
        {pcap.header(), pcap.packet("one"), pcap.packet("two")},
        {ng.section() + ng.interface(), ng.packet("one"), ng.packet("two")}};
    for (const auto& [begin, one, two] : files) {
        const std::string bytes = begin + one + two;
        std::vector<size_t> ends = {begin.size(), begin.size() + one.size()};
        if (begin.size() > pcap.header().size()) ends.push_back(ng.section().size());
        for (size_t size = 0; size < bytes.size(); ++size) {
            const Reading reading = read(bytes.substr(0, size));
            const bool whole = std::count(ends.begin(), ends.end(), size) > 0;
            EXPECT_EQ(reading.end, whole ? Next::end : Next::failed) << size;
            EXPECT_EQ(reading.packets.size(), size >= begin.size() + one.size() ? 1u : 0u) << size;
            EXPECT_EQ(reading.failure.find("cannot read f.pcap: it is cut short") == 0, !whole);
        }
    }
}

TEST(CaptureReader, SaysWhereAFileIsDamaged) {
    const PcapBytes pcap;
    std::string huge = pcap.header() + pcap.packet("one") + pcap.packet("two");
    huge.replace(24 + 19 + 8, 4, "\xff\xff\xff\x7f");
    EXPECT_EQ(failure_of(huge),
              "cannot read f.pcap: a packet of 2147483647 bytes, more than is possible (at byte "
              "43, after 1 packets)");
    EXPECT_EQ(read(huge).packets.size(), 1u);
}

TEST(CaptureReader, WhatIsNoCaptureIsRefused) {
    EXPECT_THAT(failure_of("{\"id\":1}\n"), HasSubstr("neither pcap nor pcapng"));
    EXPECT_THAT(failure_of(""), HasSubstr("it is cut short"));
    PcapBytes file;
    file.magic = 0xa1b2cd34;
    EXPECT_THAT(failure_of(file.header()), HasSubstr("a patched pcap format"));
    file = {};
    file.minor = 3;
    EXPECT_THAT(failure_of(file.header()), HasSubstr("another version than 2.4"));
}

TEST(CaptureReader, BlocksThatContradictThemselvesAreRefused) {
    const PcapngBytes file;
    const std::string begin = file.section() + file.interface();
    const auto changed = [](std::string bytes, size_t at, const std::string& by) {
        return bytes.replace(at, by.size(), by);
    };
    const std::string one = file.packet("one!"), skipped = file.block(77, "12345678");
    EXPECT_THAT(failure_of(begin + changed(one, 4, file.order.u32(8))), HasSubstr("impossible"));
    EXPECT_THAT(failure_of(begin + changed(one, 4, file.order.u32(45))), HasSubstr("impossible"));
    EXPECT_THAT(failure_of(begin + changed(one, 4, file.order.u32(2 << 20))),
                HasSubstr("a block of 2097152 bytes"));
    EXPECT_THAT(failure_of(begin + changed(one, one.size() - 4, "x")),
                HasSubstr("two different lengths"));
    EXPECT_THAT(failure_of(begin + changed(skipped, skipped.size() - 4, "x")),
                HasSubstr("two different lengths"));
    EXPECT_THAT(failure_of(begin + changed(one, 20, file.order.u32(60))),
                HasSubstr("a packet of 60 bytes"));
    EXPECT_THAT(failure_of(begin + file.packet("x", 1)), HasSubstr("does not describe"));
    EXPECT_THAT(failure_of(file.section() + file.simple_packet("x")),
                HasSubstr("does not describe"));
    EXPECT_THAT(failure_of(begin + file.block(6, "short")), HasSubstr("too short"));
    EXPECT_THAT(failure_of(begin + file.block(1, "shrt")), HasSubstr("too short"));
    EXPECT_THAT(failure_of(file.section(2)), HasSubstr("another version than 1"));
    EXPECT_THAT(failure_of(changed(file.section(), 8, "xxxx")), HasSubstr("unknown byte order"));
}

TEST(CaptureReader, InterfacesAreBoundedInNumber) {
    const PcapngBytes file;
    std::string bytes = file.section();
    for (int i = 0; i < 4096; ++i) bytes += file.interface();
    EXPECT_EQ(read(bytes).end, Next::end);
    EXPECT_THAT(failure_of(bytes + file.interface()), HasSubstr("more than 4096 interfaces"));
}

TEST(CaptureReader, ReadsACompressedFile) {
    if (!built_with_gzip()) GTEST_SKIP() << "built without zlib";
    const PcapBytes file;
    const std::string bytes = gzip(file.header() + file.packet("one"));
    EXPECT_THAT(read({bytes}, "f.pcap.gz").packets, ElementsAre("one"));
    const Reading cut = read({bytes.substr(0, bytes.size() - 9)}, "f.pcap.gz");
    EXPECT_EQ(cut.end, Next::failed);
    EXPECT_THAT(cut.failure, HasSubstr("the gzip data end too early"));
}

TEST(CaptureReader, RandomDamageNeverReadsOutsideAndAlwaysEnds) {
    testkit::Random random(1128);
    const PcapBytes pcap;
    const PcapngBytes ng;
    const std::string files[] = {pcap.header() + pcap.packet("one") + pcap.packet("two"),
                                 ng.section() + ng.interface() + ng.packet("one") +
                                     ng.simple_packet("two") + ng.block(77, "skipped") +
                                     ng.old_packet("three")};
    for (int round = 0; round < 1500; ++round) {
        std::string bytes = files[random.below(2)];
        for (uint64_t change = random.below(4); change > 0; --change) {
            bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
        }
        read(bytes.substr(0, random.below(bytes.size() + 1)));
    }
}

}  // namespace
}  // namespace trommel::net
