#include "tests/kit/approximate_bounds.h"

#include <gtest/gtest.h>

namespace trommel::testkit {
namespace {

using Finding = ApproximateBounds::Finding;

class ApproximateBoundsTest : public testing::Test {
   protected:
    ApproximateBoundsTest() { config_.dedup.horizon_us = 100; }

    Finding note(const std::string& id, int64_t time_us, Verdict verdict, int64_t key = 0) {
        if (!bounds_) bounds_.emplace(config_);
        return bounds_->note({false, id, {{FieldType::integer, key, ""}}, time_us, {}, 0}, verdict);
    }

    Config config_;
    std::optional<ApproximateBounds> bounds_;
};

TEST_F(ApproximateBoundsTest, ACopyWithinTheHorizonMustBeADuplicate) {
    EXPECT_EQ(note("a", 1000, Verdict::unique), Finding::allowed);
    EXPECT_EQ(note("a", 1100, Verdict::duplicate), Finding::allowed);
    EXPECT_EQ(note("a", 900, Verdict::unique), Finding::missed);
    EXPECT_EQ(note("a", 1201, Verdict::unique), Finding::allowed);
}

TEST_F(ApproximateBoundsTest, BetweenOneHorizonAndOneAndAHalfBothAnswersAreRight) {
    EXPECT_EQ(note("a", 0, Verdict::unique), Finding::allowed);
    EXPECT_EQ(note("a", 150, Verdict::duplicate), Finding::allowed);
    EXPECT_EQ(note("a", 151, Verdict::duplicate), Finding::false_positive);
    EXPECT_EQ(note("a", 101, Verdict::unique), Finding::allowed);
}

TEST_F(ApproximateBoundsTest, DuplicatesDoNotProlongTheMemory) {
    EXPECT_EQ(note("a", 0, Verdict::unique), Finding::allowed);
    EXPECT_EQ(note("a", 90, Verdict::duplicate), Finding::allowed);
    EXPECT_EQ(note("a", 180, Verdict::unique), Finding::allowed);
}

TEST_F(ApproximateBoundsTest, CountsFalsePositivesAmongNewIds) {
    EXPECT_EQ(note("a", 0, Verdict::unique), Finding::allowed);
    EXPECT_EQ(note("b", 0, Verdict::duplicate), Finding::false_positive);
    EXPECT_EQ(note("a", 1, Verdict::duplicate), Finding::allowed);
    EXPECT_EQ(bounds_->new_ids(), 2u);
    EXPECT_EQ(bounds_->false_positives(), 1u);
}

TEST_F(ApproximateBoundsTest, ForeverHasNoEnd) {
    config_.dedup.horizon_us = kForeverUs;
    EXPECT_EQ(note("a", kTimeLimitUs - 1, Verdict::unique), Finding::allowed);
    EXPECT_EQ(note("a", -kTimeLimitUs + 1, Verdict::duplicate), Finding::allowed);
    EXPECT_EQ(note("a", 0, Verdict::unique), Finding::missed);
}

TEST_F(ApproximateBoundsTest, InTheScopeOfAKeyIdsOfOtherKeysAreOthers) {
    config_.dedup.scope = Scope::key;
    EXPECT_EQ(note("a", 0, Verdict::unique, 1), Finding::allowed);
    EXPECT_EQ(note("a", 0, Verdict::unique, 2), Finding::allowed);
    EXPECT_EQ(note("a", 0, Verdict::unique, 2), Finding::missed);
}

}  // namespace
}  // namespace trommel::testkit
