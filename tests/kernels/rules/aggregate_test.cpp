#include "kernels/rules/aggregate.h"

#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace trommel::rules {
namespace {

// Few different values, so that ties happen, and the ends of the range.
int64_t draw(std::mt19937_64& random) {
    constexpr int64_t kEnds[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
    return random() % 2 == 0 ? kEnds[random() % 7] : static_cast<int64_t>(random() % 5);
}

template <typename Draw, typename Combine, typename T>
void expect_commutative_monoid(Draw draw_one, Combine combine, T identity) {
    std::mt19937_64 random(11);
    for (int i = 0; i < 20'000; ++i) {
        const T a = draw_one(random), b = draw_one(random), c = draw_one(random);
        ASSERT_TRUE(combine(a, b) == combine(b, a));
        ASSERT_TRUE(combine(combine(a, b), c) == combine(a, combine(b, c)));
        ASSERT_TRUE(combine(a, identity) == a);
    }
}

TEST(AggregateRule, EveryCombineIsAssociativeAndCommutativeAndHasAnIdentity) {
    const auto stamped = [](std::mt19937_64& random) {
        return Stamped{draw(random), draw(random)};
    };
    expect_commutative_monoid([](std::mt19937_64& r) { return uint64_t{r() % 9}; }, combine_count,
                              uint64_t{0});
    expect_commutative_monoid([](std::mt19937_64& r) { return int128{draw(r)}; }, combine_sum,
                              int128{0});
    expect_commutative_monoid(draw, combine_min, kMinIdentity);
    expect_commutative_monoid(draw, combine_max, kMaxIdentity);
    expect_commutative_monoid(stamped, combine_first, kFirstIdentity);
    expect_commutative_monoid(stamped, combine_last, kLastIdentity);
}

TEST(AggregateRule, FirstAndLastBreakTiesByValue) {
    EXPECT_EQ(combine_first({5, 2}, {5, 1}), (Stamped{5, 1}));
    EXPECT_EQ(combine_last({5, 2}, {5, 1}), (Stamped{5, 2}));
    EXPECT_EQ(combine_first({4, 9}, {5, 1}), (Stamped{4, 9}));
    EXPECT_EQ(combine_last({4, 9}, {5, 1}), (Stamped{5, 1}));
}

TEST(AggregateRule, AvgIsTheNearestAndOfTwoTheEven) {
    std::mt19937_64 random(13);
    for (int i = 0; i < 50'000; ++i) {
        const int64_t sum = static_cast<int64_t>(random() % 20'001) - 10'000;
        const auto count = random() % 60 + 1;
        const int value_digits = static_cast<int>(random() % 4),
                  digits = static_cast<int>(random() % 6);
        const int128 average = finish_avg(sum, count, value_digits, digits);
        // average / 10^digits against sum / 10^value_digits / count, over one denominator.
        const int128 unit = power_of_ten(value_digits) * static_cast<int128>(count);
        const int128 off = average * unit - sum * power_of_ten(digits);
        const int128 distance = 2 * (off < 0 ? -off : off);
        ASSERT_TRUE(distance < unit || (distance == unit && average % 2 == 0))
            << sum << " / " << count << ", digits " << value_digits << " to " << digits;
    }
}

TEST(AggregateRule, AvgHoldsAtTheEndsOfItsRange) {
    const int128 most = int128{INT64_MAX} * power_of_ten(18);
    EXPECT_TRUE(finish_avg(INT64_MAX, 1, 0, 18) == most);
    // 2^63 events of INT64_MIN, the largest sum that 64-bit counts of real runs can see.
    const int128 sum = int128{INT64_MIN} << 63;
    EXPECT_TRUE(finish_avg(sum, uint64_t{1} << 63, 0, 18) == int128{INT64_MIN} * power_of_ten(18));
    EXPECT_TRUE(finish_avg(sum, uint64_t{1} << 63, 18, 0) == -9);
    EXPECT_TRUE(finish_avg(-1, UINT64_MAX, 0, 18) == 0);
}

}  // namespace
}  // namespace trommel::rules
