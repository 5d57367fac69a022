#pragma once
#include <cstdint>

#include "kernels/rules/host_device.h"

namespace trommel::rules {

// Divides towards minus infinity. Precondition: divisor > 0.
TROMMEL_HD constexpr int64_t floor_div(int64_t dividend, int64_t divisor) {
    const int64_t quotient = dividend / divisor;
    return dividend % divisor < 0 ? quotient - 1 : quotient;
}

static_assert(floor_div(7, 2) == 3 && floor_div(-7, 2) == -4 && floor_div(-8, 2) == -4);
static_assert(floor_div(0, 5) == 0 && floor_div(-1, 5) == -1 && floor_div(4, 5) == 0);
static_assert(floor_div(-1, INT64_MAX) == -1 && floor_div(INT64_MIN, 1) == INT64_MIN);

}  // namespace trommel::rules
