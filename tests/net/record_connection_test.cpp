#include "net/record_connection.h"

#include <gtest/gtest.h>
#include <random>

#include "net/decoder.h"
#include "tests/net/cut_stream.h"
#include "tests/net/decoded_records.h"

namespace trommel::net {
namespace {

constexpr size_t kBufferBytes = 4096;

DecodeOptions line_options(Format format = Format::csv) {
    DecodeOptions options;
    options.format = format;
    options.id.field = "id";
    options.time = {"t", TimeForm::us};
    options.record_bytes_max = 200;
    if (format == Format::csv) options.csv_columns = {"id", "t"};
    return options;
}

class RecordConnectionTest : public testing::Test {
   protected:
    void use(const DecodeOptions& with) {
        options = with;
        lines = std::make_unique<RecordConnections>(options, kBufferBytes, clock);
        ASSERT_TRUE(lines->check().ok());
    }
    void SetUp() override { use(line_options()); }

    CutStream read(std::string_view bytes, Connection::End end = Connection::End::finished,
                   size_t cut_bytes = SIZE_MAX, uint32_t capacity = 1000) {
        const auto connection = lines->connect("peer");
        return cut_stream(*connection, bytes, end, config_of(options), cut_bytes, capacity);
    }

    testkit::FakeClock clock;
    DecodeOptions options;
    std::unique_ptr<RecordConnections> lines;
};

TEST_F(RecordConnectionTest, LinesAreRowsOfThePeersPartition) {
    const CutStream stream = read("a,1\nb,2\r\n\nbad\nc,3\n");
    ASSERT_EQ(stream.rows.size(), 4u);
    EXPECT_EQ(stream.rows[0], (ConnectionRow{"a,1", "", 0, 1}));
    EXPECT_EQ(stream.rows[1], (ConnectionRow{"b,2", "", 4, 1}));
    EXPECT_EQ(stream.rows[2].raw, "bad");
    EXPECT_NE(stream.rows[2].detail, "");
    EXPECT_EQ(stream.rows[2].partition, 1u) << "a corrupt line is its sender's as well";
    EXPECT_EQ(stream.rows[3], (ConnectionRow{"c,3", "", 14, 1}));
    EXPECT_EQ(lines->partitions().name(1), "peer");
}

TEST_F(RecordConnectionTest, ALastLineNeedsNoLineEnd) {
    const CutStream stream = read("a,1\nb,2");
    ASSERT_EQ(stream.rows.size(), 2u);
    EXPECT_EQ(stream.rows[1], (ConnectionRow{"b,2", "", 4, 1}));
}

TEST_F(RecordConnectionTest, ALineThatABrokenConnectionCutIsCorrupt) {
    // "b,2" reads well, but it may have been "b,23".
    const CutStream stream = read("a,1\nb,2", Connection::End::broken);
    ASSERT_EQ(stream.rows.size(), 2u);
    EXPECT_EQ(stream.rows[0].detail, "");
    EXPECT_EQ(stream.rows[1].raw, "b,2");
    EXPECT_NE(stream.rows[1].detail.find("cut short"), std::string::npos);
    EXPECT_EQ(stream.rows[1].offset, 4u);
    EXPECT_EQ(stream.rows[1].partition, 1u);
}

TEST_F(RecordConnectionTest, NothingIsCutShortBetweenTwoLines) {
    EXPECT_EQ(read("a,1\n", Connection::End::broken).rows.size(), 1u);
    EXPECT_EQ(read("a,1\n \r", Connection::End::broken).rows.size(), 1u);
    EXPECT_EQ(read("", Connection::End::broken).rows.size(), 0u);
}

TEST_F(RecordConnectionTest, WhatIsCutShortWaitsForRoom) {
    const CutStream stream = read("a,1\nb,2\nc", Connection::End::broken, SIZE_MAX, 1);
    ASSERT_EQ(stream.rows.size(), 3u);
    EXPECT_EQ(stream.rows[2].raw, "c");
    EXPECT_EQ(stream.rows[2].offset, 8u);
}

TEST_F(RecordConnectionTest, ATooLongLineIsOneRecordHoweverItEnds) {
    const std::string line(10 * kBufferBytes, 'x');
    for (const Connection::End end : {Connection::End::finished, Connection::End::broken}) {
        for (const size_t cut : {SIZE_MAX, size_t{100}, size_t{1}}) {
            const CutStream stream = read("a,1\n" + line, end, cut);
            ASSERT_EQ(stream.rows.size(), 2u) << cut;
            EXPECT_EQ(stream.rows[1].raw.size(), options.record_bytes_max);
            EXPECT_LE(stream.waiting_bytes_max, kBufferBytes);
        }
    }
    const CutStream stream = read(line + "\nb,2\n", Connection::End::finished, 77);
    ASSERT_EQ(stream.rows.size(), 2u);
    EXPECT_EQ(stream.rows[1].raw, "b,2");
}

TEST_F(RecordConnectionTest, AFieldNamesThePartitionInThePeersPlace) {
    DecodeOptions with_field = line_options(Format::csv);
    with_field.csv_columns = {"id", "t", "part"};
    with_field.partition = "part";
    use(with_field);
    const auto connection = lines->connect("peer");
    const CutStream stream = cut_stream(*connection, "a,1,x\nb,2,y\nc,3,x\nbad\n",
                                        Connection::End::finished, config_of(options));
    ASSERT_EQ(stream.rows.size(), 4u);
    EXPECT_EQ(lines->partitions().name(stream.rows[1].partition), "y");
    EXPECT_EQ(stream.rows[0].partition, stream.rows[2].partition);
    EXPECT_EQ(stream.rows[3].partition, 0u);
    EXPECT_EQ(lines->partitions().count(), 3u);
    EXPECT_TRUE(connection->partitions().empty()) << "others may send for it as well";
}

TEST_F(RecordConnectionTest, APeerThatSendsNothingTakesNoPartition) {
    const auto silent = lines->connect("silent");
    EXPECT_TRUE(silent->partitions().empty());
    read("a,1\n");
    EXPECT_EQ(lines->partitions().count(), 2u);
    EXPECT_EQ(lines->partitions().name(1), "peer");
}

TEST_F(RecordConnectionTest, WhenPartitionsRunOutAConnectionIsRefused) {
    for (uint32_t i = 1; i < kPartitionsMax; ++i) {
        const auto connection = lines->connect("peer " + std::to_string(i));
        const CutStream one =
            cut_stream(*connection, "a,1\n", Connection::End::finished, config_of(options), 4, 1);
        ASSERT_EQ(one.state, Connection::State::hungry);
    }
    const CutStream stream = read("a,1\n");
    EXPECT_EQ(stream.state, Connection::State::refused);
    EXPECT_TRUE(stream.rows.empty());
    const auto known = lines->connect("peer 7");
    EXPECT_EQ(
        cut_stream(*known, "a,1\n", Connection::End::finished, config_of(options)).rows.size(), 1u);
}

TEST_F(RecordConnectionTest, DetailsOfAClosedConnectionLiveOn) {
    RecordBatch batch(config_of(options), 10);
    {
        const auto connection = lines->connect("peer");
        connection->take("no columns\n", Connection::End::finished, batch);
    }
    const auto next = lines->connect("next");
    next->take("b,2\n", Connection::End::none, batch);
    ASSERT_EQ(batch.count, 2u);
    EXPECT_NE(batch.detail[0].find("columns"), std::string::npos) << batch.detail[0];
}

TEST_F(RecordConnectionTest, EachConnectionHasAHeaderOfItsOwn) {
    DecodeOptions with_header = line_options(Format::csv);
    with_header.csv_columns.clear();
    use(with_header);
    const auto a = lines->connect("a"), b = lines->connect("b");
    RecordBatch batch(config_of(options), 10);
    a->take("id,t\n", Connection::End::none, batch);
    b->take("t,id\n", Connection::End::none, batch);
    const Connection::Taken taken = a->take("x,1\n", Connection::End::none, batch);
    EXPECT_TRUE(taken.records);
    b->take("2,y\n", Connection::End::none, batch);
    ASSERT_EQ(batch.count, 2u);
    EXPECT_EQ(batch.time_us[0], 1);
    EXPECT_EQ(batch.time_us[1], 2);
}

TEST_F(RecordConnectionTest, CutsChangeNothing) {
    if (!built_with_json()) GTEST_SKIP() << "built without simdjson";
    std::mt19937 random(11);
    for (const Format format : {Format::csv, Format::json}) {
        use(line_options(format));
        for (int round = 0; round < 60; ++round) {
            std::string bytes;
            for (uint32_t i = 0; i < 40; ++i) {
                const std::string id = std::to_string(random() % 100);
                const std::string time = std::to_string(i);
                switch (random() % 10) {
                    case 0:
                        bytes += "\n \r\n";
                        break;
                    case 1:
                        bytes += std::string(random() % 300, 'z') + "\n";
                        break;
                    case 2:
                        bytes += "\"quo\n\"\"ted" + id + "\"," + time + "\n";
                        break;
                    default:
                        bytes += format == Format::csv
                                     ? id + "," + time + "\n"
                                     : R"({"id":")" + id + R"(","t":)" + time + "}\r\n";
                }
            }
            if (random() % 2 == 0) bytes += "77,7";
            const auto end =
                random() % 2 == 0 ? Connection::End::finished : Connection::End::broken;
            const CutStream whole = read(bytes, end);
            for (const uint32_t capacity : {1u, 3u, 1000u}) {
                const auto connection = lines->connect("peer");
                const CutStream cut = cut_stream_by(*connection, bytes, end, config_of(options),
                                                    capacity, [&] { return 1 + random() % 90; });
                ASSERT_EQ(cut.rows, whole.rows) << bytes;
            }
            ASSERT_EQ(read(bytes, end, 1, 1000).rows, whole.rows) << bytes;
        }
    }
}

TEST_F(RecordConnectionTest, SingleBytesOfALongLineAreNotReadAgainAndAgain) {
    options.record_bytes_max = kBufferBytes;
    use(options);
    const auto connection = lines->connect("peer");
    RecordBatch batch(config_of(options), 10);
    const char* const before = batch.allocate_text(0);
    for (size_t i = 0; i < kBufferBytes; ++i) connection->take("x", Connection::End::none, batch);
    EXPECT_EQ(batch.allocate_text(0), before) << "nothing was copied for a decoder to look at";
    const Connection::Taken taken = connection->take("\n", Connection::End::none, batch);
    EXPECT_TRUE(taken.records);
    EXPECT_EQ(batch.raw[0].size(), kBufferBytes);
}

}  // namespace
}  // namespace trommel::net
