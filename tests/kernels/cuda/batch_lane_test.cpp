#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <set>
#include <tuple>
#include <vector>

#include "kernels/cpu/shard.h"
#include "kernels/cuda/device_shard.h"
#include "tests/kernels/cuda/shard_job.h"
#include "tests/kernels/cuda/shuffled_device.h"
#include "tests/kit/random.h"

// Several batches under way on a device: whatever order its queues come to run in, and wherever
// batches halt, it answers as a core that judges one after the other. (kernels/cuda/shard.md)
namespace trommel::cuda {
namespace {

using testkit::Random;

constexpr uint32_t kRowsMax = 128;
constexpr uint64_t kSeed = 9;
constexpr uint64_t kPlenty = uint64_t{4} << 20;

cpu::ShardOptions options_of(uint64_t bytes, uint32_t rows_max = kRowsMax) {
    cpu::ShardOptions options;
    options.seed = kSeed;
    options.id_bytes = kPlenty;
    options.key_bytes = bytes;
    options.rows_max = rows_max;
    return options;
}

// A batch, and some of its rows.
struct Load {
    explicit Load(const Config& config, uint32_t rows_max = kRowsMax)
        : batch(config, rows_max), hash(rows_max) {}

    void add(uint64_t id, int64_t key, int64_t event_us) {
        const int64_t values[2] = {-1, static_cast<int64_t>(id % 1000)};
        const uint32_t row = batch.add(id, event_us, values);
        batch.set_key(row, key);
        batch.verdict[row] = Verdict::late;  // Of a row that nobody asks about, it stays.
        hash[row] = rules::hash_u64(id, rules::hash_seed(kSeed, rules::Purpose::id));
    }
    cpu::IdColumns ids() const {
        return {hash.data(), batch.id_lo.data(), nullptr, nullptr, batch.time_us.data()};
    }
    void submit_to(cpu::Backend& shard) {
        shard.advance(watermark_us);
        shard.advance_ids(watermark_us, time_us);
        shard.submit(batch, ids(), rows.data(), static_cast<uint32_t>(rows.size()));
    }
    std::vector<Verdict> verdicts() const {
        return {batch.verdict.begin(), batch.verdict.begin() + batch.count};
    }

    RecordBatch batch;
    std::vector<uint64_t> hash;
    std::vector<uint32_t> rows;
    int64_t watermark_us = 0, time_us = 0;
};

// Rows of a shard, in the order in which it handed them out.
class Rows {
   public:
    using Row = std::tuple<int64_t, int64_t, uint64_t>;  // End, key, count.

    Rows(const Config& config, cpu::Backend& of)
        : layout_(config), block_(config, layout_), shard_(of) {}

    void take(int64_t work) {
        while (work > 0 && shard_.is_closing() && shard_.take_closed(block_, 10, work)) {
            for (uint32_t r = 0; r < block_.count(); ++r) {
                EXPECT_GT(block_.end_us[r], complete_end_us_) << "was said to be complete";
                all.push_back({block_.end_us[r], block_.key_int[r], layout_.count(block_.cell(r))});
                events += layout_.count(block_.cell(r));
            }
        }
        complete_end_us_ = shard_.complete_end_us();
    }

    std::vector<Row> all;
    uint64_t events = 0;

   private:
    const cpu::CellLayout layout_;
    cpu::PartialRows block_;
    cpu::Backend& shard_;
    int64_t complete_end_us_ = INT64_MIN;
};

// A stream whose batches bring new panes and ids, so that they halt again and again; now and then
// its time leaps, so that ticks are counted from a new base.
std::vector<std::unique_ptr<Load>> random_stream(const Config& config, Random& random) {
    std::vector<std::unique_ptr<Load>> loads;
    int64_t now_us = 0;
    uint64_t newest = 0;
    for (int b = 0; b < 60; ++b) {
        auto load = std::make_unique<Load>(config);
        load->watermark_us = now_us - 10'000;
        now_us +=
            random.one_in(8) ? random.between(20'000'000, 120'000'000) : random.between(0, 60'000);
        load->time_us = now_us;
        newest += random.below(60);
        const uint64_t count = 1 + random.below(kRowsMax);
        const auto first = static_cast<uint32_t>(random.below(count));
        const bool are_neighbours = random.one_in(2);
        for (uint32_t row = 0; row < count; ++row) {
            const uint64_t id = newest + random.below(150);
            load->add(id, static_cast<int64_t>(id % 40), now_us - random.between(0, 9'999));
            if (row >= first && (are_neighbours || !random.one_in(4))) load->rows.push_back(row);
        }
        if (load->rows.empty()) load->rows.push_back(0);
        loads.push_back(std::move(load));
    }
    return loads;
}

std::unique_ptr<cpu::Backend> device_shard(const Config& config, const ShuffledOptions& device,
                                           uint32_t lanes, uint64_t key_bytes = kPlenty,
                                           uint32_t rows_max = kRowsMax) {
    std::unique_ptr<cpu::Backend> shard;
    const Status status =
        DeviceShard<ShuffledDevice>::create(std::make_unique<ShuffledDevice>(device), config,
                                            options_of(key_bytes, rows_max), shard, lanes);
    EXPECT_TRUE(status.ok()) << status.message;
    return shard;
}

ShuffledDevice& device_of(cpu::Backend& shard) {
    return static_cast<DeviceShard<ShuffledDevice>&>(shard).device();
}

// Raises `most` to the number of batches that were seen under way at once.
void answers_as_a_core(const Config& config, uint64_t seed, uint32_t& most) {
    Random random(seed);
    const std::vector<std::unique_ptr<Load>> loads = random_stream(config, random);
    std::unique_ptr<cpu::Shard> core;
    ASSERT_TRUE(cpu::Shard::create(config, options_of(kPlenty), core).ok());
    Rows expected(config, *core);
    std::vector<std::vector<Verdict>> verdicts;
    for (const auto& load : loads) {
        load->submit_to(*core);
        verdicts.push_back(load->verdicts());
        expected.take(INT64_MAX);
        for (uint32_t row = 0; row < load->batch.count; ++row) {
            load->batch.verdict[row] = Verdict::late;
        }
    }
    core->advance(INT64_MAX);
    expected.take(INT64_MAX);

    const auto lanes = static_cast<uint32_t>(random.between(1, 5));
    const auto batches_in_a_lane = static_cast<uint32_t>(random.between(1, 5));
    const auto shard = device_shard(
        config,
        {.seed = seed, .threads = 2, .is_lazy = random.one_in(2), .pins = !random.one_in(4)}, lanes,
        kPlenty, batches_in_a_lane * kRowsMax);
    for (const auto& load : loads) {
        if (!random.one_in(4)) shard->expect(load->batch, load->ids());
    }
    Rows rows(config, *shard);
    for (size_t l = 0; l < loads.size(); ++l) {
        loads[l]->submit_to(*shard);
        const uint32_t under_way = random.one_in(3) ? shard->under_way() : 0;
        ASSERT_LE(under_way, lanes * BatchLane<ShuffledDevice>::kPartsMax);
        most = std::max(most, under_way);
        if (random.one_in(3)) rows.take(random.between(1, 100));
        if (random.one_in(10)) shard->finish();
    }
    shard->finish();
    ASSERT_EQ(shard->under_way(), 0u);
    for (size_t l = 0; l < loads.size(); ++l) ASSERT_EQ(loads[l]->verdicts(), verdicts[l]) << l;
    shard->advance(INT64_MAX);
    rows.take(INT64_MAX);
    ASSERT_EQ(rows.all, expected.all);
    ASSERT_EQ(shard->report().unique, core->report().unique);
    ASSERT_EQ(shard->report().live_ids, core->report().live_ids);
}

TEST(BatchLanes, AnswerAsACoreDoesWhereverBatchesHalt) {
    uint32_t most = 0;
    for (uint64_t seed = 1; seed <= 24 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        answers_as_a_core(job(), seed, most);
    }
    EXPECT_GE(most, 4u);
}

// A filter is not halted with the windows, and takes each batch in once.
TEST(BatchLanes, OfAFilterAnswerAsACoreDoesWhereverBatchesHalt) {
    uint32_t most = 0;
    for (uint64_t seed = 1; seed <= 12 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        Config config = job();
        config.dedup.mode = DedupMode::approximate;
        config.dedup.capacity = 20'000;
        answers_as_a_core(config, seed, most);
    }
    EXPECT_GE(most, 3u);
}

TEST(BatchLanes, WithoutDeduplicationAnswerAsACoreDoesWhereverBatchesHalt) {
    uint32_t most = 0;
    for (uint64_t seed = 1; seed <= 12 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        Config config = job();
        config.dedup.mode = DedupMode::off;
        answers_as_a_core(config, seed, most);
    }
    EXPECT_GE(most, 3u);
}

// Where there is no room for cells: what is refused leaves no trace, though the batches behind it
// were queued already.
TEST(BatchLanes, WhatIsRefusedLeavesNoTraceForTheBatchesBehindIt) {
    Config config = job(kForeverUs);
    config.engine.on_full = OnFull::refuse;
    uint64_t refused = 0;
    for (uint64_t seed = 1; seed <= 6; ++seed) {
        SCOPED_TRACE(seed);
        Random random(seed);
        const auto shard = device_shard(
            config, {.seed = seed, .threads = 2, .is_lazy = seed % 2 == 0}, 4, uint64_t{64} << 10);
        Rows rows(config, *shard);
        std::vector<std::unique_ptr<Load>> loads;
        for (int b = 0; b < 60; ++b) {
            loads.push_back(std::make_unique<Load>(config));
            Load& load = *loads.back();
            load.watermark_us = b * 10'000;
            load.time_us = load.watermark_us + 10'000;
            std::set<uint64_t> ids;
            while (ids.size() < 100) ids.insert(random.below(4000));
            for (const uint64_t id : ids) {
                load.rows.push_back(load.batch.count);
                load.add(id, static_cast<int64_t>(random.below(100'000)), load.time_us);
            }
            load.submit_to(*shard);
            if (random.one_in(4)) rows.take(INT64_MAX);
        }
        shard->finish();
        shard->advance(INT64_MAX);
        rows.take(INT64_MAX);
        std::set<uint64_t> seen;
        for (const auto& load : loads) {
            for (const uint32_t row : load->rows) {
                const Verdict verdict = load->batch.verdict[row];
                const uint64_t id = load->batch.id_lo[row];
                ASSERT_EQ(verdict == Verdict::duplicate, seen.contains(id));
                if (verdict == Verdict::unique) seen.insert(id);
                refused += verdict == Verdict::refused;
            }
        }
        EXPECT_EQ(rows.events, seen.size());
        EXPECT_EQ(shard->report().unique, seen.size());
    }
    EXPECT_GT(refused, 100u);
}

TEST(BatchLanes, WhatIsFinalCoversWhatIsJudgedAndNoMore) {
    const Config config = job();
    const auto shard = device_shard(config, {.is_lazy = true}, 4);
    Load first(config), second(config);
    first.add(1, 7, 50'000);
    second.add(2, 8, 250'000);
    first.rows = second.rows = {0};
    first.time_us = 50'000, first.watermark_us = rules::kUnknownUs;
    second.time_us = 250'000, second.watermark_us = 240'000;
    first.submit_to(*shard);
    EXPECT_FALSE(shard->is_behind());
    second.submit_to(*shard);
    // The first one's pane is not there yet.
    EXPECT_LT(shard->complete_end_us(), 100'000);
    EXPECT_FALSE(shard->is_closing());
    EXPECT_TRUE(shard->is_behind());
    shard->finish();
    EXPECT_FALSE(shard->is_behind());
    EXPECT_TRUE(shard->is_closing());
    Rows rows(config, *shard);
    rows.take(INT64_MAX);
    EXPECT_EQ(rows.all, (std::vector<Rows::Row>{{100'000, 7, 1}}));
    EXPECT_EQ(shard->complete_end_us(), 240'000);
}

// Id, time, key and the value that is read go as they are; not the rows that have others between
// them, and not what the machine did not pin.
TEST(BatchLanes, AreFilledFromTheColumnsThatTheyExpect) {
    for (const bool pins : {true, false}) {
        const Config config = job();
        Load expected(config), other(config);
        const auto shard = device_shard(config, {.is_lazy = true, .pins = pins}, 4);
        shard->expect(expected.batch, expected.ids());
        for (Load* const load : {&expected, &other}) {
            for (uint32_t row = 0; row < 20; ++row) load->add(row, 7, 50'000);
            load->time_us = 50'000;
            load->rows = {3, 4, 5, 6};
        }
        const auto copies = [&](Load& load) {
            const uint64_t before = device_of(*shard).copies_of_lent();
            load.submit_to(*shard);
            shard->finish();
            return device_of(*shard).copies_of_lent() - before;
        };
        EXPECT_EQ(copies(expected), pins ? 4u : 0u);
        EXPECT_EQ(copies(other), 0u);
        EXPECT_EQ(expected.batch.verdict[6], Verdict::unique);
        EXPECT_EQ(expected.batch.verdict[7], Verdict::late);
        EXPECT_EQ(other.batch.verdict[6], Verdict::duplicate);
        expected.rows = {3, 4, 8};
        EXPECT_EQ(copies(expected), 0u);
        EXPECT_EQ(expected.batch.verdict[8], Verdict::unique);
    }
}

// The longest batch: of a million events of a thousand ids the first thousand are unique.
TEST(BatchLanes, TakeBatchesOfAMillion) {
    const Config config = job(kForeverUs);
    cpu::ShardOptions options = options_of(kPlenty);
    options.rows_max = kGpuBatchRecordsMax;
    ShuffledOptions large{.threads = 2};
    large.device_bytes = large.pinned_bytes = size_t{256} << 20;
    std::unique_ptr<cpu::Backend> shard;
    const Status status = DeviceShard<ShuffledDevice>::create(
        std::make_unique<ShuffledDevice>(large), config, options, shard, 1);
    ASSERT_TRUE(status.ok()) << status.message;
    Load load(config, options.rows_max);
    load.time_us = 50'000;
    for (uint32_t row = 0; row < options.rows_max; ++row) {
        load.add(row % 1000, row % 7, 50'000);
        load.rows.push_back(row);
    }
    load.submit_to(*shard);
    shard->finish();
    const auto first_duplicate = load.batch.verdict.begin() + 1000;
    EXPECT_EQ(std::count(load.batch.verdict.begin(), first_duplicate, Verdict::unique), 1000);
    EXPECT_EQ(std::count(first_duplicate, load.batch.verdict.end(), Verdict::duplicate),
              int64_t{options.rows_max} - 1000);
}

// Batches of one event, of known ids and in a pane that is there; the device does nothing before it
// is asked.
class ShortBatches {
   public:
    explicit ShortBatches(const Config& of, uint32_t rows_max = kRowsMax)
        : config_(of), shard(device_shard(of, {.is_lazy = true}, kLanes, kPlenty, rows_max)) {
        submit();
        shard->finish();
        const uint64_t before = device_of(*shard).launches();
        submit();
        shard->finish();
        launches_of_one_ = device_of(*shard).launches() - before;
    }
    Load& submit(int64_t watermark_us = 0, int64_t event_us = 50'000, uint64_t id = 1) {
        loads_.push_back(std::make_unique<Load>(config_));
        Load& load = *loads_.back();
        load.add(id, 7, event_us);
        load.rows = {0};
        load.watermark_us = watermark_us;
        load.time_us = event_us;
        load.submit_to(*shard);
        return load;
    }
    // Since `launches`, in so many batches of the device.
    uint64_t lanes_since(uint64_t launches) const {
        return (device_of(*shard).launches() - launches) / launches_of_one_;
    }

   private:
    const Config config_;
    std::vector<std::unique_ptr<Load>> loads_;
    uint64_t launches_of_one_ = 0;

   public:
    const std::unique_ptr<cpu::Backend> shard;
};

// The first two go at once, for the device would be idle without them; nobody needs to ask for the
// third but by looking.
TEST(BatchLanes, ShortBatchesShareALaneWhileTheDeviceHasWork) {
    ShortBatches batches(job());
    const uint64_t before = device_of(*batches.shard).launches();
    for (int b = 0; b < 12; ++b) batches.submit();
    EXPECT_FALSE(batches.shard->is_busy());
    EXPECT_EQ(batches.lanes_since(before), 2u);
    Load& last = batches.submit();
    for (int looks = 0; looks < 10'000 && batches.shard->under_way() > 0; ++looks) continue;
    EXPECT_EQ(batches.shard->under_way(), 0u);
    EXPECT_EQ(batches.lanes_since(before), 3u);
    EXPECT_EQ(last.batch.verdict[0], Verdict::duplicate);
}

TEST(BatchLanes, AFullLaneDoesNotWait) {
    ShortBatches batches(job(), 4);
    const uint64_t before = device_of(*batches.shard).launches();
    for (int b = 0; b < 2 + 4; ++b) batches.submit();
    EXPECT_EQ(batches.lanes_since(before), 3u);
    batches.submit();
    EXPECT_EQ(batches.lanes_since(before), 3u);
    EXPECT_TRUE(batches.shard->is_busy());
    batches.shard->finish();
    EXPECT_EQ(batches.lanes_since(before), 4u);
}

TEST(BatchLanes, AreNotSharedByEventsThatAreHorizonsApart) {
    ShortBatches batches(job());
    const uint64_t before = device_of(*batches.shard).launches();
    for (int b = 0; b < 3; ++b) batches.submit(0, 50'000);
    batches.submit(1'000'000, 2'000'000);
    EXPECT_EQ(batches.lanes_since(before), 2u);
    batches.submit(1'000'000, 2'000'001);
    EXPECT_EQ(batches.lanes_since(before), 3u);
    batches.shard->finish();
}

// The second of the lane's batches lets what the first one is a copy of be forgotten, but not yet.
TEST(BatchLanes, AreJudgedByWhatWasKnownBeforeTheFirstOfTheirBatches) {
    for (const DedupMode mode : {DedupMode::exact, DedupMode::approximate}) {
        Config config = job();
        config.dedup.mode = mode;
        config.dedup.capacity = 20'000;
        ShortBatches batches(config);
        batches.submit(0, 1'000'000, 2);
        batches.submit(1'500'000, 1'600'000, 3);
        Load& copy = batches.submit(1'900'000, 1'990'000, 2);
        const uint64_t before = device_of(*batches.shard).launches();  // Sweeps are some, too.
        batches.submit(3'600'000, 3'650'000, 4);
        EXPECT_EQ(device_of(*batches.shard).launches(), before);
        batches.shard->finish();
        EXPECT_EQ(copy.batch.verdict[0], Verdict::duplicate);
    }
}

// A worker asks when rows might have to leave first; here they do leave whenever it is told no.
TEST(BatchLanes, RefuseNothingForWhichThereIsRoomWhateverIsUnderWay) {
    Config config = job(kForeverUs);
    config.engine.on_full = OnFull::refuse;
    uint64_t asked = 0, had_room = 0, refused = 0;
    for (uint64_t seed = 1; seed <= 16; ++seed) {
        SCOPED_TRACE(seed);
        Random random(seed);
        const auto key_bytes =
            static_cast<uint64_t>(random.between(20'000, random.one_in(2) ? 60'000 : 2'000'000));
        const auto shard = device_shard(
            config, {.seed = seed, .threads = 2, .is_lazy = seed % 2 == 0}, 4, key_bytes);
        Rows rows(config, *shard);
        std::vector<std::unique_ptr<Load>> loads;
        std::vector<bool> has_room;
        uint64_t id = 0;
        for (int64_t b = 0, now_us = 0; b < 40; ++b, now_us += random.between(0, 60'000)) {
            loads.push_back(std::make_unique<Load>(config));
            Load& load = *loads.back();
            load.watermark_us = now_us - 10'000;
            load.time_us = now_us;
            for (uint64_t left = 1 + random.below(kRowsMax); left > 0; --left) {
                load.rows.push_back(load.batch.count);
                ++id;
                load.add(id, static_cast<int64_t>(id), now_us + random.between(0, 50'000));
            }
            const auto count = static_cast<uint32_t>(load.rows.size());
            shard->advance(load.watermark_us);
            has_room.push_back(false);
            if (shard->is_closing() || shard->is_behind()) {
                has_room.back() = shard->has_room(load.batch, load.rows.data(), count);
                ++asked;
                had_room += has_room.back();
                if (!has_room.back()) shard->finish();
                if (!has_room.back()) rows.take(INT64_MAX);
            }
            load.submit_to(*shard);
            if (random.one_in(3)) rows.take(random.between(1, 100));
        }
        shard->finish();
        for (size_t l = 0; l < loads.size(); ++l) {
            for (const uint32_t row : loads[l]->rows) {
                const bool is_refused = loads[l]->batch.verdict[row] == Verdict::refused;
                ASSERT_FALSE(is_refused && has_room[l]) << "batch " << l;
                refused += is_refused;
            }
        }
    }
    EXPECT_GT(had_room, 50u);
    EXPECT_GT(asked - had_room, 50u);
    EXPECT_GT(refused, 100u);
}

TEST(BatchLanes, DoNotRunEmptyWhereAPaneEndsAndThereIsRoom) {
    ShortBatches batches(job());
    const uint64_t waits = device_of(*batches.shard).times().waits;
    for (int b = 0; b < 3; ++b) batches.submit();
    Load next(job());
    next.add(1, 7, 250'000);
    next.rows = {0};
    next.time_us = 250'000, next.watermark_us = 240'000;
    batches.shard->advance(next.watermark_us);
    EXPECT_TRUE(batches.shard->is_behind());
    EXPECT_TRUE(batches.shard->has_room(next.batch, next.rows.data(), 1));
    next.submit_to(*batches.shard);
    EXPECT_EQ(device_of(*batches.shard).times().waits, waits);
    batches.shard->finish();
}

// Batches that need no room neither wait for the device nor allocate, and none waits for the next.
TEST(BatchLanes, InTheGoodCaseNobodyWaitsOrAllocates) {
    const Config config = job();
    const auto shard = device_shard(config, {}, 3);
    std::vector<std::unique_ptr<Load>> loads;
    ShuffledDevice::Times warm;
    for (int b = 0; b < 80; ++b) {
        loads.push_back(std::make_unique<Load>(config));
        Load& load = *loads.back();
        load.time_us = 50'000;
        for (uint32_t row = 0; row < kRowsMax; ++row) {
            load.add((static_cast<uint64_t>(b) * 7 + row) % 200, row % 7, 50'000);
            load.rows.push_back(row);
        }
        while (shard->is_busy()) shard->under_way();
        load.submit_to(*shard);
        if (b == 40) shard->finish();
        if (b == 40) warm = device_of(*shard).times();
    }
    while (shard->under_way() > 0) continue;
    EXPECT_EQ(device_of(*shard).times(), warm);
    EXPECT_GT(warm.waits, 0u);
    EXPECT_EQ(loads.back()->batch.verdict[0], Verdict::duplicate);
}

TEST(BatchLanes, OfADeviceThatIsLostAreRefusedAndNothingIsCountedTwice) {
    for (const uint32_t judged : {0u, 1u, 2u}) {
        const Config config = job();
        const auto shard = device_shard(config, {.seed = judged + 1, .is_lazy = true}, 4);
        std::vector<std::unique_ptr<Load>> loads;
        const auto submit = [&](uint64_t id) {
            loads.push_back(std::make_unique<Load>(config));
            loads.back()->add(id, 1, 50'000);
            loads.back()->rows = {0};
            loads.back()->time_us = 50'000;
            loads.back()->submit_to(*shard);
        };
        for (uint64_t id = 0; id < judged; ++id) submit(id);
        shard->finish();
        for (uint64_t id = 0; id < 6; ++id) submit(100 + id);
        device_of(*shard).lose("gone");
        EXPECT_EQ(shard->under_way(), 0u);
        for (size_t l = 0; l < loads.size(); ++l) {
            EXPECT_EQ(loads[l]->batch.verdict[0], l < judged ? Verdict::unique : Verdict::refused);
        }
        EXPECT_EQ(shard->full().code, Code::unreachable);
        shard->advance(INT64_MAX);
        EXPECT_FALSE(shard->is_behind() || shard->is_closing());
        EXPECT_LT(shard->complete_end_us(), 100'000);
        EXPECT_EQ(shard->report().unique, judged);
        EXPECT_EQ(shard->report().events, judged + 6);
    }
}

}  // namespace
}  // namespace trommel::cuda
