#include "net/gzip_stream.h"

#include <gtest/gtest.h>

#include "tests/net/compressed_bytes.h"

namespace trommel::net {
namespace {

const CompressedFormat kGzip{"a.gz", gzip, "the gzip data end too early"};

TEST(GzipStream, ReadsAllMembersHoweverTheyAreCut) {
    expect_reads_any_cut(kGzip);
}
TEST(GzipStream, TruncationIsAFailureAtEveryPlace) {
    expect_truncation_is_told(kGzip);
}

TEST(GzipStream, WhatCameBeforeTheDamageIsRead) {
    const std::string text = some_text();
    std::string stored = gzip(text);
    stored[stored.size() - 6] = static_cast<char>(stored[stored.size() - 6] ^ 1);  // The checksum.
    Status failure;
    EXPECT_EQ(read_stream("a.gz", {stored}, 4096, failure), text);
    EXPECT_EQ(failure.message, "cannot read a.gz: damaged gzip data");
}

TEST(GzipStream, OnlyZerosMayFollowAMember) {
    Status failure;
    EXPECT_EQ(read_stream("a.gz", {gzip("x") + std::string(1000, '\0')}, 10, failure), "x");
    EXPECT_TRUE(failure.ok()) << failure.message;
    EXPECT_EQ(read_stream("a.gz", {gzip("x") + std::string(9, '\0') + gzip("y")}, 10, failure),
              "xy");
    EXPECT_TRUE(failure.ok()) << failure.message;
    EXPECT_EQ(read_stream("a.gz", {gzip("x") + "junk"}, 10, failure), "x");
    EXPECT_FALSE(failure.ok());
    read_stream("a.gz", {"{\"plain\":1}\n"}, 10, failure);
    EXPECT_EQ(failure.message, "cannot read a.gz: damaged gzip data");
}

}  // namespace
}  // namespace trommel::net
