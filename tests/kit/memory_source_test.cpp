#include "tests/kit/memory_source.h"

#include <gtest/gtest.h>

#include "tests/kit/random_job.h"

namespace trommel::testkit {
namespace {

using State = Source::State;

class MemorySourceTest : public testing::Test {
   protected:
    MemorySourceTest() { config_.dedup.id_type = IdType::u64; }

    static OracleEvent event(int64_t time_us, uint32_t partition = 0) {
        return {false, std::string(8, '\1'), {}, time_us, {}, partition};
    }
    static OracleEvent corrupt(uint32_t partition = 0) { return {true, "", {}, 0, {}, partition}; }

    MemorySource& open(std::vector<OracleEvent> events, MemorySource::Options options = {}) {
        source_.emplace(config_, std::move(events), std::move(options));
        EXPECT_TRUE(source_->open().ok());
        return *source_;
    }
    State poll(int64_t until_us = INT64_MAX) {
        batch_.clear();
        return source_->poll(batch_, until_us).state;
    }
    std::vector<int64_t> times() const {
        return {batch_.time_us.begin(), batch_.time_us.begin() + batch_.count};
    }

    Config config_;
    RecordBatch batch_{config_, 3};
    std::optional<MemorySource> source_;
};

using Times = std::vector<int64_t>;

TEST_F(MemorySourceTest, BringsEverythingInOrderAndThenEnds) {
    open({event(1), event(2), event(3), event(4)});
    EXPECT_EQ(poll(), State::records);
    EXPECT_EQ(times(), Times({1, 2, 3}));
    EXPECT_EQ(batch_.first_record, 0u);
    EXPECT_EQ(poll(), State::records);
    EXPECT_EQ(times(), Times({4}));
    EXPECT_EQ(batch_.first_record, 3u);
    EXPECT_EQ(poll(), State::ended);
    EXPECT_EQ(poll(), State::ended);
}

TEST_F(MemorySourceTest, AppendsToWhatTheBatchHolds) {
    MemorySource& source =
        open({event(1), event(2), event(3), event(4)}, {.records_per_poll_max = 2});
    EXPECT_EQ(source.poll(batch_, INT64_MAX).state, State::records);
    EXPECT_EQ(source.poll(batch_, INT64_MAX).state, State::records);
    EXPECT_EQ(times(), Times({1, 2, 3}));
    EXPECT_EQ(batch_.first_record, 0u);
    EXPECT_EQ(source.poll(batch_, INT64_MAX).state, State::nothing);  // The batch is full.
}

TEST_F(MemorySourceTest, HoldsARecordThatIsNewerThanAllowed) {
    MemorySource& source = open({event(10), event(11), event(5)});
    EXPECT_EQ(poll(10), State::records);
    EXPECT_EQ(times(), Times({10}));
    batch_.clear();
    const Source::Poll held = source.poll(batch_, 10);
    EXPECT_EQ(held.state, State::held);
    EXPECT_EQ(held.held_time_us, 11);
    EXPECT_EQ(batch_.count, 0u);
    EXPECT_EQ(poll(11), State::records);
    EXPECT_EQ(times(), Times({11, 5}));
}

TEST_F(MemorySourceTest, ACorruptRecordIsNotHeld) {
    open({corrupt(), event(1)});
    EXPECT_EQ(poll(INT64_MIN), State::records);
    ASSERT_EQ(batch_.count, 1u);
    EXPECT_EQ(batch_.verdict[0], Verdict::corrupt);
    EXPECT_FALSE(batch_.detail[0].empty());
}

TEST_F(MemorySourceTest, GivesPartitionsNumbersInOrderOfDiscovery) {
    MemorySource& source = open({event(1, 7), event(2, 1), event(3, 7)}, {.known_partitions = 2});
    EXPECT_EQ(source.partitions(), 2u);
    EXPECT_EQ(poll(), State::records);
    EXPECT_EQ(source.partitions(), 3u);
    EXPECT_EQ(source.partition_name(2), "p7");
    EXPECT_EQ(batch_.partition[0], 2u);
    EXPECT_EQ(batch_.partition[1], 1u);
    EXPECT_EQ(batch_.partition[2], 2u);
}

TEST_F(MemorySourceTest, SaysWhereEachRecordIs) {
    MemorySource& source = open({event(1), event(2)}, {.lines = {"first", "second"}});
    EXPECT_EQ(poll(), State::records);
    EXPECT_EQ(batch_.raw[1], "second");
    EXPECT_EQ(batch_.offset[0], 0u);
    EXPECT_EQ(batch_.offset[1], 6u);
    EXPECT_EQ(source.bytes_read(), 13u);
}

TEST_F(MemorySourceTest, StaysOpenUntilItIsClosed) {
    MemorySource& source = open({event(1)}, {.stays_open = true});
    EXPECT_EQ(poll(), State::records);
    EXPECT_EQ(poll(), State::nothing);
    source.close();
    EXPECT_EQ(poll(), State::ended);
}

TEST_F(MemorySourceTest, FailsAfterTheRecordItWasTold) {
    open({event(1), event(2)}, {.fail_after = 1});
    EXPECT_EQ(poll(), State::records);
    EXPECT_EQ(times(), Times({1}));
    EXPECT_EQ(poll(), State::failed);
}

TEST_F(MemorySourceTest, AnUnopenedSourceFails) {
    source_.emplace(config_, std::vector<OracleEvent>());
    EXPECT_EQ(poll(), State::failed);
    EXPECT_TRUE(source_->open().ok());
    EXPECT_FALSE(source_->open().ok());
}

TEST_F(MemorySourceTest, RandomCutsBringEverythingOnce) {
    std::vector<OracleEvent> events;
    for (int64_t i = 0; i < 500; ++i) events.push_back(event(i));
    open(events, {.cut_seed = 9});
    RecordBatch batch(config_, 64);
    int64_t next = 0;
    int nothing = 0, sizes = 0, last = 0;
    for (;;) {
        batch.clear();
        const State state = source_->poll(batch, INT64_MAX).state;
        if (state == State::ended) break;
        nothing += state == State::nothing;
        for (uint32_t row = 0; row < batch.count; ++row) ASSERT_EQ(batch.time_us[row], next++);
        sizes += static_cast<int>(batch.count) != last;
        last = static_cast<int>(batch.count);
    }
    EXPECT_EQ(next, 500);
    EXPECT_GT(nothing, 0);
    EXPECT_GT(sizes, 3);
}

}  // namespace
}  // namespace trommel::testkit
