#include "tools/plan/rates.h"

#include <gmock/gmock.h>
#include <string>

namespace trommel::tools {
namespace {

using testing::HasSubstr;

Calibration some() {
    Calibration calibration;
    calibration.machine = "a \"machine\"";
    calibration.commit = "abc";
    calibration.base_ns = 12.25;
    calibration.base_unique_ns = 11;
    calibration.ids = {{"u64", {{1000, 5}, {100'000, 15}}}, {"aged", {{500, 1}}}};
    calibration.cell = {{10, 2}, {20, 3}};
    calibration.row = {{10, 200}, {20, 300}};
    calibration.decode_binary_ns = 7;
    calibration.decode_json_ns_per_byte = 1.5;
    calibration.reference_ns = 80;
    return calibration;
}

TEST(PlanRates, CostsGrowWithTheLogarithmOfTheBytes) {
    const std::vector<RatePoint> points = {{1000, 5}, {100'000, 15}, {1e6, 10}};
    EXPECT_DOUBLE_EQ(ns_at(points, 1), 5);
    EXPECT_DOUBLE_EQ(ns_at(points, 1000), 5);
    EXPECT_DOUBLE_EQ(ns_at(points, 10'000), 10);
    EXPECT_DOUBLE_EQ(ns_at(points, 100'000), 15);
    EXPECT_DOUBLE_EQ(ns_at(points, 1e12), 10);
    EXPECT_DOUBLE_EQ(ns_at({{3, 7}}, 100), 7);
}

TEST(PlanRates, WhatWasWrittenIsRead) {
    const Calibration written = some();
    Calibration read;
    ASSERT_EQ(read_calibration(to_json(written), "file", read), "");
    EXPECT_EQ(to_json(read), to_json(written));
    EXPECT_EQ(read.machine, written.machine);
    ASSERT_NE(read.find("u64"), nullptr);
    EXPECT_EQ(read.find("u64")->back().ns, 15);
    EXPECT_EQ(read.find("u128"), nullptr);
}

TEST(PlanRates, AFileThatIsNoneOrBrokenIsRefusedWhole) {
    Calibration read;
    EXPECT_THAT(read_calibration("", "f.json", read), HasSubstr("f.json is not what"));
    EXPECT_THAT(read_calibration("{\"format\":\"other\"}", "f", read), HasSubstr("is not what"));
    EXPECT_THAT(read_calibration("{{{", "f", read), HasSubstr("is not what"));
    const std::string good = to_json(some());
    for (const auto& [what, instead] :
         {std::pair("\"base_ns\":12.25", "\"base_ns\":-1"),
          std::pair("\"base_ns\":12.25", "\"x\":1"), std::pair("\"bytes\":1e+05", "\"bytes\":1000"),
          std::pair("\"reference_ns\":80", "\"reference_ns\":0"),
          std::pair("\"bytes\":500", "\"bytes\":0"),
          std::pair("\"decode_binary_ns\":7", "\"decode_binary_ns\":\"inf\"")}) {
        std::string bad = good;
        const size_t at = bad.find(what);
        ASSERT_NE(at, std::string::npos) << what;
        bad.replace(at, std::string(what).size(), instead);
        EXPECT_THAT(read_calibration(bad, "f", read), HasSubstr("cannot be read")) << instead;
    }
}

TEST(PlanRates, OnAMachineTwiceAsFastEverythingTakesHalf) {
    const Calibration fast = at_speed(some(), 2);
    EXPECT_EQ(fast.base_ns, 6.125);
    EXPECT_EQ(fast.base_unique_ns, 5.5);
    EXPECT_EQ(fast.find("u64")->back().ns, 7.5);
    EXPECT_EQ(fast.find("u64")->back().bytes, 100'000);
    EXPECT_EQ(fast.find("aged")->front().ns, 0.5);
    EXPECT_EQ(fast.cell.back().ns, 1.5);
    EXPECT_EQ(fast.row.front().ns, 100);
    EXPECT_EQ(fast.decode_binary_ns, 3.5);
    EXPECT_EQ(fast.decode_json_ns_per_byte, 0.75);
    EXPECT_EQ(fast.reference_ns, 40);
    EXPECT_EQ(to_json(at_speed(fast, 0.5)), to_json(some()));
}

TEST(PlanRates, OfRoundsTheMedianOfEachFigureCounts) {
    std::vector<Calibration> rounds(3, some());
    rounds[0].base_ns = 1;
    rounds[1].base_ns = 100;
    rounds[2].ids[0].points[1].ns = 99;
    rounds[1].row[0].ns = rounds[2].row[0].ns = 250;
    const Calibration middle = median_of(rounds);
    EXPECT_EQ(middle.base_ns, 12.25);
    EXPECT_EQ(middle.find("u64")->back().ns, 15);
    EXPECT_EQ(middle.row.front().ns, 250);
    EXPECT_EQ(middle.machine, some().machine);
}

TEST(PlanRates, AJobHasTheRateOfHowItsIdsAreKept) {
    DedupOptions dedup;
    dedup.id_type = IdType::u64;
    EXPECT_EQ(id_rate_kind(dedup), "u64");
    dedup.scope = Scope::key;  // A hash of both.
    EXPECT_EQ(id_rate_kind(dedup), "bytes");
    dedup = {};
    EXPECT_EQ(id_rate_kind(dedup), "bytes");
    dedup.verify = true;
    EXPECT_EQ(id_rate_kind(dedup), "verified");
    dedup = {.mode = DedupMode::approximate};
    EXPECT_EQ(id_rate_kind(dedup), "plain");
    dedup.horizon_us = 1000;
    EXPECT_EQ(id_rate_kind(dedup), "aged");
    dedup.mode = DedupMode::off;
    EXPECT_EQ(id_rate_kind(dedup), "");
}

TEST(PlanRates, DecodingTextCostsByTheByte) {
    const Calibration calibration = some();
    EXPECT_EQ(decode_ns(calibration, net::Format::binary, 500), 7);
    EXPECT_EQ(decode_ns(calibration, net::Format::json, 500), 750);
    EXPECT_EQ(decode_ns(calibration, net::Format::csv, 500), 0);  // Not measured.
}

}  // namespace
}  // namespace trommel::tools
