#pragma once
#include <cstddef>
#include <cstdint>

namespace trommel::testkit {

// The same numbers from the same seed with every compiler and library (unlike <random>'s
// distributions). splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators".
class Random {
   public:
    explicit Random(uint64_t seed) : state_(seed) {}

    uint64_t next() {
        uint64_t z = state_ += 0x9E3779B97F4A7C15u;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
    }

    // 0 to bound-1. The bias is below bound / 2^64. Precondition: bound > 0.
    uint64_t below(uint64_t bound) { return next() % bound; }
    // least to greatest, both possible. Precondition: their distance is below 2^63.
    int64_t between(int64_t least, int64_t greatest) {
        return least + static_cast<int64_t>(below(static_cast<uint64_t>(greatest - least) + 1));
    }
    // True once in `n` times.
    bool one_in(uint64_t n) { return below(n) == 0; }

    template <typename Container>
    const auto& pick(const Container& from) {
        return from[static_cast<size_t>(below(from.size()))];
    }

   private:
    uint64_t state_;
};

}  // namespace trommel::testkit
