#include "tools/plan/text.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "trommel/json_text.h"

#include "tools/quantity.h"
#include "tools/report_json.h"

namespace trommel::tools {
namespace {

std::string format(const char* pattern, double value) {
    char text[64];
    std::snprintf(text, sizeof text, pattern, value);
    return text;
}

// Three digits that count, in steps of a thousand: "11.6 ", "1.00 T".
std::string scaled(double value) {
    constexpr std::array<const char*, 7> kSteps = {"", "k", "M", "G", "T", "P", "E"};
    size_t step = 0;
    for (; std::abs(value) >= 999.5 && step + 1 < kSteps.size(); ++step) value /= 1000;
    const double size = std::abs(value);
    const bool whole = step == 0 && value == std::floor(value);
    std::string text = format(whole           ? "%.0f"
                              : size >= 99.95 ? "%.0f"
                              : size >= 9.995 ? "%.1f"
                                              : "%.2f",
                              value);
    if (size > 0 && size < 0.095) text = format("%.2g", value);
    return text + " " + kSteps[step];
}

std::string trimmed(std::string text) {
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
}

std::string time_text(double seconds) {
    if (seconds < 0.0995) return format("%.3g ms", seconds * 1e3);
    if (seconds < 120) return format("%.3g s", seconds);
    if (seconds < 2 * 3600) return format("%.3g m", seconds / 60);
    if (seconds < 2 * 86'400) return format("%.3g h", seconds / 3600);
    return format("%.4g d", seconds / 86'400);
}

const char* unit_name(PlanUnit unit) {
    switch (unit) {
        case PlanUnit::count:
            return "";
        case PlanUnit::per_second:
            return "1/s";
        case PlanUnit::bytes:
        case PlanUnit::decimal_bytes:
            return "B";
        case PlanUnit::bytes_per_second:
            return "B/s";
        case PlanUnit::bits_per_second:
            return "bit/s";
        case PlanUnit::seconds:
            return "s";
        case PlanUnit::share:
            return "share";
        case PlanUnit::cores:
            return "cores";
        case PlanUnit::bits:
            return "bit";
        case PlanUnit::money:
            return "money";
        case PlanUnit::text:
            return "text";
    }
    return "";
}

std::string padded(std::string text, size_t columns) {
    if (text.size() < columns) text.resize(columns, ' ');
    return text;
}

std::string line_text(const PlanLine& line) {
    const std::string value = line.value ? plan_value_text(*line.value, line.unit) : line.says;
    std::string text = "  " + padded(line.name, 30) + " " + padded(value, 12);
    if (!line.formula.empty()) text += " = " + line.formula;
    if (!line.binds.empty()) text += "; decided by: " + line.binds;
    if (line.value && !line.says.empty()) text += "; " + line.says;
    if (!line.source.empty()) text += " [" + line.source + "]";
    return trimmed(text) + "\n";
}

std::string percent(const std::optional<double>& share) {
    return share ? format("%+.0f%%", 100 * *share) : "?";
}

std::string sensitivity_text(const std::vector<PlanSensitivity>& effects) {
    std::string text = "what 20% less and 20% more of an input do\n  " + padded("", 18) +
                       padded("memory", 18) + "cores\n";
    for (const PlanSensitivity& effect : effects) {
        text += "  " + padded(effect.input, 18) +
                padded(percent(effect.memory_less) + " " + percent(effect.memory_more), 18) +
                percent(effect.cores_less) + " " + percent(effect.cores_more) + "\n";
    }
    return text;
}

std::string line_json(const PlanLine& line) {
    JsonObject json;
    json.text("id", line.id).text("section", line.section).text("name", line.name);
    if (line.value) {
        json.real("value", *line.value);
    } else {
        json.raw("value", "null");
    }
    json.text("unit", unit_name(line.unit)).text("formula", line.formula);
    json.text("decided_by", line.binds).text("source", line.source).text("says", line.says);
    return json.object();
}

void add_optional(JsonObject& json, const char* name, const std::optional<double>& value) {
    value ? json.real(name, *value) : json.raw(name, "null");
}

std::string sensitivity_json(const PlanSensitivity& effect) {
    JsonObject json;
    json.text("input", effect.input);
    json.real("memory_less", effect.memory_less).real("memory_more", effect.memory_more);
    add_optional(json, "cores_less", effect.cores_less);
    add_optional(json, "cores_more", effect.cores_more);
    return json.object();
}

template <class T, class Convert>
std::string list_json(const std::vector<T>& items, Convert convert) {
    std::string json;
    for (const T& item : items) json += (json.empty() ? "\n  " : ",\n  ") + convert(item);
    return "[" + json + "]";
}

}  // namespace

std::string short_number(double value) {
    return trimmed(scaled(value));
}

std::string plan_value_text(double value, PlanUnit unit) {
    switch (unit) {
        case PlanUnit::count:
        case PlanUnit::money:
            return short_number(value);
        case PlanUnit::cores:
            return format("%.0f", value);
        case PlanUnit::per_second:
            return trimmed(scaled(value)) + "/s";
        case PlanUnit::bytes:
            return bytes_text(static_cast<uint64_t>(std::min(std::max(value, 0.0), 0x1p63)));
        case PlanUnit::decimal_bytes:
            return scaled(value) + "B";
        case PlanUnit::bytes_per_second:
            return scaled(value) + "B/s";
        case PlanUnit::bits_per_second:
            return scaled(value) + "bit/s";
        case PlanUnit::bits:
            return scaled(value) + "bit";
        case PlanUnit::seconds:
            return time_text(value);
        case PlanUnit::share:
            return format("%.3g%%", 100 * value);
        case PlanUnit::text:
            break;
    }
    return "";
}

std::string plan_table(const Plan& plan) {
    std::string text, section;
    for (const PlanLine& line : plan.lines) {
        if (line.section != section) text += line.section + "\n";
        section = line.section;
        text += line_text(line);
    }
    return text + sensitivity_text(plan.sensitivity);
}

std::string plan_json(const Plan& plan) {
    const auto quoted = [](const std::string& text) {
        std::string json;
        append_json_string(json, text);
        return json;
    };
    return JsonObject()
        .raw("lines", list_json(plan.lines, line_json))
        .raw("warnings", list_json(plan.warnings, quoted))
        .raw("sensitivity", list_json(plan.sensitivity, sensitivity_json))
        .object();
}

}  // namespace trommel::tools
