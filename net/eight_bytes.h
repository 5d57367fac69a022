#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

// What decoders do to more than one character at a time, on any processor: eight characters of text
// in one integer, the first in its lowest byte, or sixteen in a vector.
namespace trommel::net {

static_assert(std::endian::native == std::endian::little, "the first byte is the lowest");

inline constexpr uint64_t kEachByte = 0x0101'0101'0101'0101;
inline constexpr uint64_t kEachHighBit = 0x80 * kEachByte;

// Eight bytes are readable at `text`.
inline uint64_t load_eight(const char* text) {
    uint64_t eight;
    std::memcpy(&eight, text, sizeof eight);
    return eight;
}

// How many bytes stand before the first one of `marks`, in which the lowest high bit that is set is
// the first mark's; 8 when there is none.
inline size_t bytes_before(uint64_t marks) {
    return static_cast<size_t>(std::countr_zero(marks)) / 8;
}

// Marks the first byte that is `c` (and perhaps some behind it).
constexpr uint64_t mark_equal(uint64_t eight, char c) {
    const uint64_t zeros = eight ^ (static_cast<uint8_t>(c) * kEachByte);
    return (zeros - kEachByte) & ~zeros & kEachHighBit;
}

// Digits as their values. A byte that is no digit has a value above 9.
constexpr uint64_t digit_values(uint64_t eight) {
    return eight ^ ('0' * kEachByte);
}
// Marks the first byte whose value is above 9 (and perhaps some behind it).
constexpr uint64_t mark_no_digit(uint64_t values) {
    return ((values + (0x7F - 9) * kEachByte) | values) & kEachHighBit;
}

// The number that eight digits are, given their values: neighbours become pairs, pairs fours.
constexpr uint64_t number_of_digits(uint64_t values) {
    constexpr uint64_t kFirstOfFour = 0x0000'00FF'0000'00FF;
    const uint64_t pairs = values * 10 + (values >> 8);
    const uint64_t upper = (pairs & kFirstOfFour) * (uint64_t{1'000'000} << 32 | 100);
    const uint64_t lower = (pairs >> 16 & kFirstOfFour) * (uint64_t{10'000} << 32 | 1);
    return (upper + lower) >> 32;
}

// Sixteen bytes side by side: compilers have instructions for them, or make do with several.
using Sixteen = uint8_t __attribute__((vector_size(16)));

// Sixteen bytes are readable at `text`.
inline Sixteen load_sixteen(const char* text) {
    Sixteen bytes;
    std::memcpy(&bytes, text, sizeof bytes);
    return bytes;
}

inline bool has_high_bit(Sixteen bytes) {
    using Halves = uint64_t __attribute__((vector_size(16)));
    const auto halves = reinterpret_cast<Halves>(bytes);
    return ((halves[0] | halves[1]) & kEachHighBit) != 0;
}

// The number that sixteen hexadecimal digits of either case are. False when one is not.
inline bool number_of_hex(Sixteen text, uint64_t& number) {
    const Sixteen digit = text - '0';
    const Sixteen letter = (text | 0x20) - 'a';
    const auto is_digit = reinterpret_cast<Sixteen>(digit < 10);
    const auto is_letter = reinterpret_cast<Sixteen>(letter < 6);
    const Sixteen nibbles = (digit & is_digit) | ((letter + 10) & is_letter);

    // Of each pair the first is the higher one, and of all pairs the first is the highest.
    using Pairs = uint16_t __attribute__((vector_size(16)));
    using Bytes = uint8_t __attribute__((vector_size(8)));
    const auto pairs = reinterpret_cast<Pairs>(nibbles);
    const Bytes bytes = __builtin_convertvector((pairs << 4 | pairs >> 8) & 0xFF, Bytes);
    uint64_t first_lowest;
    std::memcpy(&first_lowest, &bytes, sizeof first_lowest);
    number = __builtin_bswap64(first_lowest);
    return !has_high_bit(~(is_digit | is_letter));
}

}  // namespace trommel::net
