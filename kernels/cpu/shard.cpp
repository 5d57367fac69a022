#include "kernels/cpu/shard.h"

#include <algorithm>
#include <array>
#include <string>

#include "kernels/cpu/approximate_ids.h"
#include "kernels/cpu/exact_table.h"
#include "kernels/rules/dedup.h"
#include "kernels/rules/hash.h"
#include "kernels/rules/partition.h"
#include "kernels/rules/window.h"

namespace trommel::cpu {
namespace {

// By Outcome. A table, for a branch could not be predicted.
constexpr std::array<Verdict, 4> kVerdictOf = {
    verdict_of(static_cast<Outcome>(0)), verdict_of(static_cast<Outcome>(1)),
    verdict_of(static_cast<Outcome>(2)), verdict_of(static_cast<Outcome>(3))};

IdKind id_kind(const DedupOptions& dedup) {
    if (dedup.verify) return IdKind::verified;
    return rules::has_wide_ids(dedup) ? IdKind::u128 : IdKind::u64;
}

std::unique_ptr<IdMemory> make_ids(const Config& config, const ShardOptions& options,
                                   MemoryBudget& budget) {
    const uint32_t begin = rules::group_begin(options.index, options.shards);
    const uint32_t end = rules::group_begin(options.index + 1, options.shards);
    if (config.dedup.mode == DedupMode::approximate) {
        return make_approximate_ids(config, begin, end, options.simd, budget);
    }
    ExactTableOptions table;
    table.kind = id_kind(config.dedup);
    table.horizon_us = config.dedup.horizon_us;
    table.allowed_lateness_us = config.time.allowed_lateness_us;
    table.lateness_pane_us = rules::lateness_pane_us(config);
    table.group_begin = begin;
    table.group_end = end;
    table.rows_max = options.rows_max;
    table.seed = rules::hash_seed(options.seed, rules::Purpose::id);
    table.simd = options.simd;
    return make_exact_table(table, budget);
}

}  // namespace

Shard::Shard(const Config& config, const ShardOptions& options)
    : on_full_(config.engine.on_full),
      id_budget_(options.id_bytes),
      key_budget_(options.key_bytes),
      outcomes_(options.rows_max),
      retry_outcomes_(options.rows_max),
      survivors_(options.rows_max),
      refused_(options.rows_max) {}

Status Shard::create(const Config& config, const ShardOptions& options,
                     std::unique_ptr<Shard>& shard) {
    shard.reset(new Shard(config, options));
    if (config.dedup.mode != DedupMode::off) {
        shard->ids_ = make_ids(config, options, shard->id_budget_);
        if (!shard->ids_) {
            return Status::error(Code::invalid_config,
                                 "engine.memory: " + std::to_string(options.id_bytes) +
                                     " bytes for the ids of a shard are not enough to begin with");
        }
    }
    if (rules::pane_us(config) > 0) {
        shard->windows_ =
            std::make_unique<WindowStore>(config, options.seed, options.simd, shard->key_budget_);
    }
    return {};
}

void Shard::advance(int64_t watermark_us) {
    if (windows_) windows_->advance(watermark_us);
}

void Shard::advance_ids(int64_t watermark_us, int64_t time_us) {
    if (ids_) ids_->advance(watermark_us, time_us);
}

bool Shard::take_closed(PartialRows& rows, uint32_t rows_max, int64_t& work) {
    return windows_ && windows_->take_closed(rows, rows_max, work);
}

void Shard::submit(RecordBatch& batch, const IdColumns& ids, const uint32_t* rows, uint32_t count) {
    events_ += count;
    if (ids_) {
        ids_->judge(ids, rows, count, outcomes_.data());
        if (on_full_ == OnFull::forget) make_room(ids, rows, count);
    } else {
        std::fill_n(outcomes_.begin(), count, Outcome::unique);
    }
    uint32_t survivors = 0;
    bool ids_full = false;
    for (uint32_t k = 0; k < count; ++k) {
        const Outcome outcome = outcomes_[k];
        ids_full |= outcome == Outcome::full;
        batch.verdict[rows[k]] = kVerdictOf[static_cast<size_t>(outcome)];
        survivors_[survivors] = rows[k];
        outcomes_[survivors] = outcome;  // survivors <= k: compacted in place.
        survivors += outcome == Outcome::unique || outcome == Outcome::renewed;
    }
    if (ids_full) note_ids_full();

    const uint32_t refused =
        windows_ ? windows_->add(batch, survivors_.data(), survivors, refused_.data()) : 0;
    for (uint32_t r = 0; r < refused; ++r) batch.verdict[refused_[r]] = Verdict::refused;
    if (refused > 0 && ids_) {
        ids_->take_back(ids, survivors_.data(), survivors, outcomes_.data(), batch.verdict.data());
    }
    if (refused > 0) note_keys_full();
    unique_ += survivors - refused;
}

// OnFull::forget: judges again what found no room, having forgotten the oldest ids, for as long as
// there is anything older to forget.
void Shard::make_room(const IdColumns& ids, const uint32_t* rows, uint32_t count) {
    for (;;) {
        uint32_t full = 0;
        for (uint32_t k = 0; k < count; ++k) {
            refused_[full] = rows[k];
            survivors_[full] = k;
            full += outcomes_[k] == Outcome::full;
        }
        if (full == 0 || !ids_->forget_oldest(full)) return;
        ids_->judge(ids, refused_.data(), full, retry_outcomes_.data());
        for (uint32_t f = 0; f < full; ++f) outcomes_[survivors_[f]] = retry_outcomes_[f];
    }
}

void Shard::note_ids_full() {
    if (on_full_ != OnFull::stop || !full().ok()) return;
    stop(ids_->span_exceeded()
             ? span_used_up()
             : used_up({"ids", id_budget_.max_bytes(), ids_->live_ids(),
                        windows_ ? windows_->keys() : 0, "on_full: refuse or forget"}));
}

void Shard::note_keys_full() {
    if (on_full_ != OnFull::stop || !full().ok()) return;
    stop(used_up({"keys and panes", key_budget_.max_bytes(), ids_ ? ids_->live_ids() : 0,
                  windows_->keys(), "on_full: refuse"}));
}

ShardReport Shard::report() const {
    ShardReport report;
    report.events = events_;
    report.unique = unique_;
    if (ids_) {
        report.live_ids = ids_->live_ids();
        report.id_bytes = ids_->committed_bytes();
        report.huge_page_bytes = ids_->huge_bytes();
    }
    if (windows_) {
        report.keys = windows_->keys();
        report.key_bytes = windows_->committed_bytes();
    }
    return report;
}

}  // namespace trommel::cpu
