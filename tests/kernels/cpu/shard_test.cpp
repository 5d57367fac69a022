#include "kernels/cpu/shard.h"

#include <gtest/gtest.h>
#include <memory>
#include <numeric>
#include <vector>

#include "kernels/rules/hash.h"

namespace trommel::cpu {
namespace {

Config job() {
    Config config;
    config.dedup.id_type = IdType::u64;
    config.dedup.horizon_us = 1'000'000;
    config.time.out_of_order_us = 10'000;
    config.key = {{"key", FieldType::integer}};
    config.aggregates = {{"count", AggregateKind::count, 0, 0}};
    config.windows = {{"w", WindowKind::tumbling, 100'000, 100'000, 0}};
    return config;
}

struct Fixture {
    explicit Fixture(const Config& job_config, uint64_t id_bytes, uint64_t key_bytes)
        : config(job_config), batch(config, 4096), hash(4096), rows(4096) {
        ShardOptions options;
        options.seed = 9;
        options.id_bytes = id_bytes;
        options.key_bytes = key_bytes;
        options.rows_max = 4096;
        const Status status = Shard::create(config, options, shard);
        EXPECT_TRUE(status.ok()) << status.message;
        std::iota(rows.begin(), rows.end(), 0u);
    }
    void judge(uint64_t first_id, uint32_t count, int64_t time_us, int64_t keys) {
        batch.clear();
        for (uint32_t e = 0; e < count; ++e) {
            const uint32_t row = batch.add(first_id + e, time_us, nullptr);
            batch.set_key(row, static_cast<int64_t>(first_id + e) % keys);
            hash[row] = rules::hash_u64(first_id + e, rules::hash_seed(9, rules::Purpose::id));
        }
        const IdColumns ids{hash.data(), batch.id_lo.data(), nullptr, nullptr,
                            batch.time_us.data()};
        shard->advance_ids(time_us - 10'000, time_us);
        shard->submit(batch, ids, rows.data(), count);
    }
    size_t verdicts(Verdict verdict) const {
        return static_cast<size_t>(
            std::count(batch.verdict.begin(), batch.verdict.begin() + batch.count, verdict));
    }
    uint64_t rows_out() {
        PartialRows out(config, CellLayout(config));
        uint64_t count = 0;
        int64_t work = INT64_MAX;
        while (shard->take_closed(out, 100, work)) count += out.count();
        return count;
    }

    Config config;
    RecordBatch batch;
    std::vector<uint64_t> hash;
    std::vector<uint32_t> rows;
    std::unique_ptr<Shard> shard;
};

TEST(Shard, CountsEachIdOnceAndHandsOutItsWindowsWhenTheyAreFinal) {
    Fixture fixture(job(), uint64_t{16} << 20, uint64_t{16} << 20);
    fixture.judge(0, 1000, 50'000, 10);
    EXPECT_EQ(fixture.verdicts(Verdict::unique), 1000u);
    fixture.judge(500, 1000, 60'000, 10);
    EXPECT_EQ(fixture.verdicts(Verdict::unique), 500u);
    EXPECT_EQ(fixture.verdicts(Verdict::duplicate), 500u);
    fixture.shard->advance(99'999);
    EXPECT_EQ(fixture.rows_out(), 0u);
    fixture.shard->advance(100'000);
    EXPECT_EQ(fixture.rows_out(), 10u);
}

// An event that is refused for want of a key leaves no trace among the ids: when there is room
// again it is unique, and counted once.
TEST(Shard, AnEventRefusedForItsKeyIsNotRememberedAsSeen) {
    Config config = job();
    config.engine.on_full = OnFull::refuse;
    Fixture fixture(config, uint64_t{16} << 20, uint64_t{96} << 10);
    uint64_t refused_id = 0;
    for (uint64_t first = 0; refused_id == 0 && first < 1'000'000; first += 1000) {
        fixture.judge(first, 1000, 50'000, 1'000'000);
        for (uint32_t row = 0; row < 1000; ++row) {
            if (fixture.batch.verdict[row] == Verdict::refused) refused_id = first + row;
        }
    }
    ASSERT_GT(refused_id, 0u) << "the memory for keys never ran out";
    EXPECT_TRUE(fixture.shard->full().ok()) << "refuse does not stop";
    EXPECT_EQ(fixture.shard->report().live_ids, fixture.shard->report().unique);
    fixture.shard->advance(100'000);
    EXPECT_EQ(fixture.rows_out(), fixture.shard->report().unique) << "one key each";
    fixture.judge(refused_id, 1, 150'000, 1'000'000);
    EXPECT_EQ(fixture.verdicts(Verdict::unique), 1u);
}

TEST(Shard, SaysWhatWasFullUnderStop) {
    Fixture fixture(job(), uint64_t{1} << 20, uint64_t{16} << 20);
    for (uint64_t first = 0; fixture.shard->full().ok() && first < 1'000'000; first += 4000) {
        fixture.judge(first, 4000, 50'000, 10);
    }
    EXPECT_EQ(fixture.shard->full().code, Code::memory_full);
    EXPECT_NE(fixture.shard->full().message.find("ids"), std::string::npos);
    EXPECT_GT(fixture.verdicts(Verdict::refused), 0u);
}

TEST(Shard, ForgetsTheOldestIdsRatherThanRefuse) {
    Config config = job();
    config.dedup.horizon_us = 1'000'000'000;
    config.engine.on_full = OnFull::forget;
    Fixture fixture(config, uint64_t{1} << 20, uint64_t{16} << 20);
    for (uint64_t first = 0; first < 400'000; first += 4000) {
        fixture.judge(first, 4000, static_cast<int64_t>(first) * 1000, 10);
        ASSERT_EQ(fixture.verdicts(Verdict::refused), 0u);
    }
    EXPECT_GT(fixture.shard->horizon_shortened_us(), 0);
    EXPECT_LE(fixture.shard->report().id_bytes, uint64_t{1} << 20);
}

}  // namespace
}  // namespace trommel::cpu
