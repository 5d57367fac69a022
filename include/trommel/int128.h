#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace trommel {

// Sums are exact (contract E4): 16 columns of int64 over 2^63 events fit in 128 bits.
__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

// Decimal text of `value`; with `digits` > 0 the value is scaled by 10^digits and printed with
// exactly that many fraction digits: (-1234, 2) is "-12.34". digits is 0 to 18.
inline std::string to_text(int128 value, int digits = 0) {
    char text[64];
    char* at = text + sizeof text;
    const bool negative = value < 0;
    uint128 rest =
        negative ? uint128{0} - static_cast<uint128>(value) : static_cast<uint128>(value);
    for (int written = 0; rest != 0 || written <= digits; ++written) {
        if (written == digits && digits > 0) *--at = '.';
        *--at = static_cast<char>('0' + static_cast<int>(rest % 10));
        rest /= 10;
    }
    if (negative) *--at = '-';
    return {at, static_cast<size_t>(text + sizeof text - at)};
}

}  // namespace trommel
