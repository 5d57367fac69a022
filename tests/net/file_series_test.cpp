#include "net/file_series.h"

#include <gtest/gtest.h>

#include "tests/kit/power_loss_file_system.h"

namespace trommel::net {
namespace {

std::string all_of(FileSeries& series) {
    std::string text;
    do {
        std::unique_ptr<ByteStream> stream;
        EXPECT_TRUE(series.begin(stream).ok());
        char bytes[64];
        for (File::ReadResult read; (read = stream->read(bytes, sizeof bytes)).bytes > 0;) {
            text.append(bytes, read.bytes);
        }
    } while (series.next());
    return text;
}

TEST(FileSeries, FilesFollowEachOtherInTheOrderOfTheirPaths) {
    testkit::PowerLossFileSystem files;
    files.put("b", "first, ");
    files.put("a", "second");
    FileSeries series({"b", "a"}, files);
    ASSERT_TRUE(series.open().ok());
    EXPECT_EQ(series.name(), "b and 1 more");
    EXPECT_EQ(series.bytes_total(), 13u);
    EXPECT_FALSE(series.has_pipe());
    EXPECT_EQ(all_of(series), "first, second");
    EXPECT_EQ(series.display_path(), "a");
}

TEST(FileSeries, AMissingFileIsToldBeforeWorkBegins) {
    testkit::PowerLossFileSystem files;
    files.put("a", "text");
    FileSeries series({"a", "b"}, files);
    EXPECT_FALSE(series.open().ok());
}

TEST(FileSeries, WithStandardInputNobodyKnowsHowMuchThereIs) {
    testkit::PowerLossFileSystem files;
    files.put("-", "");  // Of no size, as a pipe.
    files.put("a", "text");
    FileSeries series({"-", "a"}, files);
    ASSERT_TRUE(series.open().ok());
    EXPECT_EQ(series.name(), "stdin and 1 more");
    EXPECT_TRUE(series.has_pipe());
    EXPECT_EQ(series.bytes_total(), 0u);
    EXPECT_EQ(series.display_path(), "stdin");
    EXPECT_EQ(all_of(series), "text");
}

}  // namespace
}  // namespace trommel::net
