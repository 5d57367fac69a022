#include "net/fault.h"

#include <gtest/gtest.h>
#include <set>
#include <string>

namespace trommel::net {
namespace {

TEST(Fault, EachHasATextOfItsOwn) {
    std::set<std::string> texts;
    for (size_t i = 0; i < kFaults; ++i) texts.insert(to_text(static_cast<Fault>(i)));
    EXPECT_EQ(texts.size(), kFaults);
    EXPECT_STREQ(to_text(Fault::none), "");
    EXPECT_EQ(static_cast<size_t>(Fault::too_many_partitions), kFaults - 1);
}

}  // namespace
}  // namespace trommel::net
