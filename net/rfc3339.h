#pragma once
#include <cstdint>
#include <string_view>

namespace trommel::net {

// "2013-10-04T19:12:26.5+02:00" to microseconds since 1970-01-01T00:00:00Z. False when `text` is
// not exactly one time: a date of the years 0001 to 9999 that exists, 'T', 't' or a space, a time
// up to 23:59:59 (no leap seconds), at most six fraction digits, and 'Z', 'z' or a numeric offset.
bool parse_rfc3339(std::string_view text, int64_t& time_us);

}  // namespace trommel::net
