#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "trommel/config.h"

#include "kernels/rules/lateness.h"

namespace trommel::hostpath {

// The clocks of a job's partitions and the watermark they make together (contract T1 to T5, T7).
// Partitions are numbers from 0. One thread: the receiver's.
class Watermarks {
   public:
    // `can_pause`: partitions that run ahead are paused by the receiver, so none is dropped for
    // lagging.
    Watermarks(const Config& config, bool can_pause);

    // The partition exists from the start and is waited for (T2).
    void declare(uint32_t partition);
    // Notes an event and returns the watermark it is judged against: the later of its partition's
    // and the job's, as they were before it.
    int64_t show(uint32_t partition, int64_t time_us) {
        if (partition < clocks_.size() && clocks_[partition].state == State::awake) {
            PartitionClock& clock = clocks_[partition];
            const int64_t judged_us = judged_against(clock.newest_us);
            if (time_us <= clock.newest_us) return judged_us;
            // The usual job: one partition, that leads and is waited for.
            if (waited_for_ == 1 && clock.newest_us == lead_us_) {
                clock.newest_us = slowest_us_ = lead_us_ = time_us;
                if (can_be_late_) {
                    job_us_ = std::max(job_us_, rules::watermark_of(time_us, out_of_order_us_));
                }
                return judged_us;
            }
        }
        return show_progress(partition, time_us);
    }
    // The latest that show() can return and job_us() can become while the partition shows events up
    // to `newest_us`, after which all is as if it had shown that one alone. kEndOfInputUs where
    // this takes a closer look.
    int64_t latest_after(uint32_t partition, int64_t newest_us) const {
        if (partition >= clocks_.size() || clocks_[partition].state != State::awake) {
            return rules::kEndOfInputUs;
        }
        if (!can_be_late_) return rules::kUnknownUs;
        return std::max(job_us_,
                        rules::watermark_of(std::max(lead_us_, newest_us), out_of_order_us_));
    }
    // The partition is not waited for any more, for good or until it shows an event.
    void end(uint32_t partition);
    void set_idle(uint32_t partition);

    int64_t job_us() const { return job_us_; }
    int64_t newest_us(uint32_t partition) const;
    int64_t lead_us() const { return lead_us_; }
    bool idle(uint32_t partition) const;
    bool waited_for(uint32_t partition) const;
    uint32_t partitions() const { return static_cast<uint32_t>(clocks_.size()); }

    int64_t drift_us() const { return drift_us_; }

   private:
    enum class State : uint8_t {
        absent,
        silent,
        awake,
        idle,
        ended
    };  // silent: known, shown nothing.
    struct PartitionClock {
        int64_t newest_us = rules::kUnknownUs;
        State state = State::absent;
    };

    int64_t judged_against(int64_t newest_us) const {
        return can_be_late_ ? std::max(rules::watermark_of(newest_us, out_of_order_us_), job_us_)
                            : rules::kUnknownUs;
    }
    int64_t show_progress(uint32_t partition, int64_t time_us);
    void note_progress(int64_t newest_us);
    void find_slowest();
    void drop_the_slow();

    const bool can_be_late_;
    const int64_t out_of_order_us_;
    const int64_t drift_us_;
    const bool can_pause_;
    std::vector<PartitionClock> clocks_;
    uint32_t waited_for_ = 0;                    // Partitions that are silent or awake.
    int64_t slowest_us_ = rules::kEndOfInputUs;  // Newest time of the slowest of those.
    int64_t lead_us_ = rules::kUnknownUs;        // Newest time of all.
    int64_t job_us_ = rules::kUnknownUs;
};

}  // namespace trommel::hostpath
