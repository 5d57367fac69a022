#pragma once
#include <cstdint>

#include "trommel/config.h"
#include "trommel/int128.h"

#include "kernels/rules/host_device.h"

// The aggregates (contract W3) as lift, combine and finish. Each combine is associative and
// commutative and has the identity named beside it, so that partial results of panes, shards and
// batches may be combined in any order and grouping. Sums are 128 bits wide: 2^64 events of 64 bits
// cannot overflow.
namespace trommel::rules {

inline constexpr int64_t kMinIdentity = INT64_MAX;
inline constexpr int64_t kMaxIdentity = INT64_MIN;
TROMMEL_HD constexpr uint64_t combine_count(uint64_t a, uint64_t b) {
    return a + b;
}
TROMMEL_HD constexpr int128 combine_sum(int128 a, int128 b) {
    return a + b;
}
TROMMEL_HD constexpr int64_t combine_min(int64_t a, int64_t b) {
    return b < a ? b : a;
}
TROMMEL_HD constexpr int64_t combine_max(int64_t a, int64_t b) {
    return b > a ? b : a;
}
static_assert(combine_min(INT64_MIN, kMinIdentity) == INT64_MIN &&
              combine_max(-3, kMaxIdentity) == -3);
static_assert(combine_sum(combine_sum(INT64_MAX, INT64_MAX), 2) == int128{1} << 64);

// A value and when it was. `first` is the least (time, value), `last` the greatest: the value
// decides between events of one time, so that the order of arrival never does.
struct Stamped {
    int64_t time_us;
    int64_t value;

    constexpr bool operator==(const Stamped&) const = default;
};
inline constexpr Stamped kFirstIdentity = {INT64_MAX, INT64_MAX};
inline constexpr Stamped kLastIdentity = {INT64_MIN, INT64_MIN};
TROMMEL_HD constexpr bool is_before(Stamped a, Stamped b) {
    return a.time_us < b.time_us || (a.time_us == b.time_us && a.value < b.value);
}
TROMMEL_HD constexpr Stamped combine_first(Stamped a, Stamped b) {
    return is_before(b, a) ? b : a;
}
TROMMEL_HD constexpr Stamped combine_last(Stamped a, Stamped b) {
    return is_before(a, b) ? b : a;
}
static_assert(combine_first({1, 9}, {2, 3}) == Stamped{1, 9});
static_assert(combine_first({1, 9}, {1, 3}) == Stamped{1, 3});  // Equal times: the value decides.
static_assert(combine_last({1, 9}, {1, 3}) == Stamped{1, 9});
static_assert(combine_last({INT64_MIN, INT64_MIN}, kLastIdentity) == kLastIdentity);

// Words whose unsigned order is that of the values, or the reverse: for those who can only make a
// word smaller. The least word of several values is their minimum (their first, word by word), the
// least reversed one their maximum (their last); all ones is what any other word replaces.
TROMMEL_HD constexpr uint64_t order_word(int64_t value, bool reversed) {
    constexpr uint64_t kTop = uint64_t{1} << 63;
    return static_cast<uint64_t>(value) ^ (reversed ? ~kTop : kTop);
}
TROMMEL_HD constexpr int64_t value_of_word(uint64_t word, bool reversed) {
    return static_cast<int64_t>(order_word(static_cast<int64_t>(word), reversed));
}
inline constexpr uint64_t kLeastIdentity = ~uint64_t{0};
static_assert(order_word(-1, false) < order_word(0, false) &&
              order_word(-1, true) > order_word(0, true));
static_assert(order_word(kMinIdentity, false) == kLeastIdentity &&
              order_word(kMaxIdentity, true) == kLeastIdentity);
static_assert(order_word(kFirstIdentity.time_us, false) == kLeastIdentity &&
              order_word(kLastIdentity.value, true) == kLeastIdentity);
static_assert(value_of_word(order_word(-5, true), true) == -5 &&
              value_of_word(order_word(INT64_MIN, false), false) == INT64_MIN);

TROMMEL_HD constexpr int128 power_of_ten(int exponent) {
    int128 power = 1;
    for (int i = 0; i < exponent; ++i) power *= 10;
    return power;
}

// sum / count as an integer scaled by 10^digits, rounded half to even. The sum is scaled by
// 10^value_digits. The quotient is taken first, so that nothing overflows: |sum / count| <= 2^63, a
// remainder is below count <= 2^64, and 10^18 < 2^60.
// Precondition: count > 0; digits and value_digits are 0 to 18; sum is that of `count` int64
// values.
TROMMEL_HD constexpr int128 finish_avg(int128 sum, uint64_t count, int value_digits, int digits) {
    int128 divisor = count;
    if (value_digits > digits) divisor *= power_of_ten(value_digits - digits);
    int128 quotient = sum / divisor;
    int128 rest = sum % divisor;
    if (rest < 0) {  // Divide with floor, so that the rest is not negative.
        rest += divisor;
        --quotient;
    }
    for (int d = value_digits; d < digits; ++d) {
        quotient = quotient * 10 + rest * 10 / divisor;
        rest = rest * 10 % divisor;
    }
    const int128 twice = 2 * rest;
    const bool up = twice > divisor || (twice == divisor && quotient % 2 != 0);
    return up ? quotient + 1 : quotient;
}
static_assert(finish_avg(7, 2, 0, 0) == 4 && finish_avg(5, 2, 0, 0) == 2);  // 3.5 -> 4, 2.5 -> 2.
static_assert(finish_avg(-7, 2, 0, 0) == -4 && finish_avg(-5, 2, 0, 0) == -2);
static_assert(finish_avg(10, 3, 0, 2) == 333 && finish_avg(20, 3, 0, 2) == 667);
static_assert(finish_avg(-10, 3, 0, 2) == -333 && finish_avg(-1, 3, 0, 0) == 0);
static_assert(finish_avg(125, 1, 2, 1) == 12 && finish_avg(135, 1, 2, 1) == 14);  // 1.25 -> 1.2.
static_assert(finish_avg(INT64_MIN, 1, 0, 18) == int128{INT64_MIN} * power_of_ten(18));
static_assert(finish_avg(int128{INT64_MAX} * INT64_MAX, INT64_MAX, 0, 18) ==
              int128{INT64_MAX} * power_of_ten(18));
static_assert(finish_avg(1, UINT64_MAX, 18, 0) == 0);

}  // namespace trommel::rules
