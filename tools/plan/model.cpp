#include "tools/plan/model.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <thread>

#include "kernels/rules/filter.h"
#include "kernels/rules/window.h"
#include "tools/plan/lines.h"

namespace trommel::tools {
namespace {

constexpr double kNs = 1e-9;

uint32_t machine_cores() {
    return std::clamp(std::thread::hardware_concurrency(), 1u, kShardsMax);
}

// Rows that windows give for each unique event, and what a cell and a row have at hand.
double rows_per_event(const PlanInputs& inputs, const PlanMemory& memory) {
    const PlanRates rates(inputs);
    const Config& config = inputs.config;
    const double keys = config.key.empty() ? 1 : inputs.keys;
    const double pane_us = static_cast<double>(rules::pane_us(config));
    const double per_us = rates.unique_within(1) * 1e-6 / memory.shards;  // Of a shard.
    double rows = 0;
    for (const Window& window : config.windows) {
        if (window.kind == WindowKind::session) {
            // A session ends when its key is silent for a gap.
            const double per_key = per_us * memory.shards / keys;
            rows += std::exp(-per_key * static_cast<double>(window.gap_us));
            continue;
        }
        const double slide_us = static_cast<double>(window.slide_us);
        const double events = per_us * slide_us;
        rows += cpu::keys_seen(keys, per_us * static_cast<double>(window.size_us)) / events;
        // Cells of panes that are merged are visited once more, those that are new are made.
        const double panes =
            std::min(static_cast<double>(window.size_us) / pane_us,
                     2 * std::log2(static_cast<double>(window.size_us) / pane_us + 1));
        if (panes > 1) rows += panes * cpu::keys_seen(keys, per_us * pane_us) / events;
    }
    return rows;
}

// The shards for which memory is planned, when nobody says how many.
uint32_t shards_for(const PlanInputs& inputs, const Calibration* calibration) {
    if (inputs.threads > 0) return inputs.threads;
    if (calibration == nullptr) return machine_cores();
    const PlanMemory memory = plan_job_memory(inputs, 1);
    const std::optional<EventCost> cost = event_cost(inputs, memory, *calibration);
    if (!cost) return machine_cores();
    const double busy = PlanRates(inputs).peak * cost->all() * kNs;
    return static_cast<uint32_t>(
        std::clamp(std::ceil(busy / inputs.utilisation_max), 1.0, double{kShardsMax}));
}

double relative(double now, double before) {
    return before > 0 ? now / before - 1 : 0;
}

std::vector<PlanSensitivity> sensitivity_of(const PlanInputs& inputs,
                                            const Calibration* calibration, uint32_t shards) {
    const auto figures = [&](const PlanInputs& changed) {
        const PlanMemory memory = plan_job_memory(changed, shards);
        std::optional<double> cores;
        if (calibration != nullptr) {
            if (const auto cost = event_cost(changed, memory, *calibration)) {
                cores = PlanRates(changed).peak * cost->all() * kNs / changed.utilisation_max;
            }
        }
        return std::pair(memory.bytes(changed.config.dedup.mode), cores);
    };
    const auto [bytes, cores] = figures(inputs);
    std::vector<PlanSensitivity> found;
    for (const PlanSetting& setting : plan_settings()) {
        if (setting.scale == nullptr) continue;
        PlanSensitivity effect;
        effect.input = setting.name;
        const auto [less_bytes, less_cores] = figures([&] {
            PlanInputs less = inputs;
            setting.scale(less, 0.8);
            return less;
        }());
        const auto [more_bytes, more_cores] = figures([&] {
            PlanInputs more = inputs;
            setting.scale(more, 1.2);
            return more;
        }());
        effect.memory_less = relative(less_bytes, bytes);
        effect.memory_more = relative(more_bytes, bytes);
        if (cores && less_cores && more_cores) {
            effect.cores_less = relative(*less_cores, *cores);
            effect.cores_more = relative(*more_cores, *cores);
        }
        double most = std::max(std::abs(effect.memory_less), std::abs(effect.memory_more));
        most = std::max({most, std::abs(effect.cores_less.value_or(0)),
                         std::abs(effect.cores_more.value_or(0))});
        if (most >= 0.001) found.push_back(effect);
    }
    return found;
}

}  // namespace

const PlanLine* Plan::find(std::string_view id) const {
    for (const PlanLine& line : lines) {
        if (line.id == id) return &line;
    }
    return nullptr;
}

double Plan::value(std::string_view id) const {
    const PlanLine* const line = find(id);
    return line == nullptr ? 0 : line->value.value_or(0);
}

std::optional<EventCost> event_cost(const PlanInputs& inputs, const PlanMemory& memory,
                                    const Calibration& calibration) {
    const Config& config = inputs.config;
    EventCost cost;
    cost.base_ns = config.windows.empty() ? calibration.base_unique_ns : calibration.base_ns;
    cost.decode_ns = decode_ns(calibration, inputs.format, inputs.event_bytes);
    if (cost.decode_ns <= 0) return std::nullopt;
    const std::string_view kind = id_rate_kind(config.dedup);
    if (!kind.empty()) {
        const std::vector<RatePoint>* const points = calibration.find(kind);
        if (points == nullptr) return std::nullopt;
        cost.ids_ns = ns_at(*points, memory.id_bytes(config.dedup.mode) / memory.shards);
    }
    if (!config.windows.empty()) {
        if (calibration.cell.empty() || calibration.row.empty()) return std::nullopt;
        const double bytes = std::max(1.0, memory.key_bytes() / memory.shards);
        const double unique = 1 - inputs.duplicate_share;
        cost.keys_ns = unique * (ns_at(calibration.cell, bytes) +
                                 rows_per_event(inputs, memory) * ns_at(calibration.row, bytes));
    }
    return cost;
}

Plan make_plan(const PlanInputs& inputs, const Calibration* calibration) {
    Plan plan;
    const uint32_t shards = shards_for(inputs, calibration);
    plan.memory = plan_job_memory(inputs, shards);
    plan.config = planned_config(inputs, plan.memory);
    std::optional<EventCost> cost;
    if (calibration != nullptr) cost = event_cost(inputs, plan.memory, *calibration);
    if (cost) plan.event_ns = cost->all();
    add_traffic_lines(inputs, plan);
    add_id_lines(inputs, plan);
    add_memory_lines(inputs, plan);
    add_core_lines(inputs, cost, plan);
    add_wire_lines(inputs, plan);
    add_buffer_lines(inputs, plan);
    add_recovery_lines(inputs, plan);
    add_cost_lines(inputs, plan);
    add_warnings(inputs, cost, plan);
    plan.sensitivity = sensitivity_of(inputs, calibration, shards);
    return plan;
}

}  // namespace trommel::tools
