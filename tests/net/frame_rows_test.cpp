#include "net/frame_rows.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "net/wire.h"
#include "tests/kit/fake_clock.h"

namespace trommel::net {
namespace {

DecodeOptions options_of(IdForm id, bool with_key = true, bool with_value = true) {
    DecodeOptions options;
    options.format = Format::binary;
    options.id.form = id;
    if (with_key) options.key = {{"key", FieldType::integer}};
    if (with_value) options.values = {{"value", 0}};
    return options;
}

RecordBatch batch_of(const DecodeOptions& options, uint32_t capacity) {
    Config config;
    config.dedup.id_type = id_type(options.id.form);
    config.key = options.key;
    config.values = options.values;
    return RecordBatch(config, capacity);
}

std::string events_of(const std::vector<WireEvent>& events, uint16_t event_bytes) {
    std::string frame;
    FrameHeader header;
    header.event_bytes = event_bytes;
    append_frame(header, events, frame);
    return frame.substr(kFrameHeaderBytes);
}

WireEvent event_at(int64_t time_us, uint64_t id_hi = 0) {
    return {static_cast<uint64_t>(time_us) + 7, id_hi, -time_us, time_us, 2 * time_us};
}

class FrameRowsShapes : public testing::TestWithParam<std::tuple<uint16_t, IdForm, bool, bool>> {};

TEST_P(FrameRowsShapes, EveryColumnHoldsWhatTheEventSays) {
    const auto [event_bytes, id, with_key, with_value] = GetParam();
    const DecodeOptions options = options_of(id, with_key, with_value);
    FrameRows rows(options, nullptr);
    RecordBatch batch = batch_of(options, 8);
    const bool wide = id == IdForm::u128;
    const std::vector<WireEvent> events{event_at(1, wide ? 5 : 0), event_at(2), event_at(3)};
    const std::string bytes = events_of(events, event_bytes);
    batch.count = 2;
    EXPECT_EQ(rows.append(bytes.data(), 3, event_bytes, 9, 1000, batch), 3u);
    ASSERT_EQ(batch.count, 5u);
    for (uint32_t i = 0; i < 3; ++i) {
        const uint32_t row = i + 2;
        EXPECT_EQ(batch.id_lo[row], events[i].id_lo);
        if (wide) {
            EXPECT_EQ(batch.id_hi[row], event_bytes == 40 ? events[i].id_hi : 0);
        }
        EXPECT_EQ(batch.time_us[row], events[i].time_us);
        if (with_key) {
            EXPECT_EQ(batch.key_int[row], events[i].key);
        }
        if (with_value) {
            EXPECT_EQ(batch.values[0][row], events[i].value);
        }
        EXPECT_EQ(batch.partition[row], 9u);
        EXPECT_EQ(batch.offset[row], 1000 + i * event_bytes);
        EXPECT_EQ(batch.raw[row], bytes.substr(i * event_bytes, event_bytes));
        EXPECT_EQ(batch.verdict[row], Verdict::pending);
    }
}

INSTANTIATE_TEST_SUITE_P(All, FrameRowsShapes,
                         testing::Combine(testing::Values(32, 40),
                                          testing::Values(IdForm::u64, IdForm::u128),
                                          testing::Bool(), testing::Bool()));

TEST(FrameRows, TakesAsManyAsThereIsRoomFor) {
    const DecodeOptions options = options_of(IdForm::u64);
    FrameRows rows(options, nullptr);
    RecordBatch batch = batch_of(options, 2);
    const std::string bytes = events_of({event_at(1), event_at(2), event_at(3)}, 32);
    EXPECT_EQ(rows.append(bytes.data(), 3, 32, 0, 0, batch), 2u);
    EXPECT_TRUE(batch.full());
    EXPECT_EQ(rows.append(bytes.data(), 3, 32, 0, 0, batch), 0u);
    EXPECT_EQ(batch.count, 2u);
}

TEST(FrameRows, OneBadEventAmongGoodOnesIsTheOnlyCorruptRow) {
    DecodeOptions options = options_of(IdForm::u64);
    options.max_time_us = 1000;
    options.max_future_us = 50;
    testkit::FakeClock clock(900);
    FrameRows rows(options, &clock);
    rows.look_at_clock();
    struct Case {
        WireEvent bad;
        const char* detail;
    };
    const Case cases[] = {
        {event_at(kTimeLimitUs), "time: out of range"},
        {event_at(-kTimeLimitUs), "time: out of range"},
        {event_at(INT64_MIN), "time: out of range"},
        {event_at(INT64_MAX), "time: out of range"},
        {event_at(1001), "time: later than max_time"},
        {event_at(951), "time: further ahead of the clock than max_future"},
        {event_at(1, 1), "id: more than 64 bits"},
    };
    for (const Case& c : cases) {
        RecordBatch batch = batch_of(options, 8);
        const std::string bytes = events_of({event_at(950), c.bad, event_at(-5)}, 40);
        EXPECT_EQ(rows.append(bytes.data(), 3, 40, 0, 0, batch), 3u);
        EXPECT_EQ(batch.verdict[0], Verdict::pending) << c.detail;
        EXPECT_EQ(batch.verdict[1], Verdict::corrupt) << c.detail;
        EXPECT_EQ(batch.detail[1], c.detail);
        EXPECT_EQ(batch.verdict[2], Verdict::pending) << c.detail;
    }
}

TEST(FrameRows, StopsBeforeTheFirstReadableEventThatIsTooLate) {
    const DecodeOptions options = options_of(IdForm::u64);
    FrameRows rows(options, nullptr);
    RecordBatch batch = batch_of(options, 8);
    const std::string bytes =
        events_of({event_at(1), event_at(kTimeLimitUs), event_at(11), event_at(2)}, 32);
    EXPECT_EQ(rows.append(bytes.data(), 4, 32, 0, 0, batch, 10), 2u);
    EXPECT_EQ(batch.count, 2u);
    EXPECT_EQ(batch.verdict[1], Verdict::corrupt);
    EXPECT_EQ(batch.time_us[2], 11);
}

TEST(FrameRows, ACorruptRecordKeepsItsBytesAsFarAsARecordMayBeLong) {
    DecodeOptions options = options_of(IdForm::u64);
    options.record_bytes_max = 4;
    FrameRows rows(options, nullptr);
    RecordBatch batch = batch_of(options, 8);
    rows.append_corrupt("abcdef", "broken", 3, 77, batch);
    ASSERT_EQ(batch.count, 1u);
    EXPECT_EQ(batch.raw[0], "abcd");
    EXPECT_EQ(batch.detail[0], "broken");
    EXPECT_EQ(batch.partition[0], 3u);
    EXPECT_EQ(batch.offset[0], 77u);
    EXPECT_EQ(batch.verdict[0], Verdict::corrupt);
}

}  // namespace
}  // namespace trommel::net
