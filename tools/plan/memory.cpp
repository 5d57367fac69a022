#include "tools/plan/memory.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "hostpath/memory_plan.h"
#include "hostpath/row_pace.h"
#include "kernels/cpu/approximate_ids.h"
#include "kernels/cpu/window_store.h"
#include "kernels/rules/dedup.h"
#include "kernels/rules/partition.h"
#include "kernels/rules/window.h"

namespace trommel::tools {
namespace {

constexpr double kUs = 1e-6;
constexpr double kHeadroom = 1.1;
constexpr double kMiB = 1 << 20;

// A cuckoo filter of buckets of four at 95 % (Fan and others, CoNEXT 2014), and a byte that says
// how old an entry is.
double fingerprint_bits(double error_rate, bool ages) {
    return (std::log2(1 / error_rate) + 3) / 0.95 + (ages ? 8 : 0);
}

cpu::IdKind id_kind(const DedupOptions& dedup) {
    if (dedup.verify) return cpu::IdKind::verified;
    return dedup.id_type == IdType::u64 && dedup.scope == Scope::global ? cpu::IdKind::u64
                                                                        : cpu::IdKind::u128;
}

double seconds(int64_t us) {
    return static_cast<double>(us) * kUs;
}

// The memory planner's own count of batches (memory_plan.cpp), about.
double batches_bytes(const Config& config, uint32_t shards) {
    const double batches = shards > 1 ? 4 + 4.0 * shards : 1;
    return batches * (config.engine.batch_records * (160.0 + 8 * kValuesMax) + 2 * kMiB);
}

// Sessions open at once and those that have ended but are not final, by Little's law, for events
// that come at random: a session ends when its key is silent for a gap.
double open_sessions(const PlanInputs& inputs, const PlanRates& rates) {
    const Config& config = inputs.config;
    const double wait_s =
        seconds(config.time.out_of_order_us.value_or(0)) + seconds(config.time.allowed_lateness_us);
    const double keys = config.key.empty() ? 1 : inputs.keys;
    double sessions = 0;
    for (const Window& window : config.windows) {
        if (window.kind != WindowKind::session) continue;
        const double per_key = rates.unique_within(1) / keys;  // In a second.
        const double silent = std::exp(-per_key * seconds(window.gap_us));
        sessions += keys * ((1 - silent) + per_key * silent * wait_s);
    }
    return sessions;
}

cpu::WindowDemand window_demand(const PlanInputs& inputs, const PlanRates& rates, uint32_t shards) {
    const Config& config = inputs.config;
    double size_s = 0, text_bytes = 0;
    for (const Window& window : config.windows) {
        if (rules::is_aligned(window.kind)) size_s = std::max(size_s, seconds(window.size_us));
    }
    // Encoded as trommel/key.h says.
    for (const KeyField& field : config.key) {
        text_bytes += field.type == FieldType::integer ? 8 : inputs.key_bytes + 2;
    }
    const double span_s = size_s + seconds(config.time.out_of_order_us.value_or(0)) +
                          seconds(config.time.allowed_lateness_us);
    cpu::WindowDemand demand;
    if (span_s > 0) demand.events_per_us = rates.unique_within(span_s) / span_s * kUs / shards;
    demand.keys = inputs.keys;
    demand.key_bytes = text_bytes;
    // A final pane stands until its rows have left; as many events come in as those are worth.
    const double rows = cpu::keys_seen(inputs.keys, rates.unique_within(size_s) / shards);
    constexpr hostpath::RowPace kPace;
    const auto events_per_row = static_cast<double>(kPace.kWorkPerRow) /
                                static_cast<double>(kPace.work_per_event);
    const double batch_s = config.engine.batch_records / rates.peak;
    const double rows_s = rows * events_per_row / rates.peak;
    demand.lag_us =
        static_cast<int64_t>((std::min(batch_s, 1.0) + std::min(rows_s, size_s)) / kUs);
    return demand;
}

}  // namespace

PlanRates::PlanRates(const PlanInputs& inputs)
    : mean(inputs.events_per_s * inputs.growth),
      peak(mean * inputs.peak),
      unique_share(1 - inputs.duplicate_share),
      peak_s(seconds(inputs.peak_us)) {}

double PlanRates::unique_within(double span_s) const {
    return unique_share * (mean * span_s + (peak - mean) * std::min(peak_s, span_s));
}

LiveIds live_ids(const PlanInputs& inputs) {
    const Config& config = inputs.config;
    const PlanRates rates(inputs);
    LiveIds live;
    if (config.dedup.mode == DedupMode::off) return live;
    const double batch = config.engine.batch_records * rates.unique_share;
    if (config.dedup.horizon_us == kForeverUs) {
        live.span_s = seconds(inputs.lifetime_us);
        live.ids = live.capacity = rates.unique_within(live.span_s) + batch;
        return live;
    }
    // D3: an id goes when tick(watermark - lateness - pane) is more than `reach` past its tick. The
    // watermark is out_of_order behind the newest event, and stands anywhere in its tick.
    const rules::DedupTicks ticks = rules::dedup_ticks(config.dedup.horizon_us);
    const double lag_s = seconds(config.time.out_of_order_us.value_or(0)) +
                         seconds(config.time.allowed_lateness_us) +
                         seconds(rules::lateness_pane_us(config));
    live.span_s = static_cast<double>(ticks.reach + 1) * seconds(ticks.tick_us) + lag_s;
    live.ids = rates.unique_within(live.span_s) + batch;
    const double slices_s = 3 * seconds(rules::filter_slice_us(config.dedup.horizon_us));
    live.capacity = rates.unique_within(slices_s) + batch;
    return live;
}

PlanMemory plan_job_memory(const PlanInputs& inputs, uint32_t shards) {
    const PlanRates rates(inputs);
    PlanMemory memory;
    memory.shards = shards;
    memory.live = live_ids(inputs);
    Config config = inputs.config;
    memory.filter_capacity =
        static_cast<uint64_t>(std::ceil(std::clamp(kHeadroom * memory.live.capacity, 1.0, 0x1p60)));
    config.dedup.capacity = memory.filter_capacity;
    if (config.dedup.mode != DedupMode::off) {
        memory.filter = cpu::filter_geometry(config);
        const bool ages = config.dedup.horizon_us != kForeverUs;
        memory.fingerprint_bytes =
            memory.live.ids * fingerprint_bits(config.dedup.error_rate, ages) / 8;
        for (uint32_t shard = 0; shard < shards; ++shard) {
            const uint32_t begin = rules::group_begin(shard, shards);
            const uint32_t end = rules::group_begin(shard + 1, shards);
            const double share = static_cast<double>(end - begin) / rules::kGroups;
            memory.exact_bytes += static_cast<double>(cpu::exact_ids_bytes(
                id_kind(config.dedup), memory.live.ids * share, end - begin, inputs.id_bytes));
            memory.approximate_bytes += static_cast<double>(cpu::region_bytes(
                static_cast<double>(rules::filter_bytes(memory.filter, begin, end))));
        }
    }
    memory.windows = cpu::window_footprint(config, window_demand(inputs, rates, shards));
    memory.sessions = open_sessions(inputs, rates);
    if (memory.sessions > 0) {
        const cpu::WindowMemory need = cpu::window_memory(config);
        const double keys = config.key.empty() ? 1 : inputs.keys;
        memory.session_bytes = static_cast<double>(need.fixed_bytes) +
                               keys * static_cast<double>(need.bytes_per_key) +
                               memory.sessions * static_cast<double>(need.bytes_per_session);
        if (key_shape(config) == KeyShape::encoded) {
            memory.session_bytes += keys * (inputs.key_bytes + 8);
        }
    }
    memory.batch_bytes = batches_bytes(config, shards);
    return memory;
}

Config planned_config(const PlanInputs& inputs, const PlanMemory& memory) {
    Config config = inputs.config;
    config.engine.threads = memory.shards;
    config.dedup.capacity = 0;
    if (config.dedup.mode == DedupMode::approximate) {
        config.dedup.capacity = memory.filter_capacity;
    }
    // Sessions and aligned windows halve the keys' share (memory_plan.cpp).
    const bool both = memory.session_bytes > 0 && memory.windows.bytes() > 0;
    const double key_bytes =
        both ? 2 * std::max(memory.session_bytes, memory.window_bytes()) : memory.key_bytes();
    const std::array<double, 3> needs = {kHeadroom * memory.id_bytes(config.dedup.mode),
                                         kHeadroom * std::max(key_bytes, kMiB),
                                         kHeadroom * memory.batch_bytes};
    const double sum = needs[0] + needs[1] + needs[2];
    std::array<int, 3> percent{};
    size_t largest = 0;
    for (size_t n = 0; n < needs.size(); ++n) {
        percent[n] = std::max(1, static_cast<int>(std::lround(100 * needs[n] / sum)));
        if (needs[n] > needs[largest]) largest = n;
    }
    percent[largest] += 100 - (percent[0] + percent[1] + percent[2]);
    double bytes = static_cast<double>(hostpath::kMemoryMinBytes);
    for (size_t n = 0; n < needs.size(); ++n) bytes = std::max(bytes, needs[n] * 100 / percent[n]);
    config.engine.shares = {percent[0], percent[1], percent[2]};
    config.engine.memory_bytes = static_cast<uint64_t>(std::ceil(std::min(bytes, 0x1p60) / kMiB))
                                 << 20;
    return config;
}

double expected_error(const PlanInputs& inputs, const PlanMemory& memory, double ids_in_span) {
    const uint64_t lines = memory.filter.lines_per_group * rules::kGroups;
    const uint32_t cells = rules::filter_cells(inputs.config.dedup.horizon_us);
    // An event sees the ids of the two slices before its own, and of its own those before it (of a
    // filter for ever, all before it). Those taken for duplicates are not remembered.
    const bool ages = inputs.config.dedup.horizon_us != kForeverUs;
    constexpr int kSteps = 64;
    double error = 0;
    for (int round = 0; round < 3; ++round) {
        const double remembered = ids_in_span * (1 - error);
        double sum = 0;
        for (int step = 0; step < kSteps; ++step) {
            const double into = (step + 0.5) / kSteps;
            const double ids = remembered * (ages ? (2 + into) / 3 : into);
            sum += rules::filter_error(ids / static_cast<double>(lines), cells);
        }
        error = sum / kSteps;
    }
    return error;
}

}  // namespace trommel::tools
