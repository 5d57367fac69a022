#include "net/zstd_stream.h"

#include <gtest/gtest.h>

#include "tests/net/compressed_bytes.h"

namespace trommel::net {
namespace {

const CompressedFormat kZstd{"a.zst", zstd, "the Zstandard data end too early"};

TEST(ZstdStream, ReadsAllFramesHoweverTheyAreCut) {
    expect_reads_any_cut(kZstd);
}
TEST(ZstdStream, TruncationIsAFailureAtEveryPlace) {
    expect_truncation_is_told(kZstd);
}

TEST(ZstdStream, DamageIsAFailure) {
    Status failure;
    EXPECT_EQ(read_stream("a.zst", {zstd("x") + "junk"}, 10, failure), "x");
    EXPECT_TRUE(failure.message.starts_with("cannot read a.zst: ")) << failure.message;
    read_stream("a.zst", {"{\"plain\":1}\n"}, 10, failure);
    EXPECT_EQ(failure.code, Code::io);
}

}  // namespace
}  // namespace trommel::net
