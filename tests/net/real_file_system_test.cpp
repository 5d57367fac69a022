#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "trommel/file_system.h"

#include "tests/kit/temporary_directory.h"

namespace trommel {
namespace {

class RealFileSystemTest : public testing::Test {
   protected:
    void write(const std::string& path, const std::string& bytes) {
        std::unique_ptr<File> file;
        ASSERT_TRUE(files.open_write(path, file).ok());
        ASSERT_TRUE(file->write(bytes.data(), bytes.size()).ok());
        ASSERT_TRUE(file->sync().ok());
    }
    std::string read(const std::string& path) {
        std::unique_ptr<File> file;
        const Status status = files.open_read(path, file);
        EXPECT_TRUE(status.ok()) << status.message;
        std::string all;
        char buffer[10];
        while (status.ok()) {
            const File::ReadResult result = file->read(buffer, sizeof buffer);
            if (result.kind != File::Read::bytes) break;
            all.append(buffer, result.bytes);
        }
        return all;
    }

    FileSystem& files = real_file_system();
    testkit::TemporaryDirectory directory;
};

TEST_F(RealFileSystemTest, WhatIsWrittenIsRead) {
    const std::string path = directory.file("a");
    const std::string bytes = "some bytes\n" + std::string(1, '\0') + "\xFF";
    write(path, bytes);
    EXPECT_EQ(read(path), bytes);
    std::unique_ptr<File> file;
    ASSERT_TRUE(files.open_read(path, file).ok());
    EXPECT_EQ(file->size(), bytes.size());
    write(path, "shorter");
    EXPECT_EQ(read(path), "shorter");
    write(path, "");
    EXPECT_EQ(read(path), "");
}

TEST_F(RealFileSystemTest, RenamingReplacesAndRemovingRemoves) {
    write(directory.file("a"), "new");
    write(directory.file("b"), "old");
    EXPECT_TRUE(files.rename(directory.file("a"), directory.file("b")).ok());
    EXPECT_TRUE(files.sync_directory_of(directory.file("b")).ok());
    EXPECT_EQ(read(directory.file("b")), "new");
    EXPECT_TRUE(files.remove(directory.file("b")).ok());
    std::unique_ptr<File> file;
    EXPECT_FALSE(files.open_read(directory.file("b"), file).ok());
}

TEST_F(RealFileSystemTest, MessagesSayWhatWhereAndWhy) {
    std::unique_ptr<File> file;
    const std::string gone = directory.file("gone");
    Status status = files.open_read(gone, file);
    EXPECT_EQ(status.code, Code::no_input);
    EXPECT_EQ(status.message, "cannot open " + gone + ": No such file or directory");
    status = files.open_read(directory.path(), file);
    EXPECT_EQ(status.code, Code::no_input);
    EXPECT_EQ(status.message, "cannot open " + directory.path() + ": Is a directory");
    status = files.open_write(gone + "/deeper", file);
    EXPECT_EQ(status.code, Code::io);
    EXPECT_EQ(status.message, "cannot create " + gone + "/deeper: No such file or directory");
    EXPECT_EQ(files.rename(gone, gone + "2").code, Code::io);
    EXPECT_EQ(files.remove(gone).code, Code::io);
    EXPECT_EQ(files.sync_directory_of(gone + "/deeper").code, Code::io);
}

TEST_F(RealFileSystemTest, AFullDiskIsAnError) {
    std::unique_ptr<File> file;
    if (!files.open_write("/dev/full", file).ok()) GTEST_SKIP() << "no /dev/full here";
    const Status status = file->write("x", 1);
    EXPECT_EQ(status.code, Code::io);
    EXPECT_EQ(status.message, "cannot write /dev/full: No space left on device");
}

TEST_F(RealFileSystemTest, GlobbedPathsAreSortedByBytes) {
    for (const char* name : {"b1", "a2", "B3", "c"}) write(directory.file(name), "");
    const std::vector<std::string> found = files.glob(directory.file("*[0-9]"));
    EXPECT_EQ(found, (std::vector<std::string>{directory.file("B3"), directory.file("a2"),
                                               directory.file("b1")}));
    EXPECT_TRUE(files.glob(directory.file("*.none")).empty());
}

TEST_F(RealFileSystemTest, AFifoIsNeverWaitedFor) {
    const std::string path = directory.file("fifo");
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    std::unique_ptr<File> file;
    ASSERT_TRUE(files.open_read(path, file).ok());
    char buffer[100];
    // No writer has come yet: that is not the end.
    EXPECT_EQ(file->read(buffer, sizeof buffer).kind, File::Read::nothing_yet);
    EXPECT_EQ(file->size(), 0u);

    const int writer = open(path.c_str(), O_WRONLY);
    ASSERT_GE(writer, 0);
    EXPECT_EQ(file->read(buffer, sizeof buffer).kind, File::Read::nothing_yet);
    ASSERT_EQ(::write(writer, "abc", 3), 3);
    File::ReadResult result = file->read(buffer, sizeof buffer);
    EXPECT_EQ(result.kind, File::Read::bytes);
    EXPECT_EQ(result.bytes, 3u);
    EXPECT_EQ(file->read(buffer, sizeof buffer).kind, File::Read::nothing_yet);
    ASSERT_EQ(::write(writer, "de", 2), 2);
    close(writer);
    EXPECT_EQ(file->read(buffer, sizeof buffer).bytes, 2u);
    EXPECT_EQ(file->read(buffer, sizeof buffer).kind, File::Read::end);
}

TEST_F(RealFileSystemTest, AReaderThatWentAwayIsToldApart) {
    const std::string path = directory.file("fifo");
    ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
    const int reader = open(path.c_str(), O_RDONLY | O_NONBLOCK);
    ASSERT_GE(reader, 0);
    std::unique_ptr<File> file;
    ASSERT_TRUE(files.open_write(path, file).ok());
    EXPECT_TRUE(file->write("x", 1).ok());
    EXPECT_TRUE(file->sync().ok());
    close(reader);
    const auto before = signal(SIGPIPE, SIG_IGN);  // As a program that uses the library does.
    EXPECT_EQ(file->write("x", 1).code, Code::closed);
    signal(SIGPIPE, before);
}

// Puts a pipe where standard input is while it lives.
class PipeAsStandardInput {
   public:
    PipeAsStandardInput() : before_(dup(STDIN_FILENO)) {
        int ends[2] = {-1, -1};
        EXPECT_EQ(pipe(ends), 0);
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        writer_ = ends[1];
    }
    ~PipeAsStandardInput() {
        close_writer();
        if (before_ >= 0) {
            dup2(before_, STDIN_FILENO);
            close(before_);
        }
    }
    PipeAsStandardInput(const PipeAsStandardInput&) = delete;
    PipeAsStandardInput& operator=(const PipeAsStandardInput&) = delete;

    int writer() const { return writer_; }
    void close_writer() {
        if (writer_ >= 0) close(writer_);
        writer_ = -1;
    }

   private:
    const int before_;
    int writer_ = -1;
};

TEST_F(RealFileSystemTest, StandardInputIsNeverWaitedForAndStaysAsItIs) {
    PipeAsStandardInput input;
    char buffer[100];
    {
        std::unique_ptr<File> file;
        ASSERT_TRUE(files.open_read("-", file).ok());
        EXPECT_EQ(file->read(buffer, sizeof buffer).kind, File::Read::nothing_yet);
        ASSERT_EQ(::write(input.writer(), "abc", 3), 3);
        EXPECT_EQ(file->read(buffer, sizeof buffer).bytes, 3u);
        EXPECT_EQ(file->read(buffer, sizeof buffer).kind, File::Read::nothing_yet);
    }
    // Not closed with the file, and blocking as before: other programs may share it.
    EXPECT_EQ(fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK, 0);
    std::unique_ptr<File> file;
    ASSERT_TRUE(files.open_read("-", file).ok());
    input.close_writer();
    EXPECT_EQ(file->read(buffer, sizeof buffer).kind, File::Read::end);
}

}  // namespace
}  // namespace trommel
