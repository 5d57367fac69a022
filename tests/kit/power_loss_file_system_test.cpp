#include "tests/kit/power_loss_file_system.h"

#include <gtest/gtest.h>
#include <set>

namespace trommel::testkit {
namespace {

class PowerLoss : public testing::Test {
   protected:
    // Writes a file, syncing its contents and its name as told.
    void write(const std::string& path, const std::string& bytes, bool sync, bool sync_name) {
        std::unique_ptr<File> file;
        ASSERT_TRUE(system_.open_write(path, file).ok());
        ASSERT_TRUE(file->write(bytes.data(), bytes.size()).ok());
        ASSERT_TRUE(!sync || file->sync().ok());
        ASSERT_TRUE(!sync_name || system_.sync_directory_of(path).ok());
    }
    std::string read(const std::string& path) {
        std::unique_ptr<File> file;
        if (!system_.open_read(path, file).ok()) return "(none)";
        std::string bytes;
        char buffer[3];
        for (;;) {
            const File::ReadResult result = file->read(buffer, sizeof buffer);
            if (result.kind == File::Read::nothing_yet) return bytes + "...";
            if (result.kind != File::Read::bytes) return bytes;
            bytes.append(buffer, result.bytes);
        }
    }

    PowerLossFileSystem system_;
};

TEST_F(PowerLoss, AFileCanBeReadAsItWasWritten) {
    write("d/a", "hello", false, false);
    EXPECT_EQ(read("d/a"), "hello");
    EXPECT_EQ(system_.content("d/a"), "hello");
    std::unique_ptr<File> file;
    EXPECT_EQ(system_.open_read("d/b", file).code, Code::no_input);
}

TEST_F(PowerLoss, OnlyContentAndNameTogetherOutliveACrash) {
    write("d/neither", "x", false, false);
    write("d/both", "x", true, true);
    write("e/content", "x", true, false);
    write("f/name", "x", false, true);
    system_.crash();
    EXPECT_EQ(system_.paths(), std::vector<std::string>({"d/both", "d/neither", "f/name"}));
    EXPECT_EQ(read("d/both"), "x");
    EXPECT_EQ(read("d/neither"), "");  // The directory was synced after it, for the other file.
    EXPECT_EQ(read("f/name"), "");
}

TEST_F(PowerLoss, ARenameIsDurableOnlyAfterItsDirectory) {
    write("d/tmp", "new", true, true);
    system_.put("d/final", "old");
    ASSERT_TRUE(system_.rename("d/tmp", "d/final").ok());
    EXPECT_EQ(read("d/final"), "new");
    EXPECT_EQ(read("d/tmp"), "(none)");
    system_.crash();
    EXPECT_EQ(read("d/final"), "old");
    EXPECT_EQ(read("d/tmp"), "new");
    ASSERT_TRUE(system_.rename("d/tmp", "d/final").ok());
    ASSERT_TRUE(system_.sync_directory_of("d/other").ok());
    system_.crash();
    EXPECT_EQ(read("d/final"), "new");
    EXPECT_EQ(read("d/tmp"), "(none)");
}

TEST_F(PowerLoss, RemovedFilesComeBackUnlessTheDirectoryWasSynced) {
    system_.put("a", "1");
    ASSERT_TRUE(system_.remove("a").ok());
    EXPECT_EQ(read("a"), "(none)");
    system_.crash();
    EXPECT_EQ(read("a"), "1");
    ASSERT_TRUE(system_.remove("a").ok());
    ASSERT_TRUE(system_.sync_directory_of("a").ok());
    system_.crash();
    EXPECT_EQ(read("a"), "(none)");
    EXPECT_FALSE(system_.remove("a").ok());
    EXPECT_FALSE(system_.rename("a", "b").ok());
}

TEST_F(PowerLoss, TruncationIsUndoneByACrash) {
    system_.put("a", "old content");
    write("a", "new", false, true);
    EXPECT_EQ(read("a"), "new");
    system_.crash();
    EXPECT_EQ(read("a"), "old content");
}

TEST_F(PowerLoss, OpenFilesAreDeadAfterACrash) {
    std::unique_ptr<File> file;
    ASSERT_TRUE(system_.open_write("a", file).ok());
    system_.crash();
    char byte = 'x';
    EXPECT_EQ(file->write(&byte, 1).code, Code::io);
    EXPECT_EQ(file->sync().code, Code::io);
    EXPECT_EQ(file->read(&byte, 1).kind, File::Read::failed);
}

TEST_F(PowerLoss, TornContentsAreOldOrAPrefixOrZeros) {
    std::set<std::string> seen;
    for (uint64_t seed = 0; seed < 200; ++seed) {
        system_.put("a", "old");
        write("a", "ABCD", false, false);
        system_.crash_torn(seed);
        seen.insert(read("a"));
    }
    EXPECT_TRUE(seen.contains("old"));
    EXPECT_TRUE(seen.contains(""));
    EXPECT_TRUE(seen.contains("AB"));
    EXPECT_TRUE(seen.contains("ABCD"));
    EXPECT_TRUE(seen.contains(std::string("A\0\0\0", 4)));
    EXPECT_EQ(seen.size(), 10u);  // 5 prefixes, 4 of them with zeros, and the old one.
}

TEST_F(PowerLoss, TornNamesAreOldOrNewButSyncedOnesStay) {
    std::set<std::string> seen;
    for (uint64_t seed = 0; seed < 100; ++seed) {
        system_.put("final", "old");
        write("tmp", "new", true, false);
        ASSERT_TRUE(system_.rename("tmp", "final").ok());
        system_.crash_torn(seed);
        seen.insert(read("final"));
        system_.put("final", "old");
        write("tmp", "new", true, false);
        ASSERT_TRUE(system_.rename("tmp", "final").ok());
        ASSERT_TRUE(system_.sync_directory_of("final").ok());
        system_.crash_torn(seed);
        ASSERT_EQ(read("final"), "new");
    }
    EXPECT_EQ(seen, std::set<std::string>({"old", "new"}));
}

TEST_F(PowerLoss, TheSameSeedTearsInTheSameWay) {
    PowerLossFileSystem other;
    for (PowerLossFileSystem* system : {&system_, &other}) {
        std::unique_ptr<File> file;
        for (const char* path : {"a", "b", "c"}) {
            ASSERT_TRUE(system->open_write(path, file).ok());
            ASSERT_TRUE(file->write("content", 7).ok());
        }
        system->crash_torn(5);
    }
    EXPECT_EQ(system_.paths(), other.paths());
    for (const std::string& path : system_.paths()) {
        EXPECT_EQ(system_.content(path), other.content(path));
    }
}

TEST_F(PowerLoss, TheToldOperationFailsOnce) {
    std::unique_ptr<File> file;
    system_.fail_operation(2, PowerLossFileSystem::Failure::no_space);
    ASSERT_TRUE(system_.open_write("a", file).ok());
    const Status status = file->write("1234", 4);
    EXPECT_EQ(status.code, Code::io);
    EXPECT_NE(status.message.find("no space"), std::string::npos);
    EXPECT_EQ(read("a"), "12");
    EXPECT_TRUE(file->write("5", 1).ok());
    EXPECT_EQ(system_.operations(), 3u);
    for (uint64_t number = 4; number <= 6; ++number) {
        system_.fail_operation(number);
        Status failed;
        if (number == 4) failed = system_.rename("a", "b");
        if (number == 5) failed = system_.remove("a");
        if (number == 6) failed = system_.sync_directory_of("a");
        EXPECT_EQ(failed.code, Code::io);
    }
    EXPECT_EQ(read("a"), "125");
    system_.crash();
    EXPECT_EQ(read("a"), "(none)");
}

TEST_F(PowerLoss, AfterAFailedSyncTheBytesAreLostWhateverALaterSyncSays) {
    std::unique_ptr<File> file;
    ASSERT_TRUE(system_.open_write("a", file).ok());
    ASSERT_TRUE(file->write("x", 1).ok());
    system_.fail_operation(3);
    EXPECT_EQ(file->sync().code, Code::io);
    EXPECT_TRUE(file->sync().ok());
    EXPECT_TRUE(system_.sync_directory_of("a").ok());
    system_.crash();
    EXPECT_EQ(read("a"), "");
}

TEST_F(PowerLoss, GlobMatchesWithinADirectoryInByteOrder) {
    for (const char* path : {"d/b.csv", "d/a.csv", "d/A.csv", "d/.c.csv", "d/e/f.csv", "d/x.txt"}) {
        system_.put(path, "");
    }
    EXPECT_EQ(system_.glob("d/*.csv"), std::vector<std::string>({"d/A.csv", "d/a.csv", "d/b.csv"}));
    EXPECT_TRUE(system_.glob("d/*.gz").empty());
}

TEST_F(PowerLoss, AFifoHasNothingYetUntilItEnds) {
    system_.feed("-", "abc");
    EXPECT_EQ(read("-"), "abc...");
    std::unique_ptr<File> file;
    ASSERT_TRUE(system_.open_read("-", file).ok());
    EXPECT_EQ(file->size(), 0u);
    system_.feed("-", "d");
    system_.end_feed("-");
    EXPECT_EQ(read("-"), "abcd");
}

}  // namespace
}  // namespace trommel::testkit
