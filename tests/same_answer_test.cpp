#include <algorithm>
#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "trommel/engine.h"
#include "trommel/run.h"

#include "hostpath/engine_choice.h"
#include "hostpath/pipeline.h"
#include "tests/kernels/cuda/shuffled_shard.h"
#include "tests/kit/approximate_bounds.h"
#include "tests/kit/memory_sink.h"
#include "tests/kit/memory_source.h"
#include "tests/kit/oracle.h"
#include "tests/kit/random.h"
#include "tests/kit/random_job.h"

// The engine against the oracle: random jobs and streams, with random batch cuts, shard counts,
// SIMD levels and orders of steps, on cores and on devices of threads. TROMMEL_SAME_ANSWER_JOBS
// says how many jobs, TROMMEL_SEED where to begin: a failure prints the seed that repeats it.
namespace trommel {
namespace {

using testkit::MemorySink;
using testkit::MemorySource;
using testkit::Oracle;
using testkit::OracleRow;
using testkit::Random;
using testkit::RandomJob;

uint64_t from_environment(const char* name, uint64_t otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void use_simd(Random& random) {
    constexpr const char* kLevels[] = {"scalar", "avx2", "avx512"};
    const auto best = static_cast<uint64_t>(cpu::detect_simd());
    setenv("TROMMEL_SIMD", kLevels[random.below(best + 1)], 1);
}

Config engine_config(const RandomJob& job, Random& random) {
    Config config = job.config;
    // With much of it rows wait beside batches; with little, batches for rows.
    if (config.engine.memory_bytes == Config().engine.memory_bytes) {
        config.engine.memory_bytes = uint64_t{random.one_in(3) ? 64u : 1024u} << 20;
    }
    config.engine.seed = random.next();
    constexpr uint32_t kSizes[] = {1, 2, 7, 64, 1024};
    config.engine.batch_records = kSizes[random.below(5)];
    return config;
}

// A silent partition (T2) holds the watermark back without end, and a table's ticks span 400
// horizons to either side of the first event. A stream that runs further than that meanwhile gets
// contract D6's answer, memory used up, and is left to the tests of that.
constexpr int64_t kSpanHorizons = 400;

// What the oracle says to a job.
struct Answer {
    bool beyond_span = false;
    std::vector<Verdict> verdicts;
    std::vector<OracleRow> rows;
    Ledger ledger;
};

Answer ask_oracle(const RandomJob& job, bool with_ends) {
    Oracle oracle(job.config);
    oracle.declare_partitions(job.declared_partitions);
    Answer answer;
    std::optional<int64_t> first_us;
    size_t end = 0;
    for (size_t e = 0; e <= job.events.size(); ++e) {
        for (; with_ends && end < job.ends.size() && job.ends[end].before_event == e; ++end) {
            oracle.end_partition(job.ends[end].partition);
        }
        if (e == job.events.size()) break;
        const testkit::OracleEvent& event = job.events[e];
        const bool unknown = !oracle.watermark().has_value();
        answer.verdicts.push_back(oracle.push(event));
        if (answer.verdicts.back() == Verdict::corrupt || !unknown) continue;
        if (job.config.dedup.horizon_us == kForeverUs) continue;
        if (!first_us) first_us = event.time_us;
        const int64_t tick_us = std::max<int64_t>(1000, job.config.dedup.horizon_us / 64);
        answer.beyond_span |= std::abs(event.time_us - *first_us) / tick_us > kSpanHorizons * 64;
    }
    answer.rows = oracle.rows();
    answer.ledger = oracle.ledger();
    return answer;
}

void take_all(Engine& engine, const Config& config, std::vector<OracleRow>& rows) {
    RowBatch batch(config);
    while (engine.take_rows(batch)) testkit::append_rows(batch, config, rows);
}

// What an engine says to it.
struct Told {
    std::vector<Verdict> verdicts;
    std::vector<OracleRow> rows;
    Report report;
};

// Pushes the events in batches of random lengths, ends partitions between them.
void push_all(const RandomJob& job, const Config& config, Random& random,
              const hostpath::MakeShard& make, Told& told) {
    std::unique_ptr<Engine> engine;
    ASSERT_TRUE(validate(config).empty());
    const Status created = hostpath::create_engine(config, system_clock(), make, engine);
    ASSERT_TRUE(created.ok()) << created.message;
    engine->declare_partitions(job.declared_partitions);

    RecordBatch batch(config, config.engine.batch_records);
    size_t end = 0;
    for (size_t at = 0; at <= job.events.size();) {
        for (; end < job.ends.size() && job.ends[end].before_event == at; ++end) {
            engine->end_partition(job.ends[end].partition);
        }
        if (at == job.events.size()) break;
        size_t until = std::min(job.events.size(), at + 1 + random.below(batch.capacity));
        if (end < job.ends.size()) until = std::min(until, job.ends[end].before_event);
        batch.clear();
        testkit::fill(batch, config, job.events, at, until);
        ASSERT_TRUE(engine->push(batch).ok());
        told.verdicts.insert(told.verdicts.end(), batch.verdict.begin(),
                             batch.verdict.begin() + batch.count);
        if (random.one_in(2)) take_all(*engine, config, told.rows);
        RowBatch some(config);
        if (random.one_in(4) && engine->take_rows(some)) {
            testkit::append_rows(some, config, told.rows);
        }
        at = until;
    }
    ASSERT_TRUE(engine->finish().ok());
    take_all(*engine, config, told.rows);
    told.report = engine->report();
    ASSERT_TRUE(told.report.ledger.adds_up());
}

void expect_same_verdicts(const std::vector<Verdict>& verdicts,
                          const std::vector<Verdict>& expected) {
    ASSERT_EQ(verdicts.size(), expected.size());
    for (size_t e = 0; e < verdicts.size(); ++e) {
        ASSERT_EQ(to_text(verdicts[e]), std::string(to_text(expected[e]))) << "event " << e;
    }
}

void check_engine(const RandomJob& job, Random& random, const hostpath::MakeShard& make) {
    const Config config = engine_config(job, random);
    const Answer expected = ask_oracle(job, true);
    if (expected.beyond_span) return;
    Told told;
    ASSERT_NO_FATAL_FAILURE(push_all(job, config, random, make, told));
    ASSERT_NO_FATAL_FAILURE(expect_same_verdicts(told.verdicts, expected.verdicts));
    ASSERT_EQ(told.rows, expected.rows);
    ASSERT_EQ(to_text(told.report.ledger), to_text(expected.ledger));
}

// --- Filters

// A filter for the job's ids, or for a few of them.
Config filter_config(const RandomJob& job, bool is_scarce, Random& random) {
    Config config = job.config;
    constexpr double kRates[] = {0.1, 0.01, 0.001};
    config.dedup.mode = DedupMode::approximate;
    config.dedup.verify = false;
    config.dedup.error_rate = kRates[random.below(3)];
    config.dedup.capacity = is_scarce ? 1 + random.below(60) : 1000;
    const bool may_forget = config.dedup.horizon_us != kForeverUs && !random.one_in(3);
    config.engine.on_full = may_forget ? OnFull::forget : OnFull::refuse;
    config.engine.memory_bytes = uint64_t{64} << 20;
    config.engine.seed = random.next();
    constexpr uint32_t kSizes[] = {1, 2, 7, 64, 1024};
    config.engine.batch_records = kSizes[random.below(5)];
    return config;
}

// Verdicts that a filter may give (D5), by the horizon that is left (D6), and the rows that follow.
void check_filter(const RandomJob& job, Config config, const Told& told) {
    Oracle oracle(config);
    oracle.declare_partitions(job.declared_partitions);
    if (config.dedup.horizon_us != kForeverUs) {
        config.dedup.horizon_us -= told.report.horizon_shortened_us;
    }
    testkit::ApproximateBounds bounds(config);
    size_t end = 0;
    for (size_t e = 0; e < job.events.size(); ++e) {
        for (; end < job.ends.size() && job.ends[end].before_event == e; ++end) {
            oracle.end_partition(job.ends[end].partition);
        }
        const Verdict verdict = oracle.push(job.events[e], told.verdicts[e]);
        ASSERT_EQ(to_text(told.verdicts[e]), std::string(to_text(verdict))) << "event " << e;
        if (verdict != Verdict::unique && verdict != Verdict::duplicate) continue;
        const auto finding = bounds.note(job.events[e], verdict);
        if (config.dedup.horizon_us == 0) continue;
        ASSERT_NE(finding, testkit::ApproximateBounds::Finding::missed) << "event " << e;
    }
    ASSERT_EQ(told.rows, oracle.rows());
    ASSERT_EQ(to_text(told.report.ledger), to_text(oracle.ledger()));
}

// Runs the parts of a pipeline in a random order until the emitter is finished.
Status run_in_random_order(const Config& config, const Run& run, Random& random,
                           const hostpath::MakeShard& make, Report& report) {
    hostpath::RowPace pace;
    pace.work_per_piece = random.between(1, random.one_in(2) ? 20 : 3000);
    pace.work_per_event = random.between(0, 3);
    pace.windows_waiting_max = static_cast<uint32_t>(random.between(1, 70));
    hostpath::Pipeline pipeline(config, run, pace, make);
    if (Status status = pipeline.open(); !status.ok()) return status;
    const uint32_t parts = config.engine.threads + 2;
    std::vector<bool> finished(parts);
    while (pipeline.is_inline() && !finished[1]) {
        finished[1] = pipeline.inline_step() == hostpath::Progress::finished;
    }
    while (!finished[1]) {
        const auto part = static_cast<uint32_t>(random.below(parts));
        if (finished[part]) continue;
        const hostpath::Progress progress = part == 0   ? pipeline.receiver_step()
                                            : part == 1 ? pipeline.emitter_step()
                                                        : pipeline.worker_step(part - 2);
        finished[part] = progress == hostpath::Progress::finished;
    }
    pipeline.report(report);
    return pipeline.result();
}

void check_pipeline(const RandomJob& job, Random& random, const hostpath::MakeShard& make,
                    bool may_use_threads) {
    Config config = engine_config(job, random);
    constexpr uint32_t kThreads[] = {1, 2, 3, 8};
    config.engine.threads = kThreads[random.below(4)];
    if (!may_use_threads && random.one_in(2)) config.engine.type = EngineType::gpu;
    if (random.one_in(4)) config.output = Output::unique;
    const Answer expected = ask_oracle(job, false);
    if (expected.beyond_span) return;

    MemorySource::Options options;
    options.known_partitions = job.declared_partitions;
    options.cut_seed = random.next() | 1;
    MemorySource source(config, job.events, options);
    MemorySink sink(config);
    Run run;
    run.lanes = {&source};
    run.sinks = {&sink};
    Report report;
    const bool with_threads = config.engine.threads == 1 || random.one_in(8);
    const Status status = with_threads && may_use_threads
                              ? trommel::run(config, run, report)
                              : run_in_random_order(config, run, random, make, report);
    ASSERT_TRUE(status.ok()) << status.message;
    ASSERT_EQ(to_text(report.ledger), to_text(expected.ledger));
    ASSERT_TRUE(report.ledger.adds_up());
    ASSERT_EQ(sink.misuses(), 0u);
    if (config.output == Output::windows) {
        ASSERT_EQ(sink.rows(), expected.rows);
        return;
    }
    std::vector<std::string> unique;
    for (size_t e = 0; e < job.events.size(); ++e) {
        if (expected.verdicts[e] == Verdict::unique) unique.push_back(source.raw_of(e));
    }
    ASSERT_EQ(sink.records(), unique);
}

TEST(SameAnswer, EngineAndOracleAgreeOnRandomJobs) {
    const uint64_t jobs = from_environment("TROMMEL_SAME_ANSWER_JOBS", 10'000);
    const uint64_t first = from_environment("TROMMEL_SEED", 1);
    for (uint64_t seed = first; seed < first + jobs; ++seed) {
        SCOPED_TRACE("repeat with TROMMEL_SEED=" + std::to_string(seed) +
                     " TROMMEL_SAME_ANSWER_JOBS=1");
        const RandomJob job = testkit::random_job(seed);
        SCOPED_TRACE(testkit::to_text(job.config));
        Random random(seed);
        use_simd(random);
        if (random.one_in(2)) {
            check_engine(job, random, hostpath::make_shard);
        } else {
            check_pipeline(job, random, hostpath::make_shard, true);
        }
        if (HasFatalFailure()) break;
    }
    unsetenv("TROMMEL_SIMD");
    std::printf("%llu random jobs, seeds %llu to %llu\n", static_cast<unsigned long long>(jobs),
                static_cast<unsigned long long>(first),
                static_cast<unsigned long long>(first + jobs - 1));
}

// What a GPU cannot run is left out, for the reason that a job file would be given.
TEST(SameAnswer, DevicesAndOracleAgreeOnRandomJobs) {
    const uint64_t jobs = from_environment("TROMMEL_SAME_ANSWER_DEVICE_JOBS", 100);
    const uint64_t first = from_environment("TROMMEL_SEED", 1);
    uint64_t ran = 0;
    for (uint64_t seed = first; seed < first + jobs; ++seed) {
        SCOPED_TRACE("repeat with TROMMEL_SEED=" + std::to_string(seed) +
                     " TROMMEL_SAME_ANSWER_DEVICE_JOBS=1");
        RandomJob job = testkit::random_job(seed);
        job.config.engine.memory_bytes = uint64_t{64} << 20;  // Devices of threads like it small.
        if (!hostpath::why_not_on_gpu(job.config).empty()) continue;
        ++ran;
        SCOPED_TRACE(testkit::to_text(job.config));
        Random random(seed);
        const cuda::ShuffledShards make{seed, static_cast<uint32_t>(random.between(1, 4))};
        if (random.one_in(2)) {
            check_engine(job, random, make);
        } else {
            check_pipeline(job, random, make, false);
        }
        if (HasFatalFailure()) break;
    }
    EXPECT_GE(ran, jobs * 3 / 4);
    std::printf("%llu random jobs on devices\n", static_cast<unsigned long long>(ran));
}

// Approximate jobs of one shard, with room for all ids or for a few, which refuse or forget. A core
// and a device have the same filter: they say the same while there is room, and beyond it where
// batches are of one event.
TEST(SameAnswer, FiltersOfCoreAndDeviceAgreeOnRandomJobs) {
    const uint64_t jobs = from_environment("TROMMEL_SAME_ANSWER_DEVICE_JOBS", 50);
    const uint64_t first = from_environment("TROMMEL_SEED", 1);
    uint64_t refused = 0, forgot = 0, compared = 0;
    for (uint64_t seed = first; seed < first + jobs; ++seed) {
        SCOPED_TRACE("repeat with TROMMEL_SEED=" + std::to_string(seed) +
                     " TROMMEL_SAME_ANSWER_DEVICE_JOBS=1");
        const RandomJob job = testkit::random_job(seed);
        Random random(seed);
        const bool is_scarce = random.one_in(2);
        const Config config = filter_config(job, is_scarce, random);
        SCOPED_TRACE(testkit::to_text(config));
        const uint64_t cuts = random.next();
        const cuda::ShuffledShards make{seed, static_cast<uint32_t>(random.between(1, 4))};
        Told core, device;
        Random core_random(cuts), device_random(cuts);
        push_all(job, config, core_random, hostpath::make_shard, core);
        push_all(job, config, device_random, make, device);
        if (HasFatalFailure()) break;
        check_filter(job, config, core);
        check_filter(job, config, device);
        if (HasFatalFailure()) break;
        const bool is_beyond = is_scarce || core.report.horizon_shortened_us > 0;
        if (!is_beyond || config.engine.batch_records == 1) {
            ++compared;
            expect_same_verdicts(device.verdicts, core.verdicts);
            EXPECT_EQ(device.report.horizon_shortened_us, core.report.horizon_shortened_us);
        }
        refused += device.report.ledger[Verdict::refused] > 0;
        forgot += device.report.horizon_shortened_us > 0;
        if (HasFailure()) break;
    }
    std::printf("%llu random jobs with filters, %llu compared, %llu refused events, %llu forgot\n",
                static_cast<unsigned long long>(jobs), static_cast<unsigned long long>(compared),
                static_cast<unsigned long long>(refused), static_cast<unsigned long long>(forgot));
    if (jobs >= 50) {
        EXPECT_GE(compared, jobs / 2);
        EXPECT_GE(refused, jobs / 20);
        EXPECT_GE(forgot, jobs / 20);
    }
}

}  // namespace
}  // namespace trommel
