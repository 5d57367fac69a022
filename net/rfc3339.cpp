#include "net/rfc3339.h"

#include <array>
#include <cstddef>

namespace trommel::net {
namespace {

// Two digits as a number. Anything else sets `bad`, so that a whole time is checked by one branch.
int two_digits(const char* at, unsigned& bad) {
    const unsigned tens = static_cast<unsigned>(at[0] - '0');
    const unsigned ones = static_cast<unsigned>(at[1] - '0');
    bad |= static_cast<unsigned>(tens > 9) | static_cast<unsigned>(ones > 9);
    return static_cast<int>(tens * 10 + ones);
}

// Days from 1970-01-01 to a date of the years 1 to 9999; false when there is no such date.
bool days_since_epoch(int year, int month, int day, int64_t& days) {
    constexpr std::array<int, 13> kDaysBefore = {0,   31,  59,  90,  120, 151, 181,
                                                 212, 243, 273, 304, 334, 365};
    constexpr int kDaysBefore1970 = 719162;  // From 0001-01-01.
    if (year < 1 || month < 1 || month > 12 || day < 1) return false;
    const auto m = static_cast<size_t>(month);
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > kDaysBefore[m] - kDaysBefore[m - 1] + (leap && month == 2 ? 1 : 0)) return false;
    const int past = year - 1;
    days = past * 365 + past / 4 - past / 100 + past / 400 + kDaysBefore[m - 1] +
           (leap && month > 2 ? 1 : 0) + day - 1 - kDaysBefore1970;
    return true;
}

// ".d" to ".dddddd" at `text[at]`, which it moves past, in microseconds.
bool take_fraction(std::string_view text, size_t& at, int& us) {
    int scale = 100'000;
    const size_t first = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
        if (scale == 0) return false;
        us += (text[at] - '0') * scale;
        scale /= 10;
    }
    return at > first;
}

bool take_offset(std::string_view text, size_t at, int& minutes) {
    if (at + 1 == text.size()) return text[at] == 'Z' || text[at] == 'z';
    if (at + 6 != text.size() || text[at + 3] != ':') return false;
    if (text[at] != '+' && text[at] != '-') return false;
    unsigned bad = 0;
    minutes = two_digits(&text[at + 1], bad) * 60 + two_digits(&text[at + 4], bad);
    if (text[at] == '-') minutes = -minutes;
    return bad == 0;
}

}  // namespace

bool parse_rfc3339(std::string_view text, int64_t& time_us) {
    if (text.size() < 20) return false;
    const char* const t = text.data();
    unsigned bad = 0;
    const int year = two_digits(t, bad) * 100 + two_digits(t + 2, bad);
    const int month = two_digits(t + 5, bad);
    const int day = two_digits(t + 8, bad);
    const int hour = two_digits(t + 11, bad);
    const int minute = two_digits(t + 14, bad);
    const int second = two_digits(t + 17, bad);
    if (bad != 0 || t[4] != '-' || t[7] != '-' || t[13] != ':' || t[16] != ':') return false;
    if (t[10] != 'T' && t[10] != 't' && t[10] != ' ') return false;
    if (hour > 23 || minute > 59 || second > 59) return false;
    int64_t days = 0;
    if (!days_since_epoch(year, month, day, days)) return false;

    size_t at = 19;
    int fraction_us = 0;
    if (t[at] == '.' && !take_fraction(text, at, fraction_us)) return false;
    int offset_minutes = 0;
    if (at >= text.size() || !take_offset(text, at, offset_minutes)) return false;

    const int64_t minutes = days * 1440 + hour * 60 + minute - offset_minutes;
    time_us = (minutes * 60 + second) * 1'000'000 + fraction_us;
    return true;
}

}  // namespace trommel::net
