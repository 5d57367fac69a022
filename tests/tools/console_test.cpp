#include "tools/console.h"

#include <gtest/gtest.h>

#include "tools/report_json.h"

namespace trommel::tools {
namespace {

constexpr int64_t kDayUs = 86'400'000'000;

Progress half_way() {
    Progress progress;
    progress.records = 12'345'678;
    progress.bytes = uint64_t{3} << 29;
    progress.bytes_total = uint64_t{3} << 30;
    progress.unique = 9;
    progress.duplicate = 1;
    progress.rows = 120;
    progress.watermark_us = 5 * kDayUs;
    progress.newest_us = 35 * kDayUs + 7;
    progress.seconds = 5;
    return progress;
}

TEST(StatusLine, ShowsRateDuplicatesAndLag) {
    EXPECT_EQ(status_line(half_way(), 200),
              "12,345,678 records  1.50 GiB  2.47 M/s  duplicate 10.0%  lag 30d  rows 120  50.0%");
}

TEST(StatusLine, NeverWrapsTheTerminal) {
    EXPECT_EQ(status_line(half_way(), 18), "12,345,678 records");
    EXPECT_EQ(status_line(half_way(), 0), "");
}

TEST(StatusLine, SaysNothingThatIsNotKnown) {
    EXPECT_EQ(status_line(Progress(), 200), "0 records  0.00/s  duplicate 0.0%  rows 0");
}

TEST(Json, EscapesAndKeepsTheOrder) {
    EXPECT_EQ(JsonObject().text("a\"b", "c\nd").number("n", 1).flag("t", true).object(),
              R"({"a\"b":"c\nd","n":1,"t":true})");
}

TEST(Json, WhatIsNoNumberIsNull) {
    EXPECT_EQ(JsonObject().real("r", 0.0 / 0.0 * -1).time("t", INT64_MIN).time("u", -5).object(),
              R"({"r":null,"t":null,"u":-5})");
}

TEST(Json, AReportHoldsPartitionsAndShards) {
    Report report;
    report.ledger.in = 2;
    report.ledger[Verdict::unique] = 2;
    report.seconds = 0.5;
    report.bytes_read = 100;
    report.partitions.push_back({"p\xFF", report.ledger, 7, true});
    report.shards.emplace_back().events = 2;
    const std::string ledger =
        R"({"in":2,"unique":2,"duplicate":0,"late":0,"corrupt":0,"filtered":0,"refused":0})";
    report.transport.emplace();
    report.transport->sent = report.transport->lost_gaps = 3;
    const std::string json = "{" + members_of(report, 4096) + "}";
    const auto has = [&](const std::string& part) { return json.find(part) != std::string::npos; };
    EXPECT_TRUE(
        has("{\"ledger\":" + ledger + ",\"transport\":{\"sent\":3,\"delivered\":0,\"lost\":3,"));
    EXPECT_TRUE(has("},\"complete\":true,"));
    EXPECT_TRUE(has("\"records_per_second\":4,\"bytes_per_second\":200,"));
    EXPECT_TRUE(has("\"partitions\":[{\"name\":\"p\xEF\xBF\xBD\",\"ledger\":" + ledger +
                    ",\"newest_us\":7,\"idle\":true}]"));
    EXPECT_TRUE(has("\"shards\":[{\"events\":2,\"unique\":0,"));
    EXPECT_TRUE(has("\"memory_bytes\":4096,"));
}

}  // namespace
}  // namespace trommel::tools
