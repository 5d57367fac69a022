#include "hostpath/watermark.h"

#include <algorithm>

namespace trommel::hostpath {

using rules::kEndOfInputUs;
using rules::kUnknownUs;

Watermarks::Watermarks(const Config& config, bool can_pause)
    : can_be_late_(config.time.out_of_order_us.has_value()),
      out_of_order_us_(config.time.out_of_order_us.value_or(0)),
      drift_us_(
          rules::drift_max_us(config.dedup.horizon_us, config.time.max_drift_us.value_or(-1))),
      can_pause_(can_pause) {}

void Watermarks::declare(uint32_t partition) {
    if (partition >= clocks_.size()) clocks_.resize(partition + 1);
    PartitionClock& clock = clocks_[partition];
    if (clock.state != State::absent) return;
    clock.state = State::silent;
    ++waited_for_;
    slowest_us_ = kUnknownUs;
}

int64_t Watermarks::show_progress(uint32_t partition, int64_t time_us) {
    if (partition >= clocks_.size()) clocks_.resize(partition + 1);
    PartitionClock& clock = clocks_[partition];
    // T2: one discovered while running begins where the slowest one is.
    if (clock.state == State::absent) {
        clock.newest_us = waited_for_ == 0 ? kUnknownUs : slowest_us_;
    }
    const int64_t before_us = clock.newest_us;
    const int64_t judged_us = judged_against(before_us);

    clock.newest_us = std::max(before_us, time_us);
    const bool joins = clock.state != State::awake && clock.state != State::silent;
    const bool was_slowest = before_us == slowest_us_;
    clock.state = State::awake;
    waited_for_ += joins;
    if (waited_for_ == 1) {
        slowest_us_ = clock.newest_us;
    } else if (joins) {
        slowest_us_ = std::min(slowest_us_, clock.newest_us);
    } else if (was_slowest) {
        find_slowest();
    }
    note_progress(clock.newest_us);
    return judged_us;
}

void Watermarks::note_progress(int64_t newest_us) {
    lead_us_ = std::max(lead_us_, newest_us);
    if (!can_be_late_) return;
    if (!can_pause_ && drift_us_ != INT64_MAX) drop_the_slow();
    if (waited_for_ > 0)
        job_us_ = std::max(job_us_, rules::watermark_of(slowest_us_, out_of_order_us_));
}

// T7: whoever lags too far behind cannot hold the others back any longer. A silent partition hides
// how far behind the slowest of the others is, so all are looked at while there is one.
void Watermarks::drop_the_slow() {
    if (slowest_us_ != kUnknownUs && !rules::has_drifted(lead_us_, slowest_us_, drift_us_)) return;
    for (PartitionClock& clock : clocks_) {
        if (clock.state != State::awake) continue;
        if (!rules::has_drifted(lead_us_, clock.newest_us, drift_us_)) continue;
        clock.state = State::idle;
        --waited_for_;
    }
    find_slowest();
}

void Watermarks::find_slowest() {
    slowest_us_ = kEndOfInputUs;
    for (const PartitionClock& clock : clocks_) {
        if (clock.state == State::awake || clock.state == State::silent) {
            slowest_us_ = std::min(slowest_us_, clock.newest_us);
        }
    }
}

void Watermarks::end(uint32_t partition) {
    const bool waited = waited_for(partition);
    if (partition < clocks_.size()) clocks_[partition].state = State::ended;
    if (!waited) return;
    --waited_for_;
    find_slowest();
    if (waited_for_ > 0) note_progress(lead_us_);
}

void Watermarks::set_idle(uint32_t partition) {
    if (!waited_for(partition)) return;
    clocks_[partition].state = State::idle;
    --waited_for_;
    find_slowest();
    if (waited_for_ > 0) note_progress(lead_us_);
}

int64_t Watermarks::newest_us(uint32_t partition) const {
    return partition < clocks_.size() ? clocks_[partition].newest_us : kUnknownUs;
}

bool Watermarks::idle(uint32_t partition) const {
    return partition < clocks_.size() && clocks_[partition].state == State::idle;
}

bool Watermarks::waited_for(uint32_t partition) const {
    if (partition >= clocks_.size()) return false;
    const State state = clocks_[partition].state;
    return state == State::awake || state == State::silent;
}

}  // namespace trommel::hostpath
