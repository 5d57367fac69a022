#include <cmath>
#include <gtest/gtest.h>
#include <memory>
#include <set>

#include "trommel/engine.h"

#include "hostpath/pipeline.h"
#include "tests/hostpath/small_jobs.h"
#include "tests/kit/approximate_bounds.h"
#include "tests/kit/memory_sink.h"
#include "tests/kit/memory_source.h"
#include "tests/kit/random.h"

// Contract D5 for approximate mode, through the engine and through shards.
namespace trommel::hostpath {
namespace {

using testkit::ApproximateBounds;
using testkit::MemorySink;
using testkit::MemorySource;
using testkit::OracleEvent;
using testkit::Random;

Config approximate_job(IdType type, Scope scope, int64_t horizon_us) {
    Config config = dedup_job();
    config.dedup.mode = DedupMode::approximate;
    config.dedup.id_type = type;
    config.dedup.scope = scope;
    config.dedup.error_rate = 0.01;
    config.dedup.capacity = 20'000;
    config.dedup.horizon_us = horizon_us;
    config.key = {{"k", FieldType::integer}};
    config.engine.batch_records = 500;
    if (horizon_us != kForeverUs) config.time.out_of_order_us = horizon_us / 4;
    return config;
}

// One new id a microsecond, and copies of earlier ones at all distances. Nothing is late.
std::vector<OracleEvent> stream(const Config& config, Random& random, uint64_t count) {
    std::vector<OracleEvent> events;
    std::vector<uint64_t> ids;
    for (uint64_t i = 0; i < count; ++i) {
        const bool is_new = ids.empty() || random.one_in(2);
        const uint64_t back = 1 + random.below(std::min<uint64_t>(ids.size() + 1, 40'000));
        const uint64_t id = is_new || back > ids.size() ? random.next() : ids[ids.size() - back];
        ids.push_back(id);
        OracleEvent event = keyed(id, static_cast<int64_t>(i), static_cast<int64_t>(id % 3));
        event.values.clear();
        if (config.dedup.id_type == IdType::u128) event.id += u64_id(~id);
        events.push_back(event);
    }
    return events;
}

// Never a copy let through within the horizon, and not more lost than declared: the count of lost
// ids is binomial at worst, so five deviations above the mean are never seen by chance.
void check_bounds(const ApproximateBounds& bounds, const Config& config) {
    const auto new_ids = static_cast<double>(bounds.new_ids());
    const double mean = new_ids * config.dedup.error_rate;
    EXPECT_GT(bounds.new_ids(), 10'000u);
    EXPECT_LE(static_cast<double>(bounds.false_positives()), mean + 5 * std::sqrt(mean));
}

TEST(Approximate, AnEngineLetsNoCopyThroughAndLosesNoMoreThanDeclared) {
    Random random(1);
    for (const IdType type : {IdType::u64, IdType::u128, IdType::bytes}) {
        for (const Scope scope : {Scope::global, Scope::key}) {
            const Config config = approximate_job(type, scope, 20'000);
            std::unique_ptr<Engine> engine;
            ASSERT_TRUE(Engine::create(config, engine).ok());
            ApproximateBounds bounds(config);
            const std::vector<OracleEvent> events = stream(config, random, 60'000);
            RecordBatch batch(config, 500);
            for (size_t at = 0; at < events.size(); at += 500) {
                batch.clear();
                testkit::fill(batch, config, events, at, at + 500);
                ASSERT_TRUE(engine->push(batch).ok());
                for (uint32_t row = 0; row < batch.count; ++row) {
                    ASSERT_NE(bounds.note(events[at + row], batch.verdict[row]),
                              ApproximateBounds::Finding::missed)
                        << at + row;
                }
            }
            check_bounds(bounds, config);
            EXPECT_TRUE(engine->ledger().adds_up());
        }
    }
}

struct ShardedRun {
    Report report;
    std::vector<std::string> unique;
};

ShardedRun run_steps(const Config& config, const std::vector<OracleEvent>& events, Random& random) {
    MemorySource::Options options;
    options.cut_seed = random.next() | 1;
    MemorySource source(config, events, options);
    MemorySink sink(config);
    trommel::Run run;
    run.lanes = {&source};
    run.sinks = {&sink};
    Pipeline pipeline(config, run);
    EXPECT_TRUE(pipeline.open().ok());
    for (Progress progress = Progress::worked; progress != Progress::finished;) {
        if (config.engine.threads == 1) {
            progress = pipeline.inline_step();
            continue;
        }
        (void)pipeline.receiver_step();
        for (uint32_t w = 0; w < config.engine.threads; ++w) {
            if (random.one_in(2)) (void)pipeline.worker_step(w);
        }
        progress = pipeline.emitter_step();
    }
    EXPECT_TRUE(pipeline.result().ok()) << pipeline.result().message;
    ShardedRun result;
    pipeline.report(result.report);
    result.unique = sink.records();
    return result;
}

TEST(Approximate, ShardsAnswerAsOneFilterWouldAndWithinItsBounds) {
    Random random(2);
    for (const int64_t horizon_us : {int64_t{20'000}, kForeverUs}) {
        Config config = approximate_job(IdType::u64, Scope::global, horizon_us);
        config.dedup.capacity = 60'000;
        const std::vector<OracleEvent> events = stream(config, random, 60'000);
        std::vector<std::string> expected;
        for (const uint32_t threads : {1u, 2u, 3u, 8u}) {
            config.engine.threads = threads;
            const ShardedRun result = run_steps(config, events, random);
            EXPECT_TRUE(result.report.ledger.adds_up());
            EXPECT_EQ(result.report.ledger[Verdict::late], 0u);
            if (!expected.empty()) {
                ASSERT_EQ(result.unique, expected) << threads;
                continue;
            }
            expected = result.unique;
            const std::set<std::string> unique(expected.begin(), expected.end());
            ApproximateBounds bounds(config);
            for (size_t i = 0; i < events.size(); ++i) {
                const bool is_unique = unique.contains("record " + std::to_string(i));
                ASSERT_NE(bounds.note(events[i], is_unique ? Verdict::unique : Verdict::duplicate),
                          ApproximateBounds::Finding::missed);
            }
            check_bounds(bounds, config);
        }
    }
}

TEST(Approximate, TheReportSaysWhatADayLoses) {
    Config config = approximate_job(IdType::u64, Scope::global, kForeverUs);
    Random random(3);
    const std::vector<OracleEvent> events = stream(config, random, 10'000);
    MemorySource source(config, events);
    MemorySink sink(config);
    trommel::Run run;
    run.lanes = {&source};
    run.sinks = {&sink};
    Report report;
    ASSERT_TRUE(trommel::run(config, run, report).ok());
    ASSERT_GT(report.seconds, 0);
    const double unique = static_cast<double>(report.ledger[Verdict::unique]);
    EXPECT_DOUBLE_EQ(report.expected_lost_per_day, 0.01 * unique / report.seconds * 86'400);
}

}  // namespace
}  // namespace trommel::hostpath
