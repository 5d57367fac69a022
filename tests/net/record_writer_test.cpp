#include "net/record_writer.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "trommel/json_text.h"

namespace trommel::net {
namespace {

using Kind = SyntheticRecord::Kind;

std::string line(RecordFormat format, bool with_partition, const SyntheticRecord& record) {
    std::string out;
    RecordWriter(format, with_partition).append(out, record);
    return out;
}

const SyntheticRecord kRecord{9, UINT64_MAX, 4, -5, INT64_MIN, 2, Kind::original, 0};

TEST(RecordWriter, WritesJsonLines) {
    EXPECT_EQ(line(RecordFormat::json, false, kRecord),
              "{\"id\":18446744073709551615,\"key\":4,\"time\":-5,\"v0\":-9223372036854775808}\n");
    EXPECT_EQ(line(RecordFormat::json, true, kRecord),
              "{\"id\":18446744073709551615,\"key\":4,\"time\":-5,\"v0\":-9223372036854775808,"
              "\"partition\":\"p2\"}\n");
    std::string header;
    RecordWriter(RecordFormat::json, true).append_header(header);
    EXPECT_EQ(header, "");
}

TEST(RecordWriter, WritesCsv) {
    for (const bool with_partition : {false, true}) {
        std::string out;
        RecordWriter(RecordFormat::csv, with_partition).append_header(out);
        out += line(RecordFormat::csv, with_partition, kRecord);
        EXPECT_EQ(out, with_partition
                           ? "id,key,time,v0,partition\n"
                             "18446744073709551615,4,-5,-9223372036854775808,p2\n"
                           : "id,key,time,v0\n18446744073709551615,4,-5,-9223372036854775808\n");
    }
}

TEST(RecordWriter, DamagedRecordsCannotBeRead) {
    SyntheticRecord record = kRecord;
    record.kind = Kind::corrupt;
    const std::string start = "{\"id\":18446744073709551615,\"key\":4,\"time\":";
    EXPECT_EQ(line(RecordFormat::json, false, record), start + "-5\n");
    EXPECT_EQ(line(RecordFormat::csv, true, record), "18446744073709551615,4,-5\n");
    record.damage = 1;
    EXPECT_FALSE(is_utf8(line(RecordFormat::json, false, record)));
    EXPECT_FALSE(is_utf8(line(RecordFormat::csv, false, record)));
    record.damage = 255 - 255 % 3 + 2 - 3;
    EXPECT_EQ(line(RecordFormat::json, false, record),
              start + "\"never\",\"v0\":-9223372036854775808}\n");
    EXPECT_EQ(line(RecordFormat::csv, false, record),
              "18446744073709551615,4,never,-9223372036854775808\n");
}

TEST(RecordWriter, OnlyCorruptRecordsAreDamaged) {
    for (const Kind kind : {Kind::original, Kind::duplicate, Kind::late}) {
        for (uint8_t damage = 0; damage < 6; ++damage) {
            SyntheticRecord record = kRecord;
            record.kind = kind;
            record.damage = damage;
            EXPECT_EQ(line(RecordFormat::json, true, record),
                      line(RecordFormat::json, true, kRecord));
        }
    }
}

TEST(FrameWriter, FramesCanBeReadBackInOrder) {
    SyntheticOptions options;
    options.events = 2500;
    const SyntheticStream stream(options);
    std::string out;
    FrameWriter writer;
    for (uint64_t n = 0; n < options.events; ++n) writer.append(out, stream.at(n));
    writer.finish(out);
    writer.finish(out);
    uint64_t n = 0;
    for (std::string_view rest = out; !rest.empty();) {
        FrameHeader header;
        ASSERT_GE(rest.size(), kFrameHeaderBytes);
        ASSERT_EQ(read_header(rest.data(), header), FrameFault::none);
        ASSERT_LE(header.frame_bytes(), rest.size());
        ASSERT_EQ(check_frame(rest.substr(0, header.frame_bytes()), header), FrameFault::none);
        EXPECT_EQ(header.sequence, n);
        for (uint16_t i = 0; i < header.count; ++i, ++n) {
            const size_t at = kFrameHeaderBytes + size_t{i} * header.event_bytes;
            const WireEvent event = read_event(rest.data() + at, header.event_bytes);
            const SyntheticRecord record = stream.at(n);
            EXPECT_EQ(event.id_lo, record.id);
            EXPECT_EQ(event.key, record.key);
            EXPECT_EQ(event.time_us, record.time_us);
            EXPECT_EQ(event.value, record.v0);
        }
        rest.remove_prefix(header.frame_bytes());
    }
    EXPECT_EQ(n, options.events);
}

TEST(FrameWriter, WithoutRecordsThereIsNoFrame) {
    std::string out;
    FrameWriter().finish(out);
    EXPECT_EQ(out, "");
}

}  // namespace
}  // namespace trommel::net
