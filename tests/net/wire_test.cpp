#include "net/wire.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>
#include <xxhash.h>

namespace trommel::net {
namespace {

std::string hex(std::string_view bytes) {
    constexpr const char* kDigits = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        text += kDigits[static_cast<uint8_t>(c) >> 4];
        text += kDigits[static_cast<uint8_t>(c) & 15];
    }
    return text;
}

FrameHeader header_of(uint16_t event_bytes) {
    FrameHeader header;
    header.source_id = 0x01020304;
    header.epoch = 0x05060708;
    header.sequence = 0x1112131415161718;
    header.event_bytes = event_bytes;
    return header;
}

const WireEvent kEvent{0x2122232425262728, 0x3132333435363738, -1, 0x4142434445464748, -2};

TEST(Wire, TheLayoutIsWhatSendersWereTold) {
    std::string narrow;
    append_frame(header_of(32), {kEvent}, narrow);
    EXPECT_EQ(hex(narrow),
              "54524d31"
              "01"
              "00"
              "2000"
              "04030201"
              "08070605"
              "1817161514131211"
              "0100"
              "2000"
              "fd844430"
              "2827262524232221"
              "ffffffffffffffff"
              "4847464544434241"
              "feffffffffffffff");
    std::string wide;
    append_frame(header_of(40), {kEvent}, wide);
    EXPECT_EQ(hex(wide),
              "54524d31"
              "01"
              "00"
              "2000"
              "04030201"
              "08070605"
              "1817161514131211"
              "0100"
              "2800"
              "895c5154"
              "2827262524232221"
              "3837363534333231"
              "ffffffffffffffff"
              "4847464544434241"
              "feffffffffffffff");
}

TEST(Wire, FramesReadBackAsWritten) {
    for (const uint16_t event_bytes : {kNarrowEventBytes, kWideEventBytes}) {
        std::string frame = "before";
        append_frame(header_of(event_bytes), {WireEvent{}, kEvent}, frame);
        frame.erase(0, 6);
        FrameHeader header;
        ASSERT_EQ(read_header(frame.data(), header), FrameFault::none);
        EXPECT_EQ(header.count, 2);
        EXPECT_EQ(header.event_bytes, event_bytes);
        EXPECT_EQ(header.source_id, 0x01020304u);
        EXPECT_EQ(header.epoch, 0x05060708u);
        EXPECT_EQ(header.sequence, 0x1112131415161718u);
        ASSERT_EQ(header.frame_bytes(), frame.size());
        EXPECT_EQ(check_frame(frame, header), FrameFault::none);
        const WireEvent event = read_event(frame.data() + 32 + event_bytes, event_bytes);
        EXPECT_EQ(event.id_lo, kEvent.id_lo);
        EXPECT_EQ(event.id_hi, event_bytes == kWideEventBytes ? kEvent.id_hi : 0);
        EXPECT_EQ(event.key, kEvent.key);
        EXPECT_EQ(event.time_us, kEvent.time_us);
        EXPECT_EQ(event.value, kEvent.value);
    }
}

// Short frames are hashed in another way than long ones; the whole frame must count in both.
TEST(Wire, TheChecksumIsTheOneOfTheWholeFrameHoweverLongItIs) {
    for (const size_t count : {1u, 62u, 63u, 64u, 500u}) {
        std::string frame;
        append_frame(header_of(32), std::vector<WireEvent>(count, kEvent), frame);
        FrameHeader header;
        ASSERT_EQ(read_header(frame.data(), header), FrameFault::none);
        std::string zeroed = frame;
        zeroed.replace(28, 4, 4, '\0');
        EXPECT_EQ(header.checksum,
                  static_cast<uint32_t>(XXH3_64bits(zeroed.data(), zeroed.size())));
        frame.back() = static_cast<char>(frame.back() ^ 1);
        EXPECT_EQ(check_frame(frame, header), FrameFault::checksum);
    }
}

TEST(Wire, AnEmptyFrameIsAFrame) {
    std::string frame;
    append_frame(header_of(32), {}, frame);
    EXPECT_EQ(frame.size(), kFrameHeaderBytes);
    FrameHeader header;
    ASSERT_EQ(read_header(frame.data(), header), FrameFault::none);
    EXPECT_EQ(check_frame(frame, header), FrameFault::none);
}

TEST(Wire, ASignatureStandsBehindTheEventsAndIsNotInTheChecksum) {
    FrameHeader header = header_of(32);
    std::string plain, with_signature;
    header.flags = kFrameEnd;
    append_frame(header, {kEvent}, plain);
    header.flags = kFrameEnd | kFrameSigned;
    append_frame(header, {kEvent}, with_signature);
    EXPECT_EQ(plain.size(), 64u);
    ASSERT_EQ(with_signature.size(), 80u);
    EXPECT_EQ(with_signature[5], 3);
    EXPECT_EQ(with_signature.substr(64), std::string(16, '\0'));
    FrameHeader read;
    ASSERT_EQ(read_header(with_signature.data(), read), FrameFault::none);
    EXPECT_EQ(read.flags, header.flags);
    EXPECT_EQ(read.frame_bytes(), 80u);
    with_signature[70] = 'x';
    EXPECT_EQ(check_frame(with_signature, read), FrameFault::none);
    with_signature[40] = 'x';
    EXPECT_EQ(check_frame(with_signature, read), FrameFault::checksum);
}

TEST(Wire, EveryFlippedBitIsFound) {
    std::string frame;
    append_frame(header_of(32), {kEvent, kEvent}, frame);
    for (size_t bit = 0; bit < frame.size() * 8; ++bit) {
        std::string bad = frame;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
        FrameHeader header;
        const bool good = read_header(bad.data(), header) == FrameFault::none &&
                          header.frame_bytes() <= bad.size() &&
                          check_frame(std::string_view(bad).substr(0, header.frame_bytes()),
                                      header) == FrameFault::none;
        EXPECT_FALSE(good) << bit;
    }
}

TEST(Wire, EachDamageHasItsName) {
    std::string frame;
    append_frame(header_of(32), {kEvent}, frame);
    const auto fault_with = [&](size_t at, char byte) {
        std::string bad = frame;
        bad[at] = byte;
        FrameHeader header;
        const FrameFault fault = read_header(bad.data(), header);
        return fault != FrameFault::none ? fault : check_frame(bad, header);
    };
    EXPECT_EQ(fault_with(3, '2'), FrameFault::magic);
    EXPECT_EQ(fault_with(4, 2), FrameFault::version);
    EXPECT_EQ(fault_with(5, 4), FrameFault::version);
    EXPECT_EQ(fault_with(5, 2), FrameFault::checksum);  // A known flag that was not sent.
    EXPECT_EQ(fault_with(6, 31), FrameFault::sizes);
    EXPECT_EQ(fault_with(26, 33), FrameFault::sizes);
    EXPECT_EQ(fault_with(26, 0), FrameFault::sizes);
    EXPECT_EQ(fault_with(28, '\0'), FrameFault::checksum);
    EXPECT_EQ(fault_with(63, '\0'), FrameFault::checksum);
}

}  // namespace
}  // namespace trommel::net
