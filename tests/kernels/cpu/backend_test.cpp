#include "kernels/cpu/backend.h"

#include <gtest/gtest.h>

namespace trommel::cpu {
namespace {

TEST(Backend, WhatIsUsedUpIsSaidWithItsSizeAndWaysOut) {
    const Status status = used_up({"ids", 1000, 7, 5, "on_full: refuse"});
    EXPECT_EQ(status.code, Code::memory_full);
    EXPECT_EQ(status.message,
              "the memory for ids is used up: 1000 bytes of this shard, 7 ids and 5 keys live; it "
              "needs about twice engine.memory to go on, or on_full: refuse");
    EXPECT_NE(used_up({"keys", 1, 7, {}, ""}).message.find("shard, 7 ids live; it needs"),
              std::string::npos);
}

}  // namespace
}  // namespace trommel::cpu
