#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/plan/inputs.h"
#include "tools/plan/memory.h"
#include "tools/plan/rates.h"

namespace trommel::tools {

enum class PlanUnit : uint8_t {
    count,
    per_second,
    bytes,             // Of memory: binary prefixes.
    decimal_bytes,     // Of disk and wire: decimal ones.
    bytes_per_second,  // Decimal.
    bits_per_second,
    seconds,
    share,
    cores,
    bits,
    money,
    text,  // No number: `says` holds it.
};

// One figure of a plan and where it comes from.
struct PlanLine {
    std::string section;          // "memory"
    std::string id;               // "memory_exact": its name in JSON.
    std::string name;             // "exact ids": for people.
    std::optional<double> value;  // Absent: not known; `says` says why.
    PlanUnit unit = PlanUnit::count;
    std::string formula;  // With the numbers put in.
    std::string binds;    // Of a maximum: which input decides it; else "".
    std::string source;   // What the formula rests on.
    std::string says;
};

// What 20 % less and 20 % more of an input do to memory and to busy cores, as shares: 0.2 is 20 %
// more. Inputs that do nothing are left out.
struct PlanSensitivity {
    std::string input;
    double memory_less = 0, memory_more = 0;
    std::optional<double> cores_less, cores_more;  // Absent: not calibrated.
};

struct Plan {
    std::vector<PlanLine> lines;
    std::vector<std::string> warnings;
    std::vector<PlanSensitivity> sensitivity;
    PlanMemory memory;
    Config config;                   // As planned: capacity, memory, shares, threads.
    std::optional<double> event_ns;  // Of one core, decoding included.

    const PlanLine* find(std::string_view id) const;
    double value(std::string_view id) const;  // 0: unknown.
};

// The plan of inputs without problems. Without a calibration everything that depends on this
// machine's speed is unknown, and says so.
Plan make_plan(const PlanInputs& inputs, const Calibration* calibration);

// What one event costs one core; of `shards`, each with its part of the memory.
struct EventCost {
    double decode_ns = 0, base_ns = 0, ids_ns = 0, keys_ns = 0;
    double all() const { return decode_ns + base_ns + ids_ns + keys_ns; }
};
std::optional<EventCost> event_cost(const PlanInputs& inputs, const PlanMemory& memory,
                                    const Calibration& calibration);

// "57.9 k", "1.50 M", "0.0123": for formulas.
std::string short_number(double value);
// A value with its unit: "57.9 k/s", "1.5 GiB", "45 m".
std::string plan_value_text(double value, PlanUnit unit);

}  // namespace trommel::tools
