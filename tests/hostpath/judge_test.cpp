#include <algorithm>
#include <gtest/gtest.h>

#include "hostpath/receiver.h"
#include "kernels/rules/partition.h"
#include "kernels/rules/window.h"
#include "tests/hostpath/small_jobs.h"
#include "tests/kit/fake_clock.h"
#include "tests/kit/random.h"

namespace trommel::hostpath {
namespace {

using testkit::OracleEvent;

constexpr uint64_t kSeed = 42;

// A judge and the batch that it judges.
struct Court {
    explicit Court(const Config& of) : config(of), judge(config, kSeed, false) {}

    std::vector<Verdict> judge_events(const std::vector<OracleEvent>& events, int64_t wall_us = 0) {
        batch.records.clear();
        testkit::fill(batch.records, config, events, 0, events.size());
        judge.admit(batch, wall_us);
        return verdicts_of(batch.records);
    }
    std::vector<Verdict> judge_times(const std::vector<int64_t>& times_us) {
        return judge_events(events_at(times_us));
    }

    const Config config;
    Judge judge;
    Batch batch{config, config.engine.batch_records};
};

constexpr Verdict kOk = Verdict::pending, kLate = Verdict::late, kBad = Verdict::corrupt;

Config panes_job(int64_t pane_us, int64_t out_of_order_us, int64_t lateness_us) {
    Config config = dedup_job();
    config.windows = {{"w", WindowKind::tumbling, pane_us, pane_us, 0}};
    config.time.out_of_order_us = out_of_order_us;
    config.time.allowed_lateness_us = lateness_us;
    return config;
}

using Verdicts = std::vector<Verdict>;

TEST(Judge, AnEventIsLateOnceItsPaneIsPast) {
    Court court(panes_job(10, 0, 0));
    EXPECT_EQ(court.judge_times({5, 9, 0}), Verdicts({kOk, kOk, kOk}));
    EXPECT_EQ(court.judge_times({10, 9, 10, 19, 10, 20, 19}),
              Verdicts({kOk, kLate, kOk, kOk, kOk, kOk, kLate}));
}

TEST(Judge, DisorderAndAllowedLatenessPutItOff) {
    Court court(panes_job(10, 7, 5));
    // The pane [0, 10) is past when the watermark is 15: newest 22.
    EXPECT_EQ(court.judge_times({21, 9, 22, 9, 10}), Verdicts({kOk, kOk, kOk, kLate, kOk}));
}

TEST(Judge, PanesOfNegativeTimesAndOffsetsAreCutDownwards) {
    Config config = panes_job(10, 0, 0);
    config.window_offset_us = 3;
    Court court(config);
    // Panes end at 3 and at -7.
    EXPECT_EQ(court.judge_times({-8, -7, -8, 2, -7, 3, 2}),
              Verdicts({kOk, kOk, kLate, kOk, kOk, kOk, kLate}));
}

TEST(Judge, WithSessionsOrNoWindowsPanesHaveNoLength) {
    Config with_session = panes_job(10, 0, 0);
    with_session.windows.push_back({"s", WindowKind::session, 0, 0, 5});
    Config without = panes_job(10, 0, 0);
    without.windows.clear();
    for (const Config& config : {with_session, without}) {
        Court court(config);
        EXPECT_EQ(court.judge_times({5, 4, 5, 6}), Verdicts({kOk, kLate, kLate, kOk}));
    }
}

TEST(Judge, NothingIsLateWithoutDisorder) {
    Config config = panes_job(10, 0, 0);
    config.time.out_of_order_us.reset();
    Court court(config);
    EXPECT_EQ(court.judge_times({1000, 0, -1000}), Verdicts({kOk, kOk, kOk}));
    EXPECT_EQ(court.batch.watermark_us, rules::kUnknownUs);
}

TEST(Judge, CorruptRecordsAreCountedAndLeftAlone) {
    Court court(panes_job(10, 0, 0));
    OracleEvent bad = corrupt_event(3);
    bad.time_us = 1000;
    EXPECT_EQ(court.judge_events({event(1, 5), bad, event(2, 0)}), Verdicts({kOk, kBad, kOk}));
    EXPECT_EQ(court.judge.watermarks().newest_us(3), rules::kUnknownUs);
    EXPECT_EQ(court.judge.taken(), std::vector<uint64_t>({2, 0, 0, 1}));
    EXPECT_EQ(court.batch.records.detail[1], "made corrupt by the test");
}

TEST(Judge, CountsWhatItTakesByPartition) {
    Court court(panes_job(10, 0, 0));
    court.judge_events({event(1, 100, 2), event(2, 0, 2), event(3, 5, 0), corrupt_event(1)});
    court.judge_events({event(1, 100, 2)});
    EXPECT_EQ(court.judge.taken(), std::vector<uint64_t>({1, 1, 3}));
}

TEST(Judge, TimesBeyondTheLimitsAreCorruptAndMoveNothing) {
    Court court(panes_job(10, 0, 0));
    EXPECT_EQ(court.judge_times({5, kTimeLimitUs, -kTimeLimitUs, INT64_MAX, INT64_MIN, 4}),
              Verdicts({kOk, kBad, kBad, kBad, kBad, kOk}));
    EXPECT_EQ(court.judge.watermarks().job_us(), 5);
    EXPECT_EQ(court.batch.records.detail[1], "time out of range");
    EXPECT_EQ(court.judge_times({kTimeLimitUs - 1}), Verdicts({kOk}));
}

TEST(Judge, MaxTimeIsInclusive) {
    Config config = panes_job(10, 0, 0);
    config.time.max_time_us = 100;
    Court court(config);
    EXPECT_EQ(court.judge_times({0, 101, 1, 100}), Verdicts({kOk, kBad, kOk, kOk}));
}

TEST(Judge, MaxFutureCountsFromTheTimeOfDay) {
    Config config = panes_job(10, 0, 0);
    config.time.max_future_us = 50;
    Court court(config);
    testkit::FakeClock clock(1000);
    EXPECT_EQ(court.judge_events(events_at({1050, 1051}), clock.wall_us()), Verdicts({kOk, kBad}));
    clock.advance(1);
    EXPECT_EQ(court.judge_events(events_at({1051, 1052}), clock.wall_us()), Verdicts({kOk, kBad}));
    clock.set_wall(0);
    EXPECT_EQ(court.judge_events(events_at({1051}), clock.wall_us()), Verdicts({kBad}));
}

TEST(Judge, TheEarlierOfMaxTimeAndMaxFutureCounts) {
    Config config = panes_job(10, 0, 0);
    config.time.max_future_us = 50;
    config.time.max_time_us = 1020;
    Court court(config);
    EXPECT_EQ(court.judge_events(events_at({1020, 1021}), 1000), Verdicts({kOk, kBad}));
    EXPECT_EQ(court.judge_events(events_at({1020}), 900), Verdicts({kBad}));
}

TEST(Judge, ABatchCarriesTheWatermarkFromBeforeItsFirstRecord) {
    Court court(panes_job(10, 0, 0));
    court.judge_times({5, 50});
    EXPECT_EQ(court.batch.watermark_us, rules::kUnknownUs);
    court.judge_times({60, 70});
    EXPECT_EQ(court.batch.watermark_us, 50);
    court.judge.admit_nothing(court.batch);
    EXPECT_EQ(court.batch.watermark_us, 70);
    EXPECT_EQ(court.batch.shard_begin[1], 0u);
}

// The stretches of a batch say how far the ids' watermark may run, row by row.
void check_stretches(const Court& court, Watermarks& watermarks) {
    const Batch& batch = court.batch;
    size_t at = 0;
    uint32_t begin = 0;
    ASSERT_FALSE(batch.stretches.empty());
    ASSERT_EQ(batch.stretches.front().watermark_us, batch.watermark_us);
    ASSERT_EQ(batch.stretches.back().row_end, batch.records.count);
    for (uint32_t row = 0; row < batch.records.count; ++row) {
        while (row == batch.stretches[at].row_end) {
            begin = batch.stretches[at].row_end;
            ASSERT_GE(batch.stretches[++at].row_end, begin);
        }
        watermarks.show(batch.records.partition[row], batch.records.time_us[row]);
        if (batch.records.verdict[row] != kOk) continue;
        const int64_t carried_us = batch.stretches[at].watermark_us;
        const int64_t now_us = watermarks.job_us();
        ASSERT_LE(carried_us, now_us) << row;
        // What is forgotten by the carried watermark must not matter to the event.
        const int64_t end_us =
            rules::pane_end(batch.records.time_us[row], 0, court.config.windows[0].size_us);
        ASSERT_GT(end_us, carried_us) << row;
        if (now_us == rules::kUnknownUs || batch.records.time_us[row] < now_us) continue;
        ASSERT_NE(carried_us, rules::kUnknownUs) << row;
        ASSERT_LE(now_us - carried_us, court.config.dedup.horizon_us) << row;
    }
}

TEST(Judge, WithinAStretchTheWatermarkMovesByAtMostAHorizon) {
    testkit::Random random(7);
    for (int round = 0; round < 300 && !testing::Test::HasFatalFailure(); ++round) {
        const int64_t disorder_us = random.between(0, random.one_in(2) ? 30 : 10'000);
        Config config = panes_job(random.between(1, 20), disorder_us, 0);
        config.dedup.horizon_us = random.between(50, 200);
        config.time.max_drift_us = random.between(0, 200);
        Court court(config);
        Watermarks watermarks(config, false);
        const auto declared = static_cast<uint32_t>(random.below(4));
        for (uint32_t p = 0; p < declared; ++p) {
            watermarks.declare(p);
            court.judge.watermarks().declare(p);
        }
        const uint64_t partitions = random.one_in(2) ? 1 : 3;
        int64_t now_us = random.between(-300, 300);
        for (int b = 0; b < 5; ++b) {
            std::vector<OracleEvent> events;
            for (uint32_t i = 0; i < config.engine.batch_records; ++i) {
                now_us += random.between(0, 3) * random.between(0, 60);
                events.push_back(event(i, now_us - random.between(0, 40),
                                       static_cast<uint32_t>(random.below(partitions))));
            }
            court.judge_events(events);
            check_stretches(court, watermarks);
        }
    }
}

// The rules for one event after another.
std::vector<Verdict> judged_singly(const std::vector<OracleEvent>& events, const Config& config,
                                   Watermarks& watermarks) {
    std::vector<Verdict> verdicts;
    for (const OracleEvent& each : events) {
        if (each.corrupt || !rules::is_valid_time(each.time_us, *config.time.max_time_us)) {
            verdicts.push_back(kBad);
            continue;
        }
        const int64_t end_us = rules::pane_end(each.time_us, 0, config.windows[0].size_us);
        const int64_t judged_us = watermarks.show(each.partition, each.time_us);
        const bool late = rules::is_late(end_us, config.time.allowed_lateness_us, judged_us);
        verdicts.push_back(late ? kLate : kOk);
    }
    return verdicts;
}

TEST(Judge, ManyAtOnceAreJudgedAsOneAfterAnother) {
    testkit::Random random(11);
    int late = 0, bad = 0, all = 0;
    for (int round = 0; round < 300 && !testing::Test::HasFailure(); ++round) {
        const int64_t disorder_us = random.between(0, 300);
        Config config = panes_job(random.between(1, 200), disorder_us, random.between(0, 20));
        config.dedup.horizon_us = random.between(50, 2000);
        config.time.max_drift_us = random.between(100, 2000);
        config.time.max_time_us = 15'000;
        config.engine.batch_records = 500;
        Court court(config);
        Watermarks watermarks(config, false);
        if (random.one_in(2)) {
            watermarks.declare(1);
            court.judge.watermarks().declare(1);
        }
        int64_t now_us = random.between(-1000, 1000);
        for (int b = 0; b < 8; ++b) {
            std::vector<OracleEvent> events;
            while (events.size() < 500) {
                // A run of one partition.
                const auto partition = static_cast<uint32_t>(random.below(3));
                const uint64_t left = 1 + random.below(500 - events.size());
                for (uint64_t i = 0; i < left; ++i) {
                    now_us += random.between(0, 9) / 4;
                    const int64_t behind_us =
                        random.between(0, random.one_in(200) ? 1000 : disorder_us);
                    events.push_back(random.one_in(500)
                                         ? corrupt_event(partition)
                                         : event(i, now_us - behind_us, partition));
                }
            }
            ASSERT_EQ(court.judge_events(events), judged_singly(events, config, watermarks));
            if (random.one_in(4)) {
                const auto ended = static_cast<uint32_t>(random.below(3));
                watermarks.end(ended);
                court.judge.watermarks().end(ended);
            }
            ASSERT_EQ(court.judge.watermarks().job_us(), watermarks.job_us());
            ASSERT_EQ(court.judge.watermarks().lead_us(), watermarks.lead_us());
            for (uint32_t p = 0; p < 3; ++p) {
                ASSERT_EQ(court.judge.watermarks().newest_us(p), watermarks.newest_us(p));
                ASSERT_EQ(court.judge.watermarks().idle(p), watermarks.idle(p));
            }
            const std::vector<Verdict> verdicts = verdicts_of(court.batch.records);
            late += static_cast<int>(std::count(verdicts.begin(), verdicts.end(), kLate));
            bad += static_cast<int>(std::count(verdicts.begin(), verdicts.end(), kBad));
            all += static_cast<int>(verdicts.size());
        }
    }
    EXPECT_GT(late, all / 1000);
    EXPECT_LT(late, all / 10);
    EXPECT_GT(bad, 100);
}

TEST(Judge, AnEventThatLagsTooFarBehindIsNotForgottenByTheWatermarkThatItLetsGo) {
    Config config = dedup_job();
    config.time.out_of_order_us = 3;
    config.dedup.horizon_us = 3;  // And so max_drift is 768.
    Court court(config);
    court.judge.watermarks().declare(0);
    court.judge.watermarks().declare(1);
    EXPECT_EQ(
        court.judge_events({event(1, 1183), event(2, 3072), event(1, 1183, 1), event(3, 3073)}),
        Verdicts(4, kOk));
    ASSERT_EQ(court.batch.stretches.size(), 2u);
    EXPECT_EQ(court.batch.stretches[0].row_end, 3u);
    EXPECT_EQ(court.batch.stretches[0].watermark_us, rules::kUnknownUs);
    EXPECT_EQ(court.batch.stretches[1].watermark_us, 3069);
}

TEST(Judge, DealsEachRowOnTimeToItsShardOnceAndInOrder) {
    testkit::Random random(3);
    for (const uint32_t shards : {1u, 2u, 3u, 8u, 64u}) {
        Config config = panes_job(10, 0, 0);
        config.engine.threads = shards;
        config.engine.batch_records = 1000;
        Court court(config);
        std::vector<OracleEvent> events;
        for (uint32_t i = 0; i < 1000; ++i) {
            events.push_back(random.one_in(10) ? corrupt_event()
                                               : event(i, i - random.between(0, 30)));
        }
        const std::vector<Verdict> verdicts = court.judge_events(events);
        const Batch& batch = court.batch;
        std::vector<uint32_t> dealt;
        for (uint32_t s = 0; s < shards; ++s) {
            for (uint32_t k = batch.shard_begin[s]; k < batch.shard_begin[s + 1]; ++k) {
                const uint32_t row = batch.order[k];
                ASSERT_EQ(rules::shard_of(batch.hash[row], shards), s);
                if (k > batch.shard_begin[s]) {
                    ASSERT_LT(batch.order[k - 1], row);
                }
                dealt.push_back(row);
            }
        }
        std::sort(dealt.begin(), dealt.end());
        std::vector<uint32_t> expected;
        for (uint32_t row = 0; row < 1000; ++row) {
            if (verdicts[row] == kOk) expected.push_back(row);
        }
        EXPECT_LT(expected.size(), 950u);  // Some are late.
        EXPECT_EQ(dealt, expected) << shards;
    }
}

TEST(Judge, ABatchIsDealtAnewEachTime) {
    Config config = dedup_job();
    config.engine.threads = 2;
    Court court(config);
    court.judge_times({1, 2, 3, 4, 5, 6, 7, 8});
    EXPECT_EQ(court.batch.shard_begin[2], 8u);
    court.judge_times({1});
    EXPECT_EQ(court.batch.shard_begin[2], 1u);
    court.judge.admit_nothing(court.batch);
    EXPECT_EQ(court.batch.shard_begin[2], 0u);
}

}  // namespace
}  // namespace trommel::hostpath
