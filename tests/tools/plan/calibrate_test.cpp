#include "tools/plan/calibrate.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace trommel::tools {
namespace {

TEST(PlanCalibrate, EverythingThatAPlanAsksForIsMeasured) {
    Calibration calibration;
    std::vector<std::string> told;
    const Status status = calibrate(
        CalibrationScale::quick, [&](const std::string& what) { told.push_back(what); },
        calibration);
    ASSERT_TRUE(status.ok()) << status.message;
    EXPECT_GT(calibration.base_ns, 0);
    EXPECT_GT(calibration.base_unique_ns, 0);
    EXPECT_GT(calibration.decode_binary_ns, 0);
    EXPECT_GT(calibration.decode_csv_ns_per_byte, 0);
    EXPECT_GT(calibration.reference_ns, 0);
    EXPECT_FALSE(calibration.cell.empty());
    EXPECT_EQ(calibration.cell.size(), calibration.row.size());
    EXPECT_FALSE(calibration.machine.empty());
    EXPECT_GT(told.size(), 10u);
    for (const DedupMode mode : {DedupMode::exact, DedupMode::approximate}) {
        for (const IdType type : {IdType::u64, IdType::u128, IdType::bytes}) {
            for (const int64_t horizon_us : {int64_t{1000}, kForeverUs}) {
                DedupOptions dedup{.mode = mode, .id_type = type};
                dedup.horizon_us = horizon_us;
                EXPECT_NE(calibration.find(id_rate_kind(dedup)), nullptr) << id_rate_kind(dedup);
            }
        }
    }
    EXPECT_NE(calibration.find("verified"), nullptr);
    Calibration read;
    EXPECT_EQ(read_calibration(to_json(calibration), "file", read), "");
}

TEST(PlanCalibrate, HowFastTheMachineIsCanBeMeasuredByItself) {
    double ns = 0;
    const Status status = measure_reference(CalibrationScale::quick, ns);
    ASSERT_TRUE(status.ok()) << status.message;
    EXPECT_GT(ns, 0);
}

}  // namespace
}  // namespace trommel::tools
