#include "kernels/rules/assert.h"

#include <cstdio>
#include <gtest/gtest.h>

namespace trommel {
namespace {

void say(const char* condition, const char*, int) {
    std::fprintf(stderr, "<%s>", condition);
}

TEST(AssertDeathTest, FailedConditionEndsTheProcess) {
    EXPECT_DEATH(TROMMEL_ASSERT(1 == 2), "");
}

TEST(AssertDeathTest, HandlerHearsTheConditionFirst) {
    EXPECT_DEATH(
        {
            set_assert_handler(say);
            TROMMEL_ASSERT(1 == 2);
        },
        "<1 == 2>");
}

TEST(Assert, HeldConditionDoesNothing) {
    set_assert_handler(say);
    TROMMEL_ASSERT(1 == 1);
    set_assert_handler(nullptr);
}

#if defined(TROMMEL_DEBUG)
TEST(AssertDeathTest, DebugCheckEndsTheProcessInDebugBuilds) {
    EXPECT_DEATH(TROMMEL_DCHECK(1 == 2), "");
}
#endif

}  // namespace
}  // namespace trommel
