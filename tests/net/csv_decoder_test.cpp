#include "net/csv_decoder.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/net/decoded_records.h"

namespace trommel::net {
namespace {

using std::string_literals::operator""s;

DecodeOptions options_with_header() {
    DecodeOptions options;
    options.format = Format::csv;
    options.partition = "p";
    options.id.field = "id";
    options.time = {"t", TimeForm::us};
    options.values = {{"v", 1}};
    return options;
}

// Under the header id,p,t,v; raw text, ids and details joined.
std::string ids(const std::string& body, DecodeOptions options = options_with_header()) {
    std::string text;
    for (const DecodedRecord& r : decode_all("id,p,t,v\n" + body, options)) {
        text += r.corrupt() ? "!" + r.detail + "|" : r.id_text + "|";
    }
    return text;
}

TEST(CsvDecoder, TheHeaderNamesTheColumns) {
    const auto records =
        decode_all("v,unused,t,p,id\n1.5,x,7,north,a\n-2,,8,\"\",b\n", options_with_header());
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[0].id_text, "a");
    EXPECT_EQ(records[0].partition, "north");
    EXPECT_EQ(records[0].time_us, 7);
    EXPECT_EQ(records[0].values[0], 15);
    EXPECT_EQ(records[0].number, 0u);
    EXPECT_EQ(records[0].offset, 16u);
    EXPECT_EQ(records[1].partition, "");
    EXPECT_EQ(records[1].values[0], -20);
}

TEST(CsvDecoder, DeclaredColumnsTakeTheHeadersPlace) {
    DecodeOptions options = options_with_header();
    options.csv_columns = {"t", "", "v", "p", "id"};
    const auto records = decode_all("7,x,1,north,a\n", options);
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].id_text, "a");
    EXPECT_EQ(records[0].number, 0u);
}

TEST(CsvDecoder, EachFileHasAHeaderOfItsOwn) {
    const auto records = decode_files(
        {"id,p,t,v\na,n,1,1\n", "\xEF\xBB\xBF\"t\",\"id\",v,p\r\n2,b,1,n\r\n", "id,p,t,v", ""},
        options_with_header());
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[1].id_text, "b");
    EXPECT_EQ(records[1].time_us, 2);
}

TEST(CsvDecoder, QuotesEncloseDelimitersLineEndsAndDoubledQuotes) {
    EXPECT_EQ(ids("\"a,b\",n,1,1\n"), "a,b|");
    EXPECT_EQ(ids("\"a\nb\r\nc\",n,1,1\r\nx,n,1,1\n"), "a\nb\r\nc|x|");
    EXPECT_EQ(ids("\"a\"\"b\",n,1,1\n"), "a\"b|");
    EXPECT_EQ(ids("\"\"\"\",n,1,1\n"), "\"|");
    EXPECT_EQ(ids("\"\"\"\"\"\",n,1,1\n"), "\"\"|");
    EXPECT_EQ(ids("\"\",n,1,1\n"), "|");
    EXPECT_EQ(ids("\"a\",\"n\",\"1\",\"1\"\n"), "a|");
    EXPECT_EQ(ids("a,n,1,\"1\""), "a|");
    EXPECT_EQ(ids("\"a\0b\",n,1,1\n"s), "a\0b|"s);
    const auto records = decode_all("id,p,t,v\n\"a\n\"\"\",n,1,1\n", options_with_header());
    EXPECT_EQ(records.at(0).raw, "\"a\n\"\"\",n,1,1");
}

TEST(CsvDecoder, QuotesElsewhereMakeTheRecordCorrupt) {
    const std::string corrupt = "!quotes that do not enclose a cell|";
    EXPECT_EQ(ids("a\"b,n,1,1\nc,n,1,1\n"), corrupt + "c|");
    EXPECT_EQ(ids("a\"b\",n,1,1\nc,n,1,1\n"), corrupt + "c|");
    EXPECT_EQ(ids("\"a\"b,n,1,1\nc,n,1,1\n"), corrupt + "c|");
    EXPECT_EQ(ids("\"a\" ,n,1,1\nc,n,1,1\n"), corrupt + "c|");
    EXPECT_EQ(ids(" \"a\",n,1,1\nc,n,1,1\n"), corrupt + "c|");
    EXPECT_EQ(ids("a,n,1,1\n\"b,n,1,1\nc,n,1,1\n"), "a|" + corrupt);  // Never closed.
    EXPECT_EQ(ids("\""), corrupt);
    EXPECT_EQ(ids("\"\"\""), corrupt);
}

TEST(CsvDecoder, AnotherNumberOfColumnsIsCorrupt) {
    const std::string corrupt = "!another number of columns than the header's|";
    EXPECT_EQ(ids("a,n,1\n"), corrupt);
    EXPECT_EQ(ids("a,n,1,1,\n"), corrupt);
    EXPECT_EQ(ids("a\n"), corrupt);
    EXPECT_EQ(ids("a,n,1,1\n"), "a|");
    const auto records = decode_all("id,p,t,v\na,n,1\nb,n,x,1\n", options_with_header());
    EXPECT_EQ(records.at(0).partition, "(source)");
    EXPECT_EQ(records.at(1).partition, "n");
}

TEST(CsvDecoder, CellsMustReadAsDeclared) {
    EXPECT_EQ(ids("a,n,soon,1\n"), "!field 't': not a plain decimal number|");
    EXPECT_EQ(ids("a,n,,1\n"), "!field 't': not a plain decimal number|");
    EXPECT_EQ(ids("a,n,1,1.25\n"), "!field 'v': more fraction digits than declared|");
    EXPECT_EQ(ids("a,n,1, 1\n"), "!field 'v': not a plain decimal number|");
    EXPECT_EQ(ids(",n,1,1\n"), "|");  // An empty text is a text.
}

TEST(CsvDecoder, RecordsAreUtf8) {
    EXPECT_EQ(ids("é,n,1,1\n"), "é|");
    EXPECT_EQ(ids("\xFF,n,1,1\n"), "!not valid UTF-8|");
    const auto records = decode_all("id,p,t,v,x\na,n,1,1,\xFF\n", options_with_header());
    EXPECT_EQ(records.at(0).detail, "not valid UTF-8");
}

TEST(CsvDecoder, OfRepeatedColumnsTheFirstCounts) {
    const auto records = decode_all("id,id,p,t,v\na,b,n,1,1\n", options_with_header());
    EXPECT_EQ(records.at(0).id_text, "a");
}

TEST(CsvDecoder, AHeaderWithoutAUsedColumnLeavesItMissing) {
    const auto records = decode_all("id,p,t\na,n,1\n", options_with_header());
    EXPECT_EQ(records.at(0).detail, "field 'v': missing");
    EXPECT_EQ(records.at(0).partition, "n");
}

TEST(CsvDecoder, NoRecordFitsAHeaderThatCannotBeRead) {
    for (const std::string& header : {"id,p,t,v\xFF"s, "id,p,t,\"v\"x"s, "id,p,t,\"v\"\"x\"y"s}) {
        const auto records = decode_all(header + "\na,n,1,1\n\nb,n,1,1\n", options_with_header());
        ASSERT_EQ(records.size(), 2u) << header;
        EXPECT_TRUE(records[0].corrupt());
        EXPECT_TRUE(records[1].corrupt());
    }
    DecodeOptions options = options_with_header();
    options.record_bytes_max = 9;
    const auto records = decode_all("id,p,t,v,long\na,n,1,1\nid,p,t,v\nb,n,1,1\n", options);
    ASSERT_EQ(records.size(), 4u);
    for (const DecodedRecord& record : records) EXPECT_TRUE(record.corrupt()) << record;
}

TEST(CsvDecoder, OtherDelimitersLeaveCommasAlone) {
    DecodeOptions options = options_with_header();
    options.csv_delimiter = ';';
    const auto records = decode_all("id;p;t;v\na,b;\"n;m\";1;1\n", options);
    EXPECT_EQ(records.at(0).id_text, "a,b");
    EXPECT_EQ(records.at(0).partition, "n;m");
}

TEST(CsvDecoder, ALongRecordWithLineEndsIsOneRecord) {
    DecodeOptions options = options_with_header();
    options.record_bytes_max = 20;
    const std::string cell = "\"" + std::string(30, '\n') + "\"";
    for (const size_t chunk_bytes : {65u, 70u, 90u, 1u << 20}) {
        const auto records =
            decode_all("id,p,t,v\n" + cell + ",n,1,1\nb,n,1,1\n", options, {4, chunk_bytes});
        ASSERT_EQ(records.size(), 2u) << chunk_bytes;
        EXPECT_EQ(records[0].detail, "record longer than 20 bytes");
        EXPECT_EQ(records[0].raw.size(), 20u);
        EXPECT_EQ(records[1].id_text, "b");
    }
}

}  // namespace
}  // namespace trommel::net
