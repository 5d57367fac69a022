#include "tests/kit/oracle_clocks.h"

#include <algorithm>

namespace trommel::testkit {

Clocks::Clocks(const Config& config) : out_of_order_us_(config.time.out_of_order_us) {
    const bool finite =
        config.dedup.mode != DedupMode::off && config.dedup.horizon_us != kForeverUs;
    if (!finite) return;  // T7, forever: none.
    const int64_t horizon_us = config.dedup.horizon_us;
    max_drift_us_ = config.time.max_drift_us.value_or(
        horizon_us > INT64_MAX / 256 ? INT64_MAX : 256 * horizon_us);
}

void Clocks::declare(uint32_t count) {
    for (uint32_t p = 0; p < count; ++p) partitions_[p];
}

void Clocks::end(uint32_t partition) {
    partitions_[partition].ended = true;
    advance_job();
}

void Clocks::idle(uint32_t partition) {
    partitions_[partition].idle = true;
    advance_job();
}

Moment Clocks::show(uint32_t partition, int64_t time_us) {
    // T2: one discovered while running begins where the slowest known one stands.
    if (!partitions_.contains(partition)) {
        const Moment begin = slowest();
        partitions_[partition].newest = begin;
    }
    Partition& shown = partitions_[partition];
    const Moment judged = std::max(watermark_of(shown.newest), job_);
    shown.newest = std::max(shown.newest, Moment(time_us));
    shown.idle = false;
    declare_drifted_idle();
    advance_job();
    return judged;
}

// The watermark that a newest time gives (T1); without out_of_order there is none.
Moment Clocks::watermark_of(Moment newest) const {
    if (!out_of_order_us_ || !newest) return std::nullopt;
    return *newest - *out_of_order_us_;
}

Moment Clocks::slowest() const {
    Moment least;
    bool any = false;
    for (const auto& [number, partition] : partitions_) {
        if (!partition.awake()) continue;
        least = any ? std::min(least, partition.newest) : partition.newest;
        any = true;
    }
    return least;
}

// T7. One that has shown nothing is not slow but unknown: T2 says that it is waited for.
void Clocks::declare_drifted_idle() {
    if (!max_drift_us_) return;
    Moment lead;
    for (const auto& [number, partition] : partitions_) lead = std::max(lead, partition.newest);
    for (auto& [number, partition] : partitions_) {
        if (partition.newest && *lead - *partition.newest > *max_drift_us_) partition.idle = true;
    }
}

void Clocks::advance_job() {
    job_ = std::max(job_, watermark_of(slowest()));
}

}  // namespace trommel::testkit
