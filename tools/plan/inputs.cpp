#include "tools/plan/inputs.h"

#include <array>
#include <cmath>

#include "hostpath/memory_plan.h"
#include "tools/job/section.h"

namespace trommel::tools {
namespace {

template <class T, class Parse>
std::string store(T& out, std::string_view text, Parse&& parse) {
    auto parsed = parse(text);
    if (parsed.ok()) out = parsed.value;
    return parsed.error;
}

Parsed<double> parse_amount(std::string_view text) {
    const Parsed<uint64_t> parsed = parse_count(text);
    return {static_cast<double>(parsed.value), parsed.error};
}

// "500MB" or "500MB/s".
Parsed<double> parse_byte_rate(std::string_view text) {
    std::string_view bytes = text;
    if (bytes.ends_with("/s")) bytes.remove_suffix(2);
    const Parsed<uint64_t> parsed = parse_bytes(bytes);
    return {static_cast<double>(parsed.value), parsed.error};
}

Parsed<double> parse_byte_count(std::string_view text) {
    const Parsed<uint64_t> parsed = parse_bytes(text);
    return {static_cast<double>(parsed.value), parsed.error};
}

Parsed<int64_t> parse_horizon(std::string_view text) {
    if (text == "forever") return {kForeverUs, {}};
    return parse_duration_us(text);
}

Parsed<uint32_t> parse_threads(std::string_view text) {
    if (text == "auto") return {0, {}};
    const Parsed<uint64_t> parsed = parse_count(text);
    if (!parsed.ok()) return Parsed<uint32_t>::fail(parsed.error);
    if (parsed.value < 1 || parsed.value > kShardsMax) {
        return Parsed<uint32_t>::fail("'" + std::string(text) + "' is not 1 to 64, or auto");
    }
    return {static_cast<uint32_t>(parsed.value), {}};
}

// u64, u128, bytes; verify: bytes that are kept and compared.
std::string set_ids(PlanInputs& inputs, std::string_view text) {
    enum class Ids : uint8_t { u64, u128, bytes, verify };
    const auto parsed = one_of<Ids>(
        {{"u64", Ids::u64}, {"u128", Ids::u128}, {"bytes", Ids::bytes}, {"verify", Ids::verify}})(
        text);
    if (!parsed.ok()) return parsed.error;
    DedupOptions& dedup = inputs.config.dedup;
    dedup.verify = parsed.value == Ids::verify;
    dedup.id_type = parsed.value == Ids::u64    ? IdType::u64
                    : parsed.value == Ids::u128 ? IdType::u128
                                                : IdType::bytes;
    return {};
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    for (;;) {
        const size_t comma = text.find(',');
        parts.push_back(text.substr(0, comma));
        if (comma == std::string_view::npos) return parts;
        text.remove_prefix(comma + 1);
    }
}

// "1m", "1h/5m" (sliding), "session:30m".
std::string add_window(Config& config, std::string_view text) {
    Window window;
    window.name = "w" + std::to_string(config.windows.size() + 1);
    if (text.starts_with("session:")) {
        window.kind = WindowKind::session;
        const Parsed<int64_t> gap = parse_duration_us(text.substr(sizeof "session:" - 1));
        window.gap_us = gap.value;
        config.windows.push_back(window);
        return gap.error;
    }
    const size_t slash = text.find('/');
    const Parsed<int64_t> size = parse_duration_us(text.substr(0, slash));
    window.size_us = window.slide_us = size.value;
    std::string error = size.error;
    if (slash != std::string_view::npos) {
        window.kind = WindowKind::sliding;
        const Parsed<int64_t> every = parse_duration_us(text.substr(slash + 1));
        window.slide_us = every.value;
        if (error.empty()) error = every.error;
    }
    config.windows.push_back(window);
    return error;
}

std::string set_windows(PlanInputs& inputs, std::string_view text) {
    inputs.config.windows.clear();
    inputs.config.output = text == "none" ? Output::unique : Output::windows;
    if (text == "none") return {};
    for (const std::string_view part : split(text)) {
        if (std::string error = add_window(inputs.config, part); !error.empty()) return error;
    }
    return {};
}

std::string set_aggregates(PlanInputs& inputs, std::string_view text) {
    const auto parse = one_of<AggregateKind>({{"count", AggregateKind::count},
                                              {"sum", AggregateKind::sum},
                                              {"min", AggregateKind::min},
                                              {"max", AggregateKind::max},
                                              {"avg", AggregateKind::avg},
                                              {"first", AggregateKind::first},
                                              {"last", AggregateKind::last}});
    inputs.config.aggregates.clear();
    for (const std::string_view part : split(text)) {
        const Parsed<AggregateKind> kind = parse(part);
        if (!kind.ok()) return kind.error;
        inputs.config.aggregates.push_back({std::string(part), kind.value, 0, 0});
    }
    return {};
}

std::string set_key_type(PlanInputs& inputs, std::string_view text) {
    const auto parsed = one_of<int>({{"int", 0}, {"text", 1}, {"none", 2}})(text);
    if (!parsed.ok()) return parsed.error;
    inputs.config.key.clear();
    if (parsed.value == 2) return {};
    inputs.config.key = {{"key", parsed.value == 0 ? FieldType::integer : FieldType::text}};
    return {};
}

std::string set_price(std::optional<double>& price, std::string_view text) {
    double value = 0;
    std::string error = store(value, text, parse_decimal);
    if (error.empty()) price = value;
    return error;
}

using I = PlanInputs;
using Text = std::string_view;

template <auto kMember>
void scale_real(I& inputs, double factor) {
    inputs.*kMember *= factor;
}
template <auto kMember>
void scale_time(I& inputs, double factor) {
    inputs.*kMember = static_cast<int64_t>(static_cast<double>(inputs.*kMember) * factor);
}
void scale_us(int64_t& us, double factor) {
    if (us != kForeverUs) us = static_cast<int64_t>(static_cast<double>(us) * factor);
}

const std::array<PlanSetting, 34> kSettings{{
    // The stream.
    {"events", "", "mean events per second (required): 20k, 1M/min, 1G/day", false,
     [](I& i, Text t) { return store(i.events_per_s, t, parse_event_rate); },
     scale_real<&I::events_per_s>},
    {"growth", "1", "times as many by the time that is planned for", false,
     [](I& i, Text t) { return store(i.growth, t, parse_decimal); }, scale_real<&I::growth>},
    {"peak", "3", "events per second in the busiest time, by the mean", false,
     [](I& i, Text t) { return store(i.peak, t, parse_decimal); }, scale_real<&I::peak>},
    {"peak_for", "1h", "how long the busiest time lasts", false,
     [](I& i, Text t) { return store(i.peak_us, t, parse_duration_us); }, scale_time<&I::peak_us>},
    {"event_bytes", "200", "bytes of an event as it comes in", false,
     [](I& i, Text t) { return store(i.event_bytes, t, parse_byte_count); },
     scale_real<&I::event_bytes>},
    {"duplicates", "5%", "share of events that are copies", false,
     [](I& i, Text t) { return store(i.duplicate_share, t, parse_share); },
     scale_real<&I::duplicate_share>},
    {"format", "binary", "how events come: json, csv or binary", true,
     [](I& i, Text t) {
         return store(i.format, t,
                      one_of<net::Format>({{"json", net::Format::json},
                                           {"csv", net::Format::csv},
                                           {"binary", net::Format::binary}}));
     },
     nullptr},
    {"id_bytes", "36", "mean length of byte-string ids; for --ids verify", false,
     [](I& i, Text t) { return store(i.id_bytes, t, parse_byte_count); }, scale_real<&I::id_bytes>},
    {"keys", "100k", "different keys", false,
     [](I& i, Text t) { return store(i.keys, t, parse_amount); }, scale_real<&I::keys>},
    {"key_bytes", "16", "mean length of a text key", false,
     [](I& i, Text t) { return store(i.key_bytes, t, parse_byte_count); },
     scale_real<&I::key_bytes>},
    {"lifetime", "30d", "with --horizon forever: how long ids pile up", false,
     [](I& i, Text t) { return store(i.lifetime_us, t, parse_duration_us); },
     scale_time<&I::lifetime_us>},
    // The job.
    {"mode", "exact", "exact or approximate; the plan shows the memory of both", true,
     [](I& i, Text t) {
         return store(i.config.dedup.mode, t,
                      one_of<DedupMode>({{"exact", DedupMode::exact},
                                         {"approximate", DedupMode::approximate},
                                         {"off", DedupMode::off}}));
     },
     nullptr},
    {"horizon", "1h", "how long an id is remembered, in event time; or forever", true,
     [](I& i, Text t) { return store(i.config.dedup.horizon_us, t, parse_horizon); },
     [](I& i, double f) { scale_us(i.config.dedup.horizon_us, f); }},
    {"ids", "u128", "u64, u128 (UUIDs), bytes, or verify: bytes kept and compared", true, set_ids,
     nullptr},
    {"error_rate", "0.1%", "approximate: unique events taken for duplicates, at most", true,
     [](I& i, Text t) { return store(i.config.dedup.error_rate, t, parse_share); },
     [](I& i, double f) { i.config.dedup.error_rate *= f; }},
    {"out_of_order", "5s", "how much older than the newest an event may be", true,
     [](I& i, Text t) {
         int64_t us = 0;
         std::string error = store(us, t, parse_duration_us);
         i.config.time.out_of_order_us = us;
         return error;
     },
     [](I& i, double f) {
         if (i.config.time.out_of_order_us) scale_us(*i.config.time.out_of_order_us, f);
     }},
    {"allowed_lateness", "0", "how long windows wait for late events", true,
     [](I& i, Text t) { return store(i.config.time.allowed_lateness_us, t, parse_duration_us); },
     [](I& i, double f) { scale_us(i.config.time.allowed_lateness_us, f); }},
    {"key_type", "int", "int, text, or none", true, set_key_type, nullptr},
    {"windows", "1m", "sizes: 1m, 1h/5m (every 5m), session:30m; several by commas; or none", true,
     set_windows, nullptr},
    {"aggregates", "count,sum", "of one value: count, sum, min, max, avg, first, last", true,
     set_aggregates, nullptr},
    // The place.
    {"threads", "auto", "shards; auto: as many as cores are planned", true,
     [](I& i, Text t) { return store(i.threads, t, parse_threads); }, nullptr},
    {"utilisation", "70%", "of a core, at the peak", false,
     [](I& i, Text t) { return store(i.utilisation_max, t, parse_share); },
     scale_real<&I::utilisation_max>},
    {"spare", "1", "further cores, so that some may fail", false,
     [](I& i, Text t) { return store(i.spare_cores, t, parse_amount); }, nullptr},
    {"outage", "30m", "outage to ride out and catch up from", false,
     [](I& i, Text t) { return store(i.outage_us, t, parse_duration_us); },
     scale_time<&I::outage_us>},
    {"stall", "200ms", "longest time for which nothing is read", false,
     [](I& i, Text t) { return store(i.stall_us, t, parse_duration_us); },
     scale_time<&I::stall_us>},
    {"checkpoint", "1m", "time from one checkpoint to the next", false,
     [](I& i, Text t) { return store(i.checkpoint_us, t, parse_duration_us); },
     scale_time<&I::checkpoint_us>},
    {"disk", "500MB/s", "what a disk writes", false,
     [](I& i, Text t) { return store(i.disk_bytes_per_s, t, parse_byte_rate); },
     scale_real<&I::disk_bytes_per_s>},
    {"retention", "7d", "how long the log before us keeps events", false,
     [](I& i, Text t) { return store(i.retention_us, t, parse_duration_us); },
     scale_time<&I::retention_us>},
    {"replication", "3", "copies that log keeps", false,
     [](I& i, Text t) { return store(i.replication, t, parse_decimal); },
     scale_real<&I::replication>},
    {"partition_rate", "10MB/s", "what one partition of that log carries", false,
     [](I& i, Text t) { return store(i.partition_bytes_per_s, t, parse_byte_rate); },
     scale_real<&I::partition_bytes_per_s>},
    {"ram", "", "memory of the machine that is planned for; else this one's", false,
     [](I& i, Text t) { return store(i.ram_bytes, t, parse_byte_count); }, nullptr},
    {"price_core_hour", "", "what a core costs in an hour", false,
     [](I& i, Text t) { return set_price(i.prices.core_hour, t); }, nullptr},
    {"price_gib_hour", "", "what a GiB of memory costs in an hour", false,
     [](I& i, Text t) { return set_price(i.prices.gib_hour, t); }, nullptr},
    {"price_disk_tb_month", "", "what a TB of disk costs in a month", false,
     [](I& i, Text t) { return set_price(i.prices.disk_tb_month, t); }, nullptr},
}};

}  // namespace

Config default_plan_config() {
    Config config;
    config.dedup.id_type = IdType::u128;
    config.dedup.horizon_us = kHourUs;
    config.time.out_of_order_us = 5 * kSecondUs;
    config.key = {{"key", FieldType::integer}};
    config.values = {{"value", 0}};
    config.aggregates = {{"count", AggregateKind::count, 0, 0}, {"sum", AggregateKind::sum, 0, 0}};
    config.windows = {{"w1", WindowKind::tumbling, kMinuteUs, kMinuteUs, 0}};
    return config;
}

std::span<const PlanSetting> plan_settings() {
    return kSettings;
}

Parsed<double> parse_event_rate(std::string_view text) {
    struct Per {
        std::string_view unit;
        double seconds;
    };
    static constexpr std::array<Per, 7> kPer{{{"s", 1},
                                              {"m", 60},
                                              {"min", 60},
                                              {"h", 3600},
                                              {"hour", 3600},
                                              {"d", 86400},
                                              {"day", 86400}}};
    const size_t slash = text.find('/');
    double seconds = 1;
    if (slash != std::string_view::npos) {
        const std::string_view unit = text.substr(slash + 1);
        seconds = 0;
        for (const Per& per : kPer) {
            if (per.unit == unit) seconds = per.seconds;
        }
        if (seconds == 0) {
            return Parsed<double>::fail("'" + std::string(text) +
                                        "' has an unknown time; the times are s, min, h and day");
        }
    }
    const Parsed<uint64_t> count = parse_count(text.substr(0, slash));
    return {static_cast<double>(count.value) / seconds, count.error};
}

std::vector<std::string> problems_of(const PlanInputs& inputs) {
    std::vector<std::string> problems;
    const auto require = [&](bool holds, const char* text) {
        if (!holds) problems.emplace_back(text);
    };
    require(inputs.events_per_s > 0 && inputs.events_per_s < 1e12,
            "--events: say how many come on average, such as 20k or 1G/day; below 1e12 a second");
    require(inputs.growth > 0 && inputs.growth <= 1e6, "--growth: must be above 0, at most 1e6");
    require(inputs.peak >= 1 && inputs.peak <= 1e6, "--peak: must be 1 to 1e6, times the mean");
    require(inputs.event_bytes >= 1 && inputs.event_bytes <= 0x1p30,
            "--event-bytes: must be 1 B to 1 GiB");
    require(inputs.duplicate_share < 1, "--duplicates: not every event can be a copy");
    require(inputs.keys >= 1 && inputs.keys <= 0x1p32, "--keys: must be 1 to 4294967296");
    require(inputs.key_bytes <= 0x1p20, "--key-bytes: must be at most 1 MiB");
    require(inputs.id_bytes >= 1 && inputs.id_bytes <= 0x1p17,
            "--id-bytes: must be 1 B to 128 KiB");
    require(inputs.lifetime_us > 0, "--lifetime: must be above 0");
    require(inputs.utilisation_max > 0 && inputs.utilisation_max < 1,
            "--utilisation: must lie between 0 and 100%, both excluded: a core that is always "
            "busy never catches up");
    require(inputs.spare_cores <= 1e6, "--spare: must be at most 1M");
    require(inputs.checkpoint_us > 0, "--checkpoint: must be above 0");
    require(inputs.disk_bytes_per_s > 0, "--disk: must be above 0");
    require(inputs.replication >= 1, "--replication: must be at least 1");
    require(inputs.partition_bytes_per_s > 0, "--partition-rate: must be above 0");
    Config config = inputs.config;
    config.dedup.capacity = 1;  // Is planned.
    config.engine.memory_bytes = std::max(config.engine.memory_bytes, hostpath::kMemoryMinBytes);
    for (const Problem& problem : validate(config)) {
        // What a plan will say: how much memory the job needs.
        if (problem.where.starts_with("engine.")) continue;
        problems.push_back(problem.where + ": " + problem.what);
    }
    return problems;
}

}  // namespace trommel::tools
