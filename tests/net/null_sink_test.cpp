#include "net/null_sink.h"

#include <gtest/gtest.h>

namespace trommel::net {
namespace {

TEST(NullSink, TakesEverything) {
    NullSink sink;
    EXPECT_TRUE(sink.open().ok());
    EXPECT_TRUE(sink.write_rows(RowBatch(Config{})).ok());
    EXPECT_TRUE(sink.write_record("x").ok());
    EXPECT_TRUE(sink.flush().ok());
    EXPECT_TRUE(sink.finish().ok());
    sink.abandon();
}

}  // namespace
}  // namespace trommel::net
