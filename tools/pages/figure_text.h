#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace trommel::tools {

// What a figure measures, which decides how it is written. The scripts of a page do the same.
enum class Quantity : uint8_t { number, seconds, bytes, share };

// A figure for people, three digits of it: "20.1 M events/s", "1.25 ms", "32 MiB", "77.1 %". What
// is not known (not a number) is "–". `unit` follows: "events/s"; for bytes "per id".
std::string figure_text(double value, Quantity quantity, std::string_view unit = {});

}  // namespace trommel::tools
