#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "trommel/int128.h"

#include "net/eight_bytes.h"
#include "net/fault.h"

// Numbers as records carry them. All of the text must be the number: no spaces, no '+', no leading
// zeros, no exponent. One strict form means that no two readers disagree about a value.
namespace trommel::net {

// -?(0|[1-9][0-9]*)(\.[0-9]+)? with at most `digits` fraction digits (0 to 18), times 10^digits.
// A zero at the end is a digit like any other: "1.50" has two.
Fault parse_decimal(std::string_view text, int digits, int64_t& value);

// The same in two steps, for whoever does not know yet where the number ends.
struct PlainNumber {
    uint64_t digits = 0;    // All of them, as one integer,
    uint32_t fraction = 0;  // of which so many stand behind the point.
    uint32_t size = 0;      // Bytes of its text; 0: there is none, or its digits do not fit.
    bool negative = false;
};
// The number at the start of `text`. What follows it is not looked at. Precondition: kPaddingBytes
// are readable behind the text.
inline PlainNumber read_plain_number(const char* text);
inline Fault scale_number(const PlainNumber& number, int digits, int64_t& value);

// 0|[1-9][0-9]*
Fault parse_u64(std::string_view text, uint64_t& value);
Fault parse_u128(std::string_view text, uint128& value);

// 32 hexadecimal digits of either case, bare or cut 8-4-4-4-12 by dashes.
Fault parse_uuid(std::string_view text, uint128& value);

// 1 to 32 hexadecimal digits of either case, the most significant first: "ff" is 255.
Fault parse_hex(std::string_view text, uint128& value);

// RFC 8259's grammar of a number.
bool is_json_number(std::string_view text);

// read_plain_number() for what is not usual.
PlainNumber read_long_number(const char* text);

inline constexpr std::array<uint64_t, 20> kPowersOfTen = [] {
    std::array<uint64_t, 20> powers{};
    uint64_t power = 1;
    for (uint64_t& slot : powers) {
        slot = power;
        power *= 10;
    }
    return powers;
}();

// Usual are one to seven digits before the point, and as many behind it.
inline PlainNumber read_plain_number(const char* text) {
    PlainNumber number;
    number.negative = *text == '-';
    const char* const first = text + (number.negative ? 1 : 0);
    const uint64_t whole = digit_values(load_eight(first));
    const size_t whole_digits = bytes_before(mark_no_digit(whole));
    const bool usual = whole_digits - 1 < 7 && (*first != '0' || whole_digits == 1);
    if (!usual) return read_long_number(text);
    number.digits = number_of_digits(whole << (8 - whole_digits) * 8);
    const char* end = first + whole_digits;
    if (*end == '.') {
        const uint64_t part = digit_values(load_eight(end + 1));
        const size_t digits = bytes_before(mark_no_digit(part));
        if (digits - 1 >= 7) return read_long_number(text);
        number.digits =
            number.digits * kPowersOfTen[digits] + number_of_digits(part << (8 - digits) * 8);
        number.fraction = static_cast<uint32_t>(digits);
        end += 1 + digits;
    }
    number.size = static_cast<uint32_t>(end - text);
    return number;
}

inline Fault scale_number(const PlainNumber& number, int digits, int64_t& value) {
    const auto wanted = static_cast<uint32_t>(digits);
    if (number.fraction > wanted) return Fault::too_many_digits;
    uint64_t magnitude = 0;
    if (__builtin_mul_overflow(number.digits, kPowersOfTen[wanted - number.fraction], &magnitude)) {
        return Fault::out_of_range;
    }
    if (magnitude > uint64_t{INT64_MAX} + (number.negative ? 1 : 0)) return Fault::out_of_range;
    value = static_cast<int64_t>(number.negative ? uint64_t{0} - magnitude : magnitude);
    return Fault::none;
}

}  // namespace trommel::net
