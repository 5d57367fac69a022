#include "net/number_text.h"

#include <gtest/gtest.h>
#include <random>

namespace trommel::net {
namespace {

TEST(Numbers, FastAndSlowPathPrintTheSame) {
    const auto text = [](int128 value, int digits) {
        std::string out;
        append_decimal(out, value, digits);
        return out;
    };
    std::mt19937_64 random(7);
    for (int i = 0; i < 20000; ++i) {
        int128 value = static_cast<int128>(static_cast<int64_t>(random()));
        value >>= random() % 64;
        if (i % 2 == 1) value *= static_cast<int64_t>(random()) >> random() % 64;
        const int digits = static_cast<int>(random() % 19);
        ASSERT_EQ(text(value, digits), to_text(value, digits));
    }
    for (const int64_t edge : {INT64_MIN, INT64_MAX, int64_t{0}, int64_t{-1}, int64_t{10}}) {
        for (int digits = 0; digits <= 18; ++digits) {
            for (int more = -1; more <= 1; ++more) {
                const int128 value = static_cast<int128>(edge) + more;
                EXPECT_EQ(text(value, digits), to_text(value, digits));
            }
        }
    }
    EXPECT_EQ(text(INT64_MIN, 18), "-9.223372036854775808");
}

}  // namespace
}  // namespace trommel::net
