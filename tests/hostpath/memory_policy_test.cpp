#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "trommel/engine.h"

#include "hostpath/memory_plan.h"
#include "hostpath/pipeline.h"
#include "tests/hostpath/small_jobs.h"
#include "tests/kernels/cuda/shuffled_shard.h"
#include "tests/kit/memory_sink.h"
#include "tests/kit/oracle.h"
#include "tests/kit/random.h"

// Contract D6 at a tiny memory: the bound holds, the ledger adds up, nothing is counted twice, and
// nothing happens below the limit.
namespace trommel::hostpath {
namespace {

using enum Verdict;
using testkit::OracleEvent;

constexpr uint64_t kMemoryBytes = uint64_t{16} << 20;

// An engine that is pushed one batch after another, and a tally of all that it said.
class Trial {
   public:
    Trial(const Config& of, const MakeShard& make) : config(of), plan(plan_memory(config)) {
        EXPECT_TRUE(validate(config).empty());
        const Status status = create_engine(config, system_clock(), make, engine);
        EXPECT_TRUE(status.ok()) << status.message;
    }

    Status push(const std::vector<OracleEvent>& events) {
        batch_.clear();
        testkit::fill(batch_, config, events, 0, events.size());
        const Status status = engine->push(batch_);
        verdicts = verdicts_of(batch_);
        for (size_t i = 0; i < events.size(); ++i) ++tally[verdicts[i]];
        take_rows();
        return status;
    }
    void take_rows() {
        RowBatch rows(config);
        while (engine->take_rows(rows)) {
            for (const int128 count : rows.aggregates[0]) counted += static_cast<uint64_t>(count);
        }
    }
    // What holds at any time, and for a run that was finished.
    void check_bound() const {
        const Report report = engine->report();
        ASSERT_TRUE(report.ledger.adds_up());
        for (const auto& [verdict, count] : tally) ASSERT_EQ(report.ledger[verdict], count);
        ASSERT_LE(report.shards[0].id_bytes, plan.id_bytes);
        ASSERT_LE(report.shards[0].key_bytes, plan.key_bytes);
    }
    void finish_and_check() {
        ASSERT_TRUE(engine->finish().ok());
        take_rows();
        check_bound();
        ASSERT_EQ(counted, tally[unique]);
    }

    const Config config;
    const MemoryPlan plan;
    std::unique_ptr<Engine> engine;
    std::vector<Verdict> verdicts;  // Of the last push.
    std::map<Verdict, uint64_t> tally;
    uint64_t counted = 0;  // The sum of `count` over all rows.

   private:
    RecordBatch batch_{config, config.engine.batch_records};
};

// On a core, and on a device of threads.
class MemoryPolicy : public testing::TestWithParam<bool> {
   protected:
    static MakeShard make() {
        return GetParam() ? MakeShard(cuda::ShuffledShards()) : MakeShard(make_shard);
    }
};
INSTANTIATE_TEST_SUITE_P(, MemoryPolicy, testing::Bool(),
                         [](const auto& kind) { return kind.param ? "Device" : "Core"; });

Config small_job(OnFull on_full) {
    Config config = window_job();
    config.engine.memory_bytes = kMemoryBytes;
    config.engine.on_full = on_full;
    config.engine.batch_records = 1000;
    config.time.out_of_order_us = 1'000'000;
    return config;
}

// Ids are short of memory. Everything lies in a few windows.
Config ids_job(OnFull on_full) {
    Config config = small_job(on_full);
    config.engine.shares = {20, 60, 5};
    config.windows[0].size_us = config.windows[0].slide_us = 10'000'000;
    config.dedup.horizon_us = 20'000'000;
    return config;
}

// A thousand events a batch, half of them copies of recent ones, a millisecond apart.
std::vector<OracleEvent> half_new(testkit::Random& random, uint64_t batch, uint64_t copies_back) {
    std::vector<OracleEvent> events;
    for (uint64_t i = 0; i < 1000; ++i) {
        const uint64_t now = batch * 1000 + i;
        const uint64_t id = i % 2 == 0 ? now : now - 1 - random.below(std::min(now, copies_back));
        events.push_back(
            keyed(id - id % 2, static_cast<int64_t>(now), static_cast<int64_t>(id % 7)));
    }
    return events;
}

TEST_P(MemoryPolicy, NothingIsRefusedBelowTheLimit) {
    for (const OnFull on_full : {OnFull::stop, OnFull::refuse, OnFull::forget}) {
        Trial trial(ids_job(on_full), make());
        testkit::Random random(1);
        for (uint64_t b = 0; b < 20; ++b) ASSERT_TRUE(trial.push(half_new(random, b, 500)).ok());
        EXPECT_EQ(trial.tally[refused], 0u);
        EXPECT_EQ(trial.tally[unique], 10'000u);
        EXPECT_EQ(trial.engine->report().horizon_shortened_us, 0);
        trial.finish_and_check();
    }
}

TEST_P(MemoryPolicy, StopEndsAtTheFirstIdThatDoesNotFit) {
    Trial trial(ids_job(OnFull::stop), make());
    testkit::Random random(1);
    uint64_t batch = 0;
    Status status;
    for (; status.ok(); ++batch) {
        ASSERT_LT(batch, 2000u);
        status = trial.push(half_new(random, batch, 500));
        trial.check_bound();
    }
    EXPECT_EQ(status.code, Code::memory_full);
    EXPECT_NE(status.message.find("memory for ids is used up"), std::string::npos);
    EXPECT_NE(status.message.find(std::to_string(trial.plan.id_bytes)), std::string::npos);
    EXPECT_GT(trial.tally[refused], 0u);
    EXPECT_GT(trial.engine->report().shards[0].live_ids, trial.plan.id_bytes / 64);

    // From then on everything is refused, corrupt records excepted, and counted.
    const uint64_t refused_before = trial.tally[refused];
    std::vector<OracleEvent> more = half_new(random, batch, 500);
    more[7].corrupt = true;
    EXPECT_EQ(trial.push(more).code, Code::memory_full);
    EXPECT_EQ(trial.tally[refused], refused_before + 999);
    EXPECT_EQ(trial.tally[corrupt], 1u);
    trial.check_bound();
    EXPECT_FALSE(trial.engine->report().complete);
    EXPECT_EQ(trial.engine->finish().code, Code::memory_full);
    trial.check_bound();
}

TEST_P(MemoryPolicy, RefuseGoesOnAndCountsNothingTwice) {
    Trial trial(ids_job(OnFull::refuse), make());
    testkit::Random random(2);
    std::set<std::string> accepted;
    for (uint64_t b = 0; b < 400; ++b) {
        const std::vector<OracleEvent> events = half_new(random, b, 100'000);
        ASSERT_TRUE(trial.push(events).ok());
        for (size_t i = 0; i < events.size(); ++i) {
            const bool is_new = trial.verdicts[i] == unique;
            // All of it lies within one horizon.
            if (is_new) {
                ASSERT_TRUE(accepted.insert(events[i].id).second) << b << " " << i;
            }
            if (trial.verdicts[i] == duplicate) {
                ASSERT_TRUE(accepted.contains(events[i].id));
            }
        }
        trial.check_bound();
    }
    EXPECT_GT(trial.tally[refused], 0u);
    EXPECT_GT(accepted.size(), trial.plan.id_bytes / 64);
    trial.finish_and_check();
}

TEST_P(MemoryPolicy, ForgetRefusesNothingAndReportsTheHorizonThatIsLeft) {
    Trial trial(ids_job(OnFull::forget), make());
    // A device of threads is slow: fewer events, further apart.
    const int64_t step_us = GetParam() ? 60 : 50;
    const auto per = [&](int64_t us) { return static_cast<uint64_t>(us / step_us); };
    testkit::Random random(3);
    std::map<std::string, int64_t> newest_us;
    int64_t closest_us = INT64_MAX;  // Two unique events of one id.
    for (uint64_t b = 0; b < per(30'000); ++b) {
        std::vector<OracleEvent> events = half_new(random, b, per(22'500'000));
        for (OracleEvent& event : events) event.time_us *= step_us;
        ASSERT_TRUE(trial.push(events).ok());
        for (size_t i = 0; i < events.size(); ++i) {
            if (trial.verdicts[i] != unique) continue;
            const auto [at, is_new] = newest_us.try_emplace(events[i].id, events[i].time_us);
            if (!is_new) closest_us = std::min(closest_us, events[i].time_us - at->second);
            at->second = events[i].time_us;
        }
        trial.check_bound();
    }
    const int64_t shortened_us = trial.engine->report().horizon_shortened_us;
    EXPECT_EQ(trial.tally[refused], 0u);
    EXPECT_GT(shortened_us, 0);
    const Config& config = trial.config;
    const int64_t tick_us = config.dedup.horizon_us / 64;
    EXPECT_LT(shortened_us, config.dedup.horizon_us);
    EXPECT_GE(closest_us, config.dedup.horizon_us - shortened_us - 2 * tick_us);
    EXPECT_LT(closest_us, config.dedup.horizon_us);
    trial.finish_and_check();
}

// A filter forgets slices of half a horizon. Here it has room for what comes in 27 s, and would
// have 30 s in view.
TEST_P(MemoryPolicy, AFilterForgetsAndReportsTheHorizonThatIsLeft) {
    constexpr int64_t kStepUs = 1500, kRoomUs = 27'000'000;
    Config config = ids_job(OnFull::forget);
    config.windows[0].size_us = config.windows[0].slide_us = 100'000;
    config.dedup.mode = DedupMode::approximate;
    config.dedup.error_rate = 0.001;
    config.dedup.capacity = kRoomUs / kStepUs / 2;  // Half of the events are new.
    Trial trial(config, make());
    testkit::Random random(3);
    std::map<std::string, int64_t> newest_us;
    int64_t closest_us = INT64_MAX;  // Two unique events of one id.
    uint64_t ids = 0;
    for (uint64_t b = 0; b < 120; ++b) {
        std::vector<OracleEvent> events = half_new(random, b, 15'000);
        for (OracleEvent& event : events) event.time_us *= kStepUs;
        ASSERT_TRUE(trial.push(events).ok());
        for (size_t i = 0; i < events.size(); ++i) {
            if (trial.verdicts[i] != unique) continue;
            const auto [at, is_new] = newest_us.try_emplace(events[i].id, events[i].time_us);
            ids += is_new;
            if (!is_new) closest_us = std::min(closest_us, events[i].time_us - at->second);
            at->second = events[i].time_us;
        }
        trial.check_bound();
    }
    EXPECT_EQ(trial.tally[refused], 0u);
    EXPECT_GT(ids, 120u * 500 * 99 / 100) << "hardly more are lost than declared";
    const int64_t shortened_us = trial.engine->report().horizon_shortened_us;
    EXPECT_EQ(shortened_us, config.dedup.horizon_us / 2);
    EXPECT_GE(closest_us, config.dedup.horizon_us - shortened_us);
    EXPECT_LT(closest_us, config.dedup.horizon_us);
    trial.finish_and_check();
}

// Keys and panes are short of memory: every event has a key of its own.
Config keys_job(OnFull on_full) {
    Config config = small_job(on_full);
    config.engine.shares = {80, 10, 5};
    config.time.out_of_order_us = 0;
    config.dedup.horizon_us = 1'000'000;
    return config;
}

std::vector<OracleEvent> new_keys(uint64_t batch, int64_t time_us) {
    std::vector<OracleEvent> events;
    for (uint64_t i = 0; i < 1000; ++i) {
        const uint64_t id = batch * 1000 + i;
        events.push_back(keyed(id, time_us, static_cast<int64_t>(id)));
    }
    return events;
}

TEST_P(MemoryPolicy, StopEndsAtTheFirstKeyThatDoesNotFit) {
    Trial trial(keys_job(OnFull::stop), make());
    Status status;
    uint64_t batch = 0;
    for (; status.ok(); ++batch) {
        ASSERT_LT(batch, 1000u);
        status = trial.push(new_keys(batch, 5));
        trial.check_bound();
    }
    EXPECT_EQ(status.code, Code::memory_full);
    EXPECT_NE(status.message.find("keys and panes"), std::string::npos);
    EXPECT_GT(batch, 3u);
}

TEST_P(MemoryPolicy, AnEventWhoseKeyIsRefusedLeavesNoTrace) {
    for (const OnFull on_full : {OnFull::refuse, OnFull::forget}) {
        Trial trial(keys_job(on_full), make());
        uint64_t batch = 0;
        for (; trial.tally[refused] < 5000; ++batch) {
            ASSERT_LT(batch, 1000u);
            const std::vector<OracleEvent> events = new_keys(batch, 5);
            ASSERT_TRUE(trial.push(events).ok());
            const std::vector<Verdict> before = trial.verdicts;
            // Its copy is no duplicate of what was never counted.
            ASSERT_TRUE(trial.push(events).ok());
            for (size_t i = 0; i < events.size(); ++i) {
                const bool is_duplicate = trial.verdicts[i] == duplicate;
                ASSERT_EQ(is_duplicate, before[i] == unique) << to_text(before[i]);
            }
            trial.check_bound();
        }
        // When the window has closed there is room for others, and for those that were refused.
        // The event that closes it comes before that, and may find none.
        ASSERT_TRUE(trial.push({keyed(UINT64_MAX, 10'000, 1)}).ok());
        const uint64_t refused_before = trial.tally[refused];
        ASSERT_TRUE(trial.push(new_keys(batch - 1, 10'001)).ok());
        EXPECT_EQ(trial.tally[refused], refused_before);
        EXPECT_EQ(trial.verdicts[999], unique);
        trial.finish_and_check();
    }
}

// However often an id comes back after its horizon, and whichever of its events are refused: what
// is remembered of it is what the events that were counted leave.
TEST_P(MemoryPolicy, IdsAreAsIfRefusedEventsHadNeverBeen) {
    constexpr int64_t kPaneUs = 40'000'000, kHorizonUs = 64'000'000, kPanes = 16;
    Config config = keys_job(OnFull::refuse);
    config.engine.shares = {80, 3, 5};
    config.dedup.horizon_us = kHorizonUs;
    config.windows[0].size_us = config.windows[0].slide_us = kPaneUs;
    Trial trial(config, make());
    testkit::Oracle oracle(config);
    // Each pane is brought by a partition of its own, so that none of them is late. One partition
    // more is silent: no window closes, and no id is forgotten.
    trial.engine->declare_partitions(kPanes + 1);
    oracle.declare_partitions(kPanes + 1);
    uint64_t twice = 0;  // Events of an id that was unique before in the same batch.
    const auto push = [&](std::vector<OracleEvent> events) {
        for (OracleEvent& event : events) {
            event.partition = static_cast<uint32_t>(event.time_us / kPaneUs);
        }
        ASSERT_TRUE(trial.push(events).ok());
        std::set<std::string> ids;
        for (size_t e = 0; e < events.size(); ++e) {
            const Verdict found = trial.verdicts[e];
            const Verdict wanted = oracle.push(
                events[e], found == refused ? std::optional<Verdict>(refused) : std::nullopt);
            ASSERT_EQ(to_text(found), std::string(to_text(wanted))) << "event " << e;
            twice += found != duplicate && !ids.insert(events[e].id).second;
        }
        oracle.end_batch();
        trial.check_bound();
    };
    // Each pane has cells of keys 0 to 9, and there is no memory for those of others.
    for (int64_t pane = 0; pane < kPanes; ++pane) {
        std::vector<OracleEvent> events = new_keys(static_cast<uint64_t>(pane), pane * kPaneUs);
        for (size_t key = 0; key < 10; ++key)
            events[key].key[0].integer = static_cast<int64_t>(key);
        ASSERT_NO_FATAL_FAILURE(push(events));
    }
    const uint64_t refused_before = trial.tally[refused];
    testkit::Random random(6);
    constexpr int kBatches = 400;
    for (int b = 0; b < kBatches; ++b) {
        std::vector<OracleEvent> events(1 + random.below(60));
        const int64_t now_us = (kPanes - 8) * kPaneUs / kBatches * b + 4 * kPaneUs;
        for (OracleEvent& event : events) {
            const int64_t time_us = now_us + random.between(-2 * kHorizonUs, 2 * kHorizonUs);
            const uint64_t key =
                random.one_in(2) ? random.below(10) : 1'000'000 + random.next() / 4;
            event = keyed(1'000'000 + random.below(6), time_us, static_cast<int64_t>(key));
        }
        ASSERT_NO_FATAL_FAILURE(push(events)) << "batch " << b;
    }
    EXPECT_EQ(trial.tally[late], 0u);
    EXPECT_GT(trial.tally[refused], refused_before + uint64_t{5 * kBatches});
    EXPECT_GT(twice, uint64_t{5 * kBatches}) << "ids are renewed within a batch";
    trial.finish_and_check();
}

TEST_P(MemoryPolicy, SessionsObeyTheBoundToo) {
    for (const OnFull on_full : {OnFull::stop, OnFull::refuse, OnFull::forget}) {
        Config config = keys_job(on_full);
        config.windows = {{"s", WindowKind::session, 0, 0, 10'000}};
        config.time.out_of_order_us = 1000;
        Trial trial(config, make());
        Status status;
        for (uint64_t b = 0; b < 60 && status.ok(); ++b) {
            status = trial.push(new_keys(b, 5));
            trial.check_bound();
        }
        EXPECT_GT(trial.tally[refused], 0u);
        EXPECT_GT(trial.tally[unique], 1000u);
        if (on_full == OnFull::stop) {
            EXPECT_EQ(status.code, Code::memory_full);
            EXPECT_NE(status.message.find("sessions"), std::string::npos);
            continue;
        }
        // Extending a session needs no memory.
        const uint64_t refused_before = trial.tally[refused];
        ASSERT_TRUE(trial.push({keyed(UINT64_MAX, 6, 0)}).ok());
        EXPECT_EQ(trial.verdicts[0], unique);
        EXPECT_EQ(trial.tally[refused], refused_before);
        trial.finish_and_check();
    }
}

TEST(MemoryShares, ASmallShareThatIsNotEnoughToBeginWithIsSaidAtOnce) {
    Config config = ids_job(OnFull::stop);
    config.dedup.mode = DedupMode::approximate;
    config.dedup.capacity = 1'000'000'000;
    std::unique_ptr<Engine> engine;
    const Status status = Engine::create(config, engine);
    EXPECT_EQ(status.code, Code::invalid_config);
    EXPECT_NE(status.message.find("engine.memory"), std::string::npos);
}

}  // namespace
}  // namespace trommel::hostpath
