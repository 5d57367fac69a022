#include "net/synthetic_source.h"

#include <gtest/gtest.h>

#include "tests/kit/fake_clock.h"

namespace trommel::net {
namespace {

using testkit::FakeClock;

Config usual_config() {
    Config config;
    config.dedup.id_type = IdType::u64;
    config.key = {{"key", FieldType::integer}};
    config.values = {{"v0", 0}};
    return config;
}

SyntheticSourceOptions usual_options() {
    SyntheticSourceOptions options;
    options.stream.events = 1000;
    options.stream.partitions = 3;
    options.stream.out_of_order_us = 100;
    options.stream.disorder_us = 50;
    options.stream.duplicate_share = 0.2;
    options.stream.late_share = 0.1;
    options.stream.corrupt_share = 0.1;
    return options;
}

void expect_row(const RecordBatch& batch, uint32_t row, const SyntheticRecord& record) {
    EXPECT_EQ(batch.id_lo[row], record.id);
    EXPECT_EQ(batch.key_int[row], record.key);
    EXPECT_EQ(batch.time_us[row], record.time_us);
    EXPECT_EQ(batch.values[0][row], record.v0);
    EXPECT_EQ(batch.partition[row], record.partition);
    EXPECT_EQ(batch.offset[row], record.number);
    const bool corrupt = record.kind == SyntheticRecord::Kind::corrupt;
    EXPECT_EQ(batch.verdict[row], corrupt ? Verdict::corrupt : Verdict::pending);
    EXPECT_EQ(batch.detail[row].empty(), !corrupt);
}

TEST(SyntheticSource, BringsTheStreamWhateverTheBatchSize) {
    for (const uint32_t size : {1u, 7u, 1000u, 4096u}) {
        FakeClock clock;
        SyntheticSource source(usual_options(), clock);
        ASSERT_TRUE(source.open().ok());
        RecordBatch batch(usual_config(), size);
        uint64_t n = 0;
        for (auto state = Source::State::records; state != Source::State::ended;) {
            batch.clear();
            state = source.poll(batch, INT64_MAX).state;
            EXPECT_EQ(batch.first_record, n);
            for (uint32_t row = 0; row < batch.count; ++row) {
                expect_row(batch, row, source.stream().at(n++));
            }
        }
        EXPECT_EQ(n, 1000u);
        batch.clear();
        EXPECT_EQ(source.poll(batch, INT64_MAX).state, Source::State::ended);
        EXPECT_EQ(batch.count, 0u);
    }
}

TEST(SyntheticSource, KnowsItsPartitionsFromTheStart) {
    FakeClock clock;
    SyntheticSource source(usual_options(), clock);
    ASSERT_TRUE(source.open().ok());
    EXPECT_EQ(source.partitions(), 3u);
    EXPECT_EQ(source.partition_name(0), "p0");
    EXPECT_EQ(source.partition_name(2), "p2");
    EXPECT_EQ(source.source_partition(), UINT32_MAX);
    EXPECT_EQ(source.name(), "synthetic");
    EXPECT_FALSE(source.live());
}

TEST(SyntheticSource, StopsBeforeARecordThatIsTooNew) {
    SyntheticSourceOptions options;
    options.stream.events = 10;
    options.stream.start_us = 100;
    FakeClock clock;
    SyntheticSource source(options, clock);
    ASSERT_TRUE(source.open().ok());
    RecordBatch batch(usual_config(), 100);
    EXPECT_EQ(source.poll(batch, 103).state, Source::State::records);
    EXPECT_EQ(batch.count, 4u);
    batch.clear();
    const Source::Poll held = source.poll(batch, 103);
    EXPECT_EQ(held.state, Source::State::held);
    EXPECT_EQ(held.held_time_us, 104);
    EXPECT_EQ(batch.count, 0u);
    EXPECT_EQ(source.poll(batch, 109).state, Source::State::ended);
    EXPECT_EQ(batch.count, 6u);
    EXPECT_EQ(batch.first_record, 4u);
}

TEST(SyntheticSource, CorruptRecordsAreNotHeld) {
    SyntheticSourceOptions options;
    options.stream.corrupt_share = 0.9;
    FakeClock clock;
    SyntheticSource source(options, clock);
    ASSERT_TRUE(source.open().ok());
    RecordBatch batch(usual_config(), 4096);
    // Record 0 is readable, and the next readable one is too new.
    EXPECT_EQ(source.poll(batch, options.stream.start_us).state, Source::State::records);
    uint32_t readable = 1;
    while (source.stream().at(readable).kind == SyntheticRecord::Kind::corrupt) ++readable;
    ASSERT_GT(readable, 1u);
    EXPECT_EQ(batch.count, readable);
}

TEST(SyntheticSource, KeepsToItsRate) {
    SyntheticSourceOptions options;
    options.stream.events = 100;
    options.rate = 500000;
    FakeClock clock;
    SyntheticSource source(options, clock);
    EXPECT_TRUE(source.live());
    ASSERT_TRUE(source.open().ok());
    RecordBatch batch(usual_config(), 100);
    EXPECT_EQ(source.poll(batch, INT64_MAX).state, Source::State::nothing);
    clock.advance(3);
    EXPECT_EQ(source.poll(batch, INT64_MAX).state, Source::State::records);
    EXPECT_EQ(batch.count, 1u);
    batch.clear();
    EXPECT_EQ(source.poll(batch, INT64_MAX).state, Source::State::nothing);
    clock.advance(1);
    EXPECT_EQ(source.poll(batch, INT64_MAX).state, Source::State::records);
    EXPECT_EQ(batch.count, 1u);
    batch.clear();
    clock.advance(int64_t{1} << 60);
    EXPECT_EQ(source.poll(batch, INT64_MAX).state, Source::State::ended);
    EXPECT_EQ(batch.count, 98u);
}

TEST(SyntheticSource, RawBytesAreThereForDeadLettersOrForAll) {
    SyntheticSourceOptions options = usual_options();
    for (const bool with_raw : {false, true}) {
        options.with_raw = with_raw;
        FakeClock clock;
        SyntheticSource source(options, clock);
        ASSERT_TRUE(source.open().ok());
        RecordBatch batch(usual_config(), 1000);
        EXPECT_EQ(source.poll(batch, INT64_MAX).state, Source::State::ended);
        const RecordWriter writer(RecordFormat::json, true);
        for (uint32_t row = 0; row < batch.count; ++row) {
            const SyntheticRecord record = source.stream().at(row);
            const bool rejected = record.kind == SyntheticRecord::Kind::corrupt ||
                                  record.kind == SyntheticRecord::Kind::late;
            std::string line;
            if (with_raw || rejected) writer.append(line, record);
            EXPECT_EQ(std::string(batch.raw[row]) + (line.empty() ? "" : "\n"), line);
        }
    }
}

TEST(SyntheticSource, WorksWithoutAKeyAndGivesEachValueV0) {
    Config config = usual_config();
    config.key.clear();
    config.values.push_back({"again", 0});
    FakeClock clock;
    SyntheticSource source(usual_options(), clock);
    ASSERT_TRUE(source.open().ok());
    RecordBatch batch(config, 10);
    EXPECT_EQ(source.poll(batch, INT64_MAX).state, Source::State::records);
    EXPECT_EQ(batch.values[0], batch.values[1]);
    EXPECT_EQ(batch.values[1][9], source.stream().at(9).v0);
}

TEST(SyntheticSource, RefusesJobsThatItsRecordsDoNotFit) {
    Config text_ids = usual_config(), text_keys = usual_config();
    text_ids.dedup.id_type = IdType::bytes;
    text_keys.key[0].type = FieldType::text;
    for (const Config& config : {text_ids, text_keys}) {
        FakeClock clock;
        SyntheticSource source(usual_options(), clock);
        ASSERT_TRUE(source.open().ok());
        RecordBatch batch(config, 10);
        const Source::Poll poll = source.poll(batch, INT64_MAX);
        EXPECT_EQ(poll.state, Source::State::failed);
        EXPECT_EQ(poll.status.code, Code::invalid_config);
    }
    FakeClock clock;
    SyntheticSourceOptions options;
    options.stream.keys = 0;
    options.stream.step_ns = 0;
    const Status s = SyntheticSource(options, clock).open();
    EXPECT_EQ(s.code, Code::invalid_config);
    EXPECT_EQ(s.message,
              "synthetic source: keys must be 1 to 4294967296; step must be at least 1 ns");
}

}  // namespace
}  // namespace trommel::net
