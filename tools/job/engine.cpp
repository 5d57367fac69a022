// The parts of a job that become the engine's Config: dedup, time, aggregates, windows, engine.
#include <algorithm>
#include <charconv>
#include <thread>

#include "tools/job/parts.h"

namespace trommel::tools {
namespace {

Parsed<int64_t> parse_horizon(std::string_view text) {
    if (text == "forever") return {kForeverUs, {}};
    Parsed<int64_t> parsed = parse_duration_us(text);
    if (!parsed.ok()) parsed.error += ", or forever";
    return parsed;
}

Parsed<uint32_t> parse_threads(std::string_view text) {
    if (text == "auto") return {available_threads(), {}};
    const Parsed<int64_t> parsed = parse_integer(text);
    if (parsed.ok() && parsed.value >= 1 && parsed.value <= int64_t{kShardsMax}) {
        return {static_cast<uint32_t>(parsed.value), {}};
    }
    return Parsed<uint32_t>::fail("'" + std::string(text) +
                                  "' is neither auto nor a number from 1 to " +
                                  std::to_string(kShardsMax));
}

Parsed<int> parse_percent(std::string_view text) {
    const std::string_view number = text.ends_with('%') ? text.substr(0, text.size() - 1) : text;
    const Parsed<int64_t> parsed = parse_integer(number);
    if (parsed.ok() && parsed.value >= 0 && parsed.value <= 100)
        return {static_cast<int>(parsed.value), {}};
    return Parsed<int>::fail("'" + std::string(text) +
                             "' is not a whole percentage; expected one such as 60%");
}

Parsed<uint32_t> parse_batch_records(std::string_view text) {
    const Parsed<uint64_t> parsed = parse_count(text);
    if (parsed.ok() && parsed.value >= 1 && parsed.value <= kGpuBatchRecordsMax) {
        return {static_cast<uint32_t>(parsed.value), {}};
    }
    return Parsed<uint32_t>::fail("'" + std::string(text) + "' is not a number from 1 to " +
                                  std::to_string(kGpuBatchRecordsMax));
}

template <class T, class Parse>
void read_optional(Section& section, std::string_view name, std::optional<T>& out, Parse parse) {
    T value{};
    if (section.read(name, value, parse)) out = value;
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

// "avg(x, 3)" taken apart.
struct Call {
    std::string_view function, argument, digits;
};

// The parts of `text`, or false when it is no call. "count" and "count()" are calls too.
bool split_call(std::string_view text, Call& call) {
    const size_t open = text.find('(');
    call.function = trimmed(text.substr(0, open));
    if (open == std::string_view::npos) return !call.function.empty();
    if (!text.ends_with(')')) return false;
    const std::string_view inside = text.substr(open + 1, text.size() - open - 2);
    const size_t comma = inside.find(',');
    call.argument = trimmed(inside.substr(0, comma));
    if (comma != std::string_view::npos) call.digits = trimmed(inside.substr(comma + 1));
    const bool plain = inside.find_first_of("()") == std::string_view::npos;
    return plain && !(comma != std::string_view::npos && call.digits.empty());
}

Parsed<AggregateKind> parse_function(std::string_view text) {
    static const auto kParse = one_of<AggregateKind>({{"count", AggregateKind::count},
                                                      {"sum", AggregateKind::sum},
                                                      {"min", AggregateKind::min},
                                                      {"max", AggregateKind::max},
                                                      {"avg", AggregateKind::avg},
                                                      {"first", AggregateKind::first},
                                                      {"last", AggregateKind::last},
                                                      {"distinct", {}, true},
                                                      {"quantile", {}, true},
                                                      {"top_k", {}, true}});
    return kParse(text);
}

// "sum(amount)" with the job's values at hand.
Parsed<Aggregate> parse_aggregate(std::string_view text, const std::vector<ValueField>& values) {
    const auto fail = [&](const std::string& what) { return Parsed<Aggregate>::fail(what); };
    const std::string quoted = "'" + std::string(text) + "'";
    Call call;
    if (!split_call(text, call)) {
        const bool cut = text.find('(') != std::string_view::npos && !text.ends_with(')');
        return fail(
            quoted +
            (cut ? " lacks its closing parenthesis; inside { } write it in quotes: \"avg(x, 3)\""
                 : " is no aggregate; expected one such as count, sum(x) or avg(x, 3)"));
    }
    const Parsed<AggregateKind> kind = parse_function(call.function);
    if (!kind.ok()) return fail(kind.error);

    Aggregate aggregate{.name = {}, .kind = kind.value, .value = 0, .digits = 0};
    if (kind.value == AggregateKind::count) {
        if (!call.argument.empty() || !call.digits.empty()) {
            return fail(quoted + ": count takes no argument; it counts events");
        }
        return {aggregate, {}};
    }
    if (call.argument.empty()) {
        return fail(quoted + " needs a value: " + std::string(call.function) + "(" +
                    (values.empty() ? "x" : values[0].name) + ")");
    }
    std::vector<std::string_view> names;
    for (const ValueField& value : values) names.push_back(value.name);
    const auto found = std::find(names.begin(), names.end(), call.argument);
    if (found == names.end()) {
        return fail("there is no value '" + std::string(call.argument) +
                    "' in decode.fields.values" + did_you_mean(call.argument, names));
    }
    aggregate.value = static_cast<uint32_t>(found - names.begin());
    aggregate.digits = values[aggregate.value].digits;
    if (call.digits.empty()) return {aggregate, {}};
    if (kind.value != AggregateKind::avg)
        return fail(quoted + ": only avg takes a number of digits");
    const Parsed<int64_t> digits = parse_integer(call.digits);
    if (!digits.ok() || digits.value < 0 || digits.value > 18) {
        return fail("'" + std::string(call.digits) + "' is not a number of digits from 0 to 18");
    }
    aggregate.digits = static_cast<int>(digits.value);
    return {aggregate, {}};
}

void read_window(Section& section, Window& window) {
    section.require("name", "name: weekly");
    section.read_text("name", window.name);
    const bool typed = section.read("type", window.kind,
                                    one_of<WindowKind>({{"tumbling", WindowKind::tumbling},
                                                        {"sliding", WindowKind::sliding},
                                                        {"session", WindowKind::session}}));
    section.refuse("early", "early rows are planned, not built yet");
    section.refuse("emit",
                   "early rows are planned, not built yet; rows come out when they are final");
    // Without its type it is unclear what the rest ought to be.
    if (!typed && section.node().find("type") != nullptr) return;

    if (window.kind == WindowKind::session) {
        section.require("gap", "gap: 30m");
        section.read("gap", window.gap_us, parse_duration_us);
        section.refuse("size", "a session has a gap instead of a size");
        section.refuse("every", "belongs to sliding windows");
    } else {
        section.require("size", "size: 1m");
        section.read("size", window.size_us, parse_duration_us);
        window.slide_us = window.size_us;
        section.refuse("gap", "belongs to session windows");
        if (window.kind == WindowKind::sliding) {
            section.require("every", "every: 1m");
            section.read("every", window.slide_us, parse_duration_us);
        } else {
            section.refuse("every", "belongs to sliding windows");
        }
    }
    section.finish();
}

}  // namespace

uint32_t available_threads() {
    return std::clamp(std::thread::hardware_concurrency(), 1U, kShardsMax);
}

void read_dedup(Section& section, DedupOptions& dedup) {
    section.read("mode", dedup.mode,
                 one_of<DedupMode>({{"exact", DedupMode::exact},
                                    {"approximate", DedupMode::approximate},
                                    {"off", DedupMode::off}}));
    if (dedup.mode == DedupMode::off) {
        for (const char* name : {"horizon", "scope", "verify", "error_rate", "capacity"}) {
            section.refuse(name, "has no meaning with mode: off");
        }
        section.finish();
        return;
    }
    section.read("horizon", dedup.horizon_us, parse_horizon);
    section.read(
        "scope", dedup.scope,
        one_of<Scope>({{"global", Scope::global}, {"key", Scope::key}, {"partition", {}, true}}));
    if (dedup.mode == DedupMode::approximate) {
        section.read("error_rate", dedup.error_rate, parse_share);
        section.require("capacity", "capacity: 600M, the ids alive at once");
        section.read("capacity", dedup.capacity, parse_count);
        section.refuse("verify", "belongs to mode: exact");
    } else {
        section.read("verify", dedup.verify, parse_bool);
        section.refuse("error_rate", "belongs to mode: approximate");
        section.refuse("capacity", "belongs to mode: approximate");
    }
    section.finish();
}

void read_time(Section& section, Job& job) {
    TimeOptions& time = job.config.time;
    read_optional(section, "out_of_order", time.out_of_order_us, parse_duration_us);
    section.read("allowed_lateness", time.allowed_lateness_us, parse_duration_us);
    read_optional(section, "idle_after", time.idle_after_us, parse_duration_us);
    read_optional(section, "max_future", time.max_future_us, parse_duration_us);
    read_optional(section, "max_time", time.max_time_us, parse_timestamp_us);
    read_optional(section, "max_drift", time.max_drift_us, parse_duration_us);
    section.read("late", job.late,
                 one_of<DeadLetters>({{"dlq", DeadLetters::keep}, {"drop", DeadLetters::drop}}));
    require_dlq(section, "late", job);
    section.finish();
}

void read_aggregates(Section& section, Config& config) {
    for (const Field& field : section.node().fields) {
        const std::string path = section.path_of(field.name);
        // The rest of an unquoted avg(x, 3) inside { }, which the first half is reported for.
        if (field.name.ends_with(')') && field.value.kind == Node::Kind::none) continue;
        Aggregate aggregate;
        const auto parse = [&](std::string_view text) {
            return parse_aggregate(text, config.values);
        };
        if (!section.convert(field.value, path, aggregate, parse)) continue;
        aggregate.name = field.name;
        config.aggregates.push_back(std::move(aggregate));
    }
}

void read_windows(Section& root, Config& config) {
    root.read("window_offset", config.window_offset_us, parse_duration_us);
    const Node* const list = root.find("windows");
    if (list == nullptr) return;
    if (list->kind != Node::Kind::list) {
        root.report(list->place, "windows",
                    "windows is not a list; expected - { name: weekly, type: tumbling, size: 7d }");
        return;
    }
    for (size_t i = 0; i < list->items.size(); ++i) {
        Section section(list->items[i], list->items[i].place, "windows[" + std::to_string(i) + "]",
                        root.mistakes());
        read_window(section, config.windows.emplace_back());
    }
}

void read_engine(Section& section, EngineOptions& engine) {
    section.read(
        "type", engine.type,
        one_of<EngineType>(
            {{"auto", EngineType::automatic}, {"cpu", EngineType::cpu}, {"gpu", EngineType::gpu}}));
    read_optional(section, "expected_rate", engine.expected_rate, parse_count);
    section.read("threads", engine.threads, parse_threads);
    section.read("pin", engine.pin, parse_bool);
    section.read("prefault", engine.prefault, parse_bool);
    section.read("memory", engine.memory_bytes, parse_bytes);
    section.read(
        "on_full", engine.on_full,
        one_of<OnFull>(
            {{"stop", OnFull::stop}, {"refuse", OnFull::refuse}, {"forget", OnFull::forget}}));
    read_optional(section, "seed", engine.seed, parse_seed);
    section.read("batch_records", engine.batch_records, parse_batch_records);
    section.read("record_bytes_max", engine.record_bytes_max, parse_bytes);
    if (const Node* const node = section.find("memory_shares"); node != nullptr) {
        Section shares(*node, section.place_of_name("memory_shares"), "engine.memory_shares",
                       section.mistakes());
        shares.read("ids", engine.shares.ids, parse_percent);
        shares.read("keys", engine.shares.keys, parse_percent);
        shares.read("batches", engine.shares.batches, parse_percent);
        shares.finish();
    }
    section.finish();
}

}  // namespace trommel::tools
