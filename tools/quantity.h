#pragma once
#include <cstdint>
#include <string>
#include <string_view>

// The quantities people write in a job file or on the command line, and their way back to text.
namespace trommel::tools {

// A value, or what is wrong with the text and what would be right.
template <class T>
struct Parsed {
    T value{};
    std::string error;  // Empty when ok. Starts with the offending text in quotes.

    bool ok() const { return error.empty(); }
    static Parsed fail(std::string message) { return {T{}, std::move(message)}; }
};

// All of them take a fraction where the result is whole: "1.5s", "0.5GiB", "2.5M".
Parsed<int64_t> parse_duration_us(
    std::string_view text);                           // 10s 5m 1h 2d 1w 500ms 10us 0; < 2^60 us.
Parsed<uint64_t> parse_bytes(std::string_view text);  // 4GiB 512MB 1024
Parsed<uint64_t> parse_count(std::string_view text);  // 1M 250k 7 (also rates, per second); < 2^63.
Parsed<double> parse_share(std::string_view text);    // 5% 0.05 1e-6; 0 to 1.
Parsed<double> parse_decimal(std::string_view text);  // 1.1 0 1e3; finite, not negative.
Parsed<int64_t> parse_integer(std::string_view text);       // -5
Parsed<bool> parse_bool(std::string_view text);             // true false
Parsed<int64_t> parse_timestamp_us(std::string_view text);  // 2030-01-01T00:00:00Z, 2030-01-01

std::string duration_text(int64_t us);     // The largest unit that is exact: "60d", "90s".
std::string duration_phrase(int64_t us);   // For people: "22h 30m".
std::string bytes_text(uint64_t bytes);    // Rounded for people: "1.5 GiB".
std::string count_text(uint64_t count);    // With separators: "5,000,000".
std::string rate_text(double per_second);  // Rounded for people: "2.31 M".

}  // namespace trommel::tools
