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
        : config(of),
          options_{.seed = kSeed,
                   .id_bytes = id_bytes,
                   .key_bytes = key_bytes,
                   .rows_max = of.engine.batch_records} {
        EXPECT_TRUE(cpu::Shard::create(config, options_, shard).ok());
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

    const cpu::ShardOptions& options() const { return options_; }

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
    const cpu::ShardOptions options_;
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

// A shard that judges when the test says so: as one on a device, with three batches under way.
class SlowShard final : public cpu::Backend {
   public:
    SlowShard(const Config& config, const cpu::ShardOptions& options) {
        EXPECT_TRUE(cpu::Shard::create(config, options, shard_).ok());
    }
    void judge_one() {
        const Coming& next = coming_.front();
        shard_->submit(*next.batch, next.ids, next.rows, next.count);
        coming_.pop_front();
        shard_->advance(coming_.empty() ? watermark_us_ : coming_.front().watermark_us);
    }

    const char* engine() const override { return "slow"; }
    void advance(int64_t watermark_us) override {
        watermark_us_ = watermark_us;
        if (coming_.empty()) shard_->advance(watermark_us);
    }
    void advance_ids(int64_t watermark_us, int64_t time_us) override {
        shard_->advance_ids(watermark_us, time_us);
    }
    void submit(RecordBatch& batch, const cpu::IdColumns& ids, const uint32_t* rows,
                uint32_t count) override {
        ASSERT_FALSE(is_busy());
        coming_.push_back({&batch, ids, rows, count, watermark_us_});
    }
    uint32_t under_way() override { return static_cast<uint32_t>(coming_.size()); }
    bool is_busy() const override { return coming_.size() == 3; }
    bool take_closed(cpu::PartialRows& rows, uint32_t rows_max, int64_t& work) override {
        return shard_->take_closed(rows, rows_max, work);
    }
    bool is_closing() const override { return shard_->is_closing(); }
    bool has_rows() const override { return shard_->has_rows(); }
    bool is_behind() const override { return !coming_.empty(); }
    int64_t complete_end_us() const override { return shard_->complete_end_us(); }
    uint32_t windows_waiting(uint32_t max) const override { return shard_->windows_waiting(max); }
    bool has_room(const RecordBatch&, const uint32_t*, uint32_t) const override { return has_it; }
    ShardReport report() const override { return shard_->report(); }
    int64_t horizon_shortened_us() const override { return 0; }

    bool has_it = true;  // Room.

   private:
    struct Coming {
        RecordBatch* batch;
        cpu::IdColumns ids;
        const uint32_t* rows;
        uint32_t count;
        int64_t watermark_us;
    };
    std::unique_ptr<cpu::Shard> shard_;
    Fifo<Coming> coming_;
    int64_t watermark_us_ = rules::kUnknownUs;
};

// A worker with such a shard.
class SlowBench : public Bench {
   public:
    explicit SlowBench(const Config& of) : Bench(of), slow(of, options()) {
        worker = std::make_unique<Worker>(0, slow, rings, nullptr);
    }
    // What it sent since it was asked last.
    std::vector<FromWorker> sent() {
        std::vector<FromWorker> all;
        for (FromWorker message; rings.outbox.try_pop(message);) all.push_back(message);
        return all;
    }
    SlowShard slow;
};

TEST(Worker, SendsABatchOnWhenItIsJudgedAndInOrder) {
    SlowBench bench(dedup_job());
    Batch& first = bench.send({event(1, 5)});
    Batch& second = bench.send({event(1, 6)});
    EXPECT_EQ(bench.worker->step(), Progress::worked);
    EXPECT_EQ(bench.worker->step(), Progress::worked);
    EXPECT_EQ(bench.slow.under_way(), 2u);
    EXPECT_TRUE(bench.sent().empty());
    bench.slow.judge_one();
    EXPECT_EQ(bench.worker->step(), Progress::worked);
    const std::vector<FromWorker> one = bench.sent();
    ASSERT_EQ(one.size(), 1u);
    EXPECT_EQ(one[0].batch, &first);
    EXPECT_EQ(first.records.verdict[0], Verdict::unique);
    EXPECT_EQ(bench.worker->step(), Progress::idle);
    bench.slow.judge_one();
    EXPECT_EQ(bench.worker->step(), Progress::worked);
    const std::vector<FromWorker> two = bench.sent();
    ASSERT_EQ(two.size(), 1u);
    EXPECT_EQ(two[0].batch, &second);
    EXPECT_EQ(second.records.verdict[0], Verdict::duplicate);
}

TEST(Worker, HasNoMoreBatchesUnderWayThanItsShardTakes) {
    SlowBench bench(dedup_job());
    for (uint64_t id = 0; id < 5; ++id) bench.send({event(id, 5)});
    for (int i = 0; i < 10; ++i) bench.worker->step();
    EXPECT_EQ(bench.slow.under_way(), 3u);
    EXPECT_EQ(bench.worker->step(), Progress::idle);
    bench.slow.judge_one();
    for (int i = 0; i < 10; ++i) bench.worker->step();
    EXPECT_EQ(bench.slow.under_way(), 3u);
    EXPECT_EQ(bench.sent().size(), 1u);
}

TEST(Worker, ABatchWithoutEventsKeepsItsPlace) {
    SlowBench bench(dedup_job());
    bench.send({event(1, 5)});
    Batch& empty = bench.send({});
    for (int i = 0; i < 3; ++i) bench.worker->step();
    EXPECT_TRUE(bench.sent().empty());
    bench.slow.judge_one();
    EXPECT_EQ(bench.worker->step(), Progress::worked);
    const std::vector<FromWorker> both = bench.sent();
    ASSERT_EQ(both.size(), 2u);
    EXPECT_EQ(both[1].batch, &empty);
}

TEST(Worker, TheLastBatchWaitsUntilAllAreJudgedAndTheirRowsHaveLeft) {
    SlowBench bench(window_job());
    bench.send({keyed(1, 5'000, 7)});
    bench.send_end();
    for (int i = 0; i < 5; ++i) ASSERT_NE(bench.worker->step(), Progress::finished);
    EXPECT_TRUE(bench.sent().empty());
    bench.slow.judge_one();
    Progress progress = Progress::idle;
    for (int i = 0; i < 5 && progress != Progress::finished; ++i) progress = bench.worker->step();
    EXPECT_EQ(progress, Progress::finished);
    EXPECT_EQ(bench.block.key_int, std::vector<int64_t>({7}));
    const std::vector<FromWorker> all = bench.sent();
    ASSERT_GE(all.size(), 3u);
    EXPECT_EQ(all.front().rows, nullptr);  // The first batch,
    EXPECT_EQ(all[1].rows, &bench.block);  // the rows that it made, and the last one.
    EXPECT_EQ(all.back().complete_end_us, INT64_MAX);
}

// Rows are announced with the oldest batch that the emitter has not got.
TEST(Worker, RowsThatMayBecomeFinalLeaveBeforeABatchThatMightWantTheirMemory) {
    for (const bool has_room : {false, true}) {
        SlowBench bench(window_job());
        bench.slow.has_it = has_room;
        bench.send({keyed(1, 5'000, 7)});
        Batch& second = bench.send({keyed(2, 25'000, 8)});
        Batch& third = bench.send({keyed(3, 26'000, 9)});
        bench.worker->step();
        for (int i = 0; i < 3; ++i) bench.worker->step();
        EXPECT_EQ(bench.slow.under_way(), has_room ? 3u : 1u);
        if (has_room) continue;
        bench.slow.judge_one();
        bench.worker->step();
        bench.slow.judge_one();
        for (int i = 0; i < 3; ++i) bench.worker->step();
        const std::vector<FromWorker> sent = bench.sent();
        ASSERT_GE(sent.size(), 3u);
        EXPECT_EQ(sent[1].batch, &second);
        EXPECT_EQ(sent[2].rows, &bench.block);
        EXPECT_EQ(sent[2].batch, &third);
        EXPECT_EQ(bench.block.key_int, std::vector<int64_t>({7}));
        EXPECT_EQ(bench.slow.under_way(), 1u);
    }
}

}  // namespace
}  // namespace trommel::hostpath
