#include "net/row_writer.h"

#include <gtest/gtest.h>
#include <string>

#include "trommel/key.h"

#include "tests/kit/fake_clock.h"
#include "tests/net/decoded_records.h"

namespace trommel::net {
namespace {

// A writer of one row at a time into a batch of its own.
class Rows {
   public:
    explicit Rows(const DecodeOptions& options)
        : config(config_of(options)), batch(config, 8), writer(options, {&partitions, &clock}) {
        writer.look_at_clock();
    }

    void begin() {
        batch.clear();
        batch.verdict[0] = Verdict::pending;
        batch.detail[0] = {};
        writer.begin(batch);
    }
    void put(std::string_view field, Lexeme lexeme, std::string_view text) {
        const uint32_t number = writer.field(field);
        ASSERT_NE(number, RowWriter::kUnused) << field;
        writer.put(number, lexeme, text);
    }
    std::string detail() {
        const bool readable = writer.finish();
        EXPECT_EQ(readable, batch.verdict[0] == Verdict::pending);
        return std::string(batch.detail[0]);
    }

    const Config config;
    PartitionTable partitions{"(source)"};
    testkit::FakeClock clock{1'000'000};
    RecordBatch batch;
    RowWriter writer;
};

DecodeOptions just_id_and_time(IdForm id = IdForm::u64, TimeForm time = TimeForm::us) {
    DecodeOptions options;
    options.id = {"id", id};
    options.time = {"t", time};
    return options;
}

std::string detail_for_time(DecodeOptions options, std::string_view text,
                            Lexeme lexeme = Lexeme::number) {
    Rows rows(options);
    rows.begin();
    rows.put("id", Lexeme::number, "1");
    rows.put("t", lexeme, text);
    return rows.detail();
}

TEST(RowWriter, FindsFieldsByTheirWholeNames) {
    DecodeOptions options = just_id_and_time();
    options.values = {{"total", 0}, {"to", 0}, {"", 0}};
    Rows rows(options);
    EXPECT_EQ(rows.writer.fields(), 5u);
    for (const char* name : {"id", "t", "total", "to", ""}) {
        const uint32_t field = rows.writer.field(name);
        ASSERT_NE(field, RowWriter::kUnused) << name;
        EXPECT_EQ(rows.writer.field_name(field), name);
    }
    for (const char* name : {"i", "ids", "tot", "totals", "x", "T"}) {
        EXPECT_EQ(rows.writer.field(name), RowWriter::kUnused) << name;
    }
    EXPECT_EQ(rows.writer.field(std::string_view("\0", 1)), RowWriter::kUnused);
}

TEST(RowWriter, TimesInUnitsBecomeMicroseconds) {
    const auto time_of = [](TimeForm form, std::string_view text) {
        Rows rows(just_id_and_time(IdForm::u64, form));
        rows.begin();
        rows.put("id", Lexeme::number, "1");
        rows.put("t", Lexeme::number, text);
        EXPECT_EQ(rows.detail(), "") << text;
        return rows.batch.time_us[0];
    };
    EXPECT_EQ(time_of(TimeForm::s, "-3"), -3'000'000);
    EXPECT_EQ(time_of(TimeForm::s, "1.000001"), 1'000'001);
    EXPECT_EQ(time_of(TimeForm::ms, "1500.25"), 1'500'250);
    EXPECT_EQ(time_of(TimeForm::us, "7"), 7);
    EXPECT_EQ(time_of(TimeForm::ns, "1999"), 1);
    EXPECT_EQ(time_of(TimeForm::ns, "-1"), -1);
    EXPECT_EQ(time_of(TimeForm::ns, "-1000"), -1);
    EXPECT_EQ(time_of(TimeForm::ns, "-1001"), -2);
    EXPECT_EQ(time_of(TimeForm::ns, "1152921504606846975999"), kTimeLimitUs - 1);
    EXPECT_EQ(time_of(TimeForm::us, "1152921504606846975"), kTimeLimitUs - 1);
    EXPECT_EQ(time_of(TimeForm::us, "-1152921504606846975"), -kTimeLimitUs + 1);
}

TEST(RowWriter, TimesBeyondTheLimitAreOutOfRange) {
    const auto detail = [](TimeForm form, std::string_view text) {
        return detail_for_time(just_id_and_time(IdForm::u64, form), text);
    };
    for (const char* text :
         {"1152921504606846976", "-1152921504606846976", "9223372036854775808"}) {
        EXPECT_EQ(detail(TimeForm::us, text), "field 't': out of range") << text;
    }
    EXPECT_EQ(detail(TimeForm::s, "1152921504607"), "field 't': out of range");
    EXPECT_EQ(detail(TimeForm::ns, "1152921504606846976000"), "field 't': out of range");
    EXPECT_EQ(detail(TimeForm::ns, "-1152921504606846975001"), "field 't': out of range");
    EXPECT_EQ(detail(TimeForm::us, "1.5"), "field 't': more fraction digits than declared");
    EXPECT_EQ(detail(TimeForm::ns, "1.5"), "field 't': not a plain decimal number");
    EXPECT_EQ(detail(TimeForm::rfc3339, "1970"), "field 't': not a string");
}

TEST(RowWriter, MaxTimeIsTheLastTimeThatIsAllowed) {
    DecodeOptions options = just_id_and_time();
    options.max_time_us = 100;
    EXPECT_EQ(detail_for_time(options, "100"), "");
    EXPECT_EQ(detail_for_time(options, "101"), "field 't': later than max_time");
}

TEST(RowWriter, MaxFutureFollowsTheClock) {
    DecodeOptions options = just_id_and_time();
    options.max_future_us = 50;
    Rows rows(options);  // The clock shows 1,000,000.
    const auto detail = [&](std::string_view time) {
        rows.begin();
        rows.put("id", Lexeme::number, "1");
        rows.put("t", Lexeme::number, time);
        return rows.detail();
    };
    EXPECT_EQ(detail("1000050"), "");
    EXPECT_EQ(detail("1000051"), "field 't': further ahead of the clock than max_future");
    rows.clock.advance(1);
    rows.writer.look_at_clock();
    EXPECT_EQ(detail("1000051"), "");
    options.max_future_us = INT64_MAX;  // Must not wrap.
    EXPECT_EQ(detail_for_time(options, "1152921504606846975"), "");
}

TEST(RowWriter, IdsComeInTheirForms) {
    const auto id_of = [](IdForm form, Lexeme lexeme, std::string_view text) {
        Rows rows(just_id_and_time(form));
        rows.begin();
        rows.put("id", lexeme, text);
        rows.put("t", Lexeme::number, "0");
        const std::string detail = rows.detail();
        if (!detail.empty()) return detail;
        if (form == IdForm::bytes) return std::string(rows.batch.id_text[0]);
        const uint64_t high = form == IdForm::u64 ? 0 : rows.batch.id_hi[0];
        return std::to_string(high) + ":" + std::to_string(rows.batch.id_lo[0]);
    };
    EXPECT_EQ(id_of(IdForm::u64, Lexeme::number, "18446744073709551615"), "0:18446744073709551615");
    EXPECT_EQ(id_of(IdForm::u64, Lexeme::string, "18446744073709551615"), "0:18446744073709551615");
    EXPECT_EQ(id_of(IdForm::u128, Lexeme::number, "18446744073709551617"), "1:1");
    EXPECT_EQ(id_of(IdForm::u128, Lexeme::string, "18446744073709551617"), "1:1");
    EXPECT_EQ(id_of(IdForm::uuid, Lexeme::string, "00000000-0000-0002-0000-000000000003"), "2:3");
    EXPECT_EQ(id_of(IdForm::hex, Lexeme::string, "20000000000000003"), "2:3");
    EXPECT_EQ(id_of(IdForm::bytes, Lexeme::string, ""), "");
    EXPECT_EQ(id_of(IdForm::u64, Lexeme::number, "-1"), "field 'id': not an unsigned integer");
    EXPECT_EQ(id_of(IdForm::u64, Lexeme::number, "1.0"), "field 'id': not an unsigned integer");
    EXPECT_EQ(id_of(IdForm::uuid, Lexeme::number, "12"), "field 'id': not a string");
    EXPECT_EQ(id_of(IdForm::bytes, Lexeme::number, "12"), "field 'id': not a string");
    EXPECT_EQ(id_of(IdForm::bytes, Lexeme::null, "null"), "field 'id': null");
    EXPECT_EQ(id_of(IdForm::bytes, Lexeme::lone_surrogate, "x"), "field 'id': a lone surrogate");
    EXPECT_EQ(id_of(IdForm::u64, Lexeme::other, "true"), "field 'id': not a number");
}

TEST(RowWriter, KeysAreEncodedInTheirOrderNotTheRecords) {
    DecodeOptions options = just_id_and_time();
    options.key = {{"a", FieldType::text}, {"n", FieldType::integer}, {"b", FieldType::text}};
    Rows rows(options);
    rows.begin();
    rows.put("b", Lexeme::string, std::string_view("x\0y", 3));
    rows.put("t", Lexeme::number, "0");
    rows.put("n", Lexeme::number, "-5");
    rows.put("id", Lexeme::number, "1");
    rows.put("a", Lexeme::string, "");
    ASSERT_EQ(rows.detail(), "");
    std::vector<KeyPart> parts;
    decode_key(rows.batch.key_text[0], options.key, parts);
    EXPECT_EQ(parts[0].text, "");
    EXPECT_EQ(parts[1].integer, -5);
    EXPECT_EQ(parts[2].text, std::string("x\0y", 3));
}

TEST(RowWriter, OneFieldMayServeSeveralPurposes) {
    DecodeOptions options = just_id_and_time(IdForm::bytes);
    options.partition = "id";
    options.key = {{"id", FieldType::text}};
    Rows rows(options);
    EXPECT_EQ(rows.writer.fields(), 2u);
    rows.begin();
    rows.put("id", Lexeme::string, "x");
    rows.put("t", Lexeme::number, "0");
    ASSERT_EQ(rows.detail(), "");
    rows.writer.settle();
    EXPECT_EQ(rows.batch.id_text[0], "x");
    EXPECT_EQ(rows.batch.key_text[0], text_key("x"));
    EXPECT_EQ(rows.partitions.name(rows.batch.partition[0]), "x");
}

TEST(RowWriter, TheFirstOfRepeatedFieldsCountsEvenIfItIsBad) {
    Rows rows(just_id_and_time());
    rows.begin();
    rows.put("id", Lexeme::number, "1");
    rows.put("id", Lexeme::number, "x");
    rows.put("id", Lexeme::number, "2");
    rows.put("t", Lexeme::number, "0");
    EXPECT_EQ(rows.detail(), "");
    EXPECT_EQ(rows.batch.id_lo[0], 1u);
    rows.begin();
    rows.put("id", Lexeme::null, "null");
    rows.put("id", Lexeme::number, "2");
    rows.put("t", Lexeme::number, "0");
    EXPECT_EQ(rows.detail(), "field 'id': null");
}

TEST(RowWriter, TheFirstFaultIsTold) {
    Rows rows(just_id_and_time());
    rows.begin();
    rows.put("t", Lexeme::number, "x");
    rows.put("id", Lexeme::number, "-1");
    EXPECT_EQ(rows.detail(), "field 't': not a plain decimal number");
    rows.begin();
    EXPECT_EQ(rows.detail(), "field 'id': missing");
}

TEST(RowWriter, CorruptRecordsKeepTheirPartitionUnlessRejected) {
    DecodeOptions options = just_id_and_time();
    options.partition = "p";
    Rows rows(options);
    rows.begin();
    rows.put("p", Lexeme::string, "north");
    EXPECT_EQ(rows.detail(), "field 'id': missing");
    rows.writer.settle();
    EXPECT_EQ(rows.partitions.name(rows.batch.partition[0]), "north");
    rows.begin();
    rows.put("p", Lexeme::string, "south");
    rows.writer.reject("broken");
    rows.writer.settle();
    EXPECT_EQ(rows.batch.detail[0], "broken");
    EXPECT_EQ(rows.batch.partition[0], 0u);
    EXPECT_EQ(rows.partitions.count(), 2u);
}

TEST(RowWriter, NoMorePartitionsThanThereMayBe) {
    DecodeOptions options = just_id_and_time();
    options.partition = "p";
    Rows rows(options);
    uint32_t number = 0;
    for (uint32_t i = 1; i < kPartitionsMax; ++i) {
        rows.partitions.find_or_add(std::to_string(i), number);
    }
    rows.begin();
    rows.put("p", Lexeme::string, "new");
    rows.put("id", Lexeme::number, "1");
    rows.put("t", Lexeme::number, "1");
    EXPECT_EQ(rows.detail(), "");
    rows.writer.settle();
    EXPECT_EQ(rows.batch.verdict[0], Verdict::corrupt);
    EXPECT_EQ(rows.batch.detail[0], "field 'p': one partition more than there may be");
    EXPECT_EQ(rows.batch.partition[0], 0u);
}

TEST(RowWriter, PartitionNamesAreBounded) {
    DecodeOptions options = just_id_and_time();
    options.partition = "p";
    Rows rows(options);
    const std::string longest(kPartitionNameBytesMax, 'x');
    for (const std::string& name : {longest, longest + "x"}) {
        rows.begin();
        rows.put("id", Lexeme::number, "1");
        rows.put("t", Lexeme::number, "1");
        rows.put("p", Lexeme::string, name);
        EXPECT_EQ(rows.detail().empty(), name == longest);
    }
}

TEST(RowWriter, CellsAreReadAsTheirFieldIsDeclared) {
    DecodeOptions options = just_id_and_time(IdForm::bytes, TimeForm::rfc3339);
    options.values = {{"v", 1}};
    Rows rows(options);
    rows.begin();
    rows.put("id", Lexeme::cell, "12");
    rows.put("t", Lexeme::cell, "1970-01-01T00:00:01Z");
    rows.put("v", Lexeme::cell, "-0.5");
    ASSERT_EQ(rows.detail(), "");
    EXPECT_EQ(rows.batch.id_text[0], "12");
    EXPECT_EQ(rows.batch.time_us[0], 1'000'000);
    EXPECT_EQ(rows.batch.values[0][0], -5);
}

}  // namespace
}  // namespace trommel::net
