#include <algorithm>

#include "hostpath/memory_plan.h"
#include "kernels/cpu/exact_table.h"
#include "kernels/cpu/window_store.h"
#include "kernels/rules/filter.h"
#include "kernels/rules/window.h"
#include "tools/job/summary.h"
#include "tools/quantity.h"

namespace trommel::tools {
namespace {

constexpr uint64_t kSampleIds = 1'000'000;  // Enough for a table to have its usual fill.
constexpr double kUniquePerDay = 1e6 * 86'400;

std::string line(const std::string& text) {
    return "            " + text + "\n";
}

cpu::IdKind id_kind(const DedupOptions& dedup) {
    if (dedup.verify) return cpu::IdKind::verified;
    return dedup.id_type == IdType::u64 ? cpu::IdKind::u64 : cpu::IdKind::u128;
}

rules::FilterGeometry filter_geometry(const Config& config) {
    return rules::filter_geometry(
        {config.dedup.error_rate, config.dedup.capacity, config.dedup.horizon_us,
         config.time.out_of_order_us.value_or(0),
         config.time.allowed_lateness_us + rules::lateness_pane_us(config)});
}

std::string exact_text(const DedupOptions& dedup, const hostpath::MemoryPlan& plan,
                       uint64_t shards) {
    const uint64_t per_id =
        std::max<uint64_t>(1, cpu::exact_table_bytes(id_kind(dedup), kSampleIds) / kSampleIds);
    const uint64_t bytes = plan.id_bytes * shards;
    return line("ids: " + bytes_text(bytes) + " hold about " + count_text(bytes / per_id) +
                " alive at once, " + std::to_string(per_id) + " bytes each" +
                (dedup.verify ? " and their own bytes" : ""));
}

std::string approximate_text(const Config& config, const hostpath::MemoryPlan& plan,
                             uint64_t shards) {
    const rules::FilterGeometry geometry = filter_geometry(config);
    const uint64_t bytes = rules::filter_bytes(geometry);
    const uint64_t have = plan.id_bytes * shards;
    const uint64_t bits = bytes / std::max<uint64_t>(1, config.dedup.capacity / 8);
    std::string text =
        line("ids: a filter of " + bytes_text(bytes) + " (" +
             count_text(geometry.lines_per_group * rules::kGroups) + " lines, " +
             std::to_string(bits) + " bits per id); " + bytes_text(have) + " are there for it");
    if (bytes > have)
        text += line("ids: THAT IS TOO LITTLE: raise engine.memory or the error_rate");
    const double lost = rules::filter_lost_per_day(config.dedup.error_rate, kUniquePerDay);
    return text + line("ids: at 1 M unique events/s up to " +
                       count_text(static_cast<uint64_t>(lost)) + " of them are lost per day");
}

std::string windows_text(const Config& config, const hostpath::MemoryPlan& plan, uint64_t shards) {
    const cpu::WindowMemory need = cpu::window_memory(config);
    const uint64_t bytes = plan.key_bytes * shards + plan.session_bytes;
    std::string text = line("keys: " + bytes_text(bytes) + " for keys, panes and sessions");
    text += line("keys: a key takes " + std::to_string(need.bytes_per_key) +
                 " bytes and its text, and " + std::to_string(need.bytes_per_cell) +
                 " for each pane (or session) with an event of it");
    if (shards > 1) {
        text += line("keys: a key is kept by every shard that has an event of it: up to " +
                     std::to_string(shards) + " times");
    }
    // A key in every shard, with one open pane.
    const uint64_t per_key = std::max<uint64_t>(1, need.bytes_per_key + need.bytes_per_cell);
    const uint64_t usable =
        plan.key_bytes > need.fixed_bytes ? plan.key_bytes - need.fixed_bytes : 0;
    if (plan.key_bytes > 0) {
        text += line("keys: room for about " + count_text(usable / per_key) +
                     " keys with one open pane");
    }
    return text;
}

}  // namespace

std::string memory_summary(const Config& config) {
    const hostpath::MemoryPlan plan = hostpath::plan_memory(config);
    const uint64_t shards = config.engine.threads;
    std::string text = "memory      " + bytes_text(config.engine.memory_bytes) + ", at least " +
                       bytes_text(minimum_memory(config)) + "; records up to " +
                       bytes_text(plan.record_bytes_max) + "\n";
    if (config.dedup.mode == DedupMode::exact) text += exact_text(config.dedup, plan, shards);
    if (config.dedup.mode == DedupMode::approximate) text += approximate_text(config, plan, shards);
    if (!config.windows.empty()) text += windows_text(config, plan, shards);
    return text;
}

uint64_t minimum_memory(const Config& config) {
    const auto for_share = [](uint64_t bytes, int percent) {
        return percent == 0 ? 0
                            : (bytes * 100 + static_cast<uint64_t>(percent) - 1) /
                                  static_cast<uint64_t>(percent);
    };
    uint64_t ids = 0;
    if (config.dedup.mode == DedupMode::exact)
        ids = cpu::exact_table_bytes(id_kind(config.dedup), 0);
    if (config.dedup.mode == DedupMode::approximate) {
        ids = rules::filter_bytes(filter_geometry(config));
    }
    const uint64_t keys =
        config.windows.empty() ? 0 : cpu::window_memory(config).fixed_bytes * config.engine.threads;
    return std::max({hostpath::kMemoryMinBytes, for_share(ids, config.engine.shares.ids),
                     for_share(keys, config.engine.shares.keys)});
}

}  // namespace trommel::tools
