#include "bench/kit/gpu_figures.h"

#include <gtest/gtest.h>

namespace trommel::bench {
namespace {

constexpr uint64_t kGiB = uint64_t{1} << 30;

TEST(GpuFigures, AFigureIsTheMedianWithItsSpread) {
    const GpuFigure odd = make_figure("h2d", 4096, "bytes", {5e9, 1e9, 3e9});
    EXPECT_EQ(odd.median, 3e9);
    EXPECT_EQ(odd.least, 1e9);
    EXPECT_EQ(odd.most, 5e9);
    EXPECT_EQ(make_figure("h2d", 1, "bytes", {4, 1, 2, 8}).median, 3);
    EXPECT_EQ(make_figure("h2d", 1, "bytes", {7}).median, 7);
}

TEST(GpuFigures, TablesThatLeaveNoTenthOfTheMemoryAreLeftOut) {
    const std::vector<uint64_t> sizes{kGiB, 4 * kGiB, 16 * kGiB};
    EXPECT_EQ(sizes_that_fit(sizes, 20 * kGiB), sizes);
    EXPECT_EQ(sizes_that_fit(sizes, 17 * kGiB), (std::vector<uint64_t>{kGiB, 4 * kGiB}));
    EXPECT_EQ(sizes_that_fit({90}, 100), std::vector<uint64_t>{90});
    EXPECT_TRUE(sizes_that_fit({91}, 100).empty());
    EXPECT_TRUE(sizes_that_fit(sizes, 0).empty());
}

TEST(GpuFigures, SmallTransfersAreRepeatedOftenAndLargeOnesStill) {
    EXPECT_EQ(transfers_for(64 << 10), 4096u);
    EXPECT_EQ(transfers_for(1 << 20), 256u);
    EXPECT_EQ(transfers_for(64 << 20), 8u);
    EXPECT_EQ(transfers_for(0), 4096u);
}

TEST(GpuFigures, JsonHasTheMachineAndEveryFigure) {
    const GpuMachine machine{.gpu = "a \"GPU\"",
                             .host = "a host",
                             .runtime_version = 13000,
                             .driver_version = 12080,
                             .commit = "abc"};
    EXPECT_EQ(to_json(machine, {}),
              "{\"format\":\"trommel gpu figures 1\",\"machine\":{\"gpu\":\"a \\\"GPU\\\"\","
              "\"host\":\"a host\",\"runtime\":13000,\"driver\":12080,\"commit\":\"abc\"},"
              "\"figures\":[]}");
    const std::string json = to_json(machine, {make_figure("h2d", 65536, "bytes", {2.5e10}),
                                               make_figure("cas", kGiB, "accesses", {5e9, 6e9})});
    EXPECT_NE(json.find("{\"name\":\"h2d\",\"bytes\":65536,\"unit\":\"bytes per second\","
                        "\"median\":2.5e+10,\"least\":2.5e+10,\"most\":2.5e+10},{\"name\":\"cas\""),
              std::string::npos)
        << json;
}

TEST(GpuFigures, TheTableSaysSizesInTheirLargestUnit) {
    const std::string table =
        to_table({make_figure("h2d", 65536, "bytes", {5.5e10}),
                  make_figure("random-cas", 4 * kGiB, "accesses", {4e9, 5e9, 6e9})});
    EXPECT_EQ(table,
              "what                   size         median      least       most\n"
              "h2d                  64 KiB  55.000 GB/s       55.000     55.000\n"
              "random-cas            4 GiB   5.000 G/s         4.000      6.000\n");
}

}  // namespace
}  // namespace trommel::bench
