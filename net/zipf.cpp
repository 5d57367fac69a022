#include "net/zipf.h"

#include <algorithm>
#include <array>
#include <bit>

namespace trommel::net {
namespace {

// log2(x) in 32.32 fixed point, rounded down. x is at least 1. Squaring a number in [1, 2) moves
// the next binary digit of its logarithm before the point.
int64_t log2_fixed(uint64_t x) {
    const int whole = 63 - std::countl_zero(x);
    uint64_t mantissa = x << (63 - whole);  // In [1, 2), 63 fraction bits.
    int64_t result = whole;
    for (int bit = 0; bit < 32; ++bit) {
        const uint128 square = static_cast<uint128>(mantissa) * mantissa >> 63;
        const bool carry = square >> 64 != 0;
        mantissa = static_cast<uint64_t>(carry ? square >> 1 : square);
        result = result * 2 + (carry ? 1 : 0);
    }
    return result;
}

uint64_t square_root(uint128 x) {
    uint64_t root = 0;
    for (int bit = 63; bit >= 0; --bit) {
        const uint64_t larger = root | uint64_t{1} << bit;
        if (static_cast<uint128>(larger) * larger <= x) root = larger;
    }
    return root;
}

// 2^(2^-i) with 62 fraction bits, i from 0 to 32.
std::array<uint64_t, 33> roots_of_two() {
    std::array<uint64_t, 33> roots{uint64_t{1} << 63};
    for (size_t i = 1; i < roots.size(); ++i) {
        roots[i] = square_root(static_cast<uint128>(roots[i - 1]) << 62);
    }
    return roots;
}

// 2^(x / 2^32) with 64 fraction bits; x is below 33 * 2^32.
uint128 exp2_fixed(int64_t x, const std::array<uint64_t, 33>& roots) {
    uint64_t mantissa = uint64_t{1} << 62;
    for (size_t i = 1; i <= 32; ++i) {
        if ((x >> (32 - i) & 1) == 0) continue;
        mantissa = static_cast<uint64_t>(static_cast<uint128>(mantissa) * roots[i] >> 62);
    }
    const int64_t shift = (x >> 32) + 2;
    if (shift >= 0) return static_cast<uint128>(mantissa) << shift;
    return shift <= -64 ? 0 : mantissa >> -shift;
}

}  // namespace

Zipf::Zipf(uint64_t count, double exponent) {
    // A multiplication by a power of two is exact, so this too is the same everywhere.
    const auto exponent_fixed = static_cast<int64_t>(exponent * 65536 + 0.5);
    const std::array<uint64_t, 33> roots = roots_of_two();
    std::vector<uint128> weights;
    for (uint64_t first = 0, width = 0; first < count; first += width) {
        width = std::min(std::max<uint64_t>(1, std::bit_floor(first + 1) >> 7), count - first);
        buckets_.push_back({static_cast<uint32_t>(first), static_cast<uint32_t>(width)});
        // The middle of the bucket, counted from 1, stands for all of it.
        const int64_t middle = log2_fixed(2 * first + width + 1) - (int64_t{1} << 32);
        const auto power = static_cast<int64_t>(static_cast<int128>(middle) * exponent_fixed >> 16);
        weights.push_back(exp2_fixed(log2_fixed(width) - power, roots));
    }
    deal(weights);
}

// Fills the columns: as long as some bucket has less than a column's worth, its column is filled up
// from a bucket that has more.
void Zipf::deal(const std::vector<uint128>& weights) {
    const size_t count = weights.size();
    uint128 total = 0;
    for (const uint128 weight : weights) total += weight;
    int shift = 0;  // Keeps all that follows below 2^128; what it cuts off weighs below 2^-60.
    while (total >> shift >= uint128{1} << 63) ++shift;

    std::vector<uint128> left(count);  // Times `count`, so that a column's worth is their sum.
    uint128 column = 0;
    for (size_t i = 0; i < count; ++i) {
        column += weights[i] >> shift;
        left[i] = (weights[i] >> shift) * count;
    }
    std::vector<uint32_t> less, more;
    for (uint32_t i = 0; i < count; ++i) (left[i] < column ? less : more).push_back(i);
    columns_.resize(count);
    for (uint32_t i = 0; i < count; ++i) columns_[i].other = i;
    while (!less.empty() && !more.empty()) {
        const uint32_t poor = less.back(), rich = more.back();
        less.pop_back();
        columns_[poor] = {static_cast<uint32_t>((left[poor] << 32) / column), rich};
        left[rich] -= column - left[poor];
        if (left[rich] >= column) continue;
        more.pop_back();
        less.push_back(rich);
    }
}

}  // namespace trommel::net
