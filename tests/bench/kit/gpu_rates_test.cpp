#include "bench/kit/gpu_rates.h"

#include <gmock/gmock.h>

namespace trommel::bench {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using Kind = GpuVerdict::Kind;

constexpr uint64_t kGiB = uint64_t{1} << 30;

const GpuTarget& target(const std::string& name) {
    for (const GpuTarget& target : gpu_targets()) {
        if (target.name == name) return target;
    }
    ADD_FAILURE() << "there is no target " << name;
    return gpu_targets()[0];
}

std::vector<GpuFigure> limits() {
    return {{"h2d", 1 << 22, "bytes", 40e9, 39e9, 41e9},
            {"h2d", 1 << 26, "bytes", 50e9, 49e9, 51e9},
            {"random-cas", kGiB, "accesses", 15e9, 15e9, 15e9},
            {"random-cas", 8 * kGiB, "accesses", 10e9, 10e9, 10e9}};
}

GpuRate rate(const char* name, double median, uint64_t bytes = 8 * kGiB) {
    return {.name = name, .rounds = {median, median * 1.1, median * 0.9}, .bytes = bytes};
}

TEST(GpuRates, AShareIsOfTheLimitInATableThatIsAsLarge) {
    const GpuVerdict verdict = judge(target("exact-64"), {rate("exact-64", 9e9)}, limits());
    EXPECT_DOUBLE_EQ(*verdict.share, 0.9);
    EXPECT_EQ(verdict.kind, Kind::met);
    EXPECT_DOUBLE_EQ(*judge(target("exact-64"), {rate("exact-64", 9e9, kGiB)}, limits()).share,
                     0.6);
}

TEST(GpuRates, ATargetIsMetOnTheEdgeAndNotBelowIt) {
    EXPECT_EQ(judge(target("exact-64"), {rate("exact-64", 8e9)}, limits()).kind, Kind::met);
    // The share, and then the floor.
    EXPECT_EQ(judge(target("exact-64"), {rate("exact-64", 7.9e9)}, limits()).kind, Kind::not_met);
    const std::vector<GpuFigure> slow = {{"random-cas", 8 * kGiB, "accesses", 5e9, 5e9, 5e9}};
    EXPECT_EQ(judge(target("exact-64"), {rate("exact-64", 5e9)}, slow).kind, Kind::not_met);
    EXPECT_EQ(judge(target("exact-128"), {rate("exact-128", 5e9)}, slow).kind, Kind::met);
}

TEST(GpuRates, EndToEndIsOfTheBestTransferByTheBytesOfAnEvent) {
    const GpuVerdict verdict =
        judge(target("end-to-end-windows"), {rate("end-to-end-windows", 1.25e9)}, limits());
    EXPECT_DOUBLE_EQ(*verdict.bound, 50e9 / 32);
    EXPECT_DOUBLE_EQ(*verdict.share, 0.8);
    EXPECT_EQ(verdict.kind, Kind::not_met);
}

TEST(GpuRates, SkewedKeysAreHeldAgainstThoseThatAreEquallyOften) {
    const std::vector<GpuRate> rates = {rate("windows-1M", 10e9), rate("windows-zipf", 7e9)};
    EXPECT_DOUBLE_EQ(*judge(target("windows-zipf"), rates, {}).share, 0.7);
    EXPECT_EQ(judge(target("windows-zipf"), rates, {}).kind, Kind::met);
    EXPECT_EQ(judge(target("windows-zipf"), {rates[1]}, {}).kind, Kind::unmeasured);
}

TEST(GpuRates, LatencyIsWhatHalfAndAllButAHundredthAreWithin) {
    std::vector<double> seconds(98, 70e-6);
    seconds.insert(seconds.end(), {190e-6, 900e-6});
    EXPECT_EQ(percentile(seconds, 0.5), 70e-6);
    EXPECT_EQ(percentile(seconds, 0.99), 190e-6);
    EXPECT_EQ(percentile(seconds, 1), 900e-6);
    EXPECT_EQ(percentile({1}, 0.01), 1);
    GpuRate latency{.name = "latency-64Ki", .unit = "seconds", .rounds = seconds};
    EXPECT_EQ(judge(target("latency-64Ki"), {latency}, {}).kind, Kind::met);
    latency.rounds[0] = latency.rounds[1] = 250e-6;
    EXPECT_EQ(judge(target("latency-64Ki"), {latency}, {}).kind, Kind::not_met);
    latency.rounds.assign(10, 90e-6);
    EXPECT_EQ(judge(target("latency-64Ki"), {latency}, {}).kind, Kind::not_met);
}

TEST(GpuRates, WhatIsWrongOrMissingHasNoFigure) {
    GpuRatesReport report;
    report.limits.figures = limits();
    report.why_no_energy = "nobody counts it";
    report.rates = {rate("exact-64", 9e9), rate("exact-128", 9e9)};
    report.rates[0].joules_per_million = 0.0625;
    report.rates[1].wrong = "7 copies were not found to be copies";
    report.rates[0].note = "in 4 of 8 MiB";
    EXPECT_FALSE(report.right());
    const std::string table = to_table(report);
    EXPECT_THAT(table, ContainsRegex("exact-64 +9.000 G/s \\(8.100-9.900\\) +90 % of random-cas +"
                                     "0.062 +80 %, 8.0 G/s +MET\n"));
    EXPECT_THAT(table, ContainsRegex("exact-128 +- +- of random-cas +- +80 % +WRONG\n"));
    EXPECT_THAT(table, ContainsRegex("windows-1M +- +- of random-min +- +75 % +UNMEASURED\n"));
    EXPECT_THAT(table,
                AllOf(HasSubstr("exact-128: WRONG: 7 copies"), HasSubstr("exact-64: in 4 of 8 MiB"),
                      HasSubstr("not reported: nobody counts it")));
    const std::string json = to_json(report);
    EXPECT_THAT(json, AllOf(HasSubstr("\"verdict\":\"MET\",\"note\":\"in 4 of 8 MiB\""),
                            HasSubstr("\"share\":0.9,\"joules_per_million\":0.0625"),
                            HasSubstr("\"wrong\":\"7 copies were not found to be copies\"}"),
                            Not(HasSubstr("inf")), Not(HasSubstr("nan"))));
}

}  // namespace
}  // namespace trommel::bench
