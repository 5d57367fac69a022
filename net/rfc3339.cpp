#include "net/rfc3339.h"

#include <array>
#include <cstddef>
#include <cstring>

#include "net/eight_bytes.h"

namespace trommel::net {
namespace {

// Two digits as a number. Anything else sets `bad`, so that a whole time is checked by one branch.
int two_digits(const char* at, unsigned& bad) {
    const unsigned tens = static_cast<unsigned>(at[0] - '0');
    const unsigned ones = static_cast<unsigned>(at[1] - '0');
    bad |= static_cast<unsigned>(tens > 9) | static_cast<unsigned>(ones > 9);
    return static_cast<int>(tens * 10 + ones);
}

constexpr uint64_t kDashes = 0xFF00'00FF'0000'0000;  // Of "2013-10-",
constexpr uint64_t kColons = 0x0000'FF00'00FF'0000;  // and of "19:12:26".

// Eight bytes that are digits but for `separators`, under which each byte is `separator`: in byte i
// the number that digits i and i + 1 make. Anything else sets `bad`.
uint64_t numbers_between(const char* text, uint64_t separators, char separator, unsigned& bad) {
    const uint64_t eight = load_eight(text);
    const uint64_t expected = separators & static_cast<uint8_t>(separator) * kEachByte;
    const uint64_t values = digit_values(eight) & ~separators;
    bad |= static_cast<unsigned>((eight & separators) != expected || mark_no_digit(values) != 0);
    return values * 10 + (values >> 8);
}

int byte_of(uint64_t eight, int byte) {
    return static_cast<int>(eight >> 8 * byte & 0xFF);
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

// The ten characters at `t`. False, and `date` is as it was, when they are no date.
bool read_date(const char* t, Rfc3339Date& date) {
    const uint64_t year_month = load_eight(t);
    uint16_t day = 0;
    std::memcpy(&day, t + 8, sizeof day);
    if (year_month == date.year_month && day == date.day) return true;
    unsigned bad = 0;
    const uint64_t numbers = numbers_between(t, kDashes, '-', bad);
    const int year = byte_of(numbers, 0) * 100 + byte_of(numbers, 2), month = byte_of(numbers, 5);
    int64_t days = 0;
    if (!days_since_epoch(year, month, two_digits(t + 8, bad), days) || bad != 0) return false;
    date = {year_month, day, days};
    return true;
}

// The microseconds that ".d" to ".dddddd" are, which end before `end`. Seven bytes before them are
// readable.
bool read_fraction(const char* point, const char* end, int& us) {
    constexpr std::array<int, 7> kScales = {0, 100'000, 10'000, 1000, 100, 10, 1};
    const auto digits = static_cast<size_t>(end - point) - 1;
    if (digits < 1 || digits > 6) return false;
    // What stands before the first digit counts for nothing.
    const uint64_t values = digit_values(load_eight(end - 8)) & ~uint64_t{0} << (8 - digits) * 8;
    us = static_cast<int>(number_of_digits(values)) * kScales[digits];
    return mark_no_digit(values) == 0;
}

// The offset at the end of `text`, which it begins at text[at].
bool read_offset(std::string_view text, size_t& at, int& minutes) {
    at = text.size() - 1;
    if (text[at] == 'Z' || text[at] == 'z') return true;
    at = text.size() - 6;
    if (text[at + 3] != ':' || (text[at] != '+' && text[at] != '-')) return false;
    unsigned bad = 0;
    minutes = two_digits(&text[at + 1], bad) * 60 + two_digits(&text[at + 4], bad);
    if (text[at] == '-') minutes = -minutes;
    return bad == 0;
}

}  // namespace

bool parse_rfc3339(std::string_view text, int64_t& time_us, Rfc3339Date& last) {
    if (text.size() < 20) return false;
    const char* const t = text.data();
    if (!read_date(t, last) || (t[10] != 'T' && t[10] != 't' && t[10] != ' ')) return false;
    unsigned bad = 0;
    const uint64_t time = numbers_between(t + 11, kColons, ':', bad);
    const int hour = byte_of(time, 0), minute = byte_of(time, 3), second = byte_of(time, 6);
    if (bad != 0 || hour > 23 || minute > 59 || second > 59) return false;

    size_t end = 0;  // Of the time without its offset.
    int offset_minutes = 0;
    if (!read_offset(text, end, offset_minutes)) return false;
    int fraction_us = 0;
    if (end != 19 && (t[19] != '.' || !read_fraction(t + 19, t + end, fraction_us))) return false;

    const int64_t minutes = last.days * 1440 + hour * 60 + minute - offset_minutes;
    time_us = (minutes * 60 + second) * 1'000'000 + fraction_us;
    return true;
}

}  // namespace trommel::net
