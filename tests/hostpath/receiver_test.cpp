#include "hostpath/receiver.h"

#include <gtest/gtest.h>
#include <memory>

#include "tests/hostpath/small_jobs.h"
#include "tests/kit/fake_clock.h"
#include "tests/kit/memory_source.h"
#include "tests/kit/random.h"

namespace trommel::hostpath {
namespace {

using Filled = Receiver::Filled;
using testkit::FakeClock;
using testkit::MemorySource;
using testkit::OracleEvent;

// A receiver, its lanes and what it has brought.
class Station {
   public:
    Station(const Config& config, std::vector<Source*> sources)
        : config_(config), receiver(config_, 42, {std::move(sources), &clock}) {}

    Filled fill() {
        const Filled filled = receiver.fill(batch);
        for (uint32_t row = 0; row < batch.records.count; ++row) {
            times_us.push_back(batch.records.time_us[row]);
            lanes.push_back(batch.lane);
            verdicts.push_back(batch.records.verdict[row]);
        }
        return filled;
    }
    // Until the end, or until there is nothing for a while.
    Filled drain() {
        Filled filled = fill();
        for (int nothing = 0; filled != Filled::last && nothing < 50; filled = fill()) {
            nothing = filled == Filled::nothing ? nothing + 1 : 0;
        }
        return filled;
    }

    const Config config_;
    FakeClock clock{1'000'000};
    Receiver receiver;
    Batch batch{config_, config_.engine.batch_records};
    std::vector<int64_t> times_us;
    std::vector<uint32_t> lanes;
    std::vector<Verdict> verdicts;
};

Config lanes_job(int64_t out_of_order_us, int64_t horizon_us, int64_t drift_us) {
    Config config = dedup_job();
    config.time.out_of_order_us = out_of_order_us;
    config.dedup.horizon_us = horizon_us;
    config.time.max_drift_us = drift_us;
    return config;
}

MemorySource::Options one_partition(bool stays_open = false) {
    MemorySource::Options options;
    options.known_partitions = 1;
    options.stays_open = stays_open;
    return options;
}

MemorySource lane_of(const Config& config, const std::vector<int64_t>& times_us,
                     bool stays_open = false) {
    return {config, events_at(times_us), one_partition(stays_open)};
}

using Times = std::vector<int64_t>;

TEST(Receiver, BringsTheRecordsOfOneLaneAndThenTheEnd) {
    const Config config = dedup_job();
    MemorySource source(config, events_at({3, 1, 2}));
    Station station(config, {&source});
    ASSERT_TRUE(station.receiver.open().ok());
    EXPECT_EQ(station.fill(), Filled::records);
    EXPECT_FALSE(station.batch.last);
    EXPECT_EQ(station.times_us, Times({3, 1, 2}));
    EXPECT_EQ(station.fill(), Filled::last);
    EXPECT_TRUE(station.batch.last);
    EXPECT_TRUE(station.batch.status.ok());
    EXPECT_EQ(station.batch.records.count, 0u);
    EXPECT_EQ(station.batch.watermark_us, rules::kEndOfInputUs);
    EXPECT_EQ(station.receiver.bytes_read(), 27u);  // "record 0" and a line end, three times.
}

TEST(Receiver, WithoutLanesTheEndComesAtOnce) {
    Station station(dedup_job(), {});
    ASSERT_TRUE(station.receiver.open().ok());
    EXPECT_EQ(station.fill(), Filled::last);
}

TEST(Receiver, ReadsTheSlowestLaneFirst) {
    const Config config = lanes_job(0, 1000, 1'000'000);
    MemorySource ahead = lane_of(config, {500, 510, 520});
    MemorySource behind = lane_of(config, {100, 110, 520, 530});
    Station station(config, {&ahead, &behind});
    ASSERT_TRUE(station.receiver.open().ok());
    station.fill();
    EXPECT_EQ(station.lanes.front(), 1u);
    EXPECT_EQ(station.times_us.front(), 100);
    EXPECT_EQ(station.drain(), Filled::last);
    EXPECT_EQ(station.times_us.size(), 7u);
}

TEST(Receiver, KnownPartitionsOfAllLanesHaveNamesAndNumbersOfTheirOwn) {
    const Config config = lanes_job(0, 1000, 10);
    MemorySource::Options several;
    several.known_partitions = 3;
    MemorySource source(config, {event(1, 5, 2), event(2, 7, 9)}, several);
    Station alone(config, {&source});
    ASSERT_TRUE(alone.receiver.open().ok());
    EXPECT_EQ(alone.receiver.partitions(), 3u);
    alone.fill();
    EXPECT_EQ(alone.receiver.partitions(), 4u);  // One was discovered.
    EXPECT_EQ(alone.receiver.partition_name(2), "p2");
    EXPECT_EQ(alone.receiver.partition_name(3), "p9");
    EXPECT_EQ(alone.receiver.judge().taken(), std::vector<uint64_t>({0, 0, 1, 1}));
    // Partitions 0 and 1 have shown nothing.
    EXPECT_EQ(alone.receiver.judge().watermarks().job_us(), rules::kUnknownUs);

    MemorySource first = lane_of(config, {1}), second = lane_of(config, {2, 3});
    Station station(config, {&first, &second});
    ASSERT_TRUE(station.receiver.open().ok());
    station.drain();
    EXPECT_EQ(station.receiver.partitions(), 2u);
    EXPECT_EQ(station.receiver.judge().taken(), std::vector<uint64_t>({1, 2}));
    EXPECT_EQ(station.receiver.source_name(1), "memory");
}

TEST(Receiver, ALaneBesideOthersMustBeOnePartition) {
    const Config config = dedup_job();
    MemorySource one = lane_of(config, {1});
    MemorySource::Options options;
    options.known_partitions = 2;
    options.name = "two.ndjson";
    MemorySource two(config, {}, options);
    Station station(config, {&one, &two});
    const Status status = station.receiver.open();
    EXPECT_EQ(status.code, Code::invalid_config);
    EXPECT_NE(status.message.find("two.ndjson"), std::string::npos);
}

// However the lanes are cut: no record is further ahead than the drift of what the slowest other
// lane has shown or has ready, each lane keeps its order, and nothing is lost or late.
void check_drift(uint64_t seed) {
    testkit::Random random(seed);
    const int64_t horizon_us = random.between(1, 100);
    const int64_t drift_us = random.one_in(4) ? 0 : random.between(0, 3 * horizon_us);
    const Config config = lanes_job(0, horizon_us, drift_us);
    // A lane that had nothing yet when it was asked is waited for (T2), but nobody knows where it
    // stands.
    const bool answer_at_once = random.one_in(2);
    std::vector<Times> times(2 + random.below(4));
    std::vector<std::unique_ptr<MemorySource>> sources;
    std::vector<Source*> lanes;
    for (Times& lane : times) {
        int64_t now_us = random.between(-1000, 1000);
        for (uint64_t left = random.below(60); left > 0; --left) {
            now_us += random.between(1, 20) * (random.one_in(10) ? 30 : 1);
            lane.push_back(now_us);
        }
        MemorySource::Options options = one_partition();
        if (!answer_at_once) options.cut_seed = random.next() | 1;
        options.records_per_poll_max = static_cast<uint32_t>(1 + random.below(70));
        sources.push_back(std::make_unique<MemorySource>(config, events_at(lane), options));
        lanes.push_back(sources.back().get());
    }
    Station station(config, lanes);
    ASSERT_TRUE(station.receiver.open().ok());
    ASSERT_EQ(station.drain(), Filled::last);

    std::vector<size_t> next(times.size());
    for (size_t i = 0; i < station.times_us.size(); ++i) {
        const uint32_t lane = station.lanes[i];
        ASSERT_LT(next[lane], times[lane].size());
        ASSERT_EQ(station.times_us[i], times[lane][next[lane]++]);
        ASSERT_EQ(to_text(station.verdicts[i]), std::string("pending"));
        for (size_t other = 0; other < times.size(); ++other) {
            if (other == lane || next[other] == times[other].size()) continue;
            if (next[other] == 0 && !answer_at_once) continue;
            ASSERT_LE(station.times_us[i], times[other][next[other]] + drift_us) << "record " << i;
        }
    }
    for (size_t lane = 0; lane < times.size(); ++lane) ASSERT_EQ(next[lane], times[lane].size());
}

TEST(Receiver, NoLaneRunsFurtherAheadThanTheDrift) {
    for (uint64_t seed = 1; seed <= 1000 && !HasFatalFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        check_drift(seed);
    }
}

TEST(Receiver, ARecordThatWasHeldBackIsNotLateForHavingBeenLookedAt) {
    // No disorder, and panes of no length: an event at the watermark itself is late.
    const Config config = lanes_job(0, 10, 10);
    MemorySource first = lane_of(config, {100, 200, 300}), second = lane_of(config, {100, 200});
    Station station(config, {&first, &second});
    ASSERT_TRUE(station.receiver.open().ok());
    ASSERT_EQ(station.drain(), Filled::last);
    EXPECT_EQ(station.verdicts, std::vector<Verdict>(5, Verdict::pending));
}

TEST(Receiver, ALaneThatHasEndedHoldsNobodyBack) {
    const Config config = lanes_job(0, 10, 10);
    MemorySource ends = lane_of(config, {0}), goes_on = lane_of(config, {5, 100'000});
    Station station(config, {&ends, &goes_on});
    ASSERT_TRUE(station.receiver.open().ok());
    ASSERT_EQ(station.drain(), Filled::last);
    EXPECT_EQ(station.times_us.back(), 100'000);
}

TEST(Receiver, AMovedWatermarkTravelsWithATickAndOnlyOnce) {
    const Config config = lanes_job(0, 1000, 1000);
    MemorySource source = lane_of(config, {10, 20}, true);
    Station station(config, {&source});
    ASSERT_TRUE(station.receiver.open().ok());
    EXPECT_EQ(station.fill(), Filled::records);
    EXPECT_EQ(station.batch.watermark_us, rules::kUnknownUs);
    EXPECT_EQ(station.fill(), Filled::tick);
    EXPECT_EQ(station.batch.watermark_us, 20);
    EXPECT_EQ(station.batch.records.count, 0u);
    EXPECT_FALSE(station.batch.last);
    EXPECT_EQ(station.fill(), Filled::nothing);
    EXPECT_EQ(station.fill(), Filled::nothing);
    source.close();
    EXPECT_EQ(station.fill(), Filled::last);
}

TEST(Receiver, APartitionWithoutNewsIsIdleAfterTheDeclaredTime) {
    Config config = lanes_job(0, 1000, 100'000);
    config.time.idle_after_us = 500;
    MemorySource busy = lane_of(config, {10, 20}, true), quiet = lane_of(config, {5}, true);
    Station station(config, {&busy, &quiet});
    ASSERT_TRUE(station.receiver.open().ok());
    station.drain();
    EXPECT_EQ(station.receiver.judge().watermarks().job_us(), 5);
    station.clock.advance(499);
    EXPECT_EQ(station.fill(), Filled::nothing);
    EXPECT_FALSE(station.receiver.idle(1));
    station.clock.advance(1);
    station.drain();
    EXPECT_TRUE(station.receiver.idle(0));
    EXPECT_TRUE(station.receiver.idle(1));
}

TEST(Receiver, WithoutIdleAfterASilentLaneIsWaitedForForEver) {
    const Config config = lanes_job(0, 1000, 100'000);
    MemorySource busy = lane_of(config, {10, 20}, true), quiet = lane_of(config, {}, true);
    Station station(config, {&busy, &quiet});
    ASSERT_TRUE(station.receiver.open().ok());
    station.clock.advance(int64_t{1} << 50);
    station.drain();
    EXPECT_FALSE(station.receiver.idle(1));
    EXPECT_EQ(station.receiver.judge().watermarks().job_us(), rules::kUnknownUs);
}

// Has nothing while it is muted.
// Says after its records that its partition rests.
class RestingSource : public MemorySource {
   public:
    using MemorySource::MemorySource;
    Poll poll(RecordBatch& batch, int64_t until_us) override {
        Poll poll = MemorySource::poll(batch, until_us);
        if (batch.count > 0) poll.resting = {&partition_, 1};
        return poll;
    }

   private:
    const uint32_t partition_ = 0;
};

TEST(Receiver, APartitionThatRestsHoldsNobodyBack) {
    const Config config = lanes_job(5, 100, 10);
    RestingSource done(config, events_at({100}), one_partition(true));
    MemorySource open = lane_of(config, {100, 108, 116, 124}, true);
    Station station(config, {&done, &open});
    ASSERT_TRUE(station.receiver.open().ok());
    station.drain();
    EXPECT_EQ(station.times_us, (Times{100, 100, 108, 116, 124}));
    EXPECT_TRUE(station.receiver.idle(0));
    EXPECT_FALSE(station.receiver.idle(1));
}

class MutedSource : public MemorySource {
   public:
    using MemorySource::MemorySource;
    Poll poll(RecordBatch& records, int64_t until_us) override {
        return muted ? Poll{State::nothing, 0, {}} : MemorySource::poll(records, until_us);
    }
    bool muted = false;
};

TEST(Receiver, ALaneThatWeHoldBackIsNeverIdle) {
    Config config = lanes_job(0, 10, 10);
    config.time.idle_after_us = 500;
    MemorySource held = lane_of(config, {100, 1000}, true);
    MemorySource::Options one_by_one = one_partition(true);
    one_by_one.records_per_poll_max = 1;
    MutedSource slow(config, events_at({95, 96, 97, 98}), one_by_one);
    Station station(config, {&held, &slow});
    ASSERT_TRUE(station.receiver.open().ok());
    // The slow one says something now and then; the other waits for it far longer than
    // `idle_after`.
    for (int round = 0; round < 16; ++round) {
        slow.muted = round % 4 != 0;
        station.fill();
        ASSERT_FALSE(station.receiver.idle(0)) << round;
        ASSERT_FALSE(station.receiver.idle(1)) << round;
        station.clock.advance(110);
    }
    EXPECT_EQ(station.times_us, Times({95, 100, 96, 97, 98}));
    // When the slow one is idle at last, the other goes on.
    slow.muted = true;
    for (int round = 0; round < 6; ++round) {
        station.clock.advance(110);
        station.fill();
    }
    EXPECT_TRUE(station.receiver.idle(1));
    EXPECT_FALSE(station.receiver.idle(0));
    EXPECT_EQ(station.times_us.back(), 1000);
}

TEST(Receiver, TimeInWhichTheSourceWasNotAskedMakesNobodyIdle) {
    Config config = lanes_job(0, 10, 1000);
    config.time.idle_after_us = 500;
    MemorySource source = lane_of(config, {1, 2, 3}, true);
    Station station(config, {&source});
    ASSERT_TRUE(station.receiver.open().ok());
    ASSERT_EQ(station.fill(), Filled::records);
    station.clock.advance(10'000);  // The batch took that long.
    ASSERT_EQ(station.fill(), Filled::tick);
    EXPECT_FALSE(station.receiver.idle(0));
    station.clock.advance(10'000);  // And so did the tick.
    station.fill();
    EXPECT_FALSE(station.receiver.idle(0));
    station.clock.advance(500);
    station.fill();
    EXPECT_TRUE(station.receiver.idle(0));
}

TEST(Receiver, AFailingSourceEndsTheInputWithItsStatus) {
    const Config config = lanes_job(0, 1000, 1000);
    MemorySource::Options options = one_partition();
    options.fail_after = 2;
    MemorySource source(config, events_at({10, 20, 30}), options);
    Station station(config, {&source});
    ASSERT_TRUE(station.receiver.open().ok());
    EXPECT_EQ(station.drain(), Filled::last);
    EXPECT_EQ(station.times_us, Times({10, 20}));
    EXPECT_EQ(station.batch.status.code, Code::io);
    EXPECT_EQ(station.batch.records.count, 0u);
    // What is final stays final, and nothing becomes so by the failure.
    EXPECT_EQ(station.batch.watermark_us, 20);
}

TEST(Receiver, ASourceThatCannotBeOpenedIsSaidAtOnce) {
    const Config config = dedup_job();
    MemorySource twice(config, {});
    ASSERT_TRUE(twice.open().ok());
    Station station(config, {&twice});
    EXPECT_FALSE(station.receiver.open().ok());
}

TEST(Receiver, StopEndsTheInputAndTheFirstReasonCounts) {
    const Config config = lanes_job(0, 1000, 1000);
    for (const bool is_error : {false, true}) {
        MemorySource source = lane_of(config, {10, 20}, true);
        Station station(config, {&source});
        ASSERT_TRUE(station.receiver.open().ok());
        station.fill();
        const Status why = is_error ? Status::error(Code::memory_full, "full") : Status();
        station.receiver.stop(why);
        station.receiver.stop(Status::error(Code::internal, "too late"));
        EXPECT_EQ(station.fill(), Filled::last);
        EXPECT_EQ(station.batch.status.code, why.code);
        EXPECT_EQ(station.batch.watermark_us, is_error ? 20 : rules::kEndOfInputUs);
    }
}

// A source that has arrived records to bring when the run is to end.
class DrainingSource : public MemorySource {
   public:
    using MemorySource::MemorySource;
    bool drain() override {
        ++drained;
        close();
        return true;
    }
    int drained = 0;
};

TEST(Receiver, WhatASourceHoldsWhenTheRunIsStoppedIsStillBrought) {
    Config config = lanes_job(0, 1000, 1000);
    MemorySource::Options options = one_partition(true);
    options.records_per_poll_max = 1;
    DrainingSource holding(config, events_at({10, 20, 30}), options);
    MemorySource file = lane_of(config, {15, 25, 35}, true);
    Station station(config, {&holding, &file});
    ASSERT_TRUE(station.receiver.open().ok());
    station.fill();
    ASSERT_EQ(station.times_us, Times{10});
    station.receiver.stop({});
    station.receiver.stop({});
    EXPECT_EQ(station.drain(), Filled::last);
    EXPECT_EQ(station.times_us, Times({10, 20, 30}));  // The file was not read any more.
    EXPECT_EQ(holding.drained, 1);
    EXPECT_TRUE(station.batch.status.ok());
    EXPECT_EQ(station.batch.watermark_us, rules::kEndOfInputUs);
}

TEST(Receiver, AnErrorEndsTheInputThoughASourceIsBeingDrained) {
    const Config config = lanes_job(0, 1000, 1000);
    DrainingSource holding(config, events_at({10, 20}), one_partition(true));
    Station station(config, {&holding});
    ASSERT_TRUE(station.receiver.open().ok());
    station.receiver.stop({});
    station.receiver.stop(Status::error(Code::io, "the disk is full"));
    EXPECT_EQ(station.fill(), Filled::last);
    EXPECT_EQ(station.batch.status.code, Code::io);
    EXPECT_EQ(station.times_us, Times{});
}

TEST(Receiver, AnImpossibleTimeIsCorruptAndHoldsNobodyBack) {
    Config config = lanes_job(0, 10, 10);
    config.time.max_time_us = 5000;
    MemorySource mad = lane_of(config, {9000, 100, 9001, 110, 1000});
    MemorySource sane = lane_of(config, {100, 105, 112});
    Station station(config, {&mad, &sane});
    ASSERT_TRUE(station.receiver.open().ok());
    ASSERT_EQ(station.drain(), Filled::last);
    ASSERT_EQ(station.times_us.size(), 8u);
    int64_t slowest_us = 0;
    for (size_t i = 0; i < station.times_us.size(); ++i) {
        const int64_t time_us = station.times_us[i];
        const bool impossible = time_us > 5000;
        EXPECT_EQ(station.verdicts[i] == Verdict::corrupt, impossible);
        if (station.lanes[i] == 1) slowest_us = time_us;
        // The records behind an impossible one wait like any others.
        if (time_us == 1000) {
            EXPECT_EQ(slowest_us, 112);
        }
    }
}

TEST(Receiver, ATimeTooFarInTheFutureMovesNoClock) {
    Config config = lanes_job(0, 10, 10);
    config.time.max_future_us = 1000;
    MemorySource mad = lane_of(config, {1'000'100, 1'001'001, 1'000'105});
    MemorySource sane = lane_of(config, {1'000'100, 1'000'106});
    Station station(config, {&mad, &sane});
    ASSERT_TRUE(station.receiver.open().ok());
    ASSERT_EQ(station.drain(), Filled::last);
    for (size_t i = 0; i < station.times_us.size(); ++i) {
        EXPECT_EQ(to_text(station.verdicts[i]),
                  std::string(station.times_us[i] == 1'001'001 ? "corrupt" : "pending"))
            << station.times_us[i];
    }
    EXPECT_EQ(station.receiver.judge().watermarks().lead_us(), 1'000'106);
}

}  // namespace
}  // namespace trommel::hostpath
