#pragma once
#include <cstdint>
#include <string_view>

#include "trommel/int128.h"

#include "net/fault.h"

// Numbers as records carry them. All of the text must be the number: no spaces, no '+', no leading
// zeros, no exponent. One strict form means that no two readers disagree about a value.
namespace trommel::net {

// -?(0|[1-9][0-9]*)(\.[0-9]+)? with at most `digits` fraction digits (0 to 18), times 10^digits.
// A zero at the end is a digit like any other: "1.50" has two.
Fault parse_decimal(std::string_view text, int digits, int64_t& value);

// 0|[1-9][0-9]*
Fault parse_u64(std::string_view text, uint64_t& value);
Fault parse_u128(std::string_view text, uint128& value);

// 32 hexadecimal digits of either case, bare or cut 8-4-4-4-12 by dashes.
Fault parse_uuid(std::string_view text, uint128& value);

// 1 to 32 hexadecimal digits of either case, the most significant first: "ff" is 255.
Fault parse_hex(std::string_view text, uint128& value);

// RFC 8259's grammar of a number.
bool is_json_number(std::string_view text);

}  // namespace trommel::net
