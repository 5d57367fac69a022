#include "hostpath/pipeline.h"

#include <gtest/gtest.h>
#include <memory>
#include <optional>

#include "tests/hostpath/small_jobs.h"
#include "tests/kernels/cuda/shuffled_shard.h"
#include "tests/kit/memory_sink.h"
#include "tests/kit/memory_source.h"
#include "tests/kit/oracle.h"
#include "tests/kit/random.h"

// The parts of a run, stepped in a random order from a seed, with outputs that fail, sources that
// fail, and a stop in the middle.
namespace trommel::hostpath {
namespace {

using testkit::MemorySink;
using testkit::MemorySource;
using testkit::OracleEvent;
using testkit::OracleRow;
using testkit::Random;

// Calls the steps in a random order until the emitter has finished. False: it never does.
bool run_to_the_end(Pipeline& pipeline, uint32_t threads, Random& random, uint64_t stop_at) {
    const uint32_t parts = threads + 2;
    std::vector<bool> finished(parts);
    // Now and then a part is not called for a long time.
    uint32_t resting = parts;
    for (uint64_t step = 0; step < 1'000'000; ++step) {
        if (step == stop_at && !finished[0]) pipeline.stop();
        if (random.one_in(50)) resting = static_cast<uint32_t>(random.below(2 * parts));
        const auto part = static_cast<uint32_t>(random.below(parts));
        if (part == resting || finished[part]) continue;
        if (part == 0 && pipeline.failed()) pipeline.give_up();
        const bool is_inline = pipeline.is_inline();
        const Progress progress = is_inline   ? pipeline.inline_step()
                                  : part == 0 ? pipeline.receiver_step()
                                  : part == 1 ? pipeline.emitter_step()
                                              : pipeline.worker_step(part - 2);
        finished[part] = progress == Progress::finished;
        if (finished[1] || (is_inline && finished[part])) return true;
    }
    return false;
}

Config engine_config(Config config, Random& random) {
    // Enough for rows to wait beside batches, or not.
    config.engine.memory_bytes = uint64_t{random.one_in(3) ? 64u : 1024u} << 20;
    config.engine.seed = random.next();
    config.engine.batch_records = static_cast<uint32_t>(1 + random.below(100));
    config.engine.threads = static_cast<uint32_t>(1 + random.below(8));
    return config;
}

// From a row now and then to all at once.
RowPace random_pace(Random& random) {
    RowPace pace;
    constexpr int64_t kWork[] = {1, 7, 100, 2048};
    pace.work_per_piece = kWork[random.below(4)];
    pace.work_per_event = random.between(0, 3);
    pace.windows_waiting_max = static_cast<uint32_t>(1 + random.below(random.one_in(2) ? 3 : 100));
    return pace;
}

// What may go wrong in a run.
struct Trouble {
    size_t source_fails_after = SIZE_MAX;
    size_t sink_fails_at = 0, other_sink_fails_at = 0, letters_fail_at = 0;
    uint64_t stop_at = UINT64_MAX;
    DeadLetters corrupt = DeadLetters::keep;
};

Trouble random_trouble(Random& random, size_t events) {
    Trouble trouble;
    if (random.one_in(3)) trouble.source_fails_after = random.below(events + 1);
    if (random.one_in(4)) trouble.sink_fails_at = 2 + random.below(12);
    if (random.one_in(6)) trouble.other_sink_fails_at = 2 + random.below(12);
    if (random.one_in(6)) trouble.letters_fail_at = 2 + random.below(12);
    if (random.one_in(3)) trouble.stop_at = random.below(400);
    if (random.one_in(6)) trouble.corrupt = DeadLetters::fail;
    return trouble;
}

bool is_prefix(const std::vector<OracleRow>& part, const std::vector<OracleRow>& whole) {
    return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

void check_outputs(const Status& status, const std::vector<const MemorySink*>& sinks) {
    for (const MemorySink* sink : sinks) {
        ASSERT_EQ(sink->misuses(), 0u);
        if (status.ok()) {
            ASSERT_EQ(sink->end(), MemorySink::End::finished);
        } else {
            ASSERT_NE(sink->end(), MemorySink::End::open);
        }
    }
    if (!status.ok()) {
        ASSERT_EQ(sinks.back()->end(), MemorySink::End::abandoned);
    }
}

void simulate(uint64_t seed) {
    Random random(seed);
    const testkit::RandomJob job = testkit::random_job(seed);
    const Config config = engine_config(job.config, random);
    const Trouble trouble = random_trouble(random, job.events.size());

    MemorySource::Options options;
    options.known_partitions = job.declared_partitions;
    options.cut_seed = random.next() | 1;
    options.fail_after = trouble.source_fails_after;
    options.stays_open = trouble.stop_at != UINT64_MAX;
    MemorySource source(config, job.events, options);
    MemorySink sink(config), other(config), letters(config);
    sink.fail_at_call = trouble.sink_fails_at;
    other.fail_at_call = trouble.other_sink_fails_at;
    letters.fail_at_call = trouble.letters_fail_at;
    trommel::Run run;
    run.lanes = {&source};
    run.sinks = {&sink, &other};
    run.dead_letters = &letters;
    run.corrupt = trouble.corrupt;

    Pipeline pipeline(config, run, random_pace(random));
    ASSERT_TRUE(pipeline.open().ok());
    ASSERT_TRUE(run_to_the_end(pipeline, config.engine.threads, random, trouble.stop_at));
    Report report;
    pipeline.report(report);
    const Status status = pipeline.result();

    ASSERT_EQ(report.ledger.in, source.records_brought());
    ASSERT_TRUE(report.ledger.adds_up()) << to_text(report.ledger);
    for (const PartitionReport& partition : report.partitions) {
        ASSERT_TRUE(partition.ledger.adds_up()) << partition.name;
    }
    check_outputs(status, {&sink, &other, &letters});
    ASSERT_EQ(report.complete, status.ok());
    ASSERT_EQ(report.dead_letters, letters.records().size());
    if (report.ledger[Verdict::refused] > 0) {  // A stream beyond the span of ticks.
        ASSERT_FALSE(status.ok());
        return;
    }

    // What was read is settled as if it had been all there is.
    testkit::Oracle oracle(job.config);
    oracle.declare_partitions(job.declared_partitions);
    for (size_t e = 0; e < source.records_brought(); ++e) oracle.push(job.events[e]);
    ASSERT_EQ(to_text(report.ledger), to_text(oracle.ledger()));
    if (config.output != Output::windows) return;
    const std::vector<OracleRow> expected = oracle.rows();
    if (status.ok()) {
        ASSERT_EQ(sink.rows(), expected);
    } else {
        ASSERT_TRUE(is_prefix(sink.rows(), expected));
    }
}

TEST(Pipeline, EndsAndAddsUpWhateverGoesWrongInAnyOrderOfSteps) {
    for (uint64_t seed = 1; seed <= 1000 && !HasFatalFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        simulate(seed);
    }
}

// Several lanes, each a partition with ids of its own: the answer is the same for every
// interleaving.
void simulate_lanes(uint64_t seed) {
    Random random(seed);
    Config job = window_job();
    job.time.out_of_order_us = random.between(0, 20'000);
    if (random.one_in(2)) job.windows.push_back({"s", WindowKind::session, 0, 0, 7'000});
    if (random.one_in(2)) {
        job.dedup.horizon_us = 100'000;
        job.time.max_drift_us = random.between(0, 400'000);
    }
    const Config config = engine_config(job, random);
    std::vector<std::unique_ptr<MemorySource>> sources;
    std::vector<OracleEvent> all;
    trommel::Run run;
    const auto lanes = static_cast<uint32_t>(2 + random.below(4));
    for (uint32_t lane = 0; lane < lanes; ++lane) {
        std::vector<OracleEvent> events;
        int64_t now_us = random.between(-50'000, 50'000);
        for (uint64_t left = random.below(100); left > 0; --left) {
            now_us += random.between(0, 5'000);
            events.push_back(keyed(8 * random.below(60) + lane, now_us - random.between(0, 30'000),
                                   random.between(0, 3)));
            events.back().values = {now_us};
            all.push_back(events.back());
            all.back().partition = lane;
        }
        MemorySource::Options options;
        options.known_partitions = 1;
        options.cut_seed = random.next() | 1;
        sources.push_back(std::make_unique<MemorySource>(config, events, options));
        run.lanes.push_back(sources.back().get());
    }
    MemorySink sink(config);
    run.sinks = {&sink};
    Pipeline pipeline(config, run, random_pace(random));
    ASSERT_TRUE(pipeline.open().ok());
    ASSERT_TRUE(run_to_the_end(pipeline, config.engine.threads, random, UINT64_MAX));
    ASSERT_TRUE(pipeline.result().ok()) << pipeline.result().message;
    Report report;
    pipeline.report(report);

    // Lane by lane; nobody is dropped for lagging, because lanes are paused instead.
    Config patient = job;
    if (patient.dedup.horizon_us != kForeverUs) patient.time.max_drift_us = 40'000'000;
    testkit::Oracle oracle(patient);
    oracle.declare_partitions(lanes);
    for (const OracleEvent& event : all) oracle.push(event);
    ASSERT_EQ(to_text(report.ledger), to_text(oracle.ledger()));
    ASSERT_EQ(sink.rows(), oracle.rows());
    ASSERT_EQ(report.partitions.size(), lanes);
}

TEST(Pipeline, LanesAreOneStreamForEveryInterleaving) {
    for (uint64_t seed = 1; seed <= 500 && !HasFatalFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        simulate_lanes(seed);
    }
}

TEST(Pipeline, RowsAreVisibleWhileTheInputIsStillOpen) {
    for (const uint32_t threads : {1u, 3u}) {
        Config config = window_job();
        config.engine.threads = threads;
        MemorySource::Options options;
        options.stays_open = true;
        MemorySource source(config, {keyed(1, 0, 7), keyed(2, 10'000, 7)}, options);
        MemorySink sink(config);
        trommel::Run run;
        run.lanes = {&source};
        run.sinks = {&sink};
        Pipeline pipeline(config, run);
        ASSERT_TRUE(pipeline.open().ok());
        Random random(1);
        for (int i = 0; i < 200; ++i) {
            if (threads == 1) {
                (void)pipeline.inline_step();
                continue;
            }
            (void)pipeline.receiver_step();
            for (uint32_t w = 0; w < threads; ++w) (void)pipeline.worker_step(w);
            (void)pipeline.emitter_step();
        }
        EXPECT_EQ(sink.rows_visible(), 1u);
        EXPECT_EQ(sink.end(), MemorySink::End::open);
        source.close();
        ASSERT_TRUE(run_to_the_end(pipeline, threads, random, UINT64_MAX));
        EXPECT_EQ(sink.rows_visible(), 2u);
    }
}

TEST(Pipeline, ManyRowsOfManyShardsComeOutInOneOrder) {
    Random random(5);
    Config config = window_job();
    config.engine.threads = 4;
    config.engine.batch_records = 1000;
    std::vector<OracleEvent> events;
    for (uint64_t i = 0; i < 30'000; ++i) {
        events.push_back(keyed(i, static_cast<int64_t>(i / 10'000 * 10'000),
                               static_cast<int64_t>(random.below(9'000))));
    }
    MemorySource source(config, events);
    MemorySink sink(config);
    trommel::Run run;
    run.lanes = {&source};
    run.sinks = {&sink};
    Pipeline pipeline(config, run);
    ASSERT_TRUE(pipeline.open().ok());
    ASSERT_TRUE(run_to_the_end(pipeline, 4, random, UINT64_MAX));
    testkit::Oracle oracle(config);
    for (const OracleEvent& event : events) oracle.push(event);
    EXPECT_GT(sink.rows().size(), 15'000u);
    EXPECT_EQ(sink.rows(), oracle.rows());
}

TEST(Pipeline, ADeviceCopiesFromWhereTheSourceHasWritten) {
    Random random(7);
    Config config = window_job();
    config.engine.type = EngineType::gpu;
    std::vector<OracleEvent> events;
    for (uint64_t i = 0; i < 1000; ++i) events.push_back(keyed(i % 700, 1'000, 7));
    MemorySource source(config, events);
    MemorySink sink(config);
    trommel::Run run;
    run.lanes = {&source};
    run.sinks = {&sink};
    cpu::Backend* shard = nullptr;
    Pipeline pipeline(config, run, RowPace::of(config),
                      [&](const Config& of, const cpu::ShardOptions& options,
                          std::unique_ptr<cpu::Backend>& made) {
                          const Status status = cuda::ShuffledShards()(of, options, made);
                          shard = made.get();
                          return status;
                      });
    ASSERT_TRUE(pipeline.open().ok());
    ASSERT_TRUE(run_to_the_end(pipeline, 1, random, UINT64_MAX));
    auto& device = static_cast<cuda::DeviceShard<cuda::ShuffledDevice>&>(*shard).device();
    EXPECT_GE(device.copies_of_lent(), 4 * events.size() / config.engine.batch_records);
    ASSERT_EQ(sink.rows().size(), 1u);
}

}  // namespace
}  // namespace trommel::hostpath
