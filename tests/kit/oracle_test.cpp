// The oracle on streams small enough to be worked out by hand, rule by rule.
#include "tests/kit/oracle.h"

#include <gtest/gtest.h>

#include "tests/kit/oracle_windows.h"
#include "tests/kit/random_job.h"

namespace trommel::testkit {
namespace {

class OracleRules : public testing::Test {
   protected:
    OracleRules() {
        config_.values = {{"v"}};
        config_.aggregates = {{"count", AggregateKind::count}};
    }

    Verdict push(const std::string& id, int64_t time_us, uint32_t partition = 0, int64_t key = 0,
                 int64_t value = 0) {
        return oracle().push({false, id, {integer(key)}, time_us, {value}, partition});
    }
    // An event with an id that no other has.
    Verdict push(int64_t time_us, uint32_t partition = 0) {
        return push("new-" + std::to_string(++new_ids_), time_us, partition);
    }
    static KeyPart integer(int64_t value) { return {FieldType::integer, value, ""}; }

    // Made at first use, when the test has finished the config.
    Oracle& oracle() {
        if (!oracle_) oracle_.emplace(config_);
        return *oracle_;
    }
    std::vector<std::string> rows() {
        std::vector<std::string> texts;
        for (const OracleRow& row : oracle().rows()) texts.push_back(to_text(row));
        return texts;
    }
    void tumbling(int64_t size_us, const std::string& name = "w") {
        config_.windows.push_back({name, WindowKind::tumbling, size_us, size_us, 0});
    }

    Config config_;

   private:
    std::optional<Oracle> oracle_;
    int new_ids_ = 0;
};

using Texts = std::vector<std::string>;

TEST_F(OracleRules, NothingIsLateWithoutOutOfOrder) {
    push(1'000'000);
    EXPECT_EQ(push(-1'000'000), Verdict::unique);
    EXPECT_EQ(oracle().watermark(), std::nullopt);
}

TEST_F(OracleRules, WithoutAWindowAnEventAtTheWatermarkIsLate) {
    config_.time.out_of_order_us = 10;
    push(100);
    EXPECT_EQ(push(91), Verdict::unique);
    EXPECT_EQ(push(90), Verdict::late);
}

TEST_F(OracleRules, AnEventIsOnTimeUntilThePaneItIsInHasPassedByTheLateness) {
    tumbling(10);
    config_.time.out_of_order_us = 0;
    config_.time.allowed_lateness_us = 5;
    push(24);
    EXPECT_EQ(push(10), Verdict::unique);  // [10, 20) is final at 25.
    push(25);
    EXPECT_EQ(push(19), Verdict::late);
    EXPECT_EQ(push(20), Verdict::unique);
}

TEST_F(OracleRules, PanesFollowTheOffsetAlsoBelowZero) {
    tumbling(10);
    config_.window_offset_us = 3;
    config_.time.out_of_order_us = 0;
    push(-7);
    EXPECT_EQ(push(-8), Verdict::late);  // [-17, -7) is final at -7.
    EXPECT_EQ(push(-7), Verdict::unique);
    EXPECT_EQ(rows(), Texts({"window 0 [-7, 3) key 0: 2"}));
}

TEST_F(OracleRules, APartitionDiscoveredWhileRunningBeginsAtTheSlowest) {
    config_.time.out_of_order_us = 10;
    push(100, 0);
    push(50, 1);  // Late by 0's watermark, but shown; 1 stands at 100 with 0.
    EXPECT_EQ(oracle().ledger()[Verdict::late], 1u);
    EXPECT_EQ(oracle().watermark(), 90);
    push(200, 0);
    EXPECT_EQ(oracle().watermark(), 90);
    push(150, 1);
    EXPECT_EQ(oracle().watermark(), 140);
}

TEST_F(OracleRules, AKnownPartitionHoldsTheWatermarkBackUntilItShowsAnEventOrEnds) {
    config_.time.out_of_order_us = 0;
    oracle().declare_partitions(3);
    push(100, 0);
    EXPECT_EQ(oracle().watermark(), std::nullopt);
    EXPECT_EQ(push(-50, 1), Verdict::unique);
    EXPECT_EQ(oracle().watermark(), std::nullopt);
    oracle().end_partition(2);
    EXPECT_EQ(oracle().watermark(), -50);
    oracle().idle_partition(1);
    EXPECT_EQ(oracle().watermark(), 100);
}

TEST_F(OracleRules, APartitionBackFromIdleIsJudgedByTheJobAndDoesNotMoveItBack) {
    config_.time.out_of_order_us = 0;
    push(100, 0);
    push(100, 1);
    oracle().idle_partition(1);
    push(200, 0);
    EXPECT_EQ(oracle().watermark(), 200);
    EXPECT_EQ(push(150, 1), Verdict::late);
    EXPECT_EQ(oracle().watermark(), 200);
    push(300, 0);
    EXPECT_EQ(oracle().watermark(), 200);  // 1 counts again and stands at 150.
}

TEST_F(OracleRules, ASlowPartitionIsDeclaredIdleOnlyBeyondTheDrift) {
    config_.dedup.horizon_us = 1000;
    config_.time.out_of_order_us = 0;
    config_.time.max_drift_us = 50;
    push(0, 0);
    push(50, 1);
    EXPECT_EQ(oracle().watermark(), 0);
    push(51, 1);
    EXPECT_EQ(oracle().watermark(), 51);
}

// The beginning shows only in the drift: the job's watermark is never behind it.
TEST_F(OracleRules, TheDriftOfADiscoveredPartitionCountsFromWhereItBegan) {
    config_.dedup.horizon_us = 1000;
    config_.time.out_of_order_us = 10;
    config_.time.max_drift_us = 50;
    push(100, 0);
    EXPECT_EQ(push(50, 1), Verdict::late);  // Stands at 100 all the same.
    push(150, 0);
    EXPECT_EQ(oracle().watermark(), 90);
    push(151, 0);
    EXPECT_EQ(oracle().watermark(), 141);
}

TEST_F(OracleRules, AKnownPartitionThatIsSilentIsWaitedForWhateverTheDrift) {
    config_.dedup.horizon_us = 1000;
    config_.time.out_of_order_us = 10;
    config_.time.max_drift_us = 50;
    oracle().declare_partitions(2);
    push(0, 0);
    push(1'000'000, 0);
    EXPECT_EQ(oracle().watermark(), std::nullopt);
    EXPECT_EQ(push(-1'000'000, 1), Verdict::unique);  // Now it has drifted.
    EXPECT_EQ(oracle().watermark(), 999'990);
}

TEST_F(OracleRules, WhenAllHaveEndedTheWatermarkStays) {
    config_.time.out_of_order_us = 0;
    push(100, 0);
    oracle().end_partition(0);
    EXPECT_EQ(oracle().watermark(), 100);
    EXPECT_EQ(push(100, 1), Verdict::late);
    EXPECT_EQ(push(101, 1), Verdict::unique);
}

TEST_F(OracleRules, TimesBeyondTheLimitsAreCorruptAndLeaveNoTrace) {
    config_.time.out_of_order_us = 0;
    config_.time.max_time_us = 1000;
    EXPECT_EQ(push(1001), Verdict::corrupt);
    EXPECT_EQ(push(-kTimeLimitUs), Verdict::corrupt);
    EXPECT_EQ(push(-kTimeLimitUs + 1), Verdict::unique);
    EXPECT_EQ(push(1000), Verdict::unique);
    EXPECT_EQ(oracle().push({true, "", {}, INT64_MAX, {}, 9}), Verdict::corrupt);
    EXPECT_EQ(oracle().watermark(), 1000);
    EXPECT_EQ(oracle().partitions().at(9).in, 1u);
}

TEST_F(OracleRules, ALateEventLeavesNoTraceInTheMemoryOfIds) {
    config_.time.out_of_order_us = 0;
    push(100, 0);
    push(100, 1);
    EXPECT_EQ(push("a", 50), Verdict::late);
    EXPECT_EQ(push("a", 101), Verdict::unique);
}

TEST_F(OracleRules, AnIdIsRememberedForReachTicksInBothDirections) {
    config_.dedup.horizon_us = 64'000;  // 64 ticks of 1 ms.
    config_.time.out_of_order_us = 64'000;
    EXPECT_EQ(push("a", 999), Verdict::unique);        // Tick 0.
    EXPECT_EQ(push("a", 64'999), Verdict::duplicate);  // Tick 64.
    EXPECT_EQ(push("a", 65'000), Verdict::unique);     // Tick 65: remembered from now on.
    EXPECT_EQ(push("a", 1'000), Verdict::late);
    EXPECT_EQ(push("a", 1'001), Verdict::duplicate);    // Tick 1.
    EXPECT_EQ(push("a", 129'999), Verdict::duplicate);  // Tick 129.
    EXPECT_EQ(push("a", 130'000), Verdict::unique);
}

TEST_F(OracleRules, OfTwoTimesTheLaterIsRemembered) {
    config_.dedup.horizon_us = 64'000;
    config_.time.out_of_order_us = 64'000;
    config_.time.max_drift_us = 1'000'000;
    push(-200'000, 1);  // Holds the job's watermark back.
    push("a", 100'000, 0);
    EXPECT_EQ(push("a", -100'000, 1), Verdict::unique);
    EXPECT_EQ(push("a", 150'000, 0), Verdict::duplicate);
    EXPECT_EQ(push("a", -100'000, 1), Verdict::unique);
}

TEST_F(OracleRules, ForeverIsForever) {
    push("a", -kTimeLimitUs + 1);
    EXPECT_EQ(push("a", kTimeLimitUs - 1), Verdict::duplicate);
}

TEST_F(OracleRules, ScopeDecidesWhetherKeysShareIds) {
    push("a", 0, 0, 1);
    EXPECT_EQ(push("a", 0, 0, 2), Verdict::duplicate);
    Config per_key = config_;
    per_key.dedup.scope = Scope::key;
    Oracle oracle(per_key);
    EXPECT_EQ(oracle.push({false, "a", {integer(1)}, 0, {0}, 0}), Verdict::unique);
    EXPECT_EQ(oracle.push({false, "a", {integer(2)}, 0, {0}, 0}), Verdict::unique);
    EXPECT_EQ(oracle.push({false, "a", {integer(2)}, 0, {0}, 0}), Verdict::duplicate);
}

TEST_F(OracleRules, WithDedupOffEveryOnTimeEventCounts) {
    config_.dedup.mode = DedupMode::off;
    push("a", 0);
    EXPECT_EQ(push("a", 0), Verdict::unique);
}

// Within the batch it is remembered, after it not; what was counted is.
TEST_F(OracleRules, ARefusedEventLeavesNoTraceAfterItsBatch) {
    config_.dedup.horizon_us = 64'000;
    const auto refuse = [&](const std::string& id, int64_t time_us) {
        return oracle().push({false, id, {integer(0)}, time_us, {0}, 0}, Verdict::refused);
    };
    EXPECT_EQ(refuse("a", 200'000), Verdict::refused);
    EXPECT_EQ(push("a", 200'000), Verdict::duplicate);
    EXPECT_EQ(push("a", 0), Verdict::unique);
    EXPECT_EQ(refuse("a", 0), Verdict::refused) << "200,000 is remembered, being later";
    oracle().end_batch();
    EXPECT_EQ(refuse("a", 0), Verdict::duplicate);
    EXPECT_EQ(push("a", 200'000), Verdict::unique);
    oracle().end_batch();
    EXPECT_EQ(push("a", 200'000), Verdict::duplicate);
    EXPECT_EQ(oracle().ledger()[Verdict::refused], 2u);
}

TEST_F(OracleRules, AFiltersWordIsTakenForOnTimeEventsOnly) {
    config_.time.out_of_order_us = 10;
    push(100);
    const OracleEvent late = {false, "a", {integer(0)}, 50, {0}, 0};
    const OracleEvent fresh = {false, "b", {integer(0)}, 200, {0}, 0};
    EXPECT_EQ(oracle().push(late, Verdict::unique), Verdict::late);
    EXPECT_EQ(oracle().push(fresh, Verdict::duplicate), Verdict::duplicate);
    EXPECT_EQ(oracle().push(fresh, Verdict::unique), Verdict::unique);
}

TEST_F(OracleRules, SlidingWindowsCoverAnEventOncePerSlide) {
    config_.windows = {{"s", WindowKind::sliding, 20, 10, 0}};
    push(-1);
    push(0);
    EXPECT_EQ(rows(), Texts({"window 0 [-20, 0) key 0: 1", "window 0 [-10, 10) key 0: 2",
                             "window 0 [0, 20) key 0: 1"}));
}

TEST_F(OracleRules, SessionsJoinWhatIsExactlyOneGapApart) {
    config_.windows = {{"s", WindowKind::session, 0, 0, 10}};
    for (const int64_t time_us : {31, 0, 20, 10}) push(time_us);
    push("b", 25, 0, 1);
    EXPECT_EQ(rows(), Texts({"window 0 [0, 30) key 0: 3", "window 0 [25, 35) key 1: 1",
                             "window 0 [31, 41) key 0: 1"}));
}

TEST_F(OracleRules, ASessionWindowMakesThePanesOfItsJobPoints) {
    tumbling(10);
    EXPECT_EQ(pane_us(config_), 10);
    config_.windows.push_back({"x", WindowKind::sliding, 45, 15, 0});
    EXPECT_EQ(pane_us(config_), 5);
    config_.windows.push_back({"s", WindowKind::session, 0, 0, 10});
    EXPECT_EQ(pane_us(config_), 0);
}

TEST_F(OracleRules, RowsComeByEndThenStartThenWindowNameThenKey) {
    tumbling(20, "z");
    tumbling(10, "b");
    tumbling(10, "a");
    push("1", 15, 0, 7);
    push("2", 15, 0, -7);
    EXPECT_EQ(rows(), Texts({"window 0 [0, 20) key -7: 1", "window 0 [0, 20) key 7: 1",
                             "window 2 [10, 20) key -7: 1", "window 2 [10, 20) key 7: 1",
                             "window 1 [10, 20) key -7: 1", "window 1 [10, 20) key 7: 1"}));
}

TEST_F(OracleRules, FirstAndLastGoByTimeThenValue) {
    tumbling(100);
    config_.aggregates = {{"first", AggregateKind::first}, {"last", AggregateKind::last}};
    push("a", 5, 0, 0, 3);
    push("b", 5, 0, 0, 2);
    push("c", 9, 0, 0, -4);
    push("d", 9, 0, 0, -5);
    push("e", 7, 0, 0, 1000);
    EXPECT_EQ(rows(), Texts({"window 0 [0, 100) key 0: 2 -4"}));
}

TEST_F(OracleRules, SumsDoNotOverflow) {
    tumbling(100);
    config_.aggregates = {{"sum", AggregateKind::sum},
                          {"min", AggregateKind::min},
                          {"max", AggregateKind::max},
                          {"avg", AggregateKind::avg}};
    for (const char* id : {"a", "b", "c"}) push(id, 0, 0, 0, INT64_MIN);
    EXPECT_EQ(rows(), Texts({"window 0 [0, 100) key 0: -27670116110564327424 -9223372036854775808 "
                             "-9223372036854775808 -9223372036854775808"}));
}

TEST(OracleMean, RoundsHalfToEven) {
    EXPECT_EQ(mean(5, 2, 0, 0), 2);  // 2.5
    EXPECT_EQ(mean(7, 2, 0, 0), 4);  // 3.5
    EXPECT_EQ(mean(-5, 2, 0, 0), -2);
    EXPECT_EQ(mean(-7, 2, 0, 0), -4);
    EXPECT_EQ(mean(8, 3, 0, 0), 3);  // 2.67
    EXPECT_EQ(mean(1, 3, 0, 4), 3333);
    EXPECT_EQ(mean(2, 3, 0, 4), 6667);
    EXPECT_EQ(mean(1, 8, 0, 2), 12);  // 0.125
    EXPECT_EQ(mean(3, 8, 0, 2), 38);  // 0.375
    EXPECT_EQ(mean(0, 3, 5, 5), 0);
}

TEST(OracleMean, TakesTheFractionDigitsOfTheValueIntoAccount) {
    EXPECT_EQ(mean(125, 1, 2, 1), 12);  // 1.25
    EXPECT_EQ(mean(135, 1, 2, 1), 14);
    EXPECT_EQ(mean(150, 1, 2, 0), 2);
    EXPECT_EQ(mean(250, 1, 2, 0), 2);
    EXPECT_EQ(mean(125, 1, 2, 4), 12500);
    EXPECT_EQ(mean(1, 1, 18, 0), 0);
    const int128 most = int128{INT64_MIN} * 1'000'000'000'000'000'000;
    EXPECT_EQ(mean(int128{INT64_MIN} * 3, 3, 0, 18), most);
}

TEST(OracleKeys, CompareFieldByFieldAndTextsAsUnsignedBytes) {
    const auto text = [](const std::string& bytes) { return KeyPart{FieldType::text, 0, bytes}; };
    const KeyLess less;
    EXPECT_TRUE(less({text("a")}, {text("\xC3")}));
    EXPECT_TRUE(less({text("a")}, {text(std::string("a\0", 2))}));
    EXPECT_TRUE(less({text("a"), text("z")}, {text("aa"), text("")}));
    EXPECT_FALSE(less({text("a")}, {text("a")}));
    EXPECT_TRUE(less({{FieldType::integer, -1, ""}}, {{FieldType::integer, 0, ""}}));
}

// What W4 and T4 promise together: rows that are final never change, and no other row comes before.
TEST(OracleFinality, RowsFinalAtAWatermarkAreThoseOfTheEnd) {
    for (uint64_t seed = 0; seed < 200; ++seed) {
        const RandomJob job = random_job(seed);
        SCOPED_TRACE("seed " + std::to_string(seed) + ": " + to_text(job.config));
        Oracle whole(job.config);
        for (const OracleEvent& event : job.events) whole.push(event);
        const std::vector<OracleRow> rows = whole.rows();
        Oracle part(job.config);
        for (size_t i = 0; i < job.events.size(); ++i) {
            part.push(job.events[i]);
            if (i % 37 != 0) continue;
            const std::vector<OracleRow> now = part.rows();
            const size_t final = rows_final(now, job.config, part.watermark());
            ASSERT_EQ(final, rows_final(rows, job.config, part.watermark()));
            ASSERT_TRUE(
                std::equal(now.begin(), now.begin() + static_cast<ptrdiff_t>(final), rows.begin()));
        }
    }
}

}  // namespace
}  // namespace trommel::testkit
