#include "trommel/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/hostpath/small_jobs.h"
#include "tests/kit/fake_clock.h"
#include "tests/kit/memory_sink.h"

namespace trommel {
namespace {

using hostpath::corrupt_event;
using hostpath::dedup_job;
using hostpath::event;
using hostpath::events_at;
using hostpath::keyed;
using hostpath::session_job;
using hostpath::window_job;
using testing::ElementsAre;
using testkit::OracleEvent;
using testkit::OracleRow;

std::unique_ptr<Engine> make(const Config& config, Clock& clock = system_clock()) {
    std::unique_ptr<Engine> engine;
    const Status status = Engine::create(config, engine, clock);
    EXPECT_TRUE(status.ok()) << status.message;
    return engine;
}

std::vector<Verdict> push(Engine& engine, const Config& config,
                          const std::vector<OracleEvent>& events) {
    RecordBatch batch(config, config.engine.batch_records);
    testkit::fill(batch, config, events, 0, events.size());
    const Status status = engine.push(batch);
    EXPECT_TRUE(status.ok()) << status.message;
    return hostpath::verdicts_of(batch);
}

std::vector<OracleRow> take(Engine& engine, const Config& config) {
    std::vector<OracleRow> rows;
    RowBatch batch(config);
    while (engine.take_rows(batch)) testkit::append_rows(batch, config, rows);
    return rows;
}

OracleRow row(int64_t start_us, int64_t end_us, int64_t key, int64_t count, int64_t sum) {
    return {0, start_us, end_us, {{FieldType::integer, key, ""}}, {count, sum}};
}

using enum Verdict;
using Verdicts = std::vector<Verdict>;

TEST(Engine, IsADeduplicatorInTenLines) {
    Config config;
    config.dedup.id_type = IdType::bytes;
    std::unique_ptr<Engine> engine;
    ASSERT_TRUE(Engine::create(config, engine).ok());
    RecordBatch batch(config, 100);
    for (const char* id : {"a", "b", "a", "", "a", ""}) batch.add(id, 0, nullptr);
    ASSERT_TRUE(engine->push(batch).ok());
    EXPECT_EQ(hostpath::verdicts_of(batch),
              Verdicts({unique, unique, duplicate, unique, duplicate, duplicate}));
}

TEST(Engine, AnswersDoNotDependOnBatchCuts) {
    const Config config = dedup_job();
    const auto engine = make(config);
    EXPECT_EQ(push(*engine, config, {event(1, 5)}), Verdicts({unique}));
    EXPECT_EQ(push(*engine, config, {event(2, 5), event(1, 6)}), Verdicts({unique, duplicate}));
    EXPECT_EQ(push(*engine, config, {}), Verdicts());
    EXPECT_EQ(push(*engine, config, {event(2, 5)}), Verdicts({duplicate}));
    EXPECT_EQ(engine->report().shards[0].live_ids, 2u);
}

TEST(Engine, WithoutDeduplicationItIsAWindowAggregator) {
    Config config = window_job();
    config.dedup.mode = DedupMode::off;
    const auto engine = make(config);
    EXPECT_EQ(push(*engine, config, {keyed(1, 0, 7, 10), keyed(1, 1, 7, 20), keyed(1, 2, -8, 1)}),
              Verdicts({unique, unique, unique}));
    EXPECT_THAT(take(*engine, config), ElementsAre());
    ASSERT_TRUE(engine->finish().ok());
    EXPECT_THAT(take(*engine, config),
                ElementsAre(row(0, 10'000, -8, 1, 1), row(0, 10'000, 7, 2, 30)));
}

TEST(Engine, RowsAppearWithThePushThatMakesThemFinal) {
    const Config config = window_job();
    const auto engine = make(config);
    push(*engine, config, {keyed(1, 0, 7), keyed(2, 9'999, 7)});
    EXPECT_THAT(take(*engine, config), ElementsAre());
    push(*engine, config, {keyed(3, 10'000, 7)});
    EXPECT_THAT(take(*engine, config), ElementsAre(row(0, 10'000, 7, 2, 2)));
    EXPECT_THAT(take(*engine, config), ElementsAre());
    push(*engine, config, {keyed(4, 25'000, 7)});
    EXPECT_THAT(take(*engine, config), ElementsAre(row(10'000, 20'000, 7, 1, 1)));
    ASSERT_TRUE(engine->finish().ok());
    EXPECT_THAT(take(*engine, config), ElementsAre(row(20'000, 30'000, 7, 1, 1)));
    EXPECT_EQ(engine->report().rows, 3u);
    EXPECT_TRUE(engine->report().complete);
}

TEST(Engine, SessionsAppearOnceTheirGapIsPast) {
    const Config config = session_job(10);
    const auto engine = make(config);
    push(*engine, config, {keyed(1, 0, 7), keyed(2, 10, 7)});
    push(*engine, config, {keyed(3, 19, 1)});
    EXPECT_THAT(take(*engine, config), ElementsAre());
    push(*engine, config, {keyed(4, 20, 1)});
    EXPECT_THAT(take(*engine, config), ElementsAre(row(0, 20, 7, 2, 2)));
}

TEST(Engine, VerdictsSayWhatBecameOfEachRecord) {
    Config config = window_job();
    config.time.max_time_us = 1'000'000;
    const auto engine = make(config);
    OracleEvent bad = corrupt_event();
    bad.key = keyed(0, 0, 0).key;
    bad.values = {0};
    EXPECT_EQ(push(*engine, config,
                   {keyed(1, 10'000, 0), keyed(1, 10'000, 0), bad, keyed(2, 9'999, 0),
                    keyed(3, 1'000'001, 0), keyed(4, 10'001, 0)}),
              Verdicts({unique, duplicate, Verdict::corrupt, late, Verdict::corrupt, unique}));
    const Ledger ledger = engine->ledger();
    EXPECT_EQ(to_text(ledger), "in=6 unique=2 duplicate=1 late=1 corrupt=2 filtered=0 refused=0");
    EXPECT_TRUE(ledger.adds_up());
}

TEST(Engine, DeclaredPartitionsAreWaitedFor) {
    const Config config = window_job();
    const auto engine = make(config);
    engine->declare_partitions(2);
    push(*engine, config, {keyed(1, 5'000, 7), keyed(2, 50'000, 7)});
    EXPECT_THAT(take(*engine, config), ElementsAre());
    OracleEvent other = keyed(3, 20'000, 7);
    other.partition = 1;
    push(*engine, config, {other});
    EXPECT_THAT(take(*engine, config), ElementsAre(row(0, 10'000, 7, 1, 1)));
    EXPECT_EQ(engine->report().watermark_us, 20'000);
}

TEST(Engine, AnEndedPartitionHoldsNobodyBackAndRowsLeaveAtOnce) {
    const Config config = window_job();
    const auto engine = make(config);
    engine->declare_partitions(2);
    push(*engine, config, {keyed(1, 5'000, 7), keyed(2, 50'000, 7)});
    engine->end_partition(1);
    EXPECT_THAT(take(*engine, config), ElementsAre(row(0, 10'000, 7, 1, 1)));
}

TEST(Engine, LedgersArePerPartition) {
    const Config config = dedup_job();
    const auto engine = make(config);
    push(*engine, config, {event(1, 5, 2), event(1, 6, 0), event(2, 7, 2), corrupt_event(1)});
    const Report report = engine->report();
    ASSERT_EQ(report.partitions.size(), 3u);
    EXPECT_EQ(report.partitions[2].ledger[unique], 2u);
    EXPECT_EQ(report.partitions[2].newest_us, 7);
    EXPECT_EQ(report.partitions[0].ledger[duplicate], 1u);
    EXPECT_EQ(report.partitions[1].ledger[Verdict::corrupt], 1u);
    EXPECT_EQ(report.partitions[1].newest_us, INT64_MIN);
    for (const PartitionReport& partition : report.partitions)
        EXPECT_TRUE(partition.ledger.adds_up());
}

TEST(Engine, MaxFutureAsksTheGivenClock) {
    Config config = dedup_job();
    config.time.max_future_us = 10;
    testkit::FakeClock clock(1000);
    const auto engine = make(config, clock);
    EXPECT_EQ(push(*engine, config, events_at({1010, 1011})), Verdicts({unique, Verdict::corrupt}));
    clock.advance(1);
    EXPECT_EQ(push(*engine, config, {event(9, 1011)}), Verdicts({unique}));
}

TEST(Engine, ThreadsAreIgnored) {
    Config config = dedup_job();
    config.engine.threads = 8;
    const auto engine = make(config);
    EXPECT_EQ(push(*engine, config, {event(1, 5)}), Verdicts({unique}));
    EXPECT_EQ(engine->report().shards.size(), 1u);
}

TEST(Engine, ABatchThatIsTooLargeIsAMistakeAndLeavesNoTrace) {
    const Config config = dedup_job();
    const auto engine = make(config);
    RecordBatch batch(config, config.engine.batch_records + 1);
    batch.add(uint64_t{1}, 5, nullptr);
    const Status status = engine->push(batch);
    EXPECT_EQ(status.code, Code::invalid_config);
    EXPECT_THAT(status.message, testing::HasSubstr("engine.batch_records is 64"));
    EXPECT_EQ(batch.verdict[0], pending);
    EXPECT_EQ(engine->ledger().in, 0u);
    EXPECT_EQ(push(*engine, config, {event(1, 5)}), Verdicts({unique}));
}

// Nobody takes rows: each push makes those of the windows before the last, until they are too many.
TEST(Engine, RowsThatNobodyTakesStopTheNextPushWithoutATrace) {
    Config config = window_job();
    config.dedup.mode = DedupMode::off;
    config.windows = {{"w", WindowKind::tumbling, 10, 10, 0}};
    config.engine.batch_records = kBatchRecordsMax;
    const auto engine = make(config);
    RecordBatch batch(config, kBatchRecordsMax);
    const int64_t values[] = {1};
    int64_t time_us = 0;
    uint64_t pushed = 0;
    Status status;
    while (pushed < 2 * Engine::kRowsLeftMax) {
        batch.clear();
        while (!batch.full()) {
            batch.set_key(batch.add(uint64_t{0}, time_us, values), int64_t{0});
            time_us += 10;
        }
        status = engine->push(batch);
        if (!status.ok()) break;
        pushed += batch.count;
    }
    EXPECT_EQ(status.code, Code::invalid_config);
    EXPECT_THAT(status.message, testing::HasSubstr("call take_rows() until it returns false"));
    EXPECT_EQ(batch.verdict[0], pending);
    EXPECT_EQ(engine->ledger().in, pushed);
    EXPECT_GT(pushed, Engine::kRowsLeftMax);
    uint64_t taken = 0;
    RowBatch rows(config);
    while (engine->take_rows(rows)) taken += rows.count();
    EXPECT_TRUE(engine->push(batch).ok());  // The same again.
    ASSERT_TRUE(engine->finish().ok());
    while (engine->take_rows(rows)) taken += rows.count();
    EXPECT_EQ(taken, pushed + batch.count);
}

TEST(Engine, APartitionBeyondTheLastIsAMistakeAndLeavesNoTrace) {
    const Config config = dedup_job();
    const auto engine = make(config);
    RecordBatch batch(config, 4);
    batch.partition[batch.add(uint64_t{1}, 5, nullptr)] = kPartitionsMax;
    EXPECT_EQ(engine->push(batch).code, Code::invalid_config);
    EXPECT_EQ(engine->ledger().in, 0u);
    batch.partition[0] = kPartitionsMax - 1;
    EXPECT_TRUE(engine->push(batch).ok());
    EXPECT_EQ(batch.verdict[0], unique);
}

TEST(Engine, ACallersBatchIsGivenBackWhole) {
    const Config config = dedup_job();
    const auto engine = make(config);
    RecordBatch batch(config, 10);
    const uint64_t* const ids = batch.id_lo.data();
    batch.add(uint64_t{77}, 5, nullptr);
    ASSERT_TRUE(engine->push(batch).ok());
    EXPECT_EQ(batch.count, 1u);
    EXPECT_EQ(batch.capacity, 10u);
    EXPECT_EQ(batch.id_lo.data(), ids);
    EXPECT_EQ(batch.id_lo[0], 77u);
}

TEST(Engine, CreateSaysEverythingThatIsWrong) {
    Config config = window_job();
    config.windows[0].size_us = 7;
    config.engine.memory_bytes = 5;
    std::unique_ptr<Engine> engine;
    const Status status = Engine::create(config, engine);
    EXPECT_EQ(status.code, Code::invalid_config);
    EXPECT_THAT(status.message, testing::HasSubstr("windows[0].every"));
    EXPECT_THAT(status.message, testing::HasSubstr("engine.memory"));
    EXPECT_EQ(engine, nullptr);
}

TEST(Engine, AnUnknownInstructionSetIsRefused) {
    setenv("TROMMEL_SIMD", "abacus", 1);
    std::unique_ptr<Engine> engine;
    EXPECT_EQ(Engine::create(dedup_job(), engine).code, Code::invalid_config);
    setenv("TROMMEL_SIMD", "scalar", 1);
    EXPECT_EQ(make(dedup_job())->report().simd, "scalar");
    unsetenv("TROMMEL_SIMD");
}

TEST(Engine, WithoutASeedOneIsDrawn) {
    Config config = dedup_job();
    config.engine.seed.reset();
    const auto engine = make(config);
    EXPECT_EQ(push(*engine, config, {event(1, 5), event(1, 5)}), Verdicts({unique, duplicate}));
}

}  // namespace
}  // namespace trommel
