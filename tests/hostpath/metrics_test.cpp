#include "hostpath/metrics.h"

#include <cstddef>
#include <gtest/gtest.h>
#include <thread>

namespace trommel::hostpath {
namespace {

TEST(Metrics, BeginWithNothingKnown) {
    const Metrics metrics;
    EXPECT_EQ(metrics.records.get(), 0);
    EXPECT_EQ(metrics.watermark_us.get(), rules::kUnknownUs);
    EXPECT_EQ(metrics.newest_us.get(), rules::kUnknownUs);
}

TEST(Metrics, TwoThreadsWriteToDifferentCacheLines) {
    const Metrics metrics;
    const auto line = [&](const Gauge& gauge) { return reinterpret_cast<uintptr_t>(&gauge) / 64; };
    EXPECT_NE(line(metrics.newest_us), line(metrics.unique));
    EXPECT_NE(line(metrics.records), line(metrics.unique));
}

TEST(Metrics, AGaugeMayBeReadWhileItIsWritten) {
    Gauge gauge;
    std::jthread writer([&] {
        for (int i = 0; i < 10'000; ++i) gauge.add(2);
    });
    int64_t before = 0;
    while (before < 20'000) {
        const int64_t now = gauge.get();
        ASSERT_GE(now, before);
        ASSERT_EQ(now % 2, 0);
        before = now;
    }
    writer.join();
    gauge.set(-5);
    EXPECT_EQ(gauge.get(), -5);
}

}  // namespace
}  // namespace trommel::hostpath
