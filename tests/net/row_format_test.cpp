#include "net/row_format.h"

#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <random>

namespace trommel::net {
namespace {

// One window, text keys "a" and "b", an integer key "n", count and a decimal.
Config some_config() {
    Config config;
    config.windows = {{"weekly", WindowKind::tumbling, 7, 7, 0},
                      {"by, day", WindowKind::tumbling, 1, 1, 0}};
    config.key = {{"a", FieldType::text}, {"n", FieldType::integer}, {"b", FieldType::text}};
    config.aggregates = {{"count", AggregateKind::count, 0, 0},
                         {"avg \"x\"", AggregateKind::avg, 0, 2}};
    return config;
}

void add_row(RowBatch& rows, uint32_t window, int64_t start, int64_t end, std::string_view a,
             int64_t n, std::string_view b, int128 count, int128 average) {
    rows.window.push_back(window);
    rows.start_us.push_back(start);
    rows.end_us.push_back(end);
    std::string key(encoded_text_size(a) + 8 + encoded_text_size(b), '\0');
    encode_text(b, encode_integer(n, encode_text(a, key.data())));
    rows.key_bytes.insert(rows.key_bytes.end(), key.begin(), key.end());
    rows.key_end.push_back(static_cast<uint32_t>(rows.key_bytes.size()));
    rows.aggregates[0].push_back(count);
    rows.aggregates[1].push_back(average);
}

std::string print(const Config& config, const RowBatch& rows, RowFormat format = RowFormat::csv,
                  RowTimeFormat time = RowTimeFormat::us) {
    RowFormatter formatter(config, format, time);
    std::string out;
    formatter.append_header(out);
    for (size_t row = 0; row < rows.count(); ++row) formatter.append_row(out, rows, row);
    return out;
}

std::string csv_field(std::string_view text) {
    std::string out;
    append_csv_field(out, text);
    return out;
}

TEST(CsvRows, HaveAHeaderWithKeysAndAggregatesInDeclaredOrder) {
    const Config config = some_config();
    EXPECT_EQ(print(config, RowBatch(config)), "window,start,end,a,n,b,count,\"avg \"\"x\"\"\"\n");
}

TEST(CsvRows, PrintNumbersPlainlyAndDecimalsWithTheirDigits) {
    const Config config = some_config();
    RowBatch rows(config);
    add_row(rows, 0, -7, 0, "x", INT64_MIN, "y", 3, -5);
    add_row(rows, 1, 0, 1, "", INT64_MAX, "é", int128{INT64_MAX} * 4, int128{INT64_MIN} * 1000);
    EXPECT_EQ(
        print(config, rows),
        "window,start,end,a,n,b,count,\"avg \"\"x\"\"\"\n"
        "weekly,-7,0,x,-9223372036854775808,y,3,-0.05\n"
        "\"by, day\",0,1,,9223372036854775807,é,36893488147419103228,-92233720368547758080.00\n");
}

TEST(CsvRows, QuoteWhatWouldBeMisread) {
    EXPECT_EQ(csv_field("plain text"), "plain text");
    EXPECT_EQ(csv_field(""), "");
    EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
    EXPECT_EQ(csv_field("\""), "\"\"\"\"");
    EXPECT_EQ(csv_field("say \"x\""), "\"say \"\"x\"\"\"");
    EXPECT_EQ(csv_field("a\nb"), "\"a\nb\"");
    EXPECT_EQ(csv_field("a\rb"), "\"a\rb\"");
    EXPECT_EQ(csv_field(" a\t'b';\\"), " a\t'b';\\");
    EXPECT_EQ(csv_field({"a\0,", 3}), std::string("\"a\0,\"", 5));
    EXPECT_EQ(csv_field("\xFF\xFE"), "\xFF\xFE");
}

// What python3 prints for rows ["w", 0, 1, field] of the hexadecimal fields in a file.
std::string python_csv(const std::string& path) {
    const std::string command =
        "python3 -c 'import csv,sys\n"
        "out=csv.writer(open(1,\"w\",newline=\"\",encoding=\"utf-8\"),lineterminator=\"\\n\")\n"
        "for line in open(sys.argv[1]): out.writerow([\"w\",0,1,bytes.fromhex(line).decode()])' " +
        path + " 2>/dev/null";
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    std::string out;
    for (int c; pipe && (c = fgetc(pipe.get())) != EOF;) out += static_cast<char>(c);
    return out;
}

std::string python_csv_of(const std::vector<std::string>& fields) {
    const std::string path = testing::TempDir() + "row_format_test_fields.txt";
    {
        std::ofstream file(path);
        for (const std::string& field : fields) {
            for (const char c : field) {
                char hex[3];
                snprintf(hex, sizeof hex, "%02x", static_cast<unsigned>(static_cast<uint8_t>(c)));
                file << hex;
            }
            file << '\n';
        }
    }
    std::string out = python_csv(path);
    std::remove(path.c_str());
    return out;
}

TEST(CsvRows, EqualPythonsCsvWriterOnRandomFields) {
    const std::string probe = python_csv_of({"\r"});
    if (probe.empty()) GTEST_SKIP() << "no python3 that knows csv";
    // Pythons before 3.11.9 and 3.12.3 do not quote CR (a mistake that they corrected).
    const bool quotes_cr = probe == "w,0,1,\"\r\"\n";
    const std::string alphabet[] = {
        "a", ",", "\"", "\n", "\r", " ", "", "é", "\t", "'", ";", "\\", std::string(1, '\0')};
    std::mt19937 random(42);
    std::vector<std::string> fields;
    std::string expected;
    while (fields.size() < 3000) {
        std::string field;
        for (size_t i = random() % 6; i > 0; --i) field += alphabet[random() % std::size(alphabet)];
        const bool nul = field.find('\0') != field.npos;
        if (nul || (!quotes_cr && field.find('\r') != field.npos)) continue;
        expected += "w,0,1," + csv_field(field) + "\n";
        fields.push_back(field);
    }
    EXPECT_EQ(python_csv_of(fields), expected);
}

TEST(JsonRows, AreObjectsWithEverythingByName) {
    const Config config = some_config();
    RowBatch rows(config);
    add_row(rows, 1, -1, 0, "q\"\n", -3, "\xFF", 2, 1234);
    EXPECT_EQ(print(config, rows, RowFormat::json),
              "{\"window\":\"by, day\",\"start\":-1,\"end\":0,\"a\":\"q\\\"\\n\",\"n\":-3,"
              "\"b\":\"\xEF\xBF\xBD\",\"count\":2,\"avg \\\"x\\\"\":12.34}\n");
    EXPECT_EQ(print(config, RowBatch(config), RowFormat::json), "");
}

TEST(Rows, OfOneIntegerKeyAndOfNone) {
    Config config;
    config.windows = {{"w", WindowKind::tumbling, 1, 1, 0}};
    config.aggregates = {{"count", AggregateKind::count, 0, 0}};
    RowBatch rows(config);
    rows.window = {0};
    rows.start_us = {5};
    rows.end_us = {6};
    rows.aggregates[0] = {9};
    EXPECT_EQ(print(config, rows), "window,start,end,count\nw,5,6,9\n");
    EXPECT_EQ(print(config, rows, RowFormat::json),
              "{\"window\":\"w\",\"start\":5,\"end\":6,\"count\":9}\n");
    config.key = {{"k", FieldType::integer}};
    rows.key_int = {-8};
    EXPECT_EQ(print(config, rows), "window,start,end,k,count\nw,5,6,-8,9\n");
    EXPECT_EQ(print(config, rows, RowFormat::json),
              "{\"window\":\"w\",\"start\":5,\"end\":6,\"k\":-8,\"count\":9}\n");
}

TEST(Rows, WithoutANameHaveAnEmptyFirstField) {
    Config config;
    config.windows = {{"", WindowKind::tumbling, 1, 1, 0}};
    RowBatch rows(config);
    rows.window = {0};
    rows.start_us = {5};
    rows.end_us = {6};
    EXPECT_EQ(print(config, rows), "window,start,end\n,5,6\n");
}

TEST(RowTimes, AreDividedTowardsMinusInfinity) {
    Config config;
    config.windows = {{"w", WindowKind::session, 0, 0, 1}};
    RowBatch rows(config);
    rows.window = {0};
    rows.start_us = {-1};
    rows.end_us = {1999999};
    EXPECT_EQ(print(config, rows, RowFormat::csv, RowTimeFormat::ms),
              "window,start,end\nw,-1,1999\n");
    EXPECT_EQ(print(config, rows, RowFormat::csv, RowTimeFormat::s), "window,start,end\nw,-1,1\n");
    EXPECT_EQ(print(config, rows, RowFormat::json, RowTimeFormat::s),
              "{\"window\":\"w\",\"start\":-1,\"end\":1}\n");
    EXPECT_EQ(print(config, rows, RowFormat::csv, RowTimeFormat::rfc3339),
              "window,start,end\nw,1969-12-31T23:59:59.999999Z,1970-01-01T00:00:01.999999Z\n");
    EXPECT_EQ(print(config, rows, RowFormat::json, RowTimeFormat::rfc3339),
              "{\"window\":\"w\",\"start\":\"1969-12-31T23:59:59.999999Z\","
              "\"end\":\"1970-01-01T00:00:01.999999Z\"}\n");
}

TEST(RowTimes, KnowTheCalendar) {
    const auto text = [](int64_t seconds, int64_t us = 0) {
        std::string out;
        append_rfc3339(out, seconds * 1000000 + us);
        return out;
    };
    EXPECT_EQ(text(0), "1970-01-01T00:00:00Z");
    EXPECT_EQ(text(0, 1), "1970-01-01T00:00:00.000001Z");
    EXPECT_EQ(text(1380153600), "2013-09-26T00:00:00Z");
    EXPECT_EQ(text(951782399), "2000-02-28T23:59:59Z");
    EXPECT_EQ(text(951782400), "2000-02-29T00:00:00Z");
    EXPECT_EQ(text(4107542399), "2100-02-28T23:59:59Z");
    EXPECT_EQ(text(4107542400), "2100-03-01T00:00:00Z");
    EXPECT_EQ(text(253402300799, 500000), "9999-12-31T23:59:59.500000Z");
    EXPECT_EQ(text(253402300800), "+10000-01-01T00:00:00Z");
    EXPECT_EQ(text(-62135596800), "0001-01-01T00:00:00Z");
    EXPECT_EQ(text(-62167219200), "0000-01-01T00:00:00Z");
    EXPECT_EQ(text(-62167219201), "-0001-12-31T23:59:59Z");
    EXPECT_EQ(text(0, kTimeLimitUs), "+38504-08-17T21:30:06.846976Z");
    EXPECT_EQ(text(0, -kTimeLimitUs), "-34565-05-17T02:29:53.153024Z");
    EXPECT_EQ(text(0, INT64_MIN), "-290308-12-21T19:59:05.224192Z");
}

}  // namespace
}  // namespace trommel::net
