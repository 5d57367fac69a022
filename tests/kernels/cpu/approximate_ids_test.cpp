#include "kernels/cpu/approximate_ids.h"

#include <gtest/gtest.h>

namespace trommel::cpu {
namespace {

Config job() {
    Config config;
    config.dedup.mode = DedupMode::approximate;
    config.dedup.horizon_us = 1'000'000;
    config.dedup.capacity = 1'000'000;
    config.dedup.error_rate = 1e-3;
    config.time.out_of_order_us = 300'000;
    config.time.allowed_lateness_us = 200'000;
    config.windows = {{"w", WindowKind::tumbling, 250'000, 250'000, 0}};
    return config;
}

TEST(ApproximateIds, ReserveForWhatAnEventAtTheBackOfTheDisorderHasInView) {
    const rules::FilterGeometry geometry = filter_geometry(job());
    // One and a half horizons plus out_of_order + lateness + pane, of one and a half: 1.5.
    EXPECT_EQ(geometry.ids_max, 1'500'000u);
    EXPECT_EQ(geometry.lag_us, 450'000);
}

TEST(ApproximateIds, AreNotMadeWhenTheFilterDoesNotFit) {
    MemoryBudget small(uint64_t{1} << 20), large(uint64_t{64} << 20);
    EXPECT_EQ(make_approximate_ids(job(), 0, 256, SimdLevel::scalar, small), nullptr);
    EXPECT_NE(make_approximate_ids(job(), 0, 256, SimdLevel::scalar, large), nullptr);
}

}  // namespace
}  // namespace trommel::cpu
