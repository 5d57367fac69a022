#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <string>

#include "trommel/run.h"

#include "tests/hostpath/small_jobs.h"
#include "tests/kit/fake_clock.h"
#include "tests/kit/memory_sink.h"
#include "tests/kit/memory_source.h"

// run(): threads, progress, stopping. What comes out is judged in same_answer_test.cpp.
namespace trommel {
namespace {

using hostpath::dedup_job;
using hostpath::event;
using hostpath::keyed;
using hostpath::window_job;
using testkit::MemorySink;
using testkit::MemorySource;
using testkit::OracleEvent;

constexpr uint32_t kThreads[] = {1, 2, 3, 8};

std::vector<OracleEvent> many_events(uint64_t count) {
    std::vector<OracleEvent> events;
    for (uint64_t i = 0; i < count; ++i) {
        events.push_back(
            keyed(i - i % 3, static_cast<int64_t>(i - i % 3) * 10, static_cast<int64_t>(i % 7)));
    }
    return events;
}

Config job(uint32_t threads) {
    Config config = window_job();
    config.engine.threads = threads;
    return config;
}

TEST(Run, SaysOnceThatEverythingIsOpenBeforeItReads) {
    for (const uint32_t threads : {1u, 2u}) {
        const Config config = job(threads);
        MemorySource source(config, many_events(100));
        MemorySink sink(config);
        trommel::Run run;
        run.lanes = {&source};
        run.sinks = {&sink};
        int opened = 0;
        run.on_open = [&] {
            ++opened;
            EXPECT_TRUE(source.opened());
            EXPECT_EQ(source.records_brought(), 0u);
        };
        Report report;
        ASSERT_TRUE(trommel::run(config, run, report).ok());
        EXPECT_EQ(opened, 1);
        ASSERT_FALSE(trommel::run(config, run, report).ok());  // It cannot be opened twice.
        EXPECT_EQ(opened, 1);
    }
}

TEST(Run, AnyNumberOfThreadsBringsAJobToItsEnd) {
    std::vector<testkit::OracleRow> expected;
    for (const uint32_t threads : kThreads) {
        const Config config = job(threads);
        MemorySource source(config, many_events(30'000));
        MemorySink sink(config);
        trommel::Run run;
        run.lanes = {&source};
        run.sinks = {&sink};
        Report report;
        const Status status = trommel::run(config, run, report);
        ASSERT_TRUE(status.ok()) << status.message;
        EXPECT_EQ(to_text(report.ledger),
                  "in=30000 unique=10000 duplicate=20000 late=0 corrupt=0 filtered=0 refused=0");
        EXPECT_TRUE(report.complete);
        EXPECT_EQ(report.rows, sink.rows().size());
        EXPECT_EQ(report.bytes_read, source.bytes_read());
        EXPECT_EQ(sink.end(), MemorySink::End::finished);
        EXPECT_EQ(sink.misuses(), 0u);
        ASSERT_EQ(report.shards.size(), threads);
        for (const ShardReport& shard : report.shards) EXPECT_GT(shard.events, 1000u);
        if (expected.empty()) expected = sink.rows();
        EXPECT_EQ(sink.rows(), expected);
    }
}

TEST(Run, ShowsEveryBatchOnceItsRecordsAreSettled) {
    for (const uint32_t threads : kThreads) {
        const Config config = job(threads);
        MemorySource source(config, many_events(3000));
        trommel::Run run;
        run.lanes = {&source};
        std::array<uint64_t, kVerdicts> seen{};
        run.on_settled = [&](const RecordBatch& records) {
            for (uint32_t row = 0; row < records.count; ++row) {
                ++seen[static_cast<size_t>(records.verdict[row])];
            }
        };
        Report report;
        ASSERT_TRUE(trommel::run(config, run, report).ok());
        EXPECT_EQ(seen, report.ledger.by_verdict);
    }
}

TEST(Run, WithAHelperForPageFaultsTheAnswerIsTheSame) {
    for (const uint32_t threads : {1u, 2u}) {
        Config config = dedup_job();
        config.engine.threads = threads;
        config.engine.prefault = true;
        std::vector<OracleEvent> events;
        for (uint64_t i = 0; i < 300'000; ++i) events.push_back(event(i / 3 * 2, 0));
        MemorySource source(config, events);
        trommel::Run run;
        run.lanes = {&source};
        Report report;
        const Status status = trommel::run(config, run, report);
        ASSERT_TRUE(status.ok()) << status.message;
        EXPECT_EQ(report.ledger[Verdict::unique], 100'000u);
        EXPECT_EQ(report.ledger[Verdict::duplicate], 200'000u);
    }
}

class LossySource : public MemorySource {
   public:
    using MemorySource::MemorySource;
    const Transport* transport() const override { return &counted; }
    Transport counted;
};

TEST(Run, FailsWhenTheTransportsLedgerDoesNotAddUp) {
    const Config config = job(1);
    LossySource source(config, many_events(10));
    source.counted.sent = 12;
    source.counted.delivered = 10;
    source.counted.lost_gaps = 2;
    trommel::Run run;
    run.lanes = {&source};
    Report report;
    EXPECT_TRUE(trommel::run(config, run, report).ok());
    ASSERT_TRUE(report.transport.has_value());
    EXPECT_EQ(to_text(*report.transport), "sent=12 delivered=10 lost=2 lost_gaps=2");
    source.counted.lost_gaps = 1;
    LossySource again(config, many_events(10));
    again.counted = source.counted;
    run.lanes = {&again};
    EXPECT_EQ(trommel::run(config, run, report).code, Code::internal);
}

TEST(Run, TellsItsProgressAboutFourTimesASecond) {
    for (const uint32_t threads : kThreads) {
        const Config config = job(threads);
        MemorySource::Options options;
        options.records_per_poll_max = 10;
        MemorySource source(config, many_events(3000), options);
        MemorySink sink(config);
        testkit::FakeClock clock(0, 100'000);  // Every look at it takes a tenth of a second.
        std::vector<Progress> told;
        trommel::Run run;
        run.lanes = {&source};
        run.sinks = {&sink};
        run.clock = &clock;
        run.on_progress = [&](const Progress& progress) { told.push_back(progress); };
        Report report;
        ASSERT_TRUE(trommel::run(config, run, report).ok());
        ASSERT_FALSE(told.empty());
        for (size_t i = 1; i < told.size(); ++i) {
            ASSERT_GE(told[i].records, told[i - 1].records);
            ASSERT_GE(told[i].unique, told[i - 1].unique);
            ASSERT_GE(told[i].watermark_us, told[i - 1].watermark_us);
            ASSERT_GE(told[i].seconds - told[i - 1].seconds, 0.25);
        }
        EXPECT_LE(told.back().unique + told.back().duplicate, 3000u);
        EXPECT_GT(report.seconds, told.back().seconds);
    }
}

TEST(Run, AStopDrainsAndFinishesNormally) {
    for (const uint32_t threads : kThreads) {
        const Config config = job(threads);
        MemorySource::Options options;
        options.stays_open = true;
        MemorySource source(config, many_events(3000), options);
        MemorySink sink(config);
        std::atomic<int> asked = 0;
        trommel::Run run;
        run.lanes = {&source};
        run.sinks = {&sink};
        run.stop_requested = [&] { return ++asked > 200; };
        Report report;
        ASSERT_TRUE(trommel::run(config, run, report).ok());
        EXPECT_EQ(report.ledger.in, source.records_brought());
        EXPECT_TRUE(report.ledger.adds_up());
        EXPECT_EQ(sink.end(), MemorySink::End::finished);
        uint64_t counted = 0;
        for (const testkit::OracleRow& row : sink.rows()) {
            counted += static_cast<uint64_t>(row.aggregates[0]);
        }
        EXPECT_EQ(counted, report.ledger[Verdict::unique]);
    }
}

TEST(Run, ASinkThatFailsEndsARunWhoseInputDoesNot) {
    for (const uint32_t threads : kThreads) {
        const Config config = job(threads);
        MemorySource::Options options;
        options.stays_open = true;
        MemorySource source(config, many_events(3000), options);
        MemorySink sink(config), letters(config);
        sink.fail_at_call = 2;
        sink.failure = Status::error(Code::closed, "nobody reads");
        trommel::Run run;
        run.lanes = {&source};
        run.sinks = {&sink};
        run.dead_letters = &letters;
        Report report;
        EXPECT_EQ(trommel::run(config, run, report).code, Code::closed);
        EXPECT_FALSE(report.complete);
        EXPECT_TRUE(report.ledger.adds_up());
        EXPECT_EQ(sink.end(), MemorySink::End::abandoned);
        EXPECT_EQ(letters.end(), MemorySink::End::abandoned);
    }
}

TEST(Run, UsedUpMemoryStopsItAndEveryRecordIsAccountedFor) {
    for (const uint32_t threads : kThreads) {
        Config config = job(threads);
        config.engine.memory_bytes = uint64_t{16} << 20;
        config.engine.shares = {80, 10, 5};
        std::vector<OracleEvent> events;
        for (uint64_t i = 0; i < 100'000; ++i)
            events.push_back(keyed(i, 5, static_cast<int64_t>(i)));
        MemorySource source(config, events);
        MemorySink sink(config), letters(config);
        trommel::Run run;
        run.lanes = {&source};
        run.sinks = {&sink};
        run.dead_letters = &letters;
        Report report;
        EXPECT_EQ(trommel::run(config, run, report).code, Code::memory_full);
        EXPECT_FALSE(report.complete);
        EXPECT_TRUE(report.ledger.adds_up());
        EXPECT_EQ(report.ledger.in, source.records_brought());
        EXPECT_LT(source.records_brought(), events.size());
        EXPECT_GT(report.ledger[Verdict::refused], 0u);
        EXPECT_EQ(sink.end(), MemorySink::End::abandoned);
    }
}

TEST(Run, DeadLettersNamePartitionsThatAreDiscoveredMeanwhile) {
    for (const uint32_t threads : kThreads) {
        Config config = job(threads);
        std::vector<OracleEvent> events;
        for (uint32_t i = 0; i < 5000; ++i) {
            events.push_back(keyed(i, i, 0));
            events.back().partition = i / 10;
            events.back().corrupt = i % 10 == 3;
        }
        MemorySource source(config, events);
        MemorySink sink(config), letters(config);
        trommel::Run run;
        run.lanes = {&source};
        run.sinks = {&sink};
        run.dead_letters = &letters;
        Report report;
        ASSERT_TRUE(trommel::run(config, run, report).ok());
        ASSERT_EQ(letters.records().size(), 500u);
        for (uint32_t p = 0; p < 500; ++p) {
            const std::string name = "\"partition\":\"p" + std::to_string(p) + "\"";
            ASSERT_NE(letters.records()[p].find(name), std::string::npos) << letters.records()[p];
        }
        EXPECT_EQ(report.partitions.size(), 500u);
        EXPECT_EQ(report.dead_letters, 500u);
    }
}

// The lists of cores of those threads of this process that are kept on a single one.
std::multiset<std::string> single_cores() {
    std::multiset<std::string> cores;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream status(task.path() / "status");
        for (std::string line; std::getline(status, line);) {
            constexpr std::string_view kName = "Cpus_allowed_list:\t";
            if (!line.starts_with(kName)) continue;
            const std::string list = line.substr(kName.size());
            if (list.find_first_of(",-") == std::string::npos) cores.insert(list);
        }
    }
    return cores;
}

TEST(Run, PinnedWorkersStayOnOneCoreEachAndNobodyElseDoes) {
    if (!single_cores().empty()) GTEST_SKIP() << "this process may use one core only";
    for (const bool pin : {false, true}) {
        Config config = job(2);
        config.engine.pin = pin;
        MemorySource::Options options;
        options.stays_open = true;
        MemorySource source(config, many_events(1000), options);
        MemorySink sink(config);
        const auto begin = std::chrono::steady_clock::now();
        std::multiset<std::string> seen;
        trommel::Run run;
        run.lanes = {&source};
        run.sinks = {&sink};
        run.stop_requested = [&] {  // Asked by the receiver's thread, also before there are others.
            const auto longest = std::chrono::milliseconds(pin ? 30'000 : 100);
            seen = single_cores();
            const bool late = std::chrono::steady_clock::now() - begin > longest;
            if (seen.size() >= 2 || late) source.close();
            return false;
        };
        Report report;
        ASSERT_TRUE(trommel::run(config, run, report).ok());
        EXPECT_EQ(report.pinned_workers, pin ? 2u : 0u);
        EXPECT_EQ(seen.size(), pin ? 2u : 0u);
        EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), seen.size());
    }
    EXPECT_THAT(single_cores(), testing::IsEmpty());  // Ours neither.
}

TEST(Run, WhatCannotBeOpenedLeavesEverySinkAbandoned) {
    for (const bool source_fails : {false, true}) {
        const Config config = job(2);
        MemorySource source(config, many_events(10));
        MemorySink sink(config), letters(config);
        if (source_fails) {
            ASSERT_TRUE(source.open().ok());  // A second time is an error.
        } else {
            letters.fail_at_call = 1;
        }
        trommel::Run run;
        run.lanes = {&source};
        run.sinks = {&sink};
        run.dead_letters = &letters;
        Report report;
        EXPECT_EQ(trommel::run(config, run, report).code, source_fails ? Code::internal : Code::io);
        EXPECT_FALSE(report.complete);
        EXPECT_EQ(sink.end(), MemorySink::End::abandoned);
        EXPECT_EQ(letters.end(), MemorySink::End::abandoned);
        EXPECT_EQ(source.records_brought(), 0u);
    }
}

TEST(Run, AJobThatContradictsItselfDoesNotBegin) {
    Config config = job(2);
    config.engine.threads = 65;
    MemorySource source(config, many_events(10));
    trommel::Run run;
    run.lanes = {&source};
    Report report;
    EXPECT_EQ(trommel::run(config, run, report).code, Code::invalid_config);
    EXPECT_FALSE(source.opened());
    EXPECT_FALSE(report.complete);
}

TEST(Run, AJobOfWindowsWithoutAWindowDoesNotBegin) {
    Config config = dedup_job();
    config.output = Output::windows;
    MemorySource source(config, {event(1, 5)});
    trommel::Run run;
    run.lanes = {&source};
    Report report;
    const Status status = trommel::run(config, run, report);
    EXPECT_EQ(status.code, Code::invalid_config);
    EXPECT_THAT(status.message, testing::HasSubstr("output: unique"));
    EXPECT_FALSE(source.opened());
}

}  // namespace
}  // namespace trommel
