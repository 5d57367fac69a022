#include "net/file_source.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <map>

#include "tests/kit/temporary_directory.h"
#include "tests/net/compressed_bytes.h"
#include "tests/net/decoded_records.h"
#include "tests/net/scripted_file.h"

namespace trommel::net {
namespace {

DecodeOptions line_options() {
    DecodeOptions options;
    options.id.field = "id";
    options.time = {"t", TimeForm::us};
    return options;
}

std::string line(int64_t time, const std::string& partition = "p") {
    return R"({"id":"x","t":)" + std::to_string(time) + R"(,"part":")" + partition + "\"}\n";
}

// A source over files of the test.
class FileSourceTest : public testing::Test {
   protected:
    // Null when it cannot be made or opened; `status` says why.
    std::unique_ptr<Source> open(const std::vector<std::string>& paths, FileSystem& file_system) {
        std::unique_ptr<Source> source;
        status = make_file_source({paths, options}, config_of(options), file_system, clock, source);
        if (status.ok()) status = source->open();
        if (!status.ok()) source.reset();
        return source;
    }
    std::unique_ptr<Source> open(const std::vector<std::string>& paths) {
        return open(paths, files);
    }

    Source::Poll read(Source& source, int64_t until_us = INT64_MAX, uint32_t capacity = 100) {
        records.clear();
        return drain(source, config_of(options), capacity, records, until_us);
    }

    DecodeOptions options = line_options();
    testkit::PowerLossFileSystem files;
    testkit::FakeClock clock;
    Status status;
    std::vector<DecodedRecord> records;
};

TEST_F(FileSourceTest, WithoutAFieldTheFileIsThePartition) {
    files.put("a", line(1));
    auto source = open({"a"});
    ASSERT_NE(source, nullptr);
    EXPECT_EQ(source->name(), "a");
    EXPECT_EQ(source->partitions(), 1u);
    EXPECT_EQ(source->partition_name(0), "a");
    EXPECT_EQ(source->source_partition(), UINT32_MAX);
    EXPECT_EQ(read(*source).state, Source::State::ended);
    EXPECT_EQ(records.at(0).partition, "a");
}

TEST_F(FileSourceTest, AFieldDiscoversPartitionsBesideTheSourcesOwn) {
    options.partition = "part";
    files.put("a", line(1, "north") + "{}\n" + line(2, "south") + line(3, "north"));
    auto source = open({"a"});
    EXPECT_EQ(source->partitions(), 1u);
    EXPECT_EQ(source->source_partition(), 0u);
    EXPECT_EQ(source->partition_name(0), "(source)");
    read(*source);
    EXPECT_EQ(source->partitions(), 3u);
    EXPECT_EQ(source->partition_name(1), "north");
    EXPECT_EQ(source->partition_name(2), "south");
    EXPECT_EQ(records.at(1).partition, "(source)");
    EXPECT_EQ(records.at(3).partition, "north");
}

TEST_F(FileSourceTest, ReadsStandardInput) {
    files.put("-", line(1));
    auto source = open({"-"});
    EXPECT_EQ(source->name(), "stdin");
    EXPECT_EQ(source->partition_name(0), "stdin");
    read(*source);
    EXPECT_EQ(records.size(), 1u);
}

TEST_F(FileSourceTest, CountsBytesOfAllItsFiles) {
    const std::string stored = gzip(line(1));
    files.put("a.gz", stored);
    files.put("b", line(2) + line(3));
    auto source = open({"a.gz", "b"});
    EXPECT_EQ(source->name(), "a.gz and 1 more");
    EXPECT_EQ(source->bytes_total(), stored.size() + 2 * line(2).size());
    EXPECT_FALSE(source->live());
    read(*source);
    EXPECT_EQ(records.size(), 3u);
    EXPECT_EQ(records[1].offset, line(1).size());
    EXPECT_EQ(source->bytes_read(), source->bytes_total());
}

TEST_F(FileSourceTest, AMissingFileIsToldAtOnce) {
    files.put("a", line(1));
    EXPECT_EQ(open({"a", "gone"}), nullptr);
    EXPECT_EQ(status.code, Code::no_input);
    EXPECT_NE(status.message.find("gone"), std::string::npos) << status.message;
}

TEST_F(FileSourceTest, AFileThatVanishesLaterEndsTheRun) {
    files.put("a", line(1));
    files.put("b", line(2));
    auto source = open({"a", "b"});
    ASSERT_TRUE(files.remove("b").ok());
    const Source::Poll poll = read(*source);
    EXPECT_EQ(records.size(), 1u);
    EXPECT_EQ(poll.state, Source::State::failed);
    EXPECT_EQ(poll.status.code, Code::no_input);
}

TEST_F(FileSourceTest, OptionsThatDoNotFitAreRefused) {
    EXPECT_EQ(open({}), nullptr);
    EXPECT_EQ(status.code, Code::invalid_config);
    std::unique_ptr<Source> source;
    Config other = config_of(options);
    other.dedup.id_type = IdType::u64;
    status = make_file_source({{"a"}, options}, other, files, clock, source);
    EXPECT_EQ(status.code, Code::invalid_config);
}

TEST_F(FileSourceTest, APipeHasNothingUntilALineIsWhole) {
    files.feed("pipe", "");
    auto source = open({"pipe"});
    EXPECT_TRUE(source->live());
    EXPECT_EQ(source->bytes_total(), 0u);
    EXPECT_EQ(read(*source).state, Source::State::nothing);
    const std::string text = line(1) + line(2);
    for (size_t at = 0; at < text.size(); ++at) {
        files.feed("pipe", text.substr(at, 1));
        const Source::Poll poll = read(*source);
        EXPECT_EQ(poll.state, Source::State::nothing);
        EXPECT_EQ(records.size(), text[at] == '\n' ? 1u : 0u) << at;
    }
    files.feed("pipe", "{\"id\":\"last\",\"t\":3}");
    EXPECT_EQ(read(*source).state, Source::State::nothing);
    files.end_feed("pipe");
    EXPECT_EQ(read(*source).state, Source::State::ended);
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].id_text, "last");
    EXPECT_EQ(records[0].number, 2u);
}

TEST_F(FileSourceTest, ALaterRecordIsHeldUntilItsTimeComes) {
    files.put("a", line(1) + line(5) + line(9) + line(2));
    auto source = open({"a"});
    Source::Poll poll = read(*source, 4);
    EXPECT_EQ(records.size(), 1u);
    EXPECT_EQ(poll.state, Source::State::held);
    EXPECT_EQ(poll.held_time_us, 5);
    EXPECT_EQ(read(*source, 4).held_time_us, 5);
    EXPECT_EQ(records.size(), 0u);
    poll = read(*source, 5);
    EXPECT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].number, 1u);
    EXPECT_EQ(poll.held_time_us, 9);
    poll = read(*source, 9);
    EXPECT_EQ(poll.state, Source::State::ended);
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[1].time_us, 2);
    EXPECT_EQ(records[1].offset, 3 * line(1).size());
}

// A file system of one scripted file.
class OneFile : public testkit::PowerLossFileSystem {
   public:
    explicit OneFile(std::unique_ptr<File> file) : file_(std::move(file)) {}
    Status open_read(const std::string&, std::unique_ptr<File>& file) override {
        file = std::move(file_);
        return {};
    }

   private:
    std::unique_ptr<File> file_;
};

TEST_F(FileSourceTest, WhatWasReadBeforeAFailureComesFirst) {
    OneFile failing(
        std::make_unique<ScriptedFile>(std::vector<std::string>{line(1), line(2) + "{\"id\""},
                                       Status::error(Code::io, "broken disk")));
    auto source = open({"a"}, failing);
    const Source::Poll poll = read(*source);
    EXPECT_EQ(records.size(), 2u);
    EXPECT_EQ(poll.state, Source::State::failed);
    EXPECT_EQ(poll.status.code, Code::io);
    EXPECT_EQ(poll.status.message, "broken disk");
}

TEST_F(FileSourceTest, ATruncatedArchiveFailsAfterItsRecords) {
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += line(i);
    for (const auto& [name, stored] : {std::pair{"a.gz", gzip(text)}, {"a.zst", zstd(text)}}) {
        files.put(name, stored.substr(0, stored.size() - 5));
        auto source = open({name});
        const Source::Poll poll = read(*source);
        EXPECT_EQ(poll.state, Source::State::failed);
        EXPECT_NE(poll.status.message.find(name), std::string::npos) << poll.status.message;
        EXPECT_NE(poll.status.message.find("end too early"), std::string::npos)
            << poll.status.message;
    }
}

TEST_F(FileSourceTest, AnyBatchSizeReadsTheWholeFileOnce) {
    std::string text;
    for (int i = 0; i < 3000; ++i) text += line(i) + (i % 7 == 0 ? "\n" : "");
    files.put("a", text);
    for (const uint32_t capacity : {1u, 2u, 999u, 65'536u}) {
        auto source = open({"a"});
        read(*source, INT64_MAX, capacity);
        ASSERT_EQ(records.size(), 3000u);
        for (size_t i = 0; i < records.size(); ++i) {
            ASSERT_EQ(records[i].number, i);
            ASSERT_EQ(records[i].time_us, static_cast<int64_t>(i));
        }
    }
}

TEST_F(FileSourceTest, MemoryDoesNotGrowWithABlankOrEndlessLine) {
    options.record_bytes_max = 1000;
    for (const char filler : {' ', 'x'}) {
        files.feed("pipe", "");
        auto source = open({"pipe"});
        RecordBatch batch(config_of(options), 16);
        for (int i = 0; i < 200; ++i) {
            files.feed("pipe", std::string(100'000, filler));
            batch.clear();
            source->poll(batch, INT64_MAX);
            ASSERT_LE(batch.bytes.size(), size_t{1} << 20);
        }
        files.feed("pipe", "\n" + line(1));
        files.end_feed("pipe");
        read(*source);
        ASSERT_EQ(records.size(), 1u);
        EXPECT_EQ(records[0].number, 1u);  // The long line was the first, blank or not.
        EXPECT_EQ(records[0].time_us, 1);
        ASSERT_TRUE(files.remove("pipe").ok());
    }
}

// The real stream of tests/data: its damage is known.
TEST_F(FileSourceTest, TheCommitsAreReadAsTheOracleReadsThem) {
    options = {};
    options.partition = "project";
    options.id.field = "id";
    options.time.field = "time";
    options.key = {{"project", FieldType::text}, {"area", FieldType::text}};
    options.values = {{"files", 0}, {"insertions", 0}, {"deletions", 0}};
    const std::string archive = TROMMEL_TEST_DATA "/commits.ndjson.gz";
    auto source = open({archive}, real_file_system());
    ASSERT_NE(source, nullptr) << status.message;
    EXPECT_EQ(read(*source, INT64_MAX, 4096).state, Source::State::ended);
    ASSERT_EQ(records.size(), 117'798u);
    std::map<std::string, int> corrupt;
    for (const DecodedRecord& record : records) {
        if (record.corrupt()) ++corrupt[record.detail];
    }
    EXPECT_EQ(corrupt, (std::map<std::string, int>{{"field 'id': missing", 14},
                                                   {"field 'insertions': not a number", 14},
                                                   {"field 'time': not an RFC 3339 time", 14},
                                                   {"not valid JSON", 15},
                                                   {"not valid UTF-8", 14}}));
    const std::vector<DecodedRecord> of_archive = std::move(records);

    // The same from a plain file and a Zstandard one, in other cuts.
    std::string text;
    for (const DecodedRecord& record : of_archive) text += record.raw + "\n";
    files.put("plain", text);
    files.put("a.zst", zstd(text));
    for (const char* name : {"plain", "a.zst"}) {
        source = open({name});
        read(*source, INT64_MAX, 1001);
        EXPECT_TRUE(records == of_archive) << name;
    }
}

}  // namespace
}  // namespace trommel::net
