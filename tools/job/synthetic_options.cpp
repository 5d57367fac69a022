#include "tools/job/synthetic_options.h"

#include <array>
#include <limits>

#include "tools/quantity.h"

namespace trommel::tools {
namespace {

using net::SyntheticOptions;

// Stores what `parse` read, or says what is wrong with it.
template <class T, class Parse>
std::string store(T& out, std::string_view text, Parse parse) {
    auto parsed = parse(text);
    if (parsed.ok()) out = parsed.value;
    return parsed.error;
}

Parsed<uint32_t> parse_count32(std::string_view text) {
    const Parsed<uint64_t> parsed = parse_count(text);
    if (!parsed.ok()) return Parsed<uint32_t>::fail(parsed.error);
    if (parsed.value > UINT32_MAX) {
        return Parsed<uint32_t>::fail("'" + std::string(text) + "' is too large");
    }
    return {static_cast<uint32_t>(parsed.value), {}};
}

// A duration that may be as short as a nanosecond.
Parsed<int64_t> parse_step_ns(std::string_view text) {
    if (text.ends_with("ns")) return parse_integer(text.substr(0, text.size() - 2));
    const Parsed<int64_t> us = parse_duration_us(text);
    if (!us.ok()) return us;
    if (us.value > std::numeric_limits<int64_t>::max() / 1000) {
        return Parsed<int64_t>::fail("'" + std::string(text) + "' is too long for a step");
    }
    return {us.value * 1000, {}};
}

Parsed<uint64_t> parse_seed64(std::string_view text) {
    const Parsed<int64_t> parsed = parse_integer(text);
    if (parsed.ok() && parsed.value >= 0) return {static_cast<uint64_t>(parsed.value), {}};
    return Parsed<uint64_t>::fail("'" + std::string(text) + "' is not a whole number from 0 up");
}

constexpr std::array<SyntheticSetting, 15> kSettings{{
    {"events", "10M", "records to make",
     [](SyntheticOptions& o, std::string_view t) { return store(o.events, t, parse_count); }},
    {"seed", "1", "the same seed makes the same stream",
     [](SyntheticOptions& o, std::string_view t) { return store(o.seed, t, parse_seed64); }},
    {"partitions", "1", "partitions, dealt in turn",
     [](SyntheticOptions& o, std::string_view t) { return store(o.partitions, t, parse_count32); }},
    {"keys", "1000", "different keys",
     [](SyntheticOptions& o, std::string_view t) { return store(o.keys, t, parse_count); }},
    {"zipf", "0", "how uneven the keys are: the exponent of a Zipf law; 0: all alike",
     [](SyntheticOptions& o, std::string_view t) { return store(o.zipf, t, parse_decimal); }},
    {"value_min", "0", "smallest value of v0",
     [](SyntheticOptions& o, std::string_view t) { return store(o.value_min, t, parse_integer); }},
    {"value_max", "999", "largest value of v0",
     [](SyntheticOptions& o, std::string_view t) { return store(o.value_max, t, parse_integer); }},
    {"start", "2026-01-01", "event time of the first record",
     [](SyntheticOptions& o, std::string_view t) {
         return store(o.start_us, t, parse_timestamp_us);
     }},
    {"step", "1us", "event time from one record to the next (also ns)",
     [](SyntheticOptions& o, std::string_view t) { return store(o.step_ns, t, parse_step_ns); }},
    {"disorder", "0", "events are up to this much older than their place",
     [](SyntheticOptions& o, std::string_view t) {
         return store(o.disorder_us, t, parse_duration_us);
     }},
    {"duplicates", "0", "share of records that are copies, such as 5%",
     [](SyntheticOptions& o, std::string_view t) {
         return store(o.duplicate_share, t, parse_share);
     }},
    {"duplicate_distance", "1000", "a copy comes at most so many records after its original",
     [](SyntheticOptions& o, std::string_view t) {
         return store(o.duplicate_distance, t, parse_count);
     }},
    {"late", "0", "share of records that are late",
     [](SyntheticOptions& o, std::string_view t) { return store(o.late_share, t, parse_share); }},
    {"late_by", "0", "late events are up to this much later than it takes to be late",
     [](SyntheticOptions& o, std::string_view t) {
         return store(o.late_by_us, t, parse_duration_us);
     }},
    {"corrupt", "0", "share of records that are damaged",
     [](SyntheticOptions& o, std::string_view t) {
         return store(o.corrupt_share, t, parse_share);
     }},
}};

}  // namespace

std::span<const SyntheticSetting> synthetic_settings() {
    return kSettings;
}

std::string to_text(const net::Truth& truth) {
    return "in=" + std::to_string(truth.in) + " unique=" + std::to_string(truth.unique) +
           " duplicate=" + std::to_string(truth.duplicate) + " late=" + std::to_string(truth.late) +
           " corrupt=" + std::to_string(truth.corrupt);
}

}  // namespace trommel::tools
