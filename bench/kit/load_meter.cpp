#include "bench/kit/load_meter.h"

#include <algorithm>

namespace trommel::bench {
namespace {

constexpr size_t kTrendPointsMin = 8;  // Two seconds.

uint64_t since(int64_t then_us, int64_t now_us) {
    return static_cast<uint64_t>(std::max<int64_t>(now_us - then_us, 0));
}

double per_second(uint64_t events, int64_t us) {
    return us > 0 ? static_cast<double>(events) * 1e6 / static_cast<double>(us) : 0;
}

}  // namespace

double rise_of(const std::vector<double>& values) {
    if (values.size() < 2) return 0;
    const auto count = static_cast<double>(values.size());
    const double middle = (count - 1) / 2;
    double mean = 0, with_place = 0, of_places = 0;
    for (const double value : values) mean += value / count;
    for (size_t n = 0; n < values.size(); ++n) {
        const double place = static_cast<double>(n) - middle;
        with_place += place * (values[n] - mean);
        of_places += place * place;
    }
    return with_place / of_places * (count - 1);
}

void LoadMeter::begin(int64_t first_us) {
    first_us_ = first_us;
    measured_from_us_ = first_us + options_.warm_up_us;
    sampled_us_ = first_us;
}

void LoadMeter::settle(const RecordBatch& batch) {
    const int64_t now_us = clock_.wall_us();
    for (uint32_t row = 0; row < batch.count; ++row) {
        if (batch.verdict[row] == Verdict::corrupt) continue;
        const int64_t intended_us = batch.values[0][row];
        if (first_us_ == INT64_MIN) begin(intended_us);
        const uint64_t latency_us = since(intended_us, now_us);
        interval_.record(latency_us);
        newest_us_ = std::max(newest_us_, intended_us);
        if (intended_us >= measured_from_us_) verdict_.record(latency_us);
    }
    settled_ += batch.count;
    if (first_us_ == INT64_MIN || now_us < measured_from_us_) return;
    if (now_us > first_us_ + options_.duration_us) return;
    judged_ += batch.count;
    judged_until_us_ = now_us;
}

// Rows that only the end of the input made final are no measure of anything.
Status LoadMeter::write_rows(const RowBatch& rows) {
    const int64_t now_us = clock_.wall_us();
    for (const int64_t end_us : rows.end_us) {
        const int64_t due_us = end_us + options_.row_delay_us;
        if (due_us > newest_us_ || due_us < measured_from_us_) continue;
        row_.record(since(due_us, now_us));
    }
    return {};
}

bool LoadMeter::is_time_to_sample() const {
    return first_us_ != INT64_MIN && clock_.wall_us() - sampled_us_ >= options_.sample_every_us;
}

void LoadMeter::sample(const Sample& now) {
    const int64_t now_us = clock_.wall_us();
    const int64_t passed_us = now_us - sampled_us_;
    // Under overload events are seconds old when their ids come in.
    if (full_from_ == SIZE_MAX && newest_us_ - first_us_ >= options_.full_after_us) {
        full_from_ = timeline_.size();
    }
    TimelinePoint& point = timeline_.emplace_back();
    point.end_s = static_cast<double>(now_us - first_us_) / 1e6;
    point.offered_rate = per_second(now.offered - then_.offered, passed_us);
    point.processed_rate = per_second(settled_ - settled_then_, passed_us);
    point.dropped = now.queue.dropped - then_.queue.dropped;
    point.queue_bytes = now.queue.bytes;
    point.resident_bytes = now.resident_bytes;
    if (timeline_.size() > 1) point.stolen_ms = now.stolen_ms - then_.stolen_ms;
    point.p99_us = interval_.percentile(99);
    point.max_us = interval_.max();
    interval_.clear();
    sampled_us_ = now_us;
    settled_then_ = settled_;
    then_ = now;
}

double LoadMeter::goodput_rate() const {
    return per_second(judged_, judged_until_us_ - measured_from_us_);
}

std::optional<MemoryTrend> LoadMeter::memory_trend() const {
    MemoryTrend trend;
    std::vector<double> resident;
    for (size_t n = full_from_; n < timeline_.size(); ++n) {
        const TimelinePoint& point = timeline_[n];
        if (point.end_s * 1e6 > static_cast<double>(options_.duration_us)) break;
        if (resident.empty()) trend.from_s = point.end_s;
        trend.to_s = point.end_s;
        resident.push_back(static_cast<double>(point.resident_bytes));
    }
    if (resident.size() < kTrendPointsMin) return {};
    for (const double bytes : resident) {
        trend.mean_bytes += bytes / static_cast<double>(resident.size());
    }
    trend.rise_bytes = rise_of(resident);
    return trend;
}

void LoadMeter::report(LoadRun& run) const {
    run.verdict = figures_of(verdict_);
    run.row = figures_of(row_);
    run.goodput_rate = goodput_rate();
    run.memory = memory_trend();
    run.timeline = timeline_;
    if (timeline_.empty()) return;
    run.resident_begin_bytes = timeline_.front().resident_bytes;
    run.resident_end_bytes = timeline_.back().resident_bytes;
    std::vector<double> queue;
    for (const TimelinePoint& point : timeline_) {
        run.resident_max_bytes = std::max(run.resident_max_bytes, point.resident_bytes);
        run.queue_max_bytes = std::max(run.queue_max_bytes, point.queue_bytes);
        if (point.end_s * 1e6 >= static_cast<double>(options_.warm_up_us)) {
            queue.push_back(static_cast<double>(point.queue_bytes));
            run.stolen_ms += point.stolen_ms;
            run.stolen_max_ms = std::max(run.stolen_max_ms, point.stolen_ms);
        }
    }
    run.queue_rise_bytes = rise_of(queue);
}

}  // namespace trommel::bench
