#include "tests/kit/memory_sink.h"

#include <gtest/gtest.h>

namespace trommel::testkit {
namespace {

Config config_with_keys(std::vector<FieldType> types) {
    Config config;
    for (const FieldType type : types) config.key.push_back({"k", type});
    config.aggregates = {{"count"}, {"sum", AggregateKind::sum}};
    return config;
}

// One row: window 3, [10, 20), aggregates 1 and -2.
RowBatch one_row(const Config& config) {
    RowBatch batch(config);
    batch.window = {3};
    batch.start_us = {10};
    batch.end_us = {20};
    batch.aggregates = {{1}, {-2}};
    return batch;
}

TEST(AppendRows, ReadsRowsWithoutAKey) {
    const Config config = config_with_keys({});
    std::vector<OracleRow> rows;
    append_rows(one_row(config), config, rows);
    EXPECT_EQ(rows, std::vector<OracleRow>({{3, 10, 20, {}, {1, -2}}}));
}

TEST(AppendRows, ReadsOneIntegerAsKey) {
    const Config config = config_with_keys({FieldType::integer});
    RowBatch batch = one_row(config);
    batch.key_int = {-7};
    std::vector<OracleRow> rows;
    append_rows(batch, config, rows);
    EXPECT_EQ(rows, std::vector<OracleRow>({{3, 10, 20, {{FieldType::integer, -7, ""}}, {1, -2}}}));
}

TEST(AppendRows, TakesEncodedKeysApart) {
    const Config config = config_with_keys({FieldType::text, FieldType::integer});
    const std::string text("a\0b", 3);
    RowBatch batch = one_row(config);
    batch.key_bytes.resize(encoded_text_size(text) + 8);
    encode_integer(5, encode_text(text, batch.key_bytes.data()));
    batch.key_end = {static_cast<uint32_t>(batch.key_bytes.size())};
    std::vector<OracleRow> rows;
    append_rows(batch, config, rows);
    const std::vector<KeyPart> key = {{FieldType::text, 0, text}, {FieldType::integer, 5, ""}};
    EXPECT_EQ(rows, std::vector<OracleRow>({{3, 10, 20, key, {1, -2}}}));
}

class MemorySinkTest : public testing::Test {
   protected:
    Config config_ = config_with_keys({});
    MemorySink sink_{config_};
};

TEST_F(MemorySinkTest, ShowsWhatWasFlushed) {
    ASSERT_TRUE(sink_.open().ok());
    ASSERT_TRUE(sink_.write_record("a").ok());
    ASSERT_TRUE(sink_.write_rows(one_row(config_)).ok());
    EXPECT_EQ(sink_.records_visible() + sink_.rows_visible(), 0u);
    ASSERT_TRUE(sink_.flush().ok());
    ASSERT_TRUE(sink_.write_record("b").ok());
    EXPECT_EQ(sink_.rows_visible(), 1u);
    EXPECT_EQ(sink_.records_visible(), 1u);
    ASSERT_TRUE(sink_.finish().ok());
    EXPECT_EQ(sink_.records_visible(), 2u);
    EXPECT_EQ(sink_.end(), MemorySink::End::finished);
    EXPECT_EQ(sink_.misuses(), 0u);
}

TEST_F(MemorySinkTest, FailsFromTheCallItWasToldOn) {
    sink_.fail_at_call = 3;
    sink_.failure = Status::error(Code::closed, "gone");
    ASSERT_TRUE(sink_.open().ok());
    ASSERT_TRUE(sink_.write_record("a").ok());
    EXPECT_EQ(sink_.write_record("b").code, Code::closed);
    EXPECT_EQ(sink_.misuses(), 0u);
    EXPECT_EQ(sink_.finish().code, Code::closed);
    EXPECT_EQ(sink_.misuses(), 1u);  // Nobody may go on after an error.
    sink_.abandon();
    EXPECT_EQ(sink_.end(), MemorySink::End::abandoned);
    EXPECT_EQ(sink_.records(), std::vector<std::string>({"a"}));
}

TEST_F(MemorySinkTest, NoticesWritesBeforeOpenAndAfterTheEnd) {
    EXPECT_TRUE(sink_.write_record("a").ok());
    EXPECT_EQ(sink_.misuses(), 1u);
    EXPECT_TRUE(sink_.finish().ok());
    EXPECT_TRUE(sink_.write_record("b").ok());
    EXPECT_EQ(sink_.misuses(), 2u);
    sink_.abandon();
    EXPECT_EQ(sink_.misuses(), 3u);
}

TEST_F(MemorySinkTest, AsksBeforeEachWrite) {
    int asked = 0;
    sink_.before_write = [&] { ++asked; };
    ASSERT_TRUE(sink_.open().ok());
    ASSERT_TRUE(sink_.write_record("a").ok());
    ASSERT_TRUE(sink_.write_rows(one_row(config_)).ok());
    ASSERT_TRUE(sink_.flush().ok());
    EXPECT_EQ(asked, 2);
}

}  // namespace
}  // namespace trommel::testkit
