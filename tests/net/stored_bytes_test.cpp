#include "net/stored_bytes.h"

#include <gtest/gtest.h>

#include "tests/net/scripted_file.h"

namespace trommel::net {
namespace {

TEST(StoredBytes, AreTakenInOrderAndCounted) {
    StoredBytes stored(std::make_unique<ScriptedFile>(std::vector<std::string>{"abc", "", "de"}));
    EXPECT_TRUE(stored.empty());
    EXPECT_EQ(stored.refill().kind, File::Read::bytes);
    EXPECT_EQ(std::string(stored.data(), stored.size()), "abc");
    stored.take(2);
    EXPECT_EQ(std::string(stored.data(), stored.size()), "c");
    stored.take(1);
    EXPECT_TRUE(stored.empty());
    EXPECT_EQ(stored.refill().kind, File::Read::nothing_yet);
    EXPECT_TRUE(stored.empty());
    EXPECT_EQ(stored.refill().bytes, 2u);
    EXPECT_EQ(stored.bytes_read(), 5u);
    stored.take(2);
    EXPECT_EQ(stored.refill().kind, File::Read::end);
    EXPECT_EQ(stored.bytes_read(), 5u);
}

}  // namespace
}  // namespace trommel::net
