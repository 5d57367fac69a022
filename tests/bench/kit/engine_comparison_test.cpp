#include "bench/kit/engine_comparison.h"

#include <gmock/gmock.h>

#include "bench/kit/answer_digest.h"
#include "bench/kit/engine_workloads.h"
#include "hostpath/pipeline.h"
#include "tests/kernels/cuda/shuffled_shard.h"

namespace trommel::bench {
namespace {

using testing::AllOf;
using testing::Each;
using testing::EndsWith;
using testing::Field;
using testing::Gt;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

// As trommel::run, but what asks for a GPU runs on threads that play one.
Status run_on_threads(const Config& config, const Run& job, Report& report) {
    if (config.engine.type != EngineType::gpu) return trommel::run(config, job, report);
    hostpath::Pipeline pipeline(config, job, hostpath::RowPace::of(config), cuda::ShuffledShards());
    if (Status status = pipeline.open(); !status.ok()) return status;
    while (pipeline.inline_step() != hostpath::Progress::finished) {
    }
    pipeline.report(report);
    return pipeline.result();
}

// What a wrong engine would hand out: the sinks of `job` get other rows.
class WrongRows final : public Sink {
   public:
    WrongRows(Sink& sink, std::function<void(RowBatch&)> change)
        : sink_(sink), change_(std::move(change)) {}
    Status open() override { return sink_.open(); }
    Status write_rows(const RowBatch& rows) override {
        RowBatch changed = rows;
        change_(changed);
        return sink_.write_rows(changed);
    }
    Status write_record(std::string_view raw) override { return sink_.write_record(raw); }
    Status flush() override { return sink_.flush(); }
    Status finish() override { return sink_.finish(); }
    void abandon() override { sink_.abandon(); }

   private:
    Sink& sink_;
    const std::function<void(RowBatch&)> change_;
};

RunEngine gpu_with_wrong_rows(std::function<void(RowBatch&)> change) {
    return [change](const Config& config, const Run& job, Report& report) {
        if (config.engine.type != EngineType::gpu) return run_on_threads(config, job, report);
        WrongRows wrong(*job.sinks[0], change);
        Run changed = job;
        changed.sinks = {&wrong};
        return run_on_threads(config, changed, report);
    };
}

RunEngine gpu_with_wrong_verdicts(std::function<void(RecordBatch&)> change) {
    return [change](const Config& config, const Run& job, Report& report) {
        if (config.engine.type != EngineType::gpu) return run_on_threads(config, job, report);
        Run changed = job;
        changed.on_settled = [&](const RecordBatch& settled) {
            RecordBatch batch(config, config.engine.batch_records);
            batch.count = settled.count;
            batch.first_record = settled.first_record;
            batch.verdict = settled.verdict;
            change(batch);
            job.on_settled(batch);
        };
        return run_on_threads(config, changed, report);
    };
}

class EngineComparisons : public testing::Test {
   protected:
    EngineComparison compare(const char* name, const RunEngine& run = run_on_threads) {
        for (EngineWorkload workload : workloads_.all()) {
            workload.config.engine.memory_bytes = uint64_t{64} << 20;  // Threads fill it all.
            if (workload.name == name) return compare_engines(workload, options_, run);
        }
        ADD_FAILURE() << "there is no workload " << name;
        return {};
    }
    void expect_no_figures(const EngineComparison& comparison, const char* why) {
        EXPECT_THAT(comparison.wrong, EndsWith(why));
        EXPECT_THAT(comparison.figures, SizeIs(0));
    }

    const EngineWorkloads workloads_{8192};
    ComparisonOptions options_{.sides = {{EngineType::cpu, 1}, {EngineType::gpu, 1}},
                               .batch_records = {100, 1000},
                               .rounds = 2,
                               .tell = {}};
};

TEST_F(EngineComparisons, EnginesThatAgreeHaveAFigureForEachSizeOfBatches) {
    for (const char* const name : {"dedup", "dedup-windows"}) {
        options_.sides.push_back({EngineType::cpu, 3});
        const EngineComparison comparison = compare(name);
        EXPECT_EQ(comparison.wrong, "") << name;
        EXPECT_THAT(comparison.figures, SizeIs(6));
        EXPECT_THAT(comparison.figures, Each(Field(&EngineFigure::rate, Gt(0))));
        EXPECT_THAT(comparison.curve_of({EngineType::gpu, 1}), SizeIs(2));
        EXPECT_EQ(comparison.ledger.in, 8192u) << name;
        EXPECT_GT(comparison.ledger[Verdict::duplicate], 500u) << name;
        EXPECT_EQ(comparison.rows > 0, comparison.name == "dedup-windows");
        EXPECT_GT(comparison.store_bytes, 0u);
        options_.sides.pop_back();
    }
}

TEST_F(EngineComparisons, BatchesThatOnlyOneEngineHasAreItsAlone) {
    // Whatever is asked of the CPU in such a batch is refused, so it is not asked.
    options_.batch_records = {1000, kBatchRecordsMax + 1};
    EngineWorkload workload = workloads_.all()[0];
    workload.config.engine.memory_bytes = uint64_t{64} << 20;
    workload.warm_events = 0;
    const auto most = [](const Config& config, const trommel::Run& job, Report& report) {
        Config smaller = config;
        smaller.engine.batch_records = std::min(smaller.engine.batch_records, 4000u);
        return run_on_threads(smaller, job, report);
    };
    const EngineComparison comparison = compare_engines(workload, options_, most);
    EXPECT_EQ(comparison.wrong, "");
    EXPECT_THAT(comparison.curve_of({EngineType::cpu, 1}), SizeIs(1));
    EXPECT_THAT(comparison.curve_of({EngineType::gpu, 1}), SizeIs(2));
}

TEST_F(EngineComparisons, EnergyIsThatOfTheGpuInAllRounds) {
    uint64_t readings = 0;
    options_.energy = [&]() -> std::optional<double> { return static_cast<double>(++readings); };
    const EngineComparison comparison = compare("dedup");
    EXPECT_EQ(comparison.wrong, "");
    EXPECT_EQ(readings, 2u * 2 * 2);  // At both ends; rounds; sizes.
    for (const EngineFigure& figure : comparison.figures) {
        if (figure.side.engine == EngineType::gpu) {
            EXPECT_GT(figure.joules_per_million.value_or(1), 0);  // Or too little time to say.
        } else {
            EXPECT_EQ(figure.joules_per_million, std::nullopt);
        }
    }
}

TEST_F(EngineComparisons, OneOtherVerdictLeavesNoFigure) {
    // Two verdicts change places, so that the ledger says nothing.
    const auto swap = [](RecordBatch& batch) {
        for (uint32_t row = 1; row < batch.count && batch.first_record == 3000; ++row) {
            if (batch.verdict[row] == batch.verdict[row - 1]) continue;
            std::swap(batch.verdict[row], batch.verdict[row - 1]);
            return;
        }
    };
    expect_no_figures(compare("dedup", gpu_with_wrong_verdicts(swap)), "the verdicts differ");
}

TEST_F(EngineComparisons, ARecordThatIsSettledTwiceLeavesNoFigure) {
    const auto repeat = [](RecordBatch& batch) {
        if (batch.first_record == 3000) batch.first_record = 2000;
    };
    expect_no_figures(compare("dedup", gpu_with_wrong_verdicts(repeat)), "the verdicts differ");
    const auto drop = [](RecordBatch& batch) {
        if (batch.first_record == 3000) --batch.count;
    };
    EXPECT_THAT(compare("dedup", gpu_with_wrong_verdicts(drop)).wrong, HasSubstr("8191 verdicts"));
}

TEST_F(EngineComparisons, OneOtherValueOfARowLeavesNoFigure) {
    for (const size_t aggregate : {1u, 2u, 3u}) {  // Sum, min, max; the count is conserved.
        const auto change = [aggregate](RowBatch& rows) { rows.aggregates[aggregate][0] += 1; };
        expect_no_figures(compare("dedup-windows", gpu_with_wrong_rows(change)), "the rows differ");
    }
    const auto key = [](RowBatch& rows) { rows.key_int[0] += 1; };
    expect_no_figures(compare("dedup-windows", gpu_with_wrong_rows(key)), "the rows differ");
    const auto high = [](RowBatch& rows) { rows.aggregates[1][0] += int128{1} << 64; };
    expect_no_figures(compare("dedup-windows", gpu_with_wrong_rows(high)), "the rows differ");
}

TEST_F(EngineComparisons, RowsThatLackAnEventLeaveNoFigureEvenIfAllEnginesAgree) {
    options_.sides = {{EngineType::gpu, 1}};
    const auto fewer = [](RowBatch& rows) { rows.aggregates[0][0] -= 1; };
    EXPECT_THAT(compare("dedup-windows", gpu_with_wrong_rows(fewer)).wrong,
                AllOf(StartsWith("gpu in batches of 100: found "), HasSubstr("in the rows of")));
}

TEST_F(EngineComparisons, AnEngineThatFailsLeavesNoFigure) {
    const RunEngine none = [](const Config&, const trommel::Run&, Report&) {
        return Status::error(Code::unreachable, "there is no GPU");
    };
    EXPECT_EQ(compare("dedup", none).wrong, "cpu in batches of 100: there is no GPU");
}

TEST_F(EngineComparisons, AnotherEngineThanWasAskedForLeavesNoFigure) {
    const RunEngine cpu = [](Config config, const trommel::Run& job, Report& report) {
        config.engine.type = EngineType::cpu;
        return trommel::run(config, job, report);
    };
    EXPECT_EQ(compare("dedup", cpu).wrong, "gpu in batches of 100: ran on cpu");
}

TEST_F(EngineComparisons, WhatTheStreamIsKnownToHoldIsAsked) {
    EngineWorkload workload = workloads_.all()[0];
    *workload.unique += 1;
    EXPECT_THAT(compare_engines(workload, options_, run_on_threads).wrong,
                HasSubstr(" unique events of "));
    *workload.unique -= 1;
    *workload.events += 1;
    EXPECT_THAT(compare_engines(workload, options_, run_on_threads).wrong,
                HasSubstr(" events of "));
}

TEST_F(EngineComparisons, EventsWithoutRoomLeaveNoFigure) {
    EngineWorkload workload = workloads_.all()[0];
    workload.config.engine.on_full = OnFull::refuse;
    workload.config.engine.memory_bytes = uint64_t{16} << 20;
    workload.config.engine.shares = {};
    const EngineWorkloads many(3'000'000);
    workload.make_source = many.all()[0].make_source;
    workload.events.reset();
    workload.unique.reset();
    workload.config.dedup.horizon_us = kForeverUs;
    options_.sides = {{EngineType::cpu, 1}};
    EXPECT_THAT(compare_engines(workload, options_, run_on_threads).wrong,
                HasSubstr("found no room"));
}

TEST_F(EngineComparisons, TooFewEventsToTimeAreSaid) {
    options_.batch_records = {8192};
    EXPECT_THAT(compare("dedup").wrong, HasSubstr("too few events"));
}

TEST(BytesNeeded, AreThoseOfWhatTheJobUses) {
    const EngineWorkloads workloads(4096);
    EXPECT_EQ(bytes_needed(workloads.all()[0].config), 16u);
    Config config = workloads.all()[1].config;
    EXPECT_EQ(bytes_needed(config), 32u);  // Sum, min and max are of the same value.
    config.values.push_back({"unused", 0});
    EXPECT_EQ(bytes_needed(config), 32u);
    config.dedup.id_type = IdType::bytes;
    EXPECT_EQ(bytes_needed(config), 40u);
    config.dedup.mode = DedupMode::off;
    EXPECT_EQ(bytes_needed(config), 24u);
}

TEST(AnswerDigest, TellsOrderAndLength) {
    Digest one, other, empty, nul;
    one.put(1);
    one.put(2);
    other.put(2);
    other.put(1);
    empty.put("");
    nul.put(std::string_view("\0", 1));
    EXPECT_NE(one.text(), other.text());
    EXPECT_NE(empty.text(), nul.text());
    EXPECT_EQ(one.text().size(), 32u);
}

TEST(AnswerDigest, OfVerdictsDoesNotDependOnBatches) {
    const auto digest = [](const std::vector<uint32_t>& cuts, size_t wrong = SIZE_MAX) {
        RecordBatch batch(Config{}, 64);
        VerdictDigest verdicts;
        for (const uint32_t cut : cuts) {
            batch.count = cut;
            batch.first_record = verdicts.count();
            for (uint32_t row = 0; row < cut; ++row) {
                const uint64_t record = batch.first_record + row;
                batch.verdict[row] = record == wrong   ? Verdict::late
                                     : record % 3 == 0 ? Verdict::duplicate
                                                       : Verdict::unique;
            }
            verdicts.put(batch);
        }
        return verdicts.text();
    };
    const std::string whole = digest({21});
    EXPECT_EQ(digest({1, 20}), whole);
    EXPECT_EQ(digest({8, 8, 5}), whole);
    EXPECT_EQ(digest({7, 0, 13, 1}), whole);
    EXPECT_NE(digest({20}), whole);
    EXPECT_NE(digest({22}), whole);
    for (size_t wrong = 0; wrong < 21; ++wrong) EXPECT_NE(digest({9, 12}, wrong), whole) << wrong;
}

TEST(EngineSides, AreNamedByEngineAndShards) {
    EngineSide side;
    EXPECT_TRUE(parse_engine_side("gpu", side));
    EXPECT_EQ(side.engine, EngineType::gpu);
    EXPECT_TRUE(parse_engine_side("cpu:16", side));
    EXPECT_EQ(side.engine, EngineType::cpu);
    EXPECT_EQ(side.shards, 16u);
    EXPECT_TRUE(parse_engine_side("cpu", side));
    EXPECT_EQ(side.shards, 1u);
    for (const char* wrong : {"", "tpu", "cpu:", "cpu:0", "cpu:65", "cpu:1x", "gpu:2"}) {
        EXPECT_FALSE(parse_engine_side(wrong, side)) << wrong;
    }
}

TEST(EngineSides, AreAtLeastTwoAndDifferent) {
    std::vector<EngineSide> sides;
    EXPECT_EQ(parse_engine_sides("cpu,cpu:2,gpu", sides), "");
    EXPECT_THAT(sides, SizeIs(3));
    EXPECT_THAT(parse_engine_sides("cpu", sides), HasSubstr("two are compared"));
    EXPECT_THAT(parse_engine_sides("cpu,", sides), HasSubstr("'' is no engine"));
    EXPECT_THAT(parse_engine_sides("cpu,cpu:1", sides), HasSubstr("'cpu' is there twice"));
}

}  // namespace
}  // namespace trommel::bench
