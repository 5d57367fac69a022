#include "hostpath/worker.h"

#include <gtest/gtest.h>
#include <memory>

#include "hostpath/memory_plan.h"
#include "hostpath/receiver.h"
#include "kernels/cpu/shard.h"
#include "tests/hostpath/small_jobs.h"

namespace trommel::hostpath {
namespace {

constexpr uint64_t kSeed = 42;

// A worker with one block for rows, and a judge that prepares its batches.
class Bench {
   public:
    explicit Bench(const Config& of, const RowPace& pace = {},
                   uint64_t id_bytes = uint64_t{8} << 20, uint64_t key_bytes = uint64_t{32} << 20)
        : config(of) {
        cpu::ShardOptions options;
        options.seed = kSeed;
        options.id_bytes = id_bytes;
        options.key_bytes = key_bytes;
        options.rows_max = config.engine.batch_records;
        EXPECT_TRUE(cpu::Shard::create(config, options, shard).ok());
        worker = std::make_unique<Worker>(0, *shard, rings, nullptr, pace);
        EXPECT_TRUE(rings.free_blocks.try_push(&block));
    }

    Batch& send(const std::vector<testkit::OracleEvent>& events) {
        Batch& batch = new_batch();
        testkit::fill(batch.records, config, events, 0, events.size());
        judge.admit(batch, 0);
        EXPECT_TRUE(rings.inbox.try_push(&batch));
        return batch;
    }
    Batch& send_end() {
        Batch& batch = new_batch();
        judge.admit_nothing(batch);
        batch.watermark_us = rules::kEndOfInputUs;
        batch.last = true;
        EXPECT_TRUE(rings.inbox.try_push(&batch));
        return batch;
    }

    const Config config;
    std::unique_ptr<cpu::Shard> shard;
    cpu::PartialRows block{config, cpu::CellLayout(config)};
    Worker::Rings rings{SpscRing<Batch*>(8), SpscRing<FromWorker>(64),
                        SpscRing<cpu::PartialRows*>(4)};
    std::unique_ptr<Worker> worker;
    Judge judge{config, kSeed, false};

   private:
    Batch& new_batch() {
        batches_.push_back(std::make_unique<Batch>(config, config.engine.batch_records));
        return *batches_.back();
    }
    std::vector<std::unique_ptr<Batch>> batches_;
};

TEST(Worker, HasNothingToDoWithoutABatch) {
    Bench bench(dedup_job());
    EXPECT_EQ(bench.worker->step(), Progress::idle);
    FromWorker message;
    EXPECT_FALSE(bench.rings.outbox.try_pop(message));
}

TEST(Worker, JudgesItsRowsAndSaysThatItIsDone) {
    Bench bench(dedup_job());
    Batch& batch = bench.send({event(1, 5), event(2, 6), event(1, 7)});
    EXPECT_EQ(bench.worker->step(), Progress::worked);
    EXPECT_EQ(verdicts_of(batch.records),
              std::vector<Verdict>({Verdict::unique, Verdict::unique, Verdict::duplicate}));
    FromWorker message;
    ASSERT_TRUE(bench.rings.outbox.try_pop(message));
    EXPECT_EQ(message.batch, &batch);
    EXPECT_EQ(message.rows, nullptr);
    EXPECT_EQ(message.full, nullptr);
    EXPECT_FALSE(bench.rings.outbox.try_pop(message));
}

TEST(Worker, TheLastBatchFinishesIt) {
    Bench bench(dedup_job());
    bench.send({event(1, 5)});
    bench.send_end();
    EXPECT_EQ(bench.worker->step(), Progress::worked);
    EXPECT_EQ(bench.worker->step(), Progress::finished);
}

TEST(Worker, WaitsForABlockWhenRowsRunOutOfThemAndGoesOnWhenItComesBack) {
    Config config = window_job();
    config.engine.batch_records = 4096;
    Bench bench(config);
    std::vector<testkit::OracleEvent> events;
    for (uint64_t i = 0; i < 3000; ++i) events.push_back(keyed(i, 5, static_cast<int64_t>(i)));
    bench.send(events);
    Batch& end = bench.send_end();
    ASSERT_EQ(bench.worker->step(), Progress::worked);
    FromWorker message;
    ASSERT_TRUE(bench.rings.outbox.try_pop(message));

    int64_t next_key = 0;
    while (next_key < 3000) {
        while (!bench.rings.outbox.try_pop(message)) {
            ASSERT_EQ(bench.worker->step(), Progress::worked);
        }
        ASSERT_EQ(message.rows, &bench.block);
        ASSERT_EQ(message.batch, &end);
        ASSERT_LE(bench.block.count(), kRowsPerBlock);
        for (const int64_t key : bench.block.key_int) ASSERT_EQ(key, next_key++);
        ASSERT_EQ(message.complete_end_us, next_key < 3000 ? 9'999 : INT64_MAX);
        if (next_key == 3000) break;
        // No block, no progress, however often it is asked.
        ASSERT_EQ(bench.worker->step(), Progress::idle);
        ASSERT_EQ(bench.worker->step(), Progress::idle);
        ASSERT_FALSE(bench.rings.outbox.try_pop(message));
        ASSERT_TRUE(bench.rings.free_blocks.try_push(&bench.block));
    }
    ASSERT_EQ(bench.worker->step(), Progress::finished);
    FromWorker last;
    while (bench.rings.outbox.try_pop(message)) last = message;
    EXPECT_EQ(last.batch, &end);
    EXPECT_EQ(last.rows, nullptr);
    EXPECT_EQ(last.complete_end_us, INT64_MAX);
}

TEST(Worker, JudgesABatchBeforeItHandsOutWhatTheBatchMadeFinal) {
    Bench bench(window_job());
    bench.send({keyed(1, 5'000, 7), keyed(2, 25'000, 8)});
    Batch& next = bench.send({keyed(3, 26'000, 9)});
    bench.worker->step();
    FromWorker message;
    ASSERT_TRUE(bench.rings.outbox.try_pop(message));
    EXPECT_EQ(message.complete_end_us, INT64_MIN);
    bench.worker->step();
    ASSERT_TRUE(bench.rings.outbox.try_pop(message));
    EXPECT_EQ(message.batch, &next);
    EXPECT_EQ(message.rows, nullptr);
    EXPECT_EQ(message.complete_end_us, 9'999);
    EXPECT_EQ(next.records.verdict[0], Verdict::unique);
    ASSERT_TRUE(bench.rings.outbox.try_pop(message));
    EXPECT_EQ(message.batch, nullptr);
    ASSERT_EQ(message.rows, &bench.block);
    EXPECT_EQ(message.complete_end_us, 25'000);
    EXPECT_EQ(bench.block.key_int, std::vector<int64_t>({7}));
}

// Batches are judged although there is no block; then too many windows wait.
TEST(Worker, WithoutABlockItGoesOnJudgingUntilTooManyWindowsWait) {
    Bench bench(window_job(), {.windows_waiting_max = 3});
    cpu::PartialRows* block = nullptr;
    ASSERT_TRUE(bench.rings.free_blocks.try_pop(block));
    FromWorker message;
    int judged = 0;
    for (; judged < 10; ++judged) {
        const auto id = static_cast<uint64_t>(judged);
        bench.send({keyed(id, judged * 10'000, 7)});
        if (bench.worker->step() == Progress::idle) break;
        ASSERT_TRUE(bench.rings.outbox.try_pop(message));
        ASSERT_EQ(message.rows, nullptr);
    }
    // Four windows have an event, and all but the last are final.
    EXPECT_EQ(judged, 4);
    ASSERT_TRUE(bench.rings.free_blocks.try_push(block));
    EXPECT_EQ(bench.worker->step(), Progress::worked);
    ASSERT_TRUE(bench.rings.outbox.try_pop(message));
    EXPECT_EQ(message.rows, block);
    EXPECT_NE(message.batch, nullptr);
}

// A sink that is slower than the input must not make panes add up: one window waits, no more.
TEST(Worker, OfOneKindTwoWindowsDoNotWait) {
    Bench bench(window_job(), RowPace::of(window_job()));
    cpu::PartialRows* block = nullptr;
    ASSERT_TRUE(bench.rings.free_blocks.try_pop(block));
    uint64_t judged = 0;
    for (; judged < 10; ++judged) {
        bench.send({keyed(judged, static_cast<int64_t>(judged) * 10'000, 7)});
        if (bench.worker->step() == Progress::idle) break;
    }
    // The third finds one window final, the fourth two.
    EXPECT_EQ(judged, 3u);
}

TEST(Worker, RowsLeaveFirstWhereTheBatchMightWantTheirMemory) {
    for (const uint64_t key_mib : {2u, 64u}) {
        Bench bench(window_job(), {}, uint64_t{8} << 20, key_mib << 20);
        bench.send({keyed(1, 5'000, 7), keyed(2, 25'000, 8)});
        Batch& next = bench.send({keyed(3, 26'000, 9)});
        bench.worker->step();
        bench.worker->step();
        FromWorker message;
        ASSERT_TRUE(bench.rings.outbox.try_pop(message));
        ASSERT_TRUE(bench.rings.outbox.try_pop(message));
        EXPECT_EQ(message.rows == nullptr, key_mib == 64);
        EXPECT_EQ(next.records.verdict[0], key_mib == 64 ? Verdict::unique : Verdict::pending);
        bench.worker->step();
        EXPECT_EQ(next.records.verdict[0], Verdict::unique);
    }
}

TEST(Worker, AnIdleOneHandsOutPieceByPieceAndThenSaysThatAllIsOut) {
    Bench bench(window_job(), {.work_per_piece = 1, .work_per_event = 0});
    bench.send({keyed(1, 5'000, 7), keyed(2, 6'000, 8), keyed(3, 25'000, 9)});
    bench.send({});
    bench.worker->step();
    FromWorker message;
    ASSERT_TRUE(bench.rings.outbox.try_pop(message));
    ASSERT_EQ(bench.worker->step(), Progress::worked);
    ASSERT_TRUE(bench.rings.outbox.try_pop(message));
    std::vector<int64_t> keys;
    int pieces = 0;
    for (; bench.worker->step() == Progress::worked; ++pieces) {
        while (bench.rings.outbox.try_pop(message)) {
            if (message.rows == nullptr) continue;
            keys.insert(keys.end(), message.rows->key_int.begin(), message.rows->key_int.end());
            ASSERT_TRUE(bench.rings.free_blocks.try_push(message.rows));
        }
    }
    EXPECT_EQ(keys, std::vector<int64_t>({7, 8}));
    EXPECT_GT(pieces, 3);
    EXPECT_EQ(message.complete_end_us, 25'000);
    EXPECT_FALSE(bench.rings.outbox.try_pop(message));  // It says so once.
}

// The emitter looks at the status from another thread, so it is not shown before it stands.
TEST(Worker, SaysWhyOnceItsMemoryIsFull) {
    Config config = dedup_job();
    config.engine.batch_records = 4096;
    Bench bench(config, {}, uint64_t{2} << 20);
    const Status* full = nullptr;
    uint64_t id = 0;
    for (int round = 0; round < 200 && full == nullptr; ++round) {
        std::vector<testkit::OracleEvent> events;
        for (int i = 0; i < 4096; ++i) events.push_back(event(id++, 5));
        bench.send(events);
        ASSERT_EQ(bench.worker->step(), Progress::worked);
        FromWorker message;
        ASSERT_TRUE(bench.rings.outbox.try_pop(message));
        full = message.full;
    }
    ASSERT_NE(full, nullptr);
    EXPECT_EQ(full->code, Code::memory_full);
    EXPECT_GT(id, 10'000u);
}

}  // namespace
}  // namespace trommel::hostpath
