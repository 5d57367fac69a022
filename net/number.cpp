#include "net/number.h"

#include <array>

namespace trommel::net {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// The digits at `text[at]`, which it moves past. False when they do not fit.
template <class Unsigned>
bool take_digits(std::string_view text, size_t& at, Unsigned& value) {
    constexpr Unsigned kMax = static_cast<Unsigned>(~Unsigned{0});
    for (; at < text.size() && is_digit(text[at]); ++at) {
        const auto digit = static_cast<Unsigned>(text[at] - '0');
        if (value > kMax / 10 || (value == kMax / 10 && digit > kMax % 10)) return false;
        value = value * 10 + digit;
    }
    return true;
}

template <class Unsigned>
Fault parse_unsigned(std::string_view text, Unsigned& value) {
    for (const char c : text) {
        if (!is_digit(c)) return Fault::not_an_unsigned_integer;
    }
    if (text.empty() || (text[0] == '0' && text.size() > 1)) return Fault::not_an_unsigned_integer;
    size_t at = 0;
    Unsigned parsed = 0;
    if (!take_digits(text, at, parsed)) return Fault::out_of_range;
    value = parsed;
    return Fault::none;
}

// What RFC 8259's grammar of a number makes of a text.
struct NumberParts {
    size_t fraction = 0;  // Fraction digits.
    bool exponent = false;
    bool valid = false;
};

NumberParts take_apart(std::string_view text) {
    NumberParts parts;
    size_t at = 0;
    const auto digits = [&] {
        const size_t from = at;
        while (at < text.size() && is_digit(text[at])) ++at;
        return at - from;
    };
    if (at < text.size() && text[at] == '-') ++at;
    const size_t first = at;
    const size_t whole = digits();
    if (whole == 0 || (text[first] == '0' && whole > 1)) return parts;
    if (at < text.size() && text[at] == '.') {
        ++at;
        parts.fraction = digits();
        if (parts.fraction == 0) return parts;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        parts.exponent = true;
        ++at;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
        if (digits() == 0) return parts;
    }
    parts.valid = at == text.size();
    return parts;
}

constexpr std::array<int8_t, 256> kHexDigits = [] {
    std::array<int8_t, 256> values{};
    values.fill(-1);
    for (int i = 0; i < 10; ++i) values[static_cast<size_t>('0' + i)] = static_cast<int8_t>(i);
    for (int i = 0; i < 6; ++i) {
        values[static_cast<size_t>('a' + i)] = static_cast<int8_t>(10 + i);
        values[static_cast<size_t>('A' + i)] = static_cast<int8_t>(10 + i);
    }
    return values;
}();

bool append_hex(std::string_view text, uint128& value) {
    for (const char c : text) {
        const int digit = kHexDigits[static_cast<uint8_t>(c)];
        if (digit < 0) return false;
        value = value << 4 | static_cast<unsigned>(digit);
    }
    return true;
}

// The digits at `text`, eight at a time, are appended to `value`. Returns how many they are; 0 when
// there are none, or they do not fit, or they are so many that not all are zeros.
size_t append_digits(const char* text, uint64_t& value) {
    for (size_t count = 0; count < 24; count += 8) {
        const uint64_t values = digit_values(load_eight(text + count));
        const size_t digits = bytes_before(mark_no_digit(values));
        if (digits == 0) return count;
        const uint64_t appended = number_of_digits(values << (8 - digits) * 8);
        if (__builtin_mul_overflow(value, kPowersOfTen[digits], &value) ||
            __builtin_add_overflow(value, appended, &value)) {
            return 0;
        }
        if (digits < 8) return count + digits;
    }
    return 0;
}

Sixteen join(uint64_t first, uint64_t second) {
    using Halves = uint64_t __attribute__((vector_size(16)));
    return reinterpret_cast<Sixteen>(Halves{first, second});
}

}  // namespace

PlainNumber read_long_number(const char* text) {
    PlainNumber number;
    number.negative = *text == '-';
    const char* const first = text + (number.negative ? 1 : 0);
    const size_t whole = append_digits(first, number.digits);
    if (whole == 0 || (*first == '0' && whole > 1)) return {};
    const char* end = first + whole;
    if (*end == '.') {
        const size_t fraction = append_digits(end + 1, number.digits);
        if (fraction == 0) return {};
        number.fraction = static_cast<uint32_t>(fraction);
        end += 1 + fraction;
    }
    number.size = static_cast<uint32_t>(end - text);
    return number;
}

Fault parse_decimal(std::string_view text, int digits, int64_t& value) {
    const NumberParts parts = take_apart(text);
    if (!parts.valid || parts.exponent) return Fault::not_plain;
    if (parts.fraction > static_cast<size_t>(digits)) return Fault::too_many_digits;

    PlainNumber number;
    number.fraction = static_cast<uint32_t>(parts.fraction);
    number.negative = text[0] == '-';
    size_t at = number.negative ? 1 : 0;
    if (!take_digits(text, at, number.digits)) return Fault::out_of_range;
    ++at;  // The point, if there is one.
    if (parts.fraction > 0 && !take_digits(text, at, number.digits)) return Fault::out_of_range;
    return scale_number(number, digits, value);
}

Fault parse_u64(std::string_view text, uint64_t& value) {
    return parse_unsigned(text, value);
}
Fault parse_u128(std::string_view text, uint128& value) {
    return parse_unsigned(text, value);
}

Fault parse_uuid(std::string_view text, uint128& value) {
    const char* const t = text.data();
    Sixteen first, second;
    if (text.size() == 36) {
        if (t[8] != '-' || t[13] != '-' || t[18] != '-' || t[23] != '-') return Fault::not_a_uuid;
        constexpr uint64_t kFour = 0xFFFF'FFFF;
        first = join(load_eight(t), (load_eight(t + 9) & kFour) | load_eight(t + 14) << 32);
        second = join((load_eight(t + 19) & kFour) | load_eight(t + 24) << 32, load_eight(t + 28));
    } else if (text.size() == 32) {
        first = load_sixteen(t);
        second = load_sixteen(t + 16);
    } else {
        return Fault::not_a_uuid;
    }
    uint64_t high = 0, low = 0;
    const bool is_hex = number_of_hex(first, high) && number_of_hex(second, low);
    if (!is_hex) return Fault::not_a_uuid;
    value = uint128{high} << 64 | low;
    return Fault::none;
}

Fault parse_hex(std::string_view text, uint128& value) {
    uint128 parsed = 0;
    if (text.empty() || text.size() > 32 || !append_hex(text, parsed)) return Fault::not_hex;
    value = parsed;
    return Fault::none;
}

bool is_json_number(std::string_view text) {
    return take_apart(text).valid;
}

}  // namespace trommel::net
