#include "hostpath/row_pace.h"

#include <gtest/gtest.h>

#include "hostpath/receiver.h"
#include "hostpath/worker.h"
#include "kernels/cpu/shard.h"
#include "tests/hostpath/small_jobs.h"

namespace trommel::hostpath {
namespace {

// A shard with one event in each of `windows` windows that are final, and a batch of one more.
class Scene {
   public:
    explicit Scene(uint32_t windows, uint64_t key_bytes = uint64_t{64} << 20) {
        cpu::ShardOptions options;
        options.id_bytes = uint64_t{8} << 20;
        options.key_bytes = key_bytes;
        options.rows_max = config_.engine.batch_records;
        EXPECT_TRUE(cpu::Shard::create(config_, options, shard).ok());
        for (uint32_t w = 0; w < windows; ++w) judge_one(w * int64_t{10'000});
        const std::vector<testkit::OracleEvent> one = {keyed(1000, 10'000'000, 1)};
        testkit::fill(batch.records, config_, one, 0, 1);
        judge_.admit(batch, 0);
        shard->advance(windows * int64_t{10'000});
    }

   private:
    void judge_one(int64_t time_us) {
        Batch first(config_, config_.engine.batch_records);
        const std::vector<testkit::OracleEvent> one = {
            keyed(static_cast<uint64_t>(time_us), time_us, 7)};
        testkit::fill(first.records, config_, one, 0, 1);
        judge_.admit(first, 0);
        submit_share(*shard, first, 0);
    }

    const Config config_ = window_job();
    Judge judge_{config_, 1, false};

   public:
    std::unique_ptr<cpu::Shard> shard;
    Batch batch{config_, config_.engine.batch_records};
};

TEST(RowPace, EachWindowThatWaitsAddsAsMuchWorkAgain) {
    const RowPace pace{.work_per_piece = 10, .work_per_event = 100, .windows_waiting_max = 4};
    EXPECT_EQ(pace.work_after(*Scene(0).shard, Scene(0).batch), 100);
    EXPECT_EQ(pace.work_after(*Scene(1).shard, Scene(1).batch), 100);
    EXPECT_EQ(pace.work_after(*Scene(3).shard, Scene(3).batch), 300);
    EXPECT_EQ(pace.work_after(*Scene(9).shard, Scene(9).batch), 400);
    const RowPace least{.work_per_piece = 10, .work_per_event = 0};
    EXPECT_EQ(least.work_after(*Scene(1).shard, Scene(1).batch), 10);
}

TEST(RowPace, RowsLeaveFirstWhenTooManyWindowsWait) {
    const RowPace pace{.windows_waiting_max = 4};
    EXPECT_FALSE(pace.rows_first(*Scene(0).shard, Scene(0).batch, 0));
    EXPECT_FALSE(pace.rows_first(*Scene(3).shard, Scene(3).batch, 0));
    EXPECT_TRUE(pace.rows_first(*Scene(4).shard, Scene(4).batch, 0));
}

TEST(RowPace, EachKindOfWindowMayWaitOnce) {
    Config config = window_job();
    EXPECT_EQ(RowPace::of(config).windows_waiting_max, 2u);
    config.windows.push_back(config.windows.front());
    EXPECT_EQ(RowPace::of(config).windows_waiting_max, 4u);
    config.windows.clear();
    EXPECT_EQ(RowPace::of(config).windows_waiting_max, 2u);
}

TEST(RowPace, RowsLeaveFirstAtTheEndOfTheInput) {
    Scene scene(1);
    scene.batch.last = true;
    EXPECT_TRUE(RowPace().rows_first(*scene.shard, scene.batch, 0));
}

TEST(RowPace, RowsLeaveFirstWhereMemoryIsShortButABatchWithoutEventsWantsNone) {
    Scene scene(1, uint64_t{2} << 20);
    EXPECT_TRUE(RowPace().rows_first(*scene.shard, scene.batch, 0));
    scene.batch.shard_begin[1] = 0;
    EXPECT_FALSE(RowPace().rows_first(*scene.shard, scene.batch, 0));
}

}  // namespace
}  // namespace trommel::hostpath
