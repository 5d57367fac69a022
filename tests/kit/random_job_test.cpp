#include "tests/kit/random_job.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <set>

namespace trommel::testkit {
namespace {

constexpr uint64_t kSeeds = 1000;

Ledger run(const Config& config, const RandomJob& job) {
    Oracle oracle(config);
    oracle.declare_partitions(job.declared_partitions);
    auto end = job.ends.begin();
    for (size_t i = 0; i <= job.events.size(); ++i) {
        for (; end != job.ends.end() && end->before_event == i; ++end) {
            oracle.end_partition(end->partition);
        }
        if (i < job.events.size()) oracle.push(job.events[i]);
    }
    return oracle.ledger();
}

// Does a repeated id come back at a distance that is short modulo 2^16 ticks, but long?
bool would_wrap(const RandomJob& job) {
    const int64_t tick_us = std::max<int64_t>(1000, (job.config.dedup.horizon_us + 63) / 64);
    const int64_t reach = (job.config.dedup.horizon_us + tick_us - 1) / tick_us;
    std::map<std::string, int64_t> last_us;
    for (const OracleEvent& event : job.events) {
        if (event.corrupt || std::abs(event.time_us / 2) >= kTimeLimitUs / 2) continue;
        const auto [found, inserted] = last_us.try_emplace(event.id, event.time_us);
        const int64_t ticks = (event.time_us - found->second) / tick_us;
        found->second = event.time_us;
        if (!inserted && std::abs(ticks) > reach && std::abs(int16_t(ticks)) < reach) return true;
    }
    return false;
}

TEST(RandomJob, TheSameSeedMakesTheSameJob) {
    const RandomJob a = random_job(42), b = random_job(42), c = random_job(43);
    EXPECT_EQ(to_text(a.config), to_text(b.config));
    EXPECT_NE(to_text(a.config), to_text(c.config));
    ASSERT_EQ(a.events.size(), b.events.size());
    for (size_t i = 0; i < a.events.size(); ++i) {
        EXPECT_EQ(a.events[i].id, b.events[i].id);
        EXPECT_EQ(a.events[i].time_us, b.events[i].time_us);
    }
}

TEST(RandomJob, EveryConfigObeysTheContract) {
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
        const Config config = random_job(seed).config;
        SCOPED_TRACE("seed " + std::to_string(seed) + ": " + to_text(config));
        const int64_t pane = pane_us(config);
        std::set<std::string> names;
        for (const Window& window : config.windows) {
            EXPECT_TRUE(names.insert(window.name).second);
            if (window.kind == WindowKind::session) {
                EXPECT_GT(window.gap_us, 0);
                continue;
            }
            EXPECT_GT(window.slide_us, 0);
            EXPECT_EQ(window.size_us % window.slide_us, 0);
            EXPECT_LE(pane == 0 ? 0 : window.size_us / pane, int64_t{kPanesPerWindowMax});
        }
        for (const Aggregate& aggregate : config.aggregates) {
            const bool counts = aggregate.kind == AggregateKind::count;
            EXPECT_TRUE(counts || aggregate.value < config.values.size());
        }
        if (config.dedup.horizon_us == kForeverUs) continue;
        ASSERT_TRUE(config.time.out_of_order_us);
        EXPECT_GE(config.dedup.horizon_us,
                  *config.time.out_of_order_us + config.time.allowed_lateness_us + pane);
        EXPECT_LE(config.time.max_drift_us.value_or(0), 400 * config.dedup.horizon_us);
    }
}

TEST(RandomJob, NoPartitionBringsAnythingAfterItsEnd) {
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
        const RandomJob job = random_job(seed);
        for (const RandomJob::End& end : job.ends) {
            for (size_t i = end.before_event; i < job.events.size(); ++i) {
                ASSERT_NE(job.events[i].partition, end.partition) << "seed " << seed;
            }
        }
    }
}

// A generator that never comes near the hard cases proves nothing about them.
TEST(RandomJob, TheHardCasesAreCommon) {
    uint64_t late = 0, duplicate = 0, corrupt = 0, horizon = 0, drift = 0, wrap = 0, ends = 0;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
        const RandomJob job = random_job(seed);
        const Ledger ledger = run(job.config, job);
        EXPECT_TRUE(ledger.adds_up());
        late += ledger[Verdict::late] > 0;
        duplicate += ledger[Verdict::duplicate] > 0;
        corrupt += ledger[Verdict::corrupt] > 0;
        ends += !job.ends.empty();
        if (job.config.dedup.horizon_us == kForeverUs) continue;
        wrap += would_wrap(job);
        Config other = job.config;
        other.dedup.horizon_us = kTimeLimitUs - 1;
        other.time.max_drift_us =
            job.config.time.max_drift_us.value_or(256 * job.config.dedup.horizon_us);
        horizon += run(other, job).by_verdict != ledger.by_verdict;
        other = job.config;
        other.time.max_drift_us = INT64_MAX;
        drift += run(other, job).by_verdict != ledger.by_verdict;
    }
    EXPECT_GT(late, kSeeds / 3);
    EXPECT_GT(duplicate, kSeeds / 3);
    EXPECT_GT(corrupt, kSeeds / 3);
    EXPECT_GT(ends, kSeeds / 10);
    EXPECT_GT(horizon, kSeeds / 10);  // Jobs whose answer depends on the horizon.
    EXPECT_GT(drift, kSeeds / 50);    // Jobs whose answer depends on max_drift.
    EXPECT_GT(wrap, kSeeds / 20);     // Jobs that 16-bit ticks alone would get wrong.
    RecordProperty("late", static_cast<int>(late));
    RecordProperty("horizon", static_cast<int>(horizon));
    RecordProperty("drift", static_cast<int>(drift));
    RecordProperty("wrap", static_cast<int>(wrap));
}

TEST(RandomJob, FilledBatchesHoldTheEvents) {
    for (uint64_t seed = 0; seed < 300; ++seed) {
        const RandomJob job = random_job(seed);
        const Config& config = job.config;
        const auto count = static_cast<uint32_t>(job.events.size());
        const size_t begin = count / 3;
        RecordBatch batch(config, count + 1);
        fill(batch, config, job.events, begin, count);
        ASSERT_EQ(batch.count, count - begin);
        EXPECT_EQ(batch.first_record, begin);
        for (uint32_t row = 0; row < batch.count; ++row) {
            const OracleEvent& event = job.events[begin + row];
            ASSERT_EQ(batch.verdict[row] == Verdict::corrupt, event.corrupt);
            ASSERT_EQ(batch.partition[row], event.partition);
            ASSERT_EQ(batch.time_us[row], event.time_us);
            for (size_t v = 0; v < event.values.size(); ++v) {
                ASSERT_EQ(batch.values[v][row], event.values[v]);
            }
            if (key_shape(config) == KeyShape::integer) {
                ASSERT_EQ(batch.key_int[row], event.key[0].integer);
            } else if (key_shape(config) == KeyShape::encoded) {
                std::vector<KeyPart> key;
                decode_key(batch.key_text[row], config.key, key);
                ASSERT_FALSE(KeyLess()(key, event.key) || KeyLess()(event.key, key));
            }
        }
    }
}

TEST(RandomJob, FilledIdsAreLittleEndian) {
    Config config;
    config.dedup.id_type = IdType::u128;
    const std::string id = {1, 2, 0, 0, 0, 0, 0, 3, 4, 0, 0, 0, 0, 0, 0, 5};
    RecordBatch batch(config, 1);
    fill(batch, config, {{false, id, {}, 0, {}, 0}}, 0, 1);
    EXPECT_EQ(batch.id_lo[0], 0x0300000000000201u);
    EXPECT_EQ(batch.id_hi[0], 0x0500000000000004u);
}

}  // namespace
}  // namespace trommel::testkit
