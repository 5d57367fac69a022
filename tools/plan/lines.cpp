#include "tools/plan/lines.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "kernels/rules/dedup.h"
#include "kernels/rules/filter.h"
#include "kernels/rules/window.h"

namespace trommel::tools {
namespace {

constexpr double kDay = 86'400;
constexpr double kNs = 1e-9;
constexpr double kFrameHead = 32;     // net/wire.h
constexpr double kPacketHead = 28;    // IPv4 and UDP.
constexpr double kEthernet = 38;      // Preamble, header, checksum, gap.
constexpr double kPayloadMax = 1440;  // Of a frame in a packet of 1500 bytes.
constexpr double kDeviceBytes = 16;   // Of an event that goes to a GPU: id and key or time.
constexpr double kMonthHours = 730;
constexpr double kGiB = 1 << 30;

const char* const kContract = "contract D2, D3";
const char* const kStores = "kernels/cpu/footprint, tested against the stores";
const char* const kArithmetic = "arithmetic";
const char* const kCalibrated = "calibration of this machine";

using U = PlanUnit;

std::string n(double value) {
    return short_number(value);
}
std::string bytes(double value) {
    return plan_value_text(value, U::bytes);
}
std::string secs(double value) {
    return plan_value_text(value, U::seconds);
}
double seconds(int64_t us) {
    return static_cast<double>(us) / 1e6;
}

class Lines {
   public:
    Lines(Plan& plan, const char* section) : plan_(plan), section_(section) {}

    PlanLine& add(const char* id, const char* name, double value, U unit, std::string formula,
                  const char* source) {
        plan_.lines.push_back(
            {section_, id, name, value, unit, std::move(formula), "", source, ""});
        return plan_.lines.back();
    }
    void unknown(const char* id, const char* name, U unit, const char* why) {
        plan_.lines.push_back({section_, id, name, std::nullopt, unit, "", "", "", why});
    }

   private:
    Plan& plan_;
    const char* const section_;
};

constexpr const char* kNotMeasured =
    "unknown: not measured on this machine (trommel plan --calibrate)";

// Packets for an event, and bytes on the wire beyond its own.
struct Wire {
    explicit Wire(double event_bytes) {
        const double in_packet = std::max(1.0, std::floor(kPayloadMax / event_bytes));
        packets = event_bytes > kPayloadMax ? std::ceil(event_bytes / kPayloadMax) : 1 / in_packet;
        bytes = event_bytes + packets * (kFrameHead + kPacketHead + kEthernet);
    }
    double packets, bytes;
};

}  // namespace

double planned_capacity(const PlanInputs& inputs, const Plan& plan) {
    const double needed = PlanRates(inputs).peak / inputs.utilisation_max;
    if (!plan.event_ns) return needed;
    return std::max(plan.value("cores_busy_max"), 1.0) / (*plan.event_ns * kNs);
}

void add_traffic_lines(const PlanInputs& inputs, Plan& plan) {
    const PlanRates rates(inputs);
    Lines lines(plan, "traffic");
    lines.add("events_mean", "events, mean", rates.mean, U::per_second,
              n(inputs.events_per_s) + " events/s x growth " + n(inputs.growth), kArithmetic);
    lines.add("events_peak", "events, peak", rates.peak, U::per_second,
              n(rates.mean) + " x peak " + n(inputs.peak), kArithmetic);
    lines.add("bytes_mean", "bytes, mean", rates.mean * inputs.event_bytes, U::bytes_per_second,
              n(rates.mean) + " x " + n(inputs.event_bytes) + " B", kArithmetic);
    lines.add("bytes_peak", "bytes, peak", rates.peak * inputs.event_bytes, U::bytes_per_second,
              n(rates.peak) + " x " + n(inputs.event_bytes) + " B", kArithmetic);
    lines.add("bytes_day", "a day", rates.mean * inputs.event_bytes * kDay, U::decimal_bytes,
              n(rates.mean) + " x " + n(inputs.event_bytes) + " B x 86,400 s", kArithmetic);
}

void add_id_lines(const PlanInputs& inputs, Plan& plan) {
    const Config& config = inputs.config;
    if (config.dedup.mode == DedupMode::off) return;
    const PlanRates rates(inputs);
    const LiveIds& live = plan.memory.live;
    Lines lines(plan, "ids");
    const bool forever = config.dedup.horizon_us == kForeverUs;
    const rules::DedupTicks ticks = rules::dedup_ticks(config.dedup.horizon_us);
    const double disorder_s = seconds(config.time.out_of_order_us.value_or(0));
    lines.add("id_span", "remembered for, at most", live.span_s, U::seconds,
              forever ? "horizon forever: lifetime"
                      : std::to_string(ticks.reach) + " + 1 ticks of " +
                            secs(seconds(ticks.tick_us)) + " + out_of_order " + secs(disorder_s) +
                            " + lateness " + secs(seconds(config.time.allowed_lateness_us)) +
                            " + pane " + secs(seconds(rules::lateness_pane_us(config))),
              kContract);
    const double in_peak = std::min(rates.peak_s, live.span_s);
    PlanLine& ids = lines.add("live_ids", "live at once", live.ids, U::count,
                              n(rates.unique_share) + " unique x (" + n(rates.mean) + "/s x " +
                                  secs(live.span_s) + " + " + n(rates.peak - rates.mean) +
                                  "/s more x " + secs(in_peak) + ") + a batch",
                              kContract);
    ids.binds = rates.peak_s < live.span_s ? "horizon" : "peak (it lasts longer than the horizon)";
    lines.add("filter_ids", "in view of a filter", live.capacity, U::count,
              forever ? "as many" : "the same for one and a half horizons", "contract D5");
    const double unique_day = rates.mean * rates.unique_share * kDay;
    lines.add("lost_per_day", "events lost a day, approximate",
              rules::filter_lost_per_day(config.dedup.error_rate, unique_day), U::count,
              n(config.dedup.error_rate) + " x " + n(unique_day) + " unique events a day",
              "contract D5, at its bound");
    if (config.dedup.id_type == IdType::bytes && !config.dedup.verify) {
        lines.add("mistaken_per_day", "events lost a day, exact", unique_day * live.ids * 0x1p-128,
                  U::count, n(unique_day) + " x " + n(live.ids) + " / 2^128 (ids by their hash)",
                  "contract E1");
    }
}

void add_memory_lines(const PlanInputs& inputs, Plan& plan) {
    const PlanMemory& memory = plan.memory;
    const DedupOptions& dedup = inputs.config.dedup;
    Lines lines(plan, "memory");
    const double ids = std::max(1.0, memory.live.ids);
    if (dedup.mode != DedupMode::off) {
        lines.add("memory_exact", "ids, exact", memory.exact_bytes, U::bytes,
                  n(ids) + " ids x " + n(memory.exact_bytes / ids) + " B, in " +
                      std::to_string(memory.shards) + " shards",
                  kStores);
        lines.add(
            "memory_approximate", "ids, approximate", memory.approximate_bytes, U::bytes,
            n(static_cast<double>(memory.filter_capacity)) + " ids, a tenth to spare, x " +
                n(8 * memory.approximate_bytes / static_cast<double>(memory.filter_capacity)) +
                " bits for " + n(dedup.error_rate),
            "kernels/rules/filter.h");
        PlanLine& fingerprint =
            lines.add("memory_fingerprints", "ids, by a fingerprint table",
                      memory.fingerprint_bytes, U::bytes,
                      n(ids) + " x (log2(1/" + n(dedup.error_rate) + ") + 3) / 0.95 bits" +
                          (dedup.horizon_us == kForeverUs ? "" : " and a byte of age"),
                      "cuckoo filter, CoNEXT 2014; not built");
        fingerprint.says = memory.fingerprint_bytes < memory.approximate_bytes
                               ? "smaller than the filter"
                               : "larger than the filter";
    }
    const cpu::WindowFootprint& windows = memory.windows;
    if (windows.bytes() > 0) {
        lines.add("panes", "panes open", windows.panes, U::count,
                  "(longest window + out_of_order + lateness) / pane", "contract W1, T4");
        lines.add("memory_keys", "keys and panes", memory.window_bytes(), U::bytes,
                  std::to_string(memory.shards) + " shards x (" + n(windows.keys) + " keys: " +
                      bytes(static_cast<double>(windows.key_bytes)) + ", " + n(windows.cells) +
                      " cells: " + bytes(static_cast<double>(windows.cell_bytes)) +
                      ", closing: " + bytes(static_cast<double>(windows.closing_bytes)) + ")",
                  kStores);
    }
    if (memory.sessions > 0) {
        lines.add("sessions", "sessions open", memory.sessions, U::count,
                  "keys that are active, and ended ones x (out_of_order + lateness)",
                  "Little's law; events at random");
        lines.add("memory_sessions", "sessions", memory.session_bytes, U::bytes,
                  n(memory.sessions) + " sessions and their keys", "kernels/cpu/window_store.h");
    }
    lines.add("memory_batches", "batches", memory.batch_bytes, U::bytes,
              "columns of the batches under way", "hostpath/memory_plan");
    const double used = memory.bytes(dedup.mode);
    PlanLine& total = lines.add(
        "memory", "in use", used, U::bytes,
        "ids + keys + batches, mode " + std::string(dedup.mode == DedupMode::exact ? "exact"
                                                    : dedup.mode == DedupMode::off ? "off"
                                                                                   : "approximate"),
        kArithmetic);
    total.binds = memory.id_bytes(dedup.mode) > memory.key_bytes() ? "ids" : "keys";
    const MemoryShares& shares = plan.config.engine.shares;
    lines.add("engine_memory", "engine.memory to set",
              static_cast<double>(plan.config.engine.memory_bytes), U::bytes,
              "a tenth more; ids " + std::to_string(shares.ids) + "%, keys " +
                  std::to_string(shares.keys) + "%, batches " + std::to_string(shares.batches) +
                  "%",
              kArithmetic);
}

void add_core_lines(const PlanInputs& inputs, const std::optional<EventCost>& cost, Plan& plan) {
    Lines lines(plan, "cores");
    const PlanRates rates(inputs);
    if (!cost) {
        for (const auto& [id, name, unit] :
             {std::tuple("rate_per_core", "events per core", U::per_second),
              std::tuple("cores", "cores", U::cores),
              std::tuple("receiver", "busiest thread", U::share)}) {
            lines.unknown(id, name, unit, kNotMeasured);
        }
    } else {
        const double ns = cost->all();
        lines.add("rate_per_core", "events per core", 1 / (ns * kNs), U::per_second,
                  "1 / (" + n(cost->decode_ns) + " decode + " + n(cost->base_ns) + " receive + " +
                      n(cost->ids_ns) + " ids + " + n(cost->keys_ns) + " windows ns)",
                  kCalibrated);
        const double busy = rates.peak * ns * kNs;
        const double needed = std::max(1.0, std::ceil(busy / inputs.utilisation_max));
        PlanLine& least = lines.add("cores_busy_max", "cores for the peak", needed, U::cores,
                                    "max(1, " + n(rates.peak) + "/s x " + n(ns) + " ns / " +
                                        n(inputs.utilisation_max) + ")",
                                    kCalibrated);
        least.binds = busy / inputs.utilisation_max > 1 ? "events at the peak" : "one core";
        lines.add("cores", "cores", needed + inputs.spare_cores, U::cores,
                  n(needed) + " + " + n(inputs.spare_cores) + " spare", kArithmetic);
        lines.add("utilisation_mean", "utilisation, mean", rates.mean * ns * kNs / needed, U::share,
                  n(rates.mean) + "/s x " + n(ns) + " ns / " + n(needed) + " cores", kCalibrated);
        lines.add("receiver", "receiver at the peak",
                  rates.peak * (cost->decode_ns + cost->base_ns) * kNs, U::share,
                  n(rates.peak) + "/s x (" + n(cost->decode_ns) + " + " + n(cost->base_ns) +
                      ") ns of one core",
                  "one thread decodes and deals (ARCHITECTURE.md)");
    }
    lines.unknown("gpu", "CPU or GPU", U::text,
                  "CPU; a GPU: unknown, not measured on this machine");
}

void add_wire_lines(const PlanInputs& inputs, Plan& plan) {
    const PlanRates rates(inputs);
    const Wire wire(inputs.event_bytes);
    Lines lines(plan, "network");
    lines.add("packets", "packets, peak", rates.peak * wire.packets, U::per_second,
              n(rates.peak) + "/s x " + n(wire.packets) + " packets of at most 1440 B of events",
              "net/wire.h, Ethernet at 1500 B");
    lines.add("nic", "network, peak", rates.peak * wire.bytes * 8, U::bits_per_second,
              n(rates.peak) + "/s x (" + n(inputs.event_bytes) + " + " +
                  n(wire.bytes - inputs.event_bytes) + " framing) B x 8",
              "net/wire.h, Ethernet at 1500 B");
    lines.add("pcie", "PCIe for a GPU, peak", rates.peak * kDeviceBytes, U::bytes_per_second,
              n(rates.peak) + "/s x 16 B", kArithmetic);
    const double by_bytes =
        std::ceil(rates.peak * inputs.event_bytes / inputs.partition_bytes_per_s);
    const double consumers = std::max(1.0, plan.value("cores_busy_max"));
    const double least = std::max(by_bytes, consumers);
    PlanLine& partitions = lines.add(
        "kafka_partitions", "Kafka partitions", std::ceil(least / consumers) * consumers, U::count,
        "max(" + n(rates.peak * inputs.event_bytes / 1e6) + " MB/s / " +
            n(inputs.partition_bytes_per_s / 1e6) + " MB/s, " + n(consumers) +
            " consumers), a multiple of the consumers",
        "Jun Rao's rule");
    partitions.binds = by_bytes >= consumers ? "bytes at the peak" : "cores";
}

void add_buffer_lines(const PlanInputs& inputs, Plan& plan) {
    const PlanRates rates(inputs);
    const double capacity = planned_capacity(inputs, plan);
    const double stall_s = seconds(inputs.stall_us);
    const double excess = std::max(0.0, rates.peak - capacity);
    const double depth =
        excess > 0 ? excess * rates.peak_s + capacity * stall_s : rates.peak * stall_s;
    Lines lines(plan, "buffers");
    PlanLine& events = lines.add("buffer_events", "events that wait", depth, U::count,
                                 excess > 0 ? "(" + n(rates.peak) + " - " + n(capacity) + ")/s x " +
                                                  secs(rates.peak_s) + " + " + n(capacity) +
                                                  "/s x " + secs(stall_s)
                                            : n(rates.peak) + "/s x stall " + secs(stall_s),
                                 "fluid queue");
    events.binds = excess > 0 ? "peak (it is more than the cores take)" : "stall";
    const double records = inputs.config.engine.batch_records;
    lines.add("buffer_batches", "as batches", std::ceil(depth / records), U::count,
              n(depth) + " / " + n(records) + " records", kArithmetic);
    lines.add("buffer_bytes", "socket or log buffer", depth * Wire(inputs.event_bytes).bytes,
              U::decimal_bytes,
              n(depth) + " x " + n(Wire(inputs.event_bytes).bytes) + " B on the wire", kArithmetic);
}

void add_recovery_lines(const PlanInputs& inputs, Plan& plan) {
    const PlanRates rates(inputs);
    const double capacity = planned_capacity(inputs, plan);
    const char* const source = plan.event_ns ? kCalibrated : "cores sized for the peak";
    const double outage_s = seconds(inputs.outage_us);
    Lines lines(plan, "recovery");
    const auto catch_up = [&](const char* id, const char* name, double rate) {
        if (capacity <= rate) {
            lines.unknown(id, name, U::seconds, "never: events come faster than they are taken");
            return;
        }
        lines.add(
            id, name, rate * outage_s / (capacity - rate), U::seconds,
            n(rate) + "/s x " + secs(outage_s) + " / (" + n(capacity) + " - " + n(rate) + ")/s",
            source);
    };
    catch_up("catch_up", "catching up after an outage", rates.mean);
    catch_up("catch_up_peak", "the same at the peak", rates.peak);
    const double state = plan.memory.id_bytes(inputs.config.dedup.mode) + plan.memory.key_bytes();
    const double write_s = state / inputs.disk_bytes_per_s;
    const double interval_s = seconds(inputs.checkpoint_us);
    lines.add("checkpoint_bytes", "checkpoint", state, U::decimal_bytes, "ids + keys",
              "all of the state; checkpoints are not built yet");
    lines.add("checkpoint_time", "written in", write_s, U::seconds,
              n(state / 1e6) + " MB / " + n(inputs.disk_bytes_per_s / 1e6) + " MB/s", kArithmetic);
    if (capacity > rates.mean) {
        lines.add("recovery", "back after a crash",
                  write_s + rates.mean * interval_s / (capacity - rates.mean), U::seconds,
                  "read " + secs(write_s) + " + " + n(rates.mean) + "/s x " + secs(interval_s) +
                      " / (" + n(capacity) + " - " + n(rates.mean) + ")/s",
                  source);
    }
    const double day = rates.mean * inputs.event_bytes * kDay;
    lines.add("disk_day", "log a day", day * inputs.replication, U::decimal_bytes,
              n(day / 1e12) + " TB x " + n(inputs.replication) + " copies", kArithmetic);
    lines.add("disk", "log kept", day * inputs.replication * seconds(inputs.retention_us) / kDay,
              U::decimal_bytes, "that x " + secs(seconds(inputs.retention_us)), kArithmetic);
}

void add_cost_lines(const PlanInputs& inputs, Plan& plan) {
    const PlanInputs::Prices& prices = inputs.prices;
    Lines lines(plan, "cost");
    double sum = 0;
    bool any = false, all = true;
    const auto add = [&](const char* id, const char* name, const std::optional<double>& price,
                         double amount, const std::string& formula) {
        if (!price) return;
        any = true;
        sum += amount * *price;
        lines.add(id, name, amount * *price, U::money, formula + " x " + n(*price),
                  "the price that you gave");
    };
    if (prices.core_hour && !plan.event_ns) {
        lines.unknown("cost_cores", "cores, a month", U::money, kNotMeasured);
        all = false;
    } else {
        add("cost_cores", "cores, a month", prices.core_hour, plan.value("cores") * kMonthHours,
            n(plan.value("cores")) + " cores x 730 h");
    }
    const double gib = static_cast<double>(plan.config.engine.memory_bytes) / kGiB;
    add("cost_memory", "memory, a month", prices.gib_hour, gib * kMonthHours,
        n(gib) + " GiB x 730 h");
    add("cost_disk", "disk, a month", prices.disk_tb_month, plan.value("disk") / 1e12,
        n(plan.value("disk") / 1e12) + " TB");
    if (any && all) lines.add("cost", "a month", sum, U::money, "the sum", kArithmetic);
}

void add_warnings(const PlanInputs& inputs, const std::optional<EventCost>& cost, Plan& plan) {
    const DedupOptions& dedup = inputs.config.dedup;
    const auto warn = [&](std::string text) { plan.warnings.push_back(std::move(text)); };
    const double memory = plan.value("engine_memory");
    if (inputs.ram_bytes > 0 && memory > inputs.ram_bytes) {
        warn("the job needs " + bytes(memory) + ", more than the " + bytes(inputs.ram_bytes) +
             " of the machine: a shorter horizon, --mode approximate, or more memory");
    }
    if (dedup.mode == DedupMode::approximate) {
        warn("at an error rate of " + n(dedup.error_rate) + " up to " +
             n(plan.value("lost_per_day")) + " unique events a day are taken for duplicates");
        if (plan.memory.fingerprint_bytes < plan.memory.approximate_bytes) {
            warn(
                "at this error rate a table of fingerprints would take less than the filter; "
                "none is built");
        }
    }
    if (dedup.mode != DedupMode::off && dedup.horizon_us == kForeverUs) {
        warn("horizon forever: memory grows without end; the plan is for " +
             secs(seconds(inputs.lifetime_us)));
    }
    if (cost) {
        const double receiver = plan.value("receiver");
        if (receiver > inputs.utilisation_max) {
            warn("one thread decodes and deals, and would be busy for " +
                 plan_value_text(receiver, U::share) + " of the peak's time, more than " +
                 plan_value_text(inputs.utilisation_max, U::share) +
                 ": split the input between several processes");
        }
        if (plan.value("cores_busy_max") > kShardsMax) {
            warn("more than 64 shards are needed: split the input between several processes");
        }
    }
    const double catch_up = plan.value("catch_up");
    if (catch_up > 2 * seconds(inputs.outage_us)) {
        warn("catching up takes " + secs(catch_up) +
             ", longer than twice the outage: it needs "
             "more cores, or a lower --utilisation");
    }
    const double log_s = seconds(inputs.retention_us);
    if (seconds(inputs.outage_us) + catch_up > log_s) {
        warn("the log keeps events for " + secs(log_s) +
             ", less than the outage and catching up take: events would be gone");
    }
    if (plan.value("checkpoint_time") > 0.5 * seconds(inputs.checkpoint_us)) {
        warn("writing a checkpoint takes " + secs(plan.value("checkpoint_time")) +
             ", more than half of the " + secs(seconds(inputs.checkpoint_us)) + " between two");
    }
    if (inputs.config.windows.empty()) return;
    if (!inputs.config.time.out_of_order_us) {
        warn(
            "without out_of_order no window closes before the end of the input: the memory of "
            "panes is not bounded by this plan");
    }
}

}  // namespace trommel::tools
