#include "tools/pages/figure_text.h"

#include <cmath>
#include <cstdio>
#include <span>

namespace trommel::tools {
namespace {

struct Unit {
    const char* name;
    double size;
};

// The largest first.
constexpr Unit kNumbers[] = {{"T", 1e12}, {"G", 1e9}, {"M", 1e6}, {"k", 1e3}, {"", 1}};
constexpr Unit kSeconds[] = {{"s", 1}, {"ms", 1e-3}, {"µs", 1e-6}, {"ns", 1e-9}};
constexpr Unit kBytes[] = {
    {"TiB", 0x1p40}, {"GiB", 0x1p30}, {"MiB", 0x1p20}, {"KiB", 0x1p10}, {"B", 1}};
constexpr Unit kShares[] = {{"%", 0.01}};

std::span<const Unit> units_of(Quantity quantity) {
    switch (quantity) {
        case Quantity::number:
            return kNumbers;
        case Quantity::seconds:
            return kSeconds;
        case Quantity::bytes:
            return kBytes;
        case Quantity::share:
            return kShares;
    }
    return kNumbers;
}

}  // namespace

std::string figure_text(double value, Quantity quantity, std::string_view unit) {
    if (!std::isfinite(value)) return "–";
    const std::span<const Unit> units = units_of(quantity);
    const Unit* chosen = &units.back();
    for (const Unit& candidate : units) {
        // 999,960 is "1 M" and not "1000 k".
        if (std::abs(value) < 0.9995 * candidate.size) continue;
        chosen = &candidate;
        break;
    }
    const double scaled = value / chosen->size;
    char text[64];
    // Of what is too large for its last unit all digits are shown; %g would write 1.2e+04.
    std::snprintf(text, sizeof text, std::abs(scaled) >= 999.5 ? "%.0f" : "%.3g", scaled);
    std::string figure = text;
    if (*chosen->name != 0) figure += " " + std::string(chosen->name);
    if (!unit.empty()) figure += " " + std::string(unit);
    return figure;
}

}  // namespace trommel::tools
