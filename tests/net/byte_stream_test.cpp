#include "net/byte_stream.h"

#include <gtest/gtest.h>

#include "tests/net/compressed_bytes.h"

namespace trommel::net {
namespace {

TEST(ByteStream, TheNameDecidesTheFormat) {
    Status failure;
    EXPECT_EQ(read_stream("a.gz", {gzip("text")}, 10, failure), "text");
    EXPECT_EQ(read_stream("a.zst", {zstd("text")}, 10, failure), "text");
    EXPECT_EQ(read_stream("a.gz.ndjson", {"te", "", "xt"}, 10, failure), "text");
    EXPECT_EQ(read_stream("gz", {"text"}, 1, failure), "text");
    EXPECT_TRUE(failure.ok());
}

TEST(ByteStream, BytesReadAreThoseOfTheFileAsStored) {
    const std::string stored = gzip(std::string(100'000, 'x'));
    for (const bool compressed : {true, false}) {
        std::unique_ptr<ByteStream> stream;
        auto file = std::make_unique<ScriptedFile>(std::vector<std::string>{stored});
        ASSERT_TRUE(make_byte_stream(compressed ? "a.gz" : "a", std::move(file), stream).ok());
        std::string buffer(200'000, '\0');
        while (stream->read(buffer.data(), buffer.size()).kind == File::Read::bytes) {
        }
        EXPECT_EQ(stream->bytes_read(), stored.size());
    }
}

TEST(ByteStream, FailuresOfTheFileArePassedOn) {
    for (const char* name : {"a", "a.gz", "a.zst"}) {
        std::unique_ptr<ByteStream> stream;
        auto file = std::make_unique<ScriptedFile>(std::vector<std::string>{},
                                                   Status::error(Code::io, "disk on fire"));
        ASSERT_TRUE(make_byte_stream(name, std::move(file), stream).ok());
        char byte = 0;
        const File::ReadResult result = stream->read(&byte, 1);
        EXPECT_EQ(result.kind, File::Read::failed);
        EXPECT_EQ(result.status.message, "disk on fire");
    }
}

}  // namespace
}  // namespace trommel::net
