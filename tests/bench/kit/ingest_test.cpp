#include "bench/kit/ingest.h"

#include <gtest/gtest.h>

#include "bench/kit/metered_source.h"

namespace trommel::bench {
namespace {

// Batches of so many records, 0 being a poll that finds nothing; then the end.
class Script final : public Source {
   public:
    explicit Script(std::vector<uint32_t> counts) : counts_(std::move(counts)) {}
    Status open() override { return {}; }
    Poll poll(RecordBatch& batch, int64_t) override {
        if (next_ == counts_.size()) return {State::ended, 0, {}};
        batch.count = counts_[next_++];
        return {batch.count > 0 ? State::records : State::nothing, 0, {}};
    }
    std::string_view name() const override { return "script"; }
    uint32_t partitions() const override { return 1; }
    std::string_view partition_name(uint32_t) const override { return "script"; }

   private:
    const std::vector<uint32_t> counts_;
    size_t next_ = 0;
};

TEST(MeteredSource, ItCountsWhatCameAfterTheFirstBatchAndTellsAll) {
    Script script({0, 10, 0, 7, 5, 0});
    std::vector<uint64_t> told;
    MeteredSource source(script, [&](uint64_t records) { told.push_back(records); });
    RecordBatch batch(config_of({}), 16);
    for (int polls = 0; polls < 7; ++polls) {
        batch.clear();
        source.poll(batch, INT64_MAX);
    }
    EXPECT_EQ(source.events(), 12U);
    EXPECT_EQ(told, (std::vector<uint64_t>{0, 0, 10, 10, 17, 22, 22}));
    EXPECT_GT(source.busy_s(), 0);
    EXPECT_LE(source.busy_s(), source.wall_s() + 1);
}

TEST(Ingest, EveryWayBringsTheStreamAndItsTruth) {
    IngestOptions options;
    options.job.keys = 1000;
    options.job.out_of_order_us = 200'000;
    options.job.memory_bytes = uint64_t{512} << 20;
    options.events = 300'000;  // More than the first look at a socket finds.
    LoadReport report;
    measure_ingest(options, report);
    ASSERT_EQ(report.ingest.size(), 5U);
    for (const IngestFigure& figure : report.ingest) {
        EXPECT_EQ(figure.wrong, "") << figure.name;
        EXPECT_GT(figure.events + figure.lost, 0U) << figure.name;
    }
    EXPECT_TRUE(report.right());
}

}  // namespace
}  // namespace trommel::bench
