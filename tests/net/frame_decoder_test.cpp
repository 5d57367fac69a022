#include "net/frame_decoder.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "net/wire.h"
#include "tests/net/decoded_records.h"

namespace trommel::net {
namespace {

DecodeOptions frame_options(IdForm id = IdForm::u64) {
    DecodeOptions options;
    options.format = Format::binary;
    options.id.form = id;
    options.key = {{"key", FieldType::integer}};
    options.values = {{"value", 0}};
    return options;
}

std::string frame_of(const std::vector<WireEvent>& events, uint16_t event_bytes = 32) {
    FrameHeader header;
    header.event_bytes = event_bytes;
    std::string frame;
    append_frame(header, events, frame);
    return frame;
}

WireEvent event_at(int64_t time_us) {
    return {static_cast<uint64_t>(time_us), 0, -1, time_us, 7};
}

// Every cut gives the same records, which are returned.
std::vector<DecodedRecord> decode_frames(const std::string& bytes,
                                         const DecodeOptions& options = frame_options()) {
    std::vector<DecodedRecord> whole = decode_all(bytes, options);
    for (const Cuts cuts :
         {Cuts{1, 65}, Cuts{2, 96}, Cuts{3, 97}, Cuts{1, 1 << 20}, Cuts{4096, 70}}) {
        EXPECT_EQ(decode_all(bytes, options, cuts), whole) << cuts.chunk_bytes;
    }
    return whole;
}

std::vector<std::string> details(const std::vector<DecodedRecord>& records) {
    std::vector<std::string> texts;
    for (const DecodedRecord& record : records) texts.push_back(record.detail);
    return texts;
}

TEST(FrameDecoder, EachEventIsARecord) {
    const std::string bytes =
        frame_of({event_at(1), event_at(2)}) + frame_of({}) + frame_of({event_at(3)});
    const auto records = decode_frames(bytes);
    ASSERT_EQ(records.size(), 3u);
    EXPECT_EQ(records[1].id_lo, 2u);
    EXPECT_EQ(records[1].time_us, 2);
    EXPECT_EQ(records[1].key_int, -1);
    EXPECT_EQ(records[1].values[0], 7);
    EXPECT_EQ(records[1].offset, 64u);
    EXPECT_EQ(records[1].raw, bytes.substr(64, 32));
    EXPECT_EQ(records[1].partition, "file0");
    EXPECT_EQ(records[2].number, 2u);
    EXPECT_EQ(records[2].offset, 96u + 32u + 32u);
}

TEST(FrameDecoder, IdsAreAsWideAsTheJobSays) {
    const WireEvent wide{1, 2, 0, 0, 0};
    auto records = decode_frames(frame_of({wide}, 40), frame_options(IdForm::u128));
    EXPECT_EQ(records.at(0).id_hi, 2u);
    EXPECT_EQ(records.at(0).id_lo, 1u);
    records = decode_frames(frame_of({wide}, 32), frame_options(IdForm::u128));
    EXPECT_EQ(records.at(0).id_hi, 0u);
    records = decode_frames(frame_of({wide, event_at(1)}, 40));
    EXPECT_EQ(details(records), (std::vector<std::string>{"id: more than 64 bits", ""}));
}

TEST(FrameDecoder, KeysAndValuesAreOptional) {
    DecodeOptions options = frame_options();
    options.key.clear();
    options.values.clear();
    EXPECT_EQ(decode_frames(frame_of({event_at(5)}), options).at(0).time_us, 5);
}

TEST(FrameDecoder, EventTimesAreChecked) {
    DecodeOptions options = frame_options();
    options.max_time_us = 100;
    const std::vector<WireEvent> events = {event_at(kTimeLimitUs), event_at(-kTimeLimitUs),
                                           event_at(-kTimeLimitUs + 1), event_at(100),
                                           event_at(101)};
    EXPECT_EQ(details(decode_frames(frame_of(events), options)),
              (std::vector<std::string>{"time: out of range", "time: out of range", "", "",
                                        "time: later than max_time"}));
    options.max_time_us.reset();
    options.max_future_us = 50;  // The clock shows 0.
    EXPECT_EQ(details(decode_frames(frame_of({event_at(50), event_at(51)}), options)),
              (std::vector<std::string>{"", "time: further ahead of the clock than max_future"}));
}

TEST(FrameDecoder, ADamagedFrameIsOneRecordAndTheRestAnother) {
    const std::string good = frame_of({event_at(1)});
    std::string bad = frame_of({event_at(2), event_at(3)});
    bad[50] = static_cast<char>(bad[50] ^ 1);
    const auto records = decode_frames(good + bad + good + good);
    ASSERT_EQ(details(records), (std::vector<std::string>{"", "a frame with a wrong checksum",
                                                          "the 128 bytes after a damaged frame"}));
    EXPECT_EQ(records[1].raw, bad);
    EXPECT_EQ(records[1].offset, 64u);
    EXPECT_EQ(records[2].raw, good + good);
    EXPECT_EQ(records[2].offset, 64u + 96u);
}

TEST(FrameDecoder, WithoutARestThereIsOnlyTheDamagedFrame) {
    std::string bad = frame_of({event_at(2)});
    bad[50] = static_cast<char>(bad[50] ^ 1);
    EXPECT_EQ(decode_frames(bad).size(), 1u);
}

TEST(FrameDecoder, AHeaderThatIsNoneEndsWhereAHeaderWould) {
    const std::string text(40, 'x');
    const auto records = decode_frames(text);
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[0].raw.size(), 32u);
    EXPECT_EQ(records[0].detail, "not a frame: it does not begin with TRM1");
    EXPECT_EQ(records[1].detail, "the 8 bytes after a damaged frame");
}

TEST(FrameDecoder, AFrameMayBeCutShortAnywhere) {
    const std::string good = frame_of({event_at(1), event_at(2)});
    for (size_t size = 1; size < good.size(); ++size) {
        const auto records = decode_all(good + good.substr(0, size), frame_options());
        ASSERT_EQ(records.size(), 3u) << size;
        EXPECT_EQ(records[2].detail, "a frame that is cut short");
        EXPECT_EQ(records[2].raw, good.substr(0, size));
    }
}

TEST(FrameDecoder, ALongRestIsCountedButNotKept) {
    const auto records = decode_frames(std::string(3'000'000, 'x'));
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[1].detail, "the 2999968 bytes after a damaged frame");
    EXPECT_EQ(records[1].raw.size(), 4096u);
}

TEST(FrameDecoder, SignaturesAndLastFramesArePassedOver) {
    FrameHeader header;
    header.flags = kFrameSigned;
    std::string bytes;
    append_frame(header, {event_at(1), event_at(2)}, bytes);
    append_frame(header, {}, bytes);
    header.flags = kFrameEnd;
    append_frame(header, {}, bytes);
    bytes += frame_of({event_at(3)});
    const auto records = decode_frames(bytes);
    ASSERT_EQ(details(records), (std::vector<std::string>{"", "", ""}));
    EXPECT_EQ(records[2].offset, 96u + 16u + 32u + 16u + 32u + 32u);
}

TEST(FrameDecoder, TheNextFileIsTrustedAgain) {
    const std::string good = frame_of({event_at(1)});
    const auto records = decode_files({"xxx", good, std::string(33, 'x'), good}, frame_options());
    EXPECT_EQ(details(records),
              (std::vector<std::string>{"a frame that is cut short", "",
                                        "not a frame: it does not begin with TRM1",
                                        "the 1 bytes after a damaged frame", ""}));
}

TEST(FrameDecoder, TheLargestFrameIsRead) {
    const std::vector<WireEvent> events(65'535, event_at(4));
    const auto records = decode_all(frame_of(events, 40), frame_options(), {1000, 1 << 20});
    EXPECT_EQ(records.size(), events.size());
    EXPECT_EQ(records.back().detail, "");
}

}  // namespace
}  // namespace trommel::net
