#include "net/flat_line.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "tests/kit/random.h"
#include "tests/net/decoded_records.h"

namespace trommel::net {
namespace {

using std::string_literals::operator""s;

DecodeOptions options_with(IdForm id, TimeForm time) {
    DecodeOptions options;
    options.partition = "p";
    options.id = {"id", id};
    options.time = {"t", time};
    options.key = {{"k", FieldType::text}, {"n", FieldType::integer}};
    options.values = {{"v", 0}, {"d", 2}, {"n", 1}};  // "n" serves twice.
    return options;
}

const std::string kLine =
    R"({"id":"4f","p":"north","t":"2026-01-01T00:00:00.5Z","k":"red","n":7,"v":-70,"d":1.25})";

std::string with(std::string line, const std::string& from, const std::string& to) {
    const size_t at = line.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return line.replace(at, from.size(), to);
}
std::string with(const std::string& from, const std::string& to) {
    return with(kLine, from, to);
}

// Whether a reader that has read `before` reads `line` by itself.
class Reader {
   public:
    bool reads(const std::string& line) {
        const std::string padded = line + std::string(kPaddingBytes, '"');
        batch_.clear();
        writer_.begin(batch_);
        return flat_.read(std::string_view(padded).substr(0, line.size()));
    }

   private:
    const DecodeOptions options_ = options_with(IdForm::bytes, TimeForm::rfc3339);
    PartitionTable partitions_{"(source)"};
    RowWriter writer_{options_, {&partitions_, nullptr}};
    RecordBatch batch_{config_of(options_), 1};
    FlatLine flat_{writer_};
};

TEST(FlatLine, ReadsUsualLines) {
    for (const std::string& line :
         {kLine, with("\"k\"", R"("x":"","y":true,"z":false,"nil":null,"number":-0.5,"k")"),
          with("\"k\"", R"("a_name_that_is_longer_than_what_is_remembered":1,"k")"),
          with("red",
               "r\xC3\xA9"
               "d"),
          with("1.25", "9007199254740993.01"),
          R"({ "id" : "4f", "p" : "north", "t" : "2026-01-01T00:00:00Z", "k" : "", "n" : 7, )"
          R"("v" : 0, "d" : 0 } )"s,
          with("\"id\":\"4f\",", ""), "{\"a\":12345678901234567890}"s}) {
        Reader reader;
        for (int again = 0; again < 2; ++again) EXPECT_TRUE(reader.reads(line)) << line;
    }
}

TEST(FlatLine, LeavesTheRestToTheParser) {
    for (const std::string& line : {"{}"s,
                                    "[\"a\",\"b\",\"c\",\"d\"]"s,
                                    with("red", "r\\u0065d"),
                                    with("red",
                                         "r\xE9"
                                         "d"),
                                    with("red", "r\td"),
                                    with(",\"k\"", ",\t\"k\""),
                                    with("7", "{\"a\":7}"),
                                    with("7", "[7]"),
                                    with("7", "7e0"),
                                    with("7", "\"7\""),
                                    with("7", "null"),
                                    with("7", "07"),
                                    with("7", ""),
                                    with("7", "tru"),
                                    with("7", "7 7"),
                                    with("7", "7,"),
                                    with("7", "7}"),
                                    with(":7", "7"),
                                    with("\"k\"", "\"id\":\"5\",\"k\""),
                                    with("1.25", "1.255"),
                                    with("1.25", "1."),
                                    with("1.25", "123456789012345678901"),
                                    with("2026", "2O26"),
                                    kLine + "{}",
                                    kLine + "x",
                                    "x" + kLine,
                                    " x" + kLine}) {
        Reader reader;
        for (int again = 0; again < 2; ++again) EXPECT_FALSE(reader.reads(line)) << line;
        EXPECT_TRUE(reader.reads(kLine)) << "after " << line;
        EXPECT_FALSE(reader.reads(line)) << line;
    }
}

TEST(FlatLine, ReadsNothingBehindTheLine) {
    Reader reader;
    for (size_t size = 0; size < kLine.size(); ++size) {
        EXPECT_FALSE(reader.reads(kLine.substr(0, size))) << size;
    }
    // What is remembered, and the number before it, go on in the next line.
    const std::string line = R"({"aaaaaa":123456,"b":1})";
    EXPECT_TRUE(reader.reads(line));
    const std::string padded = line + std::string(kPaddingBytes, ' ');
    for (size_t size = 0; size < line.size(); ++size) {
        PartitionTable partitions("(source)");
        const DecodeOptions options = options_with(IdForm::bytes, TimeForm::ms);
        RowWriter writer(options, {&partitions, nullptr});
        FlatLine flat(writer);
        RecordBatch batch(config_of(options), 1);
        writer.begin(batch);
        ASSERT_TRUE(flat.read(std::string_view(padded).substr(0, line.size())));
        writer.begin(batch);
        ASSERT_FALSE(flat.read(std::string_view(padded).substr(0, size))) << size;
    }
}

// A line with more members than are remembered is somebody else's.
TEST(FlatLine, MembersAreBounded) {
    std::string line = "{\"a\":1";
    for (int i = 1; i < 64; ++i) line += ",\"a\":1";
    Reader reader;
    EXPECT_TRUE(reader.reads(line + "}"));
    EXPECT_FALSE(reader.reads(line + ",\"a\":1}"));
}

// A tab before the brace is white space to JSON and sends the whole line to the parser: with and
// without it, the records must be the same.
void expect_same_as_parser(const std::vector<std::string>& lines, const DecodeOptions& options) {
    std::string as_they_are, to_parser;
    for (const std::string& line : lines) {
        as_they_are += line + "\n";
        to_parser += "\t" + line + "\n";
    }
    const std::vector<DecodedRecord> ours = decode_all(as_they_are, options, {100, 1 << 16});
    std::vector<DecodedRecord> parsers = decode_all(to_parser, options, {100, 1 << 16});
    ASSERT_EQ(ours.size(), lines.size());
    ASSERT_EQ(parsers.size(), lines.size());
    for (size_t i = 0; i < lines.size(); ++i) {
        parsers[i].raw = ours[i].raw;
        parsers[i].offset = ours[i].offset;
        ASSERT_EQ(ours[i], parsers[i]) << lines[i];
    }
}

std::string random_value(testkit::Random& random) {
    const std::vector<std::string> values = {"\"4f\"",
                                             "\"00112233-4455-6677-8899-aabbccddeeff\"",
                                             "\"2026-02-28T23:59:59.999999Z\"",
                                             "\"2024-02-29T01:02:03+05:30\"",
                                             "\"\"",
                                             "\"r\xC3\xA9"
                                             "d\"",
                                             "\"\\u0041\"",
                                             "\"\\\"\"",
                                             "\"17\"",
                                             "true",
                                             "false",
                                             "null",
                                             "0",
                                             "-0",
                                             "-1",
                                             "1.5",
                                             "1.25",
                                             "1.255",
                                             "-0.01",
                                             "1e3",
                                             "12345678",
                                             "123456789",
                                             "9223372036854775807",
                                             "9223372036854775808",
                                             "18446744073709551615",
                                             "18446744073709551616",
                                             "1234567.1234567",
                                             "92233720368547758.07",
                                             "0.000000000000000000000000000000",
                                             "1767225600000",
                                             "{\"a\":1}",
                                             "[1,2]",
                                             "\"\xFF\""};
    if (random.one_in(3)) {
        return std::to_string(static_cast<int64_t>(random.next()) >> random.below(64));
    }
    return random.pick(values);
}

std::string random_line(testkit::Random& random) {
    const std::vector<std::string> names = {
        "id", "p", "t", "k", "n", "v", "d", "x", "", "\\u0069d", "a_name_of_more_than_24_bytes"};
    const std::string gap = random.one_in(3) ? " " : "";
    std::string line = gap + "{" + gap;
    const uint64_t members = random.below(9);
    for (uint64_t m = 0; m < members; ++m) {
        // In the usual order, mostly.
        const std::string& name = random.one_in(8) ? random.pick(names) : names[m % names.size()];
        line += (m == 0 ? "" : gap + "," + gap) + "\"" + name + "\"" + gap + ":" + gap +
                random_value(random);
    }
    return line + gap + "}" + gap;
}

void damage(testkit::Random& random, std::string& line) {
    const std::string alphabet = "{}[]:,\"\\ \t0123456789.eE+-truefalsn\x01\x7F\xC3\xA9\xFF";
    const size_t at = random.below(line.size());
    switch (random.below(3)) {
        case 0:
            line[at] = random.pick(alphabet);
            break;
        case 1:
            line.insert(at, 1, random.pick(alphabet));
            break;
        default:
            line.erase(at, 1 + random.below(3));
    }
}

TEST(FlatLine, SaysWhatTheParserSays) {
    for (uint64_t seed = 0; seed < 400; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        testkit::Random random(seed);
        const std::vector<IdForm> ids = {IdForm::u64, IdForm::u128, IdForm::uuid, IdForm::hex,
                                         IdForm::bytes};
        const std::vector<TimeForm> times = {TimeForm::rfc3339, TimeForm::s, TimeForm::ms,
                                             TimeForm::us, TimeForm::ns};
        DecodeOptions options = options_with(random.pick(ids), random.pick(times));
        if (random.one_in(4)) options.max_time_us = 1'000'000;
        std::vector<std::string> lines;
        for (int i = 0; i < 200; ++i) {
            lines.push_back(random.one_in(2) ? kLine : random_line(random));
            if (random.one_in(2)) {
                // A value of another kind in the usual line.
                const std::vector<std::string> old = {"\"4f\"",
                                                      "\"north\"",
                                                      "\"red\"",
                                                      "7",
                                                      "-70",
                                                      "1.25",
                                                      "\"2026-01-01T00:00:00.5Z\""};
                const std::string& value = random.pick(old);
                if (lines.back() == kLine) lines.back() = with(value, random_value(random));
            }
            if (random.one_in(3)) damage(random, lines.back());
            if (lines.back().find_first_not_of(" \t\r\v\f\n") == std::string::npos) {
                lines.back() = "{}";
            }
        }
        ASSERT_NO_FATAL_FAILURE(expect_same_as_parser(lines, options));
    }
}

}  // namespace
}  // namespace trommel::net
