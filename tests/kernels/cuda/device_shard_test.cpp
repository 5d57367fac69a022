#include "kernels/cuda/device_shard.h"

#include <gmock/gmock.h>
#include <numeric>
#include <thread>

#include "kernels/cpu/shard.h"
#include "tests/kernels/cuda/shard_job.h"
#include "tests/kernels/cuda/test_device.h"
#include "tests/kit/random.h"

// Beside the answers (same_answer_test, memory_policy_test): what becomes of a shard whose device
// fails, and the jobs that those tests do not draw.
namespace trommel::cuda {
namespace {

constexpr uint32_t kRowsMax = 512;
constexpr uint64_t kSeed = 9;

cpu::ShardOptions options_of(uint64_t bytes) {
    cpu::ShardOptions options;
    options.seed = kSeed;
    options.id_bytes = options.key_bytes = bytes;
    options.rows_max = kRowsMax;
    return options;
}

// A shard on a device, one on a core, and a batch for both.
class Pair {
   public:
    explicit Pair(const Config& of, uint64_t bytes = uint64_t{4} << 20)
        : config(of), batch(config, kRowsMax), hash_(kRowsMax), hi_(kRowsMax), rows_(kRowsMax) {
        auto on = std::make_unique<TestDevice>();
        device = on.get();
        Status status =
            DeviceShard<TestDevice>::create(std::move(on), config, options_of(bytes), shard);
        EXPECT_TRUE(status.ok()) << status.message;
        std::unique_ptr<cpu::Shard> made;
        status = cpu::Shard::create(config, options_of(bytes), made);
        EXPECT_TRUE(status.ok()) << status.message;
        core = std::move(made);
        std::iota(rows_.begin(), rows_.end(), 0u);
    }

    // Of each second row of the batch, so that what lies between them is left alone.
    void fill(uint64_t first_id, uint64_t ids, int64_t time_us) {
        testkit::Random random(first_id + 1);
        batch.clear();
        rows_.clear();
        while (!batch.full()) {
            const uint64_t id = first_id + random.below(ids);
            const int64_t values[2] = {-1, static_cast<int64_t>(id)};
            const uint32_t row = batch.add(id, time_us, values);
            batch.set_key(row, static_cast<int64_t>(id % 7));
            batch.verdict[row] = Verdict::late;
            hash_[row] = rules::hash_u64(id, rules::hash_seed(kSeed, rules::Purpose::id));
            if (row % 2 == 1) rows_.push_back(row);
        }
        now_us_ = time_us;
    }
    std::vector<Verdict> judge(cpu::Backend& by) {
        const cpu::IdColumns ids{hash_.data(), batch.id_lo.data(), hi_.data(), nullptr,
                                 batch.time_us.data()};
        by.advance_ids(now_us_ - 10'000, now_us_);
        by.submit(batch, ids, rows_.data(), static_cast<uint32_t>(rows_.size()));
        by.finish();
        return {batch.verdict.begin(), batch.verdict.begin() + batch.count};
    }
    // The counts of all rows that are final.
    uint64_t take(cpu::Backend& from, int64_t watermark_us) {
        from.advance(watermark_us);
        const cpu::CellLayout layout(config);
        cpu::PartialRows rows(config, layout);
        uint64_t events = 0;
        int64_t work = INT64_MAX;
        while (from.is_closing() && from.take_closed(rows, 100, work)) {
            for (uint32_t r = 0; r < rows.count(); ++r) events += layout.count(rows.cell(r));
        }
        return events;
    }
    size_t asked() const { return rows_.size(); }

    const Config config;
    RecordBatch batch;
    std::unique_ptr<cpu::Backend> shard, core;
    TestDevice* device;

   private:
    std::vector<uint64_t> hash_, hi_;
    std::vector<uint32_t> rows_;
    int64_t now_us_ = 0;
};

TEST(DeviceShard, AnswersAsACoreDoesAndLeavesOtherRowsAlone) {
    Pair pair(job());
    for (int64_t b = 0; b < 30; ++b) {
        pair.fill(static_cast<uint64_t>(b) * 100, 400, b * 40'000);
        const std::vector<Verdict> expected = pair.judge(*pair.core);
        ASSERT_EQ(pair.judge(*pair.shard), expected);
        const int64_t watermark_us = b * 40'000 - 10'000;
        ASSERT_EQ(pair.take(*pair.shard, watermark_us), pair.take(*pair.core, watermark_us));
        ASSERT_EQ(pair.shard->complete_end_us(), pair.core->complete_end_us());
    }
    const ShardReport device = pair.shard->report(), core = pair.core->report();
    EXPECT_EQ(device.events, 30 * pair.asked());
    EXPECT_EQ(device.unique, core.unique);
    EXPECT_EQ(device.live_ids, core.live_ids);
    EXPECT_EQ(device.keys, std::nullopt);
    EXPECT_STREQ(pair.shard->engine(), "gpu");
}

TEST(DeviceShard, AFilterOnADeviceAnswersAsOnACore) {
    for (const int64_t horizon_us : {int64_t{1'000'000}, kForeverUs}) {
        Config config = job();
        config.dedup.mode = DedupMode::approximate;
        config.dedup.horizon_us = horizon_us;
        config.dedup.capacity = 20'000;
        config.dedup.error_rate = 0.05;  // So that there are errors to be equal in.
        Pair pair(config);
        for (int64_t b = 0; b < 40; ++b) {
            pair.fill(static_cast<uint64_t>(b) * 200, 5000, b * 60'000);
            const std::vector<Verdict> expected = pair.judge(*pair.core);
            ASSERT_EQ(pair.judge(*pair.shard), expected) << "batch " << b;
        }
        EXPECT_EQ(pair.shard->report().live_ids, pair.core->report().live_ids);
    }
}

TEST(DeviceShard, MayGoFromThreadToThread) {
    Pair pair(job());
    std::thread([&] {
        pair.fill(0, 400, 50'000);
        const std::vector<Verdict> expected = pair.judge(*pair.core);
        EXPECT_EQ(pair.judge(*pair.shard), expected);
    }).join();
    EXPECT_GT(pair.take(*pair.shard, 200'000), 0u);
    EXPECT_GT(pair.shard->report().live_ids, 0u);
}

TEST(DeviceShard, AfterItsDeviceIsLostItRefusesAllAndSaysSo) {
    Pair pair(job());
    pair.fill(0, 400, 50'000);
    pair.judge(*pair.shard);
    const uint64_t unique = pair.shard->report().unique;
    pair.device->lose("an uncorrectable error");
    pair.fill(1000, 400, 60'000);
    const std::vector<Verdict> verdicts = pair.judge(*pair.shard);
    EXPECT_EQ(std::count(verdicts.begin(), verdicts.end(), Verdict::refused),
              static_cast<int64_t>(pair.asked()));
    EXPECT_EQ(pair.shard->full().code, Code::unreachable);
    EXPECT_THAT(pair.shard->full().message, testing::HasSubstr("an uncorrectable error"));
    // Nobody waits for rows that cannot come.
    pair.shard->advance(INT64_MAX);
    EXPECT_FALSE(pair.shard->is_closing() || pair.shard->has_rows());
    EXPECT_EQ(pair.shard->windows_waiting(9), 0u);
    EXPECT_LT(pair.shard->complete_end_us(), 100'000);
    EXPECT_EQ(pair.shard->report().unique, unique);
    EXPECT_EQ(pair.shard->report().events, 2 * pair.asked());
}

TEST(DeviceShard, ADeviceThatIsLostWhileAWindowClosesIsSaidToo) {
    Pair pair(job());
    pair.fill(0, 400, 50'000);
    pair.judge(*pair.shard);
    pair.shard->advance(200'000);
    EXPECT_TRUE(pair.shard->is_closing());
    pair.device->lose("gone");
    EXPECT_EQ(pair.take(*pair.shard, 200'000), 0u);
    EXPECT_EQ(pair.shard->full().code, Code::unreachable);
}

TEST(DeviceShard, IsNotMadeWhereTheMemoryIsTooSmallToBeginWith) {
    for (const bool is_ids : {false, true}) {
        cpu::ShardOptions options = options_of(uint64_t{1} << 20);
        (is_ids ? options.id_bytes : options.key_bytes) = 100;
        std::unique_ptr<cpu::Backend> shard;
        const Status status =
            DeviceShard<TestDevice>::create(std::make_unique<TestDevice>(), job(), options, shard);
        EXPECT_EQ(status.code, Code::invalid_config);
        EXPECT_THAT(status.message,
                    testing::HasSubstr(is_ids ? "the share for ids" : "the share for keys"));
        EXPECT_EQ(shard, nullptr);
    }
}

}  // namespace
}  // namespace trommel::cuda
