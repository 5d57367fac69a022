#include "net/descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace trommel::net {
namespace {

bool is_open(int number) {
    return fcntl(number, F_GETFD) >= 0;
}

TEST(Descriptor, IsClosedOnceByItsLastOwner) {
    int number = -1;
    {
        Descriptor first(open("/dev/null", O_RDONLY));
        ASSERT_TRUE(first.is_open());
        number = first.get();
        Descriptor second(std::move(first));
        EXPECT_FALSE(first.is_open());
        EXPECT_TRUE(is_open(number));
        Descriptor third;
        third = std::move(second);
        EXPECT_EQ(third.get(), number);
        EXPECT_TRUE(is_open(number));
    }
    EXPECT_FALSE(is_open(number));
}

TEST(Descriptor, ANewOneTakesThePlaceOfTheOld) {
    Descriptor one(open("/dev/null", O_RDONLY));
    const int old = one.get();
    one = Descriptor(open("/dev/null", O_WRONLY));
    EXPECT_FALSE(is_open(old) && one.get() != old);
    EXPECT_TRUE(is_open(one.get()));
    one.reset();
    EXPECT_FALSE(one.is_open());
}

}  // namespace
}  // namespace trommel::net
