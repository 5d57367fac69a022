#include "net/json_decoder.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "trommel/json_text.h"

#include "tests/kit/random.h"
#include "tests/net/decoded_records.h"
#include "tests/net/json_reference.h"

namespace trommel::net {
namespace {

using std::string_literals::operator""s;

DecodeOptions commit_options() {
    DecodeOptions options;
    options.partition = "p";
    options.id.field = "id";
    options.time = {"t", TimeForm::us};
    options.key = {{"k", FieldType::text}};
    options.values = {{"v", 0}, {"d", 2}};
    return options;
}

const std::string kGood = R"({"id":"a","p":"north","t":5,"k":"red","v":-7,"d":1.25})";

DecodedRecord decode_one(const std::string& line, const DecodeOptions& options = commit_options()) {
    const std::vector<DecodedRecord> records = decode_all(line + "\n", options);
    EXPECT_EQ(records.size(), 1u) << line;
    if (records.empty()) return {};
    EXPECT_EQ(records[0].raw, line);
    return records[0];
}

std::string detail_of(const std::string& line) {
    return decode_one(line).detail;
}

// kGood with `from` replaced.
std::string with(const std::string& from, const std::string& to) {
    std::string line = kGood;
    const size_t at = line.find(from);
    EXPECT_NE(at, std::string::npos);
    return line.replace(at, from.size(), to);
}

TEST(JsonDecoder, FillsARow) {
    const DecodedRecord record = decode_one(kGood);
    EXPECT_EQ(record.detail, "");
    EXPECT_EQ(record.id_text, "a");
    EXPECT_EQ(record.partition, "north");
    EXPECT_EQ(record.time_us, 5);
    EXPECT_EQ(record.key_text, text_key("red"));
    EXPECT_EQ(record.values, (std::vector<int64_t>{-7, 125}));
}

TEST(JsonDecoder, WhiteSpaceAndOrderDoNotMatter) {
    const DecodedRecord expected = decode_one(kGood);
    const std::string spaces =
        R"( { "d" : 1.25 , "v" : -7 , "k" : "red" , "t" : 5 , "p" : "north" , "id" : "a" } )";
    const std::string other_spaces =
        "\t{\"id\"\t:\"a\",\r\"p\":\"north\"\t\r,\"t\":5\t,\"k\":\"red\" ,\"v\":-7 ,"
        "\"d\":1.25\t}\t";
    for (const std::string& line : {spaces, other_spaces}) {
        DecodedRecord record = decode_one(line);
        record.raw = expected.raw;
        EXPECT_EQ(record, expected) << line;
    }
}

TEST(JsonDecoder, EscapesAreResolvedInNamesAndUsedStrings) {
    const DecodedRecord record = decode_one(
        R"({"\u0069d":"a\"\u00e9\ud83d\ude00\u0000b","p":"n\/s","t":5,"k":"\\","v":0,"d":0})");
    EXPECT_EQ(record.detail, "");
    EXPECT_EQ(record.id_text, "a\"é😀\0b"s);
    EXPECT_EQ(record.partition, "n/s");
    EXPECT_EQ(record.key_text, text_key("\\"));
}

TEST(JsonDecoder, ANameInEscapesIsTheSameNameForRepetition) {
    const DecodedRecord record =
        decode_one(R"({"i\u0064":"first","id":"second","p":"","t":5,"k":"","v":0,"d":0})");
    EXPECT_EQ(record.id_text, "first");
}

TEST(JsonDecoder, OfRepeatedKeysTheFirstCounts) {
    EXPECT_EQ(decode_one(with("\"t\":5", "\"t\":5,\"t\":6,\"t\":null")).time_us, 5);
    EXPECT_EQ(detail_of(with("\"t\":5", "\"t\":null,\"t\":6")), "field 't': null");
    // The later one is not used, but has to be JSON.
    EXPECT_EQ(detail_of(with("\"t\":5", "\"t\":5,\"t\":06")), "not valid JSON");
    EXPECT_EQ(detail_of(with("\"t\":5", R"("t":5,"t":"\ud800")")), "");
}

TEST(JsonDecoder, FieldsOfInnerObjectsAreNotTheRecords) {
    EXPECT_EQ(decode_one(with("\"t\":5", R"("x":{"t":9,"id":"z"},"t":5,"y":[{"t":8}])")).time_us,
              5);
    EXPECT_EQ(detail_of(with("\"t\":5", "\"x\":{\"t\":9}")), "field 't': missing");
}

TEST(JsonDecoder, UsedFieldsMustBeThereAndOfTheirType) {
    EXPECT_EQ(detail_of("{}"), "field 'p': missing");
    EXPECT_EQ(detail_of(with("\"id\":\"a\",", "")), "field 'id': missing");
    EXPECT_EQ(detail_of(with("\"a\"", "null")), "field 'id': null");
    EXPECT_EQ(detail_of(with("\"a\"", "1")), "field 'id': not a string");
    EXPECT_EQ(detail_of(with("\"a\"", "true")), "field 'id': not a string");
    EXPECT_EQ(detail_of(with("\"a\"", "[\"a\"]")), "field 'id': not a string");
    EXPECT_EQ(detail_of(with("\"a\"", "{\"a\":1}")), "field 'id': not a string");
    EXPECT_EQ(detail_of(with("-7", "\"7\"")), "field 'v': not a number");
    EXPECT_EQ(detail_of(with("-7", "false")), "field 'v': not a number");
    EXPECT_EQ(detail_of(with("-7", "null")), "field 'v': null");
    EXPECT_EQ(detail_of(with("-7", "[]")), "field 'v': not a number");
}

TEST(JsonDecoder, NumbersAreReadExactlyToTheEdgesOfTheirRange) {
    EXPECT_EQ(decode_one(with("-7", "9223372036854775807")).values[0], INT64_MAX);
    EXPECT_EQ(decode_one(with("-7", "-9223372036854775808")).values[0], INT64_MIN);
    EXPECT_EQ(detail_of(with("-7", "9223372036854775808")), "field 'v': out of range");
    EXPECT_EQ(detail_of(with("-7", "-9223372036854775809")), "field 'v': out of range");
    EXPECT_EQ(decode_one(with("1.25", "92233720368547758.07")).values[1], INT64_MAX);
    EXPECT_EQ(detail_of(with("1.25", "92233720368547758.08")), "field 'd': out of range");
    EXPECT_EQ(detail_of(with("1.25", "1.250")), "field 'd': more fraction digits than declared");
    EXPECT_EQ(detail_of(with("-7", "-7.0")), "field 'v': more fraction digits than declared");
    EXPECT_EQ(detail_of(with("-7", "7e0")), "field 'v': not a plain decimal number");
    EXPECT_EQ(decode_one(with("1.25", "-0")).values[1], 0);
    // Without a meaning for us, numbers may be of any size.
    EXPECT_EQ(detail_of(with("\"v\"", "\"x\":1e999,\"y\":123456789012345678901234567890,\"v\"")),
              "");
}

TEST(JsonDecoder, DamageAnywhereMakesTheWholeRecordCorruptWithoutAPartition) {
    for (const std::string& bad : {R"("x":007)"s,
                                   R"("x":1.)"s,
                                   R"("x":-)"s,
                                   R"("x":1e)"s,
                                   R"("x":+1)"s,
                                   R"("x":tru)"s,
                                   R"("x":nulL)"s,
                                   R"("x":falsey)"s,
                                   R"("x":"\x")"s,
                                   R"("x":"\u12g4")"s,
                                   R"("x":[1,])"s,
                                   R"("x":[,1])"s,
                                   R"("x":[1 2])"s,
                                   R"("x":{"a":1,})"s,
                                   R"("x":{"a"})"s,
                                   R"("x":{"a":})"s,
                                   R"("x":{a:1})"s,
                                   R"("x":{"\q":1})"s,
                                   R"("\q":1)"s,
                                   R"("x":[1}])"s,
                                   R"("x":{"a":1])"s,
                                   R"("x":)"s,
                                   R"("x")"s,
                                   R"("x":1 2)"s,
                                   R"("x":"a" "b")"s,
                                   R"("x":"a""b")"s,
                                   R"("x":1"a")"s,
                                   R"("x":"a":"b")"s,
                                   R"("x":true"a")"s,
                                   R"("x":'a')"s,
                                   R"("x":NaN)"s,
                                   R"("x":Infinity)"s,
                                   R"("x":.5)"s,
                                   R"("x":[[])"s,
                                   R"("x":]")"s,
                                   R"(,"x":1)"s,
                                   "\"x\":\"a\tb\""s,
                                   "\"x\":\"a\0b\""s,
                                   "\"x\":1\0"s,
                                   "\"x\":\f1"s,
                                   "\"x\":\v1"s,
                                   "\"x\"\x1A 1"s,
                                   "\"x\":1\x0C\"y\":2"s,
                                   "\"x\":// 1\r1"s}) {
        for (const char* place : {"\"id\"", "\"t\":5", "\"d\":1.25"}) {
            const DecodedRecord record = decode_one(with(place, bad + "," + place));
            EXPECT_EQ(record.detail, "not valid JSON") << record.raw;
            EXPECT_EQ(record.partition, "(source)") << record.raw;
        }
    }
}

TEST(JsonDecoder, ALineIsOneObject) {
    for (const char* tail : {"}", "1", "{}", ",", "]", "null", "\"\"", ":", "x"}) {
        for (const char* gap : {"", " "}) {
            const std::string detail = detail_of(kGood + gap + tail);
            EXPECT_TRUE(detail == "more than one value on the line" || detail == "not valid JSON")
                << tail << ": " << detail;
        }
    }
    for (const char* line : {"1", "\"a\"", "[]", "[{}]", "null", "true", "x", "]", "}{"}) {
        EXPECT_EQ(detail_of(line), "not a JSON object") << line;
    }
    for (const char* line :
         {"{", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{]", "{}}", "{{}",
          "{\"a\":1:2}", "{\"a\":{}", "{1:2}", "{null:1}", "\"", "{\"a\\\"}"}) {
        EXPECT_NE(detail_of(line), "") << line;
    }
}

TEST(JsonDecoder, CutAnywhereALineIsCorrupt) {
    for (size_t size = 1; size < kGood.size(); ++size) {
        EXPECT_NE(detail_of(kGood.substr(0, size)), "") << size;
    }
}

TEST(JsonDecoder, LoneSurrogatesMatterInUsedFieldsOnly) {
    for (const char* lone : {R"(\ud800)", R"(\udc00)", R"(x\ud800\u0041)"}) {
        EXPECT_EQ(detail_of(with("\"a\"", "\""s + lone + "\"")), "field 'id': a lone surrogate");
        EXPECT_EQ(detail_of(with("\"t\"", "\"x\":\""s + lone + "\",\"t\"")), "");
        EXPECT_EQ(detail_of(with("\"t\"", "\"x\":[{\""s + lone + "\":\"" + lone + "\"}],\"t\"")),
                  "");
        EXPECT_EQ(detail_of(with("\"t\"", "\""s + lone + "\":1,\"t\"")), "");
    }
    const DecodedRecord record = decode_one(with("north", R"(\ud800)"));
    EXPECT_EQ(record.detail, "field 'p': a lone surrogate");
    EXPECT_EQ(record.partition, "(source)");
}

TEST(JsonDecoder, InvalidUtf8MattersEverywhere) {
    for (const char* bad :
         {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80"}) {
        for (const char* place : {"\"t\"", "\"d\""}) {
            const DecodedRecord record = decode_one(with(place, "\"x\":\""s + bad + "\"," + place));
            EXPECT_EQ(record.detail, "not valid UTF-8") << record.raw;
            EXPECT_EQ(record.partition, "(source)");
        }
        EXPECT_EQ(detail_of(with("\"t\"", "\""s + bad + "\":1,\"t\"")), "not valid UTF-8");
        EXPECT_EQ(detail_of(kGood + bad), "not valid UTF-8");
    }
}

TEST(JsonDecoder, ReadableCorruptRecordsKeepTheirPartition) {
    const DecodedRecord record = decode_one(with("\"t\":5", "\"t\":\"soon\""));
    EXPECT_EQ(record.detail, "field 't': not a number");
    EXPECT_EQ(record.partition, "north");
    EXPECT_EQ(decode_one(with("\"north\"", "7")).partition, "(source)");
    EXPECT_EQ(decode_one(with("\"p\":\"north\",", "")).partition, "(source)");
}

TEST(JsonDecoder, NulBytesTravelInEscapes) {
    const DecodedRecord record = decode_one(with("red", R"(\u0000)"));
    EXPECT_EQ(record.key_text, text_key("\0"s));
    EXPECT_EQ(decode_one(with("red", "\0"s)).raw.size(), kGood.size() - 2);
}

TEST(JsonDecoder, NestingIsBounded) {
    const auto nested = [](size_t depth) {
        return with("\"t\"",
                    "\"x\":" + std::string(depth, '[') + std::string(depth, ']') + ",\"t\"");
    };
    EXPECT_EQ(detail_of(nested(999)), "");
    EXPECT_EQ(detail_of(nested(1001)), "not valid JSON");
    EXPECT_EQ(detail_of(nested(200'000)), "not valid JSON");
    std::string objects = "1";
    for (int i = 0; i < 3000; ++i) objects = "{\"a\":" + objects + "}";
    EXPECT_EQ(detail_of(with("\"t\"", "\"x\":" + objects + ",\"t\"")), "not valid JSON");
}

TEST(JsonDecoder, LongLinesAreReadLikeShortOnes) {
    const std::string large(10 << 20, 'x');
    const std::string line = with("\"t\"", "\"x\":\"" + large + "\",\"t\"");
    const std::string stream =
        kGood + "\n" + line + "\n" + kGood + "\n" + with("\"a\"", "\"" + large + "\"");
    const std::vector<DecodedRecord> records = decode_all(stream, commit_options());
    ASSERT_EQ(records.size(), 4u);
    for (const DecodedRecord& record : records) EXPECT_EQ(record.detail, "");
    EXPECT_EQ(records[1].raw, line);
    EXPECT_EQ(records[3].id_text, large);
    EXPECT_EQ(records[2].offset, kGood.size() + line.size() + 2);
}

// Random damage to good lines: what is said of the line as a whole agrees with the grammar.
TEST(JsonDecoder, AgreesWithTheGrammarOnDamagedLines) {
    const std::string alphabet =
        "{}[]:,\"\\ \t\r0123456789.eE+-truefalsn\x01\x0C\x1A\x7F\xC3\xA9u/";
    const std::vector<std::string> seeds = {
        kGood,
        R"({"id":"a","x":[1,2.5e-3,{"y":null}],"p":"n","t":1,"k":"\u00e9","v":0,"d":0,"z":{}})",
        R"( { "id" : "\"" , "e":[ ] , "o" : { "a" : true , "b" : [ [ false ] ] } } )",
        R"({"a":"b","c":"d","e":-0.1E+5,"":"\ud83d\ude00"})"};
    for (uint64_t seed = 0; seed < 60'000; ++seed) {
        testkit::Random random(seed);
        std::string line = random.pick(seeds);
        for (uint64_t edits = 1 + random.below(3); edits > 0; --edits) {
            const size_t at = random.below(line.size());
            const char c = random.pick(alphabet);
            switch (random.below(4)) {
                case 0:
                    line[at] = c;
                    break;
                case 1:
                    line.insert(at, 1, c);
                    break;
                case 2:
                    line.erase(at, 1 + random.below(3));
                    break;
                default:
                    line.insert(at, line.substr(random.below(line.size()), 1 + random.below(8)));
            }
            if (line.empty()) line = "{";
        }
        if (line.find_first_not_of(" \t\r\v\f") == std::string::npos) continue;
        const std::vector<DecodedRecord> records = decode_all(line + "\n", commit_options());
        ASSERT_EQ(records.size(), 1u);
        const std::string& detail = records[0].detail;
        const bool whole = detail.empty() || detail.starts_with("field '");
        const size_t first = line.find_first_not_of(" \t\r");
        const bool valid = JsonReference::accepts(line) && line[first] == '{' && is_utf8(line);
        ASSERT_EQ(whole, valid) << "seed " << seed << ": " << line << ": " << detail;
    }
}

}  // namespace
}  // namespace trommel::net
