#include "net/file_sink.h"

#include <gtest/gtest.h>
#include <map>

#include "tests/kit/power_loss_file_system.h"

namespace trommel::net {
namespace {

// Files in memory, a disk of limited size, and operations that fail on demand.
class MemoryFiles final : public FileSystem {
   public:
    struct Content {
        std::string bytes;
        bool synced = false;
    };
    std::map<std::string, Content> files;
    std::vector<std::string> log;
    size_t disk_bytes = SIZE_MAX;
    std::string failing;  // The operation that fails, as it stands in the log.
    Code failure = Code::io;

    Status note(const std::string& operation) {
        log.push_back(operation);
        return operation == failing ? Status::error(failure, "no luck") : Status{};
    }

    Status open_read(const std::string&, std::unique_ptr<File>&) override {
        return {Code::io, "no"};
    }
    Status open_write(const std::string& path, std::unique_ptr<File>& file) override;
    Status rename(const std::string& from, const std::string& to) override {
        if (Status s = note("rename " + from + " " + to); !s.ok()) return s;
        files[to] = files.at(from);
        files.erase(from);
        return {};
    }
    Status remove(const std::string& path) override {
        files.erase(path);
        return note("remove " + path);
    }
    Status sync_directory_of(const std::string& path) override {
        return note("sync directory of " + path);
    }
    std::vector<std::string> glob(const std::string&) override { return {}; }
};

class MemoryFile final : public File {
   public:
    MemoryFile(MemoryFiles& files, std::string path) : files_(files), path_(std::move(path)) {}
    ~MemoryFile() override { (void)files_.note("close " + path_); }
    ReadResult read(char*, size_t) override { return {}; }
    Status write(const char* bytes, size_t size) override {
        if (Status s = files_.note("write " + path_); !s.ok()) return s;
        auto& content = files_.files[path_];
        const size_t room = files_.disk_bytes - std::min(files_.disk_bytes, content.bytes.size());
        content.bytes.append(bytes, std::min(size, room));
        content.synced = false;
        if (size > room) return {Code::io, "No space left on device"};
        return {};
    }
    Status sync() override {
        files_.files[path_].synced = true;
        return files_.note("sync " + path_);
    }
    uint64_t size() override { return 0; }

   private:
    MemoryFiles& files_;
    std::string path_;
};

Status MemoryFiles::open_write(const std::string& path, std::unique_ptr<File>& file) {
    if (Status s = note("open " + path); !s.ok()) return s;
    files[path] = {};
    file = std::make_unique<MemoryFile>(*this, path);
    return {};
}

Config window_config() {
    Config config;
    config.windows = {{"w", WindowKind::tumbling, 1, 1, 0}};
    config.key = {{"k", FieldType::integer}};
    return config;
}

RowBatch some_rows(size_t count, int64_t first = 0) {
    RowBatch rows(window_config());
    for (size_t i = 0; i < count; ++i) {
        rows.window.push_back(0);
        rows.start_us.push_back(0);
        rows.end_us.push_back(1);
        rows.key_int.push_back(first + static_cast<int64_t>(i));
    }
    return rows;
}

const RowFormatter kCsv{window_config()};

TEST(FileSink, AFileHasItsNameOnlyWhenItIsCompleteAndSynced) {
    MemoryFiles files;
    FileSink sink("out.csv", kCsv, files);
    ASSERT_TRUE(sink.open().ok());
    ASSERT_TRUE(sink.write_rows(some_rows(2)).ok());
    EXPECT_EQ(files.files.count("out.csv"), 0u);
    EXPECT_EQ(files.files.at("out.csv.partial").bytes, "");
    ASSERT_TRUE(sink.flush().ok());
    EXPECT_EQ(files.files.at("out.csv.partial").bytes, "window,start,end,k\nw,0,1,0\nw,0,1,1\n");
    ASSERT_TRUE(sink.write_rows(some_rows(1, 7)).ok());
    ASSERT_TRUE(sink.finish().ok());
    EXPECT_EQ(files.files.at("out.csv").bytes, "window,start,end,k\nw,0,1,0\nw,0,1,1\nw,0,1,7\n");
    EXPECT_TRUE(files.files.at("out.csv").synced);
    EXPECT_EQ(files.files.count("out.csv.partial"), 0u);
    const std::vector<std::string> log{"open out.csv.partial",     "write out.csv.partial",
                                       "write out.csv.partial",    "sync out.csv.partial",
                                       "close out.csv.partial",    "rename out.csv.partial out.csv",
                                       "sync directory of out.csv"};
    EXPECT_EQ(files.log, log);
    sink.abandon();
    EXPECT_EQ(files.log, log);
}

TEST(FileSink, WritesTheHeaderEvenWithoutRows) {
    MemoryFiles files;
    FileSink sink("out.csv", kCsv, files);
    ASSERT_TRUE(sink.open().ok());
    ASSERT_TRUE(sink.finish().ok());
    EXPECT_EQ(files.files.at("out.csv").bytes, "window,start,end,k\n");
}

TEST(FileSink, RecordsAreWrittenAsTheyAre) {
    MemoryFiles files;
    FileSink sink("unique", std::nullopt, files);
    ASSERT_TRUE(sink.open().ok());
    ASSERT_TRUE(sink.write_record("{\"a\": \"\xFF,\"}\r").ok());
    ASSERT_TRUE(sink.write_record("").ok());
    ASSERT_TRUE(sink.write_record(std::string_view("\0", 1)).ok());
    ASSERT_TRUE(sink.finish().ok());
    EXPECT_EQ(files.files.at("unique").bytes, std::string("{\"a\": \"\xFF,\"}\r\n\n\0\n", 16));
}

TEST(FileSink, WithoutRowsAndRecordsTheFileIsEmpty) {
    MemoryFiles files;
    FileSink sink("dead", std::nullopt, files);
    ASSERT_TRUE(sink.open().ok());
    ASSERT_TRUE(sink.finish().ok());
    EXPECT_EQ(files.files.at("dead").bytes, "");
}

TEST(FileSink, AnAbandonedFileKeepsItsRowsInThePartialFileOnly) {
    MemoryFiles files;
    files.files["out.csv"].bytes = "of the last run";
    FileSink sink("out.csv", kCsv, files);
    ASSERT_TRUE(sink.open().ok());
    ASSERT_TRUE(sink.write_rows(some_rows(1)).ok());
    sink.abandon();
    EXPECT_EQ(files.files.at("out.csv").bytes, "of the last run");
    EXPECT_EQ(files.files.at("out.csv.partial").bytes, "window,start,end,k\nw,0,1,0\n");
    EXPECT_EQ(files.log.back(), "close out.csv.partial");
    EXPECT_EQ(sink.write_record("x").code, Code::internal);
    EXPECT_EQ(sink.finish().code, Code::internal);
}

TEST(FileSink, TheBufferIsBoundedAndCutBetweenRows) {
    MemoryFiles files;
    FileSink sink("out.csv", kCsv, files);
    ASSERT_TRUE(sink.open().ok());
    ASSERT_TRUE(sink.write_rows(some_rows(100000)).ok());
    const std::string& bytes = files.files.at("out.csv.partial").bytes;
    EXPECT_GE(bytes.size(), 3 * FileSink::kBufferBytes);
    EXPECT_EQ(bytes.back(), '\n');
    ASSERT_TRUE(sink.finish().ok());
    std::string expected = "window,start,end,k\n";
    for (int i = 0; i < 100000; ++i) expected += "w,0,1," + std::to_string(i) + "\n";
    EXPECT_EQ(files.files.at("out.csv").bytes, expected);
}

TEST(FileSink, AHugeRecordPassesThrough) {
    MemoryFiles files;
    FileSink sink("unique", std::nullopt, files);
    ASSERT_TRUE(sink.open().ok());
    const std::string huge(3 * FileSink::kBufferBytes, 'x');
    ASSERT_TRUE(sink.write_record("before").ok());
    ASSERT_TRUE(sink.write_record(huge).ok());
    ASSERT_TRUE(sink.write_record("after").ok());
    ASSERT_TRUE(sink.finish().ok());
    EXPECT_EQ(files.files.at("unique").bytes, "before\n" + huge + "\nafter\n");
}

TEST(FileSink, AFullDiskIsAnErrorWithPathAndReasonAndLeavesNothingUnderTheFinalName) {
    MemoryFiles files;
    files.disk_bytes = 10;
    FileSink sink("out.csv", kCsv, files);
    ASSERT_TRUE(sink.open().ok());
    ASSERT_TRUE(sink.write_rows(some_rows(1)).ok());
    const Status s = sink.flush();
    EXPECT_EQ(s.code, Code::io);
    EXPECT_EQ(s.message, "cannot write out.csv: No space left on device");
    files.disk_bytes = SIZE_MAX;  // Too late: the error stays, and nothing follows the torn row.
    EXPECT_EQ(sink.write_rows(some_rows(1)).message, s.message);
    EXPECT_EQ(sink.write_record("x").message, s.message);
    EXPECT_EQ(sink.flush().message, s.message);
    EXPECT_EQ(sink.finish().message, s.message);
    sink.abandon();
    EXPECT_EQ(files.files.at("out.csv.partial").bytes, "window,sta");
    EXPECT_EQ(files.files.count("out.csv"), 0u);
}

TEST(FileSink, AnyFailingStepLeavesNothingUnderTheFinalName) {
    for (const std::string step : {"open out.csv.partial", "write out.csv.partial",
                                   "sync out.csv.partial", "rename out.csv.partial out.csv"}) {
        MemoryFiles files;
        files.failing = step;
        FileSink sink("out.csv", kCsv, files);
        Status s = sink.open();
        if (s.ok()) s = sink.finish();
        EXPECT_EQ(s.code, Code::io) << step;
        EXPECT_NE(s.message.find("out.csv"), std::string::npos) << s.message;
        EXPECT_NE(s.message.find("no luck"), std::string::npos) << s.message;
        sink.abandon();
        EXPECT_EQ(files.files.count("out.csv"), 0u) << step;
        EXPECT_EQ(files.log.back() == "close out.csv.partial" || step[0] != 's', true);
    }
}

TEST(FileSink, ANameThatMayNotSurviveAPowerCutIsAnError) {
    MemoryFiles files;
    files.failing = "sync directory of out.csv";
    FileSink sink("out.csv", kCsv, files);
    ASSERT_TRUE(sink.open().ok());
    EXPECT_EQ(sink.finish().code, Code::io);
}

TEST(FileSink, AfterAPowerCutAtAnyStepTheFinalNameHoldsAWholeOutputOrTheLastRuns) {
    std::string whole = "window,start,end,k\n";
    for (int i = 0; i < 30000; ++i) whole += "w,0,1," + std::to_string(i) + "\n";
    uint64_t completed = 0;
    for (uint64_t seed = 1; seed <= 160; ++seed) {
        testkit::PowerLossFileSystem files;
        files.put("out.csv", "old");
        files.fail_operation(1 + seed % 8);  // There are six: open, write (2), sync, rename, sync.
        FileSink sink("out.csv", kCsv, files);
        Status s = sink.open();
        if (s.ok()) s = sink.write_rows(some_rows(30000));
        if (s.ok()) s = sink.finish();
        if (seed % 3 == 0) sink.abandon();
        files.crash_torn(seed);
        const std::string found = files.content("out.csv").value_or("none");
        if (s.ok()) {
            ++completed;
            ASSERT_EQ(found, whole) << seed;
        } else {
            ASSERT_TRUE(found == "old" || found == whole) << seed << ' ' << found.size();
        }
    }
    EXPECT_EQ(completed, 40u);
}

TEST(FileSink, StandardOutputIsWrittenDirectlyAndItsClosingIsToldApart) {
    MemoryFiles files;
    FileSink sink("-", kCsv, files);
    ASSERT_TRUE(sink.open().ok());
    ASSERT_TRUE(sink.write_rows(some_rows(1)).ok());
    ASSERT_TRUE(sink.flush().ok());
    EXPECT_EQ(files.files.at("-").bytes, "window,start,end,k\nw,0,1,0\n");
    files.failing = "write -";
    files.failure = Code::closed;
    ASSERT_TRUE(sink.write_rows(some_rows(1)).ok());
    const Status s = sink.finish();
    EXPECT_EQ(s.code, Code::closed);
    EXPECT_EQ(s.message, "cannot write stdout: no luck");
    EXPECT_EQ(sink.flush().code, Code::closed);
}

TEST(FileSink, DevicesAreNotReplaced) {
    for (const std::string path : {"-", "/dev/null", "/dev/fd/63"}) {
        MemoryFiles files;
        FileSink sink(path, kCsv, files);
        ASSERT_TRUE(sink.open().ok());
        ASSERT_TRUE(sink.finish().ok());
        const std::vector<std::string> log{"open " + path, "write " + path, "sync " + path,
                                           "close " + path};
        EXPECT_EQ(files.log, log);
    }
    MemoryFiles files;
    FileSink sink("/dev/shm/out", kCsv, files);
    ASSERT_TRUE(sink.open().ok());
    EXPECT_EQ(files.log.back(), "open /dev/shm/out.partial");
}

TEST(FileSink, RowsForASinkOfRecordsAreOurMistake) {
    MemoryFiles files;
    FileSink sink("unique", std::nullopt, files);
    EXPECT_EQ(sink.write_record("not open").code, Code::internal);
    ASSERT_TRUE(sink.open().ok());
    EXPECT_EQ(sink.write_rows(some_rows(1)).code, Code::internal);
    sink.abandon();
}

}  // namespace
}  // namespace trommel::net
