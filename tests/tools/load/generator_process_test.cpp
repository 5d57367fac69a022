#include "tools/load/generator_process.h"

#include <gtest/gtest.h>

namespace trommel::tools {
namespace {

TEST(GeneratorProcess, ItsReportIsRead) {
    GeneratorProcess generator;
    generator.hear(R"({"event":"progress","sent":17})");
    EXPECT_EQ(generator.sent(), 17U);
    generator.hear(
        R"({"event":"report","events":200,"truth":{"in":200,"unique":190,"duplicate":10,"late":0,)"
        R"("corrupt":0},"seconds":0.2,"rate":1004.5,"cpu_seconds":0.0066,"lag_us":{"count":200,)"
        R"("p50":75,"p90":150,"p99":269,"p99_9":319,"p99_99":320,"max":321,"spectrum":)"
        R"([{"percent":0,"us":52},{"percent":12.5,"us":60}]},"datagrams":103})");
    EXPECT_EQ(generator.sent(), 200U);
    EXPECT_EQ(generator.figures().events, 200U);
    EXPECT_DOUBLE_EQ(generator.figures().achieved_rate, 1004.5);
    EXPECT_DOUBLE_EQ(generator.figures().cpu_seconds, 0.0066);
    const bench::LatencyFigures& lag = generator.figures().lag;
    EXPECT_EQ(lag.p99_us, 269U);
    EXPECT_EQ(lag.p99_99_us, 320U);
    EXPECT_EQ(lag.max_us, 321U);
    ASSERT_EQ(lag.spectrum.size(), 2U);
    EXPECT_DOUBLE_EQ(lag.spectrum[1].percent, 12.5);
    EXPECT_EQ(lag.spectrum[1].value, 60U);
    EXPECT_EQ(generator.truth(), (net::Truth{200, 190, 10, 0, 0}));
}

TEST(GeneratorProcess, WhatIsNoObjectIsPassedOver) {
    GeneratorProcess generator;
    for (const char* line : {"", "warning: something", "[1]", "{\"event\":3", "{}", "7"}) {
        generator.hear(line);
    }
    EXPECT_EQ(generator.sent(), 0U);
}

TEST(GeneratorProcess, OneThatWasNotStartedHasNoEnd) {
    GeneratorProcess generator;
    EXPECT_EQ(generator.finish().code, Code::internal);
}

// The process is this test program, which knows no such test: it ends without a word of its own.
TEST(GeneratorProcess, OneThatReportsNothingIsAFailure) {
    GeneratorProcess generator;
    ASSERT_TRUE(generator.start({"--gtest_filter=NoSuchTest"}).ok());
    const Status status = generator.finish();
    EXPECT_EQ(status.code, Code::internal);
    EXPECT_EQ(status.message, "the generator did not report");
    EXPECT_TRUE(generator.has_ended());
}

}  // namespace
}  // namespace trommel::tools
