#include "bench/kit/engine_report.h"

#include <gmock/gmock.h>

#include "bench/kit/engine_workloads.h"

namespace trommel::bench {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const EngineSide kCpu{EngineType::cpu, 4}, kGpu{EngineType::gpu, 1};

// Made-up figures.
EngineComparison comparison() {
    EngineComparison comparison;
    comparison.name = "dedup";
    comparison.what = "what \"dedup\" is";
    comparison.verdict_digest = "aa";
    comparison.row_digest = "bb";
    comparison.ledger.in = 5;
    comparison.store_bytes = uint64_t{2} << 30;
    comparison.bytes_per_event = 16;
    comparison.figures = {{kCpu, 1000, 100e6, 90e6, 110e6},
                          {kCpu, 10000, 125e6, 120e6, 130e6},
                          {kGpu, 1000, 10e6, 9e6, 11e6},
                          {kGpu, 10000, 500e6, 400e6, 600e6, 0.25}};
    return comparison;
}

GpuLimits limits() {
    GpuLimits limits;
    limits.machine.gpu = "a GPU";
    limits.figures = {{"h2d", 65536, "bytes", 20e9, 19e9, 21e9},
                      {"h2d", 1 << 26, "bytes", 50e9, 49e9, 51e9},
                      {"random-update", uint64_t{32} << 20, "accesses", 9e9, 9e9, 9e9},
                      {"random-update", uint64_t{4} << 30, "accesses", 4e9, 4e9, 4e9},
                      {"random-update", uint64_t{16} << 30, "accesses", 3e9, 3e9, 3e9}};
    return limits;
}

TEST(EngineReport, SharesAreOfTheBestTransferAndOfATableThatIsAsLarge) {
    EngineComparison made = comparison();
    const LimitShares shares = shares_of(made.figures[3], made, limits());
    EXPECT_DOUBLE_EQ(*shares.link, 500e6 * 16 / 50e9);
    EXPECT_DOUBLE_EQ(*shares.random, 500e6 / 4e9);
    made.store_bytes = uint64_t{1} << 20;
    EXPECT_DOUBLE_EQ(*shares_of(made.figures[3], made, limits()).random, 500e6 / 9e9);
    made.store_bytes = uint64_t{64} << 30;  // None is as large: the largest.
    EXPECT_DOUBLE_EQ(*shares_of(made.figures[3], made, limits()).random, 500e6 / 3e9);
}

TEST(EngineReport, AProcessorHasNoShareAndWhatIsNotKnownIsNoShare) {
    EngineComparison made = comparison();
    EXPECT_FALSE(shares_of(made.figures[0], made, limits()).link);
    EXPECT_FALSE(shares_of(made.figures[0], made, limits()).random);
    EXPECT_FALSE(shares_of(made.figures[3], made, std::nullopt).link);
    made.bytes_per_event = 0;
    EXPECT_FALSE(shares_of(made.figures[3], made, limits()).link);
}

TEST(EngineReport, TheTableHasFiguresDigestsAndWhereTheyBreakEven) {
    EngineReport report;
    report.machine = "a machine";
    report.comparisons = {comparison()};
    report.limits = limits();
    EXPECT_TRUE(report.right());
    EXPECT_THAT(
        to_table(report),
        AllOf(HasSubstr("a machine\na GPU\n"), HasSubstr("verdicts aa, rows bb"),
              HasSubstr("cpu:4        1000     100.00"), HasSubstr("gpu         10000     500.00"),
              HasSubstr("20.0    16%     12%   0.250\n"),
              HasSubstr("gpu is ahead of cpu:4 above 123.08 M"), HasSubstr("does not keep up"),
              HasSubstr("Not measured: ")));
}

TEST(EngineReport, WhatIsWrongHasNoFigureInAnyForm) {
    EngineReport report;
    EngineComparison wrong;
    wrong.name = "dedup";
    wrong.wrong = "gpu in batches of 1000: the verdicts differ";
    report.comparisons = {wrong};
    EXPECT_FALSE(report.right());
    EXPECT_THAT(to_table(report), AllOf(HasSubstr("WRONG: gpu in batches of 1000: the verdicts"),
                                        Not(HasSubstr("M ev/s"))));
    EXPECT_THAT(to_json(report), AllOf(HasSubstr("\"wrong\":\"gpu in batches of 1000: the"),
                                       Not(HasSubstr("\"rate\""))));
    EXPECT_FALSE(break_even_of(wrong));
    EXPECT_TRUE(rate_rows(wrong).empty());
}

TEST(EngineReport, JsonSaysTheSame) {
    EngineReport report;
    report.command = "trommel bench --engine cpu:4,gpu";
    report.comparisons = {comparison()};
    report.limits = limits();
    EXPECT_THAT(to_json(report),
                AllOf(HasSubstr("{\"format\":\"trommel engines 1\",\"command\":\"trommel bench"),
                      HasSubstr("\"what\":\"what \\\"dedup\\\" is\""),
                      HasSubstr("{\"engine\":\"gpu\",\"batch_records\":10000,\"rate\":5e+08,"
                                "\"slowest\":4e+08,\"fastest\":6e+08,\"batch_us\":20,"
                                "\"share_of_link\":0.16,\"share_of_random\":0.125,"
                                "\"joules_per_million\":0.25}"),
                      HasSubstr("\"share_of_link\":null"),
                      HasSubstr("\"break_even\":{\"kind\":\"from_rate\",\"rate\":1.23"),
                      HasSubstr("{\"rate\":5e+08,\"batch_records\":[null,10000]}"),
                      HasSubstr("\"limits\":{\"format\":\"trommel gpu figures 1\"")));
}

TEST(EngineReport, EnergyThatIsNotReportedIsSaid) {
    EngineReport report;
    EXPECT_THAT(not_measured(report), Not(HasSubstr("energy")));  // No GPU took part.
    report.limits = limits();
    EXPECT_THAT(not_measured(report), HasSubstr("energy of less than half a second"));
    report.why_no_energy = "there is no libnvidia-ml.so.1";
    EXPECT_THAT(to_table(report), HasSubstr("; energy: there is no libnvidia-ml.so.1.\n"));
}

TEST(EngineReport, WhatIsNoMeasurementIsCalledNone) {
    EngineReport report;
    EXPECT_THAT(to_table(report), Not(HasSubstr("No measurement")));
    report.quick = true;
    EXPECT_THAT(to_table(report), HasSubstr("No measurement"));
    EXPECT_THAT(to_json(report), HasSubstr("\"quick\":true"));
}

TEST(EngineReport, NeverAndAlwaysAreSaid) {
    const std::vector<EngineSide> sides = {kCpu, kGpu};
    EXPECT_EQ(to_text(BreakEven{}, sides),
              "gpu is never ahead of cpu:4: it carries no more in any batch measured");
    EXPECT_EQ(to_text({BreakEven::Kind::from_smallest, 12.5e6, 1024}, sides),
              "gpu is ahead of cpu:4 above 12.50 M events/s, what cpu:4 carries in the smallest "
              "batches measured, of 1024");
    EXPECT_EQ(to_text({BreakEven::Kind::from_rate, 12.5e6, 3000}, sides),
              "gpu is ahead of cpu:4 above 12.50 M events/s, where both need batches of 3000");
    EXPECT_EQ(to_text({BreakEven::Kind::from_limit, 12.5e6, 300'000}, sides),
              "gpu is ahead of cpu:4 above 12.50 M events/s, the most that cpu:4 carries; for it "
              "gpu needs batches of 300000");
}

TEST(BatchSizes, AscendAndAreFilledByTheEvents) {
    const std::vector<EngineSide> cpus = {kCpu, {EngineType::cpu, 1}}, both = {kCpu, kGpu};
    EXPECT_EQ(check_batch_sizes({1024, 65536}, cpus, 16 * 65536), "");
    EXPECT_THAT(check_batch_sizes({1024, 65536}, cpus, 16 * 65536 - 1),
                HasSubstr("take at least 1048576"));
    EXPECT_THAT(check_batch_sizes({1024, 1024}, cpus, 1 << 20), HasSubstr("go up"));
    EXPECT_THAT(check_batch_sizes({0}, cpus, 1 << 20), HasSubstr("1 to 65536"));
    EXPECT_THAT(check_batch_sizes({65537}, cpus, 1 << 30), HasSubstr("1 to 65536"));
    EXPECT_EQ(check_batch_sizes({1024, 1 << 20}, both, 1 << 30), "");
    EXPECT_THAT(check_batch_sizes({1024, (1 << 20) + 1}, both, 1 << 30), HasSubstr("1 to 1048576"));
    EXPECT_THAT(check_batch_sizes({65537, 1 << 20}, both, 1 << 30),
                HasSubstr("no batch of a CPU has more than 65536"));
    for (const auto& sides : {cpus, both}) {
        EXPECT_EQ(check_batch_sizes(default_batch_sizes(false, sides), sides,
                                    EngineWorkloads::kEventsPreset),
                  "");
        EXPECT_EQ(check_batch_sizes(default_batch_sizes(true, sides), sides,
                                    EngineWorkloads::kEventsQuick),
                  "");
    }
}

}  // namespace
}  // namespace trommel::bench
