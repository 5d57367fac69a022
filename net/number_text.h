#pragma once
#include <charconv>
#include <cstdint>
#include <string>

#include "trommel/int128.h"

// Numbers into a buffer, without allocation where 64 bits hold them. Formatting rows is all about
// this.
namespace trommel::net {

inline void append_number(std::string& out, int64_t value) {
    char text[20];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

inline void append_number(std::string& out, uint64_t value) {
    char text[20];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

// `value` is scaled by 10^digits and printed with exactly that many fraction digits, 0 to 18.
inline void append_decimal(std::string& out, int128 value, int digits) {
    if (value < INT64_MIN || value > INT64_MAX) {
        out += trommel::to_text(value, digits);
        return;
    }
    const auto small = static_cast<int64_t>(value);
    if (digits == 0) {
        append_number(out, small);
        return;
    }
    uint64_t scale = 1;
    for (int i = 0; i < digits; ++i) scale *= 10;
    const uint64_t size =
        small < 0 ? 0 - static_cast<uint64_t>(small) : static_cast<uint64_t>(small);
    if (small < 0) out += '-';
    append_number(out, size / scale);
    char text[20];  // The fraction behind a 1 that keeps its zeros; the point takes the 1's place.
    char* const end = std::to_chars(text, text + sizeof text, size % scale + scale).ptr;
    text[0] = '.';
    out.append(text, end);
}

}  // namespace trommel::net
