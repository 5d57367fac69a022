#include <algorithm>

#include "hostpath/receiver.h"
#include "kernels/rules/lateness.h"
#include "kernels/rules/partition.h"
#include "kernels/rules/window.h"

namespace trommel::hostpath {

Judge::Judge(const Config& config, uint64_t job_seed, bool can_pause)
    : shards_(config.engine.threads),
      lateness_us_(config.time.allowed_lateness_us),
      offset_us_(config.window_offset_us),
      pane_us_(rules::lateness_pane_us(config)),
      max_time_us_(config.time.max_time_us.value_or(INT64_MAX)),
      max_future_us_(config.time.max_future_us.value_or(-1)),
      stretch_us_(config.dedup.horizon_us),
      watermarks_(config, can_pause),
      hasher_(config, job_seed),
      on_time_(config.engine.batch_records) {}

void Judge::count_in(uint32_t partition, uint64_t records) {
    if (partition >= taken_.size()) taken_.resize(partition + 1);
    taken_[partition] += records;
}

void Judge::admit(Batch& batch, int64_t wall_us) {
    RecordBatch& records = batch.records;
    batch.watermark_us = watermarks_.job_us();
    for (uint32_t row = 0; row < records.count;) {
        const uint32_t partition = records.partition[row], begin = row;
        while (row < records.count && records.partition[row] == partition) ++row;
        count_in(partition, row - begin);
    }
    const uint32_t on_time = judge_times(batch, wall_us);
    hasher_.hash(batch, on_time_.data(), on_time);
    deal(batch, on_time);
}

void Judge::admit_nothing(Batch& batch) {
    batch.watermark_us = watermarks_.job_us();
    batch.stretches.assign(1, {0, batch.watermark_us});
    deal(batch, 0);
}

int64_t Judge::time_max_us(int64_t wall_us) const {
    return max_future_us_ < 0 ? max_time_us_ : std::min(max_time_us_, wall_us + max_future_us_);
}

// Most blocks hold one partition's events, of which none comes near to being late: these are not
// looked at one by one.
uint32_t Judge::judge_times(Batch& batch, int64_t wall_us) {
    constexpr uint32_t kBlockRows = 64;
    batch.stretches.assign(1, {0, batch.watermark_us});
    Pass pass{time_max_us(wall_us), stretch_end_us(batch.watermark_us)};
    const uint32_t count = batch.records.count;
    for (uint32_t begin = 0; begin < count; begin += kBlockRows) {
        const uint32_t end = std::min(begin + kBlockRows, count);
        if (all_on_time(batch.records, begin, end, pass)) {
            for (uint32_t row = begin; row < end; ++row) on_time_[pass.on_time++] = row;
        } else {
            judge_one_by_one(batch, begin, end, pass);
        }
    }
    batch.stretches.back().row_end = count;
    return pass.on_time;
}

// Are the rows on time by their oldest and newest, whatever their order, and in one stretch? Then
// they are shown.
bool Judge::all_on_time(const RecordBatch& records, uint32_t begin, uint32_t end,
                        const Pass& pass) {
    const uint32_t partition = records.partition[begin];
    int64_t oldest_us = INT64_MAX, newest_us = INT64_MIN;
    bool plain = true;
    for (uint32_t row = begin; row < end; ++row) {
        plain &= records.partition[row] == partition && records.verdict[row] != Verdict::corrupt;
        oldest_us = std::min(oldest_us, records.time_us[row]);
        newest_us = std::max(newest_us, records.time_us[row]);
    }
    if (!plain || !rules::is_valid_time(oldest_us, pass.time_max_us) ||
        !rules::is_valid_time(newest_us, pass.time_max_us)) {
        return false;
    }
    const int64_t latest_us = watermarks_.latest_after(partition, newest_us);
    const int64_t pane_end_us =
        pane_us_ == 0 ? oldest_us : rules::pane_end(oldest_us, offset_us_, pane_us_);
    if (latest_us > pass.stretch_until_us || rules::is_late(pane_end_us, lateness_us_, latest_us)) {
        return false;
    }
    watermarks_.show(partition, newest_us);
    return true;
}

void Judge::judge_one_by_one(Batch& batch, uint32_t begin, uint32_t end, Pass& pass) {
    RecordBatch& records = batch.records;
    int64_t pane_begin_us = 0,
            pane_end_us = 0;  // Neighbours mostly share a pane: a division saved.
    for (uint32_t row = begin; row < end; ++row) {
        if (records.verdict[row] == Verdict::corrupt) continue;
        const int64_t time_us = records.time_us[row];
        if (!rules::is_valid_time(time_us, pass.time_max_us)) {
            records.verdict[row] = Verdict::corrupt;
            records.detail[row] = "time out of range";
            continue;
        }
        if (pane_us_ == 0) {
            pane_end_us = time_us;
        } else if (time_us < pane_begin_us || time_us >= pane_end_us) {
            pane_end_us = rules::pane_end(time_us, offset_us_, pane_us_);
            pane_begin_us = pane_end_us - pane_us_;
        }
        const int64_t watermark_us = watermarks_.show(records.partition[row], time_us);
        if (rules::is_late(pane_end_us, lateness_us_, watermark_us)) {
            records.verdict[row] = Verdict::late;
            continue;
        }
        if (watermarks_.job_us() > pass.stretch_until_us) {
            pass.stretch_until_us = begin_stretch(batch, row);
        }
        on_time_[pass.on_time++] = row;
    }
}

// How far the watermark may move on from here within one stretch.
int64_t Judge::stretch_end_us(int64_t watermark_us) const {
    if (watermark_us == rules::kUnknownUs) return rules::kUnknownUs;
    return watermark_us > INT64_MAX - stretch_us_ ? INT64_MAX : watermark_us + stretch_us_;
}

// A new stretch begins with the event that moves the watermark on: what is forgotten by the
// watermark after it cannot match an event that is no older. The first event of a partition that
// lags too far behind (T7) is older than the watermark that it lets go: it stands with those before
// it.
int64_t Judge::begin_stretch(Batch& batch, uint32_t row) {
    const int64_t now_us = watermarks_.job_us();
    batch.stretches.back().row_end = row + (batch.records.time_us[row] < now_us);
    batch.stretches.push_back({batch.records.count, now_us});
    return stretch_end_us(now_us);
}

// A counting sort by shard: rows of a shard keep the source's order.
void Judge::deal(Batch& batch, uint32_t on_time) {
    batch.shard_begin.fill(0);
    if (shards_ == 1) {
        std::copy_n(on_time_.begin(), on_time, batch.order.begin());
        batch.shard_begin[1] = on_time;
        return;
    }
    for (uint32_t k = 0; k < on_time; ++k) {
        ++batch.shard_begin[rules::shard_of(batch.hash[on_time_[k]], shards_) + 1];
    }
    for (uint32_t s = 0; s < shards_; ++s) batch.shard_begin[s + 1] += batch.shard_begin[s];
    std::array<uint32_t, kShardsMax> next{};
    std::copy_n(batch.shard_begin.begin(), shards_, next.begin());
    for (uint32_t k = 0; k < on_time; ++k) {
        batch.order[next[rules::shard_of(batch.hash[on_time_[k]], shards_)]++] = on_time_[k];
    }
}

}  // namespace trommel::hostpath
