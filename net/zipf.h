#pragma once
#include <cstdint>
#include <vector>

#include "trommel/int128.h"

namespace trommel::net {

// Draws ranks 0 to count-1 so that rank r comes with a weight of 1 / (r+1)^exponent; exponent 0 is
// uniform. All in integers: the same draws give the same ranks on every machine.
//
// Ranks are dealt into buckets that are one rank wide up to rank 256 and at most 1/128 of the rank
// further on: 3,400 of them for 2^32 ranks (54 KiB, where a table of all ranks would leave the
// cache). Within a bucket ranks are equally likely, which is off by at most 0.4 % per unit of the
// exponent. A bucket is drawn in constant time by the alias method (Walker 1977, Vose 1991).
class Zipf {
   public:
    static constexpr uint64_t kCountMax = uint64_t{1} << 32;
    static constexpr double kExponentMax = 8;

    // `count` is 1 to kCountMax, `exponent` 0 to kExponentMax; it is rounded to 1/65536.
    Zipf(uint64_t count, double exponent);

    // The rank that two independent, uniform draws choose.
    uint64_t rank(uint64_t draw, uint64_t draw_within) const {
        const uint64_t column = (draw >> 32) * columns_.size() >> 32;
        const Column& at = columns_[column];
        const Bucket bucket =
            buckets_[static_cast<uint32_t>(draw) < at.own_share ? column : at.other];
        return bucket.first + ((draw_within >> 32) * bucket.width >> 32);
    }

   private:
    struct Bucket {
        uint32_t first = 0, width = 0;
    };
    // Each column has the same weight: own_share / 2^32 of it is its own bucket's, the rest
    // another's.
    struct Column {
        uint32_t own_share = 0, other = 0;
    };
    void deal(const std::vector<uint128>& weights);

    std::vector<Bucket> buckets_;
    std::vector<Column> columns_;
};

}  // namespace trommel::net
