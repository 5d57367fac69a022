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

}  // namespace

Fault parse_decimal(std::string_view text, int digits, int64_t& value) {
    const NumberParts parts = take_apart(text);
    if (!parts.valid || parts.exponent) return Fault::not_plain;
    if (parts.fraction > static_cast<size_t>(digits)) return Fault::too_many_digits;

    const bool negative = text[0] == '-';
    size_t at = negative ? 1 : 0;
    uint64_t magnitude = 0;
    if (!take_digits(text, at, magnitude)) return Fault::out_of_range;
    ++at;  // The point, if there is one.
    if (parts.fraction > 0 && !take_digits(text, at, magnitude)) return Fault::out_of_range;
    for (size_t d = parts.fraction; d < static_cast<size_t>(digits); ++d) {
        if (magnitude > UINT64_MAX / 10) return Fault::out_of_range;
        magnitude *= 10;
    }
    const uint64_t limit = uint64_t{INT64_MAX} + (negative ? 1 : 0);
    if (magnitude > limit) return Fault::out_of_range;
    value = static_cast<int64_t>(negative ? uint64_t{0} - magnitude : magnitude);
    return Fault::none;
}

Fault parse_u64(std::string_view text, uint64_t& value) {
    return parse_unsigned(text, value);
}
Fault parse_u128(std::string_view text, uint128& value) {
    return parse_unsigned(text, value);
}

Fault parse_uuid(std::string_view text, uint128& value) {
    uint128 parsed = 0;
    if (text.size() == 32) {
        if (!append_hex(text, parsed)) return Fault::not_a_uuid;
        value = parsed;
        return Fault::none;
    }
    if (text.size() != 36) return Fault::not_a_uuid;
    size_t at = 0;
    for (const size_t group : {8U, 4U, 4U, 4U, 12U}) {
        if (at > 0 && text[at++] != '-') return Fault::not_a_uuid;
        if (!append_hex(text.substr(at, group), parsed)) return Fault::not_a_uuid;
        at += group;
    }
    value = parsed;
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
