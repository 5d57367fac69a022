#pragma once
#include <cstdint>
#include <string_view>

namespace trommel::net {

// The date of the time that was read before: mostly that of the next one, too.
struct Rfc3339Date {
    uint64_t year_month = 0;  // Its text, "2013-10-",
    uint16_t day = 0;         // and "04".
    int64_t days = 0;         // Since 1970-01-01.
};

// "2013-10-04T19:12:26.5+02:00" to microseconds since 1970-01-01T00:00:00Z. False when `text` is
// not exactly one time: a date of the years 0001 to 9999 that exists, 'T', 't' or a space, a time
// up to 23:59:59 (no leap seconds), at most six fraction digits, and 'Z', 'z' or a numeric offset.
bool parse_rfc3339(std::string_view text, int64_t& time_us, Rfc3339Date& last);

inline bool parse_rfc3339(std::string_view text, int64_t& time_us) {
    Rfc3339Date none;
    return parse_rfc3339(text, time_us, none);
}

}  // namespace trommel::net
