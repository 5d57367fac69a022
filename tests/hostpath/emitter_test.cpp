#include "hostpath/emitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>

#include "tests/hostpath/small_jobs.h"
#include "tests/kit/memory_sink.h"

namespace trommel::hostpath {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testkit::OracleEvent;

// Counts how often it is abandoned.
class Outlet : public testkit::MemorySink {
   public:
    using MemorySink::MemorySink;
    void abandon() override {
        ++abandoned;
        MemorySink::abandon();
    }
    int abandoned = 0;
};

class TestNames : public Names {
   public:
    std::string_view source_name(uint32_t lane) const override {
        return lane == 0 ? "in.ndjson" : "other";
    }
    std::string_view partition_name(uint32_t partition) const override {
        return partition == 0 ? "p0" : "p1";
    }
};

// An emitter, its outlets, and batches whose records are judged already.
class Office {
   public:
    explicit Office(const Config& of, DeadLetters late = DeadLetters::keep,
                    DeadLetters corrupt = DeadLetters::keep)
        : config(of),
          emitter(config, 42, uint64_t{8} << 20,
                  {{&first, &second}, &letters, late, corrupt, &names, &metrics}) {}

    Batch& batch(const std::vector<OracleEvent>& events, const std::vector<Verdict>& verdicts) {
        batches_.push_back(std::make_unique<Batch>(config, config.engine.batch_records));
        Batch& made = *batches_.back();
        made.sequence = sequence_++;
        testkit::fill(made.records, config, events, 0, events.size());
        made.records.first_record = records_;
        for (size_t i = 0; i < events.size(); ++i) {
            const auto row = static_cast<uint32_t>(i);
            made.records.verdict[row] = verdicts[i];
            made.records.offset[row] = 10 * records_;
            made.records.raw[row] = made.records.copy_text("record " + std::to_string(records_++));
        }
        return made;
    }
    Batch& last(Status why = {}) {
        Batch& made = batch({}, {});
        made.last = true;
        made.status = std::move(why);
        made.watermark_us = rules::kEndOfInputUs;
        return made;
    }
    // Every shard has judged the batch, and has no rows.
    Batch* pass(Batch& made) {
        for (uint32_t s = 0; s < config.engine.threads; ++s) judge(s, made);
        return settle();
    }
    void judge(uint32_t shard, Batch& made, const Status* full = nullptr) {
        emitter.take(shard, {&made, nullptr, INT64_MAX, full});
    }
    Batch* settle() {
        Batch* const settled = emitter.settle();
        while (emitter.write_rows(7)) {
        }
        return settled != nullptr ? settled : emitter.settle();
    }

    const Config config;
    Outlet first{config}, second{config}, letters{config};
    TestNames names;
    Metrics metrics;
    Emitter emitter;

   private:
    std::vector<std::unique_ptr<Batch>> batches_;
    uint64_t sequence_ = 0, records_ = 0;
};

Config two_shards(Config config) {
    config.engine.threads = 2;
    return config;
}

constexpr Verdict kAll[] = {Verdict::unique, Verdict::duplicate, Verdict::late, Verdict::corrupt,
                            Verdict::refused};

Batch& one_of_each(Office& office, uint32_t partition = 0) {
    std::vector<OracleEvent> events;
    for (uint64_t i = 0; i < std::size(kAll); ++i) events.push_back(event(i, 5, partition));
    Batch& batch = office.batch(events, {std::begin(kAll), std::end(kAll)});
    batch.records.detail[3] = "no id";
    return batch;
}

TEST(Emitter, SettlesABatchWhenAllShardsAreDoneAndInOrder) {
    Office office(two_shards(dedup_job()));
    ASSERT_TRUE(office.emitter.open().ok());
    Batch& first = office.batch({event(1, 5)}, {Verdict::unique});
    Batch& second = office.batch({event(2, 6)}, {Verdict::unique});
    EXPECT_EQ(office.emitter.settle(), nullptr);
    office.judge(0, first);
    office.judge(0, second);
    EXPECT_EQ(office.emitter.settle(), nullptr);
    office.judge(1, first);
    EXPECT_EQ(office.emitter.settle(), &first);
    EXPECT_EQ(office.emitter.settle(), nullptr);
    office.judge(1, second);
    EXPECT_EQ(office.emitter.settle(), &second);
    EXPECT_THAT(office.first.records(), ElementsAre("record 0", "record 1"));
    EXPECT_EQ(office.second.records(), office.first.records());
}

TEST(Emitter, UniqueRecordsLeaveInTheSourcesOrderWithTheirBytes) {
    Office office(dedup_job());
    ASSERT_TRUE(office.emitter.open().ok());
    using enum Verdict;
    office.pass(office.batch(events_at({1, 2, 3, 4}), {unique, duplicate, unique, unique}));
    office.pass(office.batch(events_at({1, 2}), {duplicate, unique}));
    EXPECT_THAT(office.first.records(),
                ElementsAre("record 0", "record 2", "record 3", "record 5"));
}

TEST(Emitter, AJobWithWindowsWritesNoRecords) {
    Office office(window_job());
    ASSERT_TRUE(office.emitter.open().ok());
    office.pass(office.batch({keyed(1, 5, 0)}, {Verdict::unique}));
    EXPECT_TRUE(office.first.records().empty());
}

TEST(Emitter, KeepsALedgerForEachPartition) {
    Office office(dedup_job());
    ASSERT_TRUE(office.emitter.open().ok());
    office.pass(one_of_each(office, 0));
    office.pass(
        office.batch({event(1, 5, 2), event(1, 5, 2)}, {Verdict::unique, Verdict::duplicate}));
    const std::vector<Ledger>& ledgers = office.emitter.partitions();
    ASSERT_EQ(ledgers.size(), 3u);
    for (const Verdict verdict : kAll) EXPECT_EQ(ledgers[0][verdict], 1u) << to_text(verdict);
    EXPECT_EQ(ledgers[1].settled(), 0u);
    EXPECT_EQ(ledgers[2][Verdict::unique], 1u);
    EXPECT_EQ(ledgers[2].settled(), 2u);
    EXPECT_EQ(office.metrics.unique.get(), 2);
    EXPECT_EQ(office.metrics.duplicate.get(), 2);
}

TEST(Emitter, EveryReasonHasItsDeadLetter) {
    Office office(dedup_job());
    ASSERT_TRUE(office.emitter.open().ok());
    office.pass(office.batch({event(1, 5)}, {Verdict::unique}));
    office.pass(one_of_each(office, 1));
    const std::string rest = R"("source":"in.ndjson","partition":"p1","record":)";
    EXPECT_THAT(
        office.letters.records(),
        ElementsAre("{\"reason\":\"late\"," + rest + R"(3,"offset":30,"raw":"record 3"})",
                    "{\"reason\":\"corrupt\"," + rest +
                        R"(4,"offset":40,"raw":"record 4","detail":"no id"})",
                    "{\"reason\":\"refused\"," + rest + R"(5,"offset":50,"raw":"record 5"})"));
    EXPECT_EQ(office.emitter.dead_letters(), 3u);
}

TEST(Emitter, DroppedRecordsAreCountedButHaveNoLetter) {
    Office office(dedup_job(), DeadLetters::drop, DeadLetters::drop);
    ASSERT_TRUE(office.emitter.open().ok());
    office.pass(one_of_each(office));
    ASSERT_EQ(office.letters.records().size(), 1u);
    EXPECT_THAT(office.letters.records()[0],
                HasSubstr("refused"));  // Refused ones are always kept.
    EXPECT_EQ(office.emitter.partitions()[0].settled(), 5u);
}

TEST(Emitter, OnFailTheFirstCorruptRecordEndsTheRunByName) {
    Office office(dedup_job(), DeadLetters::keep, DeadLetters::fail);
    ASSERT_TRUE(office.emitter.open().ok());
    office.pass(one_of_each(office));
    EXPECT_EQ(office.emitter.status().code, Code::corrupt_input);
    EXPECT_EQ(office.emitter.status().message, "in.ndjson: record 3 at byte 30: corrupt: no id");
    EXPECT_EQ(office.letters.records().size(), 1u);  // The late one before it; none after.
    EXPECT_EQ(office.emitter.partitions()[0].settled(), 5u);
    office.pass(office.last());
    EXPECT_EQ(office.first.abandoned, 1);
}

TEST(Emitter, LateRecordsMayEndTheRunToo) {
    Office office(dedup_job(), DeadLetters::fail);
    ASSERT_TRUE(office.emitter.open().ok());
    office.pass(one_of_each(office));
    EXPECT_THAT(office.emitter.status().message, HasSubstr("record 2 at byte 20: late"));
}

TEST(Emitter, WithoutADeadLetterSinkTheyAreOnlyCounted) {
    const Config config = dedup_job();
    testkit::MemorySink sink(config);
    Metrics metrics;
    Emitter emitter(config, 42, 0, {{&sink}, nullptr, {}, {}, nullptr, &metrics});
    ASSERT_TRUE(emitter.open().ok());
    Office office(config);
    Batch& batch = one_of_each(office);
    emitter.take(0, {&batch, nullptr, INT64_MAX, nullptr});
    EXPECT_EQ(emitter.settle(), &batch);
    EXPECT_TRUE(emitter.status().ok());
    EXPECT_EQ(emitter.dead_letters(), 0u);
    EXPECT_EQ(emitter.partitions()[0][Verdict::late], 1u);
}

TEST(Emitter, TheEndFinishesEveryOutput) {
    Office office(dedup_job());
    ASSERT_TRUE(office.emitter.open().ok());
    office.pass(one_of_each(office));
    EXPECT_FALSE(office.emitter.finished());
    office.pass(office.last());
    EXPECT_TRUE(office.emitter.finished());
    EXPECT_TRUE(office.emitter.status().ok());
    for (const Outlet* outlet : {&office.first, &office.second, &office.letters}) {
        EXPECT_EQ(outlet->end(), Outlet::End::finished);
        EXPECT_EQ(outlet->abandoned, 0);
        EXPECT_EQ(outlet->misuses(), 0u);
    }
}

TEST(Emitter, AnInputThatFailedLeavesNoOutputFinished) {
    Office office(dedup_job());
    ASSERT_TRUE(office.emitter.open().ok());
    office.pass(office.last(Status::error(Code::io, "the disk is gone")));
    EXPECT_TRUE(office.emitter.finished());
    EXPECT_EQ(office.emitter.status().message, "the disk is gone");
    for (const Outlet* outlet : {&office.first, &office.second, &office.letters}) {
        EXPECT_EQ(outlet->end(), Outlet::End::abandoned);
        EXPECT_EQ(outlet->abandoned, 1);
    }
}

// Whichever call of whichever output fails: the run ends with its status, nothing is written
// anywhere after it, all outputs are abandoned once, and every record is settled all the same.
void fail_at(size_t outlet, size_t call, bool& failed) {
    Office office(dedup_job());
    Outlet* const outlets[] = {&office.first, &office.second, &office.letters};
    outlets[outlet]->fail_at_call = call;
    outlets[outlet]->failure = Status::error(Code::closed, "outlet " + std::to_string(outlet));
    if (Status status = office.emitter.open(); !status.ok()) {
        ASSERT_EQ(call, 1u);
        failed = true;
        return;
    }
    for (int b = 0; b < 3; ++b) {
        Batch& batch = one_of_each(office);
        ASSERT_EQ(office.pass(batch), &batch);
        office.emitter.flush();
    }
    office.pass(office.last());
    ASSERT_TRUE(office.emitter.finished());
    ASSERT_EQ(office.emitter.partitions()[0].settled(), 15u);
    failed = outlets[outlet]->calls() >= call;
    ASSERT_EQ(office.emitter.status().ok(), !failed);
    for (const Outlet* each : outlets) {
        ASSERT_EQ(each->misuses(), 0u);
        // One that is finished already stays so.
        ASSERT_EQ(each->abandoned, each->end() == Outlet::End::finished ? 0 : 1);
        if (!failed) {
            ASSERT_EQ(each->end(), Outlet::End::finished);
        }
    }
    ASSERT_EQ(office.emitter.dead_letters(), office.letters.records().size());
    if (failed) {
        ASSERT_EQ(outlets[outlet]->abandoned, 1);
        ASSERT_EQ(office.emitter.status().code, Code::closed);
        ASSERT_EQ(office.emitter.status().message, "outlet " + std::to_string(outlet));
    }
}

TEST(Emitter, AFailureOfAnyCallOfAnyOutputEndsEverything) {
    for (size_t outlet = 0; outlet < 3; ++outlet) {
        size_t call = 0;
        for (bool failed = true; failed && !HasFatalFailure();) fail_at(outlet, ++call, failed);
        EXPECT_GT(call, 8u);  // open, three writes, three flushes and finish were all tried.
    }
}

TEST(Emitter, FlushReachesTheReaderAndOnlyWhenThereIsSomethingNew) {
    Office office(dedup_job());
    ASSERT_TRUE(office.emitter.open().ok());
    const size_t before = office.first.calls();
    office.emitter.flush();
    EXPECT_EQ(office.first.calls(), before);
    office.pass(office.batch({event(1, 5)}, {Verdict::unique}));
    EXPECT_EQ(office.first.records_visible(), 0u);
    office.emitter.flush();
    EXPECT_EQ(office.first.records_visible(), 1u);
    const size_t after = office.first.calls();
    office.emitter.flush();
    EXPECT_EQ(office.first.calls(), after);
}

TEST(Emitter, RowsThatCouldNotBeWrittenAreNotCounted) {
    Office office(session_job(10));
    ASSERT_TRUE(office.emitter.open().ok());
    office.second.fail_at_call = 2;
    office.pass(office.batch({keyed(1, 5, 0), keyed(2, 5, 1)}, {Verdict::unique, Verdict::unique}));
    office.pass(office.last());
    EXPECT_EQ(office.emitter.rows(), 0u);
    EXPECT_FALSE(office.emitter.status().ok());
}

TEST(Emitter, SessionsTakeUniqueEventsOnlyAndCloseWithTheWatermark) {
    Office office(session_job(10));
    ASSERT_TRUE(office.emitter.open().ok());
    using enum Verdict;
    office.pass(office.batch({keyed(1, 5, 7, 10), keyed(1, 11, 7, 10), keyed(2, 15, 7, 30)},
                             {unique, duplicate, unique}));
    EXPECT_EQ(office.emitter.session_keys(), 1u);
    Batch& before = office.batch({}, {});
    before.watermark_us = 24;
    office.pass(before);
    EXPECT_TRUE(office.first.rows().empty());
    Batch& after = office.batch({}, {});
    after.watermark_us = 25;
    office.pass(after);
    EXPECT_THAT(office.first.rows(),
                ElementsAre(testkit::OracleRow{0, 5, 25, {{FieldType::integer, 7, ""}}, {2, 40}}));
    EXPECT_EQ(office.emitter.session_keys(), 0u);
    EXPECT_EQ(office.emitter.rows(), 1u);
    EXPECT_EQ(office.metrics.rows.get(), 1);
}

TEST(Emitter, AFullShardEndsTheRunWithItsReason) {
    Office office(two_shards(dedup_job()));
    ASSERT_TRUE(office.emitter.open().ok());
    Batch& batch = office.batch({event(1, 5)}, {Verdict::refused});
    const Status full = Status::error(Code::memory_full, "ids");
    office.judge(0, batch);
    office.judge(1, batch, &full);
    EXPECT_EQ(office.emitter.settle(), &batch);
    EXPECT_EQ(office.emitter.status().code, Code::memory_full);
    EXPECT_EQ(office.emitter.partitions()[0][Verdict::refused], 1u);
}

}  // namespace
}  // namespace trommel::hostpath
