#include "tools/quantity.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <span>
#include <utility>

#include "trommel/config.h"
#include "trommel/int128.h"

#include "net/rfc3339.h"

namespace trommel::tools {
namespace {

struct Unit {
    std::string_view name;
    uint64_t factor;
};

constexpr std::array<Unit, 7> kDurationUnits{{{"us", 1},
                                              {"ms", 1'000},
                                              {"s", 1'000'000},
                                              {"m", 60'000'000},
                                              {"h", 3'600'000'000},
                                              {"d", 86'400'000'000},
                                              {"w", 604'800'000'000}}};
constexpr std::array<Unit, 11> kByteUnits{{{"", 1},
                                           {"B", 1},
                                           {"kB", 1'000},
                                           {"KB", 1'000},
                                           {"MB", 1'000'000},
                                           {"GB", 1'000'000'000},
                                           {"TB", 1'000'000'000'000},
                                           {"KiB", uint64_t{1} << 10},
                                           {"MiB", uint64_t{1} << 20},
                                           {"GiB", uint64_t{1} << 30},
                                           {"TiB", uint64_t{1} << 40}}};
constexpr std::array<Unit, 5> kCountUnits{
    {{"", 1}, {"k", 1'000}, {"K", 1'000}, {"M", 1'000'000}, {"G", 1'000'000'000}}};

// How one kind of quantity is written and what its errors say.
struct Kind {
    std::span<const Unit> units;
    std::string_view unit_names;
    std::string_view examples;
    uint64_t below;  // Exclusive upper limit, in base units.
    std::string_view limit;
};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::string quoted(std::string_view text) {
    return "'" + std::string(text) + "'";
}

Parsed<uint64_t> parse_quantity(std::string_view text, const Kind& kind) {
    const auto fail = [&](std::string_view what) {
        return Parsed<uint64_t>::fail(quoted(text) + " " + std::string(what));
    };
    const std::string expected = "; expected " + std::string(kind.examples);
    if (text.starts_with('-')) return fail("is negative" + expected);

    // The number as an integer and how many of its digits follow the point. 25 digits hold every
    // value that can be in range, and leave room in 128 bits for the largest unit.
    constexpr int kDigitsMax = 25;
    uint128 number = 0;
    size_t at = 0;
    int digits = 0, fraction_digits = 0;
    bool fraction = false;
    for (; at < text.size() && (is_digit(text[at]) || (text[at] == '.' && !fraction)); ++at) {
        if (text[at] == '.') {
            fraction = true;
            continue;
        }
        if (digits == kDigitsMax) return fail("has too many digits" + expected);
        number = number * 10 + static_cast<uint128>(text[at] - '0');
        digits += number != 0;
        fraction_digits += fraction;
        if (fraction_digits > kDigitsMax) return fail("has too many digits" + expected);
    }
    const bool digit_first = at > 0 && is_digit(text[0]);
    if (!digit_first || !is_digit(text[at - 1])) return fail("is not a number" + expected);

    const std::string_view name = text.substr(at);
    const Unit* unit = nullptr;
    for (const Unit& u : kind.units) {
        if (u.name == name) unit = &u;
    }
    if (unit == nullptr && name.empty() && number == 0) return {0, {}};
    if (unit == nullptr && name.empty()) return fail("has no unit" + expected);
    if (unit == nullptr) {
        return fail("has an unknown unit " + quoted(name) + "; the units are " +
                    std::string(kind.unit_names));
    }

    uint128 scaled = number * unit->factor;
    for (; fraction_digits > 0; --fraction_digits) {
        if (scaled % 10 != 0)
            return fail("is finer than the smallest unit, " +
                        std::string(kind.units[0].name.empty() ? "1" : "1us"));
        scaled /= 10;
    }
    if (scaled >= kind.below) return fail("is too large; " + std::string(kind.limit));
    return {static_cast<uint64_t>(scaled), {}};
}

// A floating-point number without a sign; the whole text.
bool parse_plain_double(std::string_view text, double& value) {
    if (text.empty() || !(is_digit(text[0]) || text[0] == '.')) return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && std::isfinite(value);
}

}  // namespace

Parsed<int64_t> parse_duration_us(std::string_view text) {
    static constexpr Kind kKind{
        kDurationUnits, "us, ms, s, m, h, d and w", "a duration such as 500ms, 10s, 5m, 1h or 2d",
        static_cast<uint64_t>(kTimeLimitUs), "durations are below 2^60 us, about 36,500 years"};
    Parsed<uint64_t> parsed = parse_quantity(text, kKind);
    return {static_cast<int64_t>(parsed.value), std::move(parsed.error)};
}

Parsed<uint64_t> parse_bytes(std::string_view text) {
    static constexpr Kind kKind{kByteUnits, "B, kB, MB, GB, TB, KiB, MiB, GiB and TiB",
                                "a size such as 4GiB, 512MB or 1024", uint64_t{1} << 63,
                                "sizes are below 2^63 bytes"};
    return parse_quantity(text, kKind);
}

Parsed<uint64_t> parse_count(std::string_view text) {
    static constexpr Kind kKind{kCountUnits, "k, M and G", "a number such as 1000, 250k or 1M",
                                uint64_t{1} << 63, "numbers are below 2^63"};
    return parse_quantity(text, kKind);
}

Parsed<double> parse_share(std::string_view text) {
    const bool percent = text.ends_with('%');
    double value = 0;
    if (!parse_plain_double(percent ? text.substr(0, text.size() - 1) : text, value)) {
        return Parsed<double>::fail(quoted(text) +
                                    " is not a share; expected one such as 5% or 0.05");
    }
    if (percent) value /= 100;
    if (value > 1) {
        return Parsed<double>::fail(quoted(text) +
                                    " is more than the whole; expected 0 to 1, or 0% to 100%");
    }
    return {value, {}};
}

Parsed<double> parse_decimal(std::string_view text) {
    double value = 0;
    if (!parse_plain_double(text, value)) {
        return Parsed<double>::fail(quoted(text) +
                                    " is not a number; expected one such as 1.1 or 0");
    }
    return {value, {}};
}

Parsed<int64_t> parse_integer(std::string_view text) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::result_out_of_range) {
        return Parsed<int64_t>::fail(quoted(text) + " does not fit in 64 bits");
    }
    if (error != std::errc{} || end != text.data() + text.size()) {
        return Parsed<int64_t>::fail(quoted(text) + " is not a whole number");
    }
    return {value, {}};
}

Parsed<bool> parse_bool(std::string_view text) {
    if (text == "true" || text == "false") return {text == "true", {}};
    return Parsed<bool>::fail(quoted(text) + " is neither true nor false");
}

Parsed<int64_t> parse_timestamp_us(std::string_view text) {
    int64_t time_us = 0;
    const std::string midnight = std::string(text) + "T00:00:00Z";
    const bool date_only = text.size() == sizeof "2030-01-01" - 1;
    if (net::parse_rfc3339(date_only ? midnight : text, time_us)) return {time_us, {}};
    return Parsed<int64_t>::fail(quoted(text) +
                                 " is not a point in time; expected one such as 2030-01-01 or "
                                 "2030-01-01T12:00:00Z");
}

std::string duration_text(int64_t us) {
    if (us == 0) return "0";
    if (us < 0) return "-" + duration_text(-us);
    const Unit* best = &kDurationUnits[0];
    for (const Unit& unit : kDurationUnits) {
        if (unit.name != "w" && us % static_cast<int64_t>(unit.factor) == 0) best = &unit;
    }
    return std::to_string(us / static_cast<int64_t>(best->factor)) + std::string(best->name);
}

std::string duration_phrase(int64_t us) {
    if (us <= 0) return duration_text(us);
    std::string text;
    for (size_t i = kDurationUnits.size(); i-- > 0;) {
        const Unit& unit = kDurationUnits[i];
        const int64_t count = us / static_cast<int64_t>(unit.factor);
        if (unit.name == "w" || count == 0) continue;
        text += (text.empty() ? "" : " ") + std::to_string(count) + std::string(unit.name);
        us -= count * static_cast<int64_t>(unit.factor);
    }
    return text;
}

std::string bytes_text(uint64_t bytes) {
    static constexpr std::array<const char*, 7> kNames{"B",   "KiB", "MiB", "GiB",
                                                       "TiB", "PiB", "EiB"};
    double value = static_cast<double>(bytes);
    size_t unit = 0;
    for (; value >= 1024 && unit + 1 < kNames.size(); ++unit) value /= 1024;
    char text[48];
    const bool whole = unit == 0 || value == std::floor(value);
    std::snprintf(text, sizeof text, "%.*f %s",
                  whole        ? 0
                  : value < 10 ? 2
                               : 1,
                  value, kNames[unit]);
    return text;
}

std::string count_text(uint64_t count) {
    std::string text = std::to_string(count);
    for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
    return text;
}

std::string rate_text(double per_second) {
    char text[48];
    const bool mega = per_second >= 1e6;
    const bool kilo = !mega && per_second >= 1e3;
    const double value = mega ? per_second / 1e6 : kilo ? per_second / 1e3 : per_second;
    std::snprintf(text, sizeof text, "%.*f%s",
                  value < 10    ? 2
                  : value < 100 ? 1
                                : 0,
                  value,
                  mega   ? " M"
                  : kilo ? " k"
                         : "");
    return text;
}

}  // namespace trommel::tools
