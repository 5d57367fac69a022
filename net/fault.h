#pragma once
#include <cstddef>
#include <cstdint>

namespace trommel::net {

// Why a field cannot be read as declared (contract E5, T6).
enum class Fault : uint8_t {
    none,
    missing,
    null,
    not_a_string,
    not_a_number,  // Another JSON type.
    not_plain,     // A number with an exponent, a leading zero or sign, or no number at all.
    too_many_digits,
    out_of_range,
    not_an_unsigned_integer,
    not_a_uuid,
    not_hex,
    not_rfc3339,
    lone_surrogate,
    after_max_time,
    after_max_future,
    name_too_long,
    too_many_partitions,
};
inline constexpr size_t kFaults = 17;

constexpr const char* to_text(Fault fault) {
    constexpr const char* kTexts[kFaults] = {
        "",
        "missing",
        "null",
        "not a string",
        "not a number",
        "not a plain decimal number",
        "more fraction digits than declared",
        "out of range",
        "not an unsigned integer",
        "not a UUID",
        "not 1 to 32 hexadecimal digits",
        "not an RFC 3339 time",
        "a lone surrogate",
        "later than max_time",
        "further ahead of the clock than max_future",
        "longer than a partition's name may be",
        "one partition more than there may be",
    };
    return kTexts[static_cast<size_t>(fault)];
}

}  // namespace trommel::net
