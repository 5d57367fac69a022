#include "net/frame_stream.h"

#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace trommel::net {
namespace {

struct Frame {
    FrameHeader header;
    std::vector<WireEvent> events;
};

std::vector<Frame> frames_in(std::string_view bytes) {
    std::vector<Frame> frames;
    while (!bytes.empty()) {
        Frame& frame = frames.emplace_back();
        EXPECT_GE(bytes.size(), kFrameHeaderBytes);
        EXPECT_EQ(read_header(bytes.data(), frame.header), FrameFault::none);
        const size_t size = frame.header.frame_bytes();
        EXPECT_GE(bytes.size(), size);
        EXPECT_EQ(check_frame(bytes.substr(0, size), frame.header), FrameFault::none);
        for (uint32_t e = 0; e < frame.header.count; ++e) {
            const char* const at = bytes.data() + kFrameHeaderBytes + e * size_t{kNarrowEventBytes};
            frame.events.push_back(read_event(at, frame.header.event_bytes));
        }
        bytes.remove_prefix(size);
    }
    return frames;
}

SyntheticStream some_stream() {
    SyntheticOptions options;
    options.events = 1000;
    options.duplicate_share = 0.2;
    return SyntheticStream(options);
}

TEST(FrameStream, EveryRecordIsInItsFrameAndNumbered) {
    const SyntheticStream stream = some_stream();
    FrameStream frames(stream, {.source_id = 7, .epoch = 9, .frame_events = 44});
    std::string bytes;
    frames.append(0, 100, bytes);
    frames.append(100, 1000, bytes);
    uint64_t n = 0;
    size_t full = 0;
    for (const Frame& frame : frames_in(bytes)) {
        EXPECT_EQ(frame.header.source_id, 7U);
        EXPECT_EQ(frame.header.epoch, 9U);
        EXPECT_EQ(frame.header.sequence, n);
        EXPECT_EQ(frame.header.flags, 0);
        full += frame.header.frame_bytes() == frames.frame_bytes();
        for (const WireEvent& event : frame.events) {
            const SyntheticRecord record = stream.at(n++);
            EXPECT_EQ(event.id_lo, record.id);
            EXPECT_EQ(event.key, record.key);
            EXPECT_EQ(event.time_us, record.time_us);
            EXPECT_EQ(event.value, record.v0);
        }
    }
    EXPECT_EQ(n, 1000U);
    EXPECT_EQ(full, 2U + 20U);  // 88 + 12 records, and 880 + 20.
    EXPECT_EQ(frames.frame_bytes(), 1440U);
}

TEST(FrameStream, StampsAreTheIntendedTimesAndIdsStay) {
    const SyntheticStream stream = some_stream();
    const SendSchedule schedule(1'800'000'000'000'000, 250'000);
    FrameStream frames(stream, {.frame_events = 10, .stamps = &schedule});
    std::string bytes;
    frames.append(0, 1000, bytes);
    uint64_t n = 0;
    for (const Frame& frame : frames_in(bytes)) {
        for (const WireEvent& event : frame.events) {
            EXPECT_EQ(event.time_us, 1'800'000'000'000'000 + static_cast<int64_t>(4 * n));
            EXPECT_EQ(event.value, event.time_us);
            EXPECT_EQ(event.id_lo, stream.at(n).id);
            ++n;
        }
    }
    EXPECT_EQ(n, 1000U);
}

TEST(FrameStream, TheLastFrameSaysHowManyEventsThereWere) {
    const SyntheticStream stream = some_stream();
    FrameStream frames(stream, {.source_id = 3, .epoch = 4});
    std::string bytes;
    frames.append_end(1000, bytes);
    const std::vector<Frame> end = frames_in(bytes);
    ASSERT_EQ(end.size(), 1U);
    EXPECT_EQ(end[0].header.flags, kFrameEnd);
    EXPECT_EQ(end[0].header.sequence, 1000U);
    EXPECT_EQ(end[0].header.count, 0);
    EXPECT_EQ(end[0].header.source_id, 3U);
    EXPECT_EQ(end[0].header.epoch, 4U);
}

TEST(FrameStream, WithAKeyEveryFrameIsSignedAndTheLastOneToo) {
    if (!built_with_signatures()) GTEST_SKIP() << "built without libcrypto";
    FrameKeys keys;
    ASSERT_TRUE(keys.parse("3 000102030405060708090a0b0c0d0e0f\n", "keys").ok());
    const SyntheticStream stream = some_stream();
    FrameStream frames(stream, {.source_id = 3, .keys = &keys});
    std::string bytes;
    frames.append(0, 50, bytes);
    frames.append_end(50, bytes);
    EXPECT_EQ(frames.frame_bytes(), 1456U);
    std::string_view left = bytes;
    for (const Frame& frame : frames_in(bytes)) {
        EXPECT_NE(frame.header.flags & kFrameSigned, 0);
        EXPECT_TRUE(keys.verify(3, left.substr(0, frame.header.frame_bytes())));
        left.remove_prefix(frame.header.frame_bytes());
    }
    EXPECT_TRUE(left.empty());
}

}  // namespace
}  // namespace trommel::net
