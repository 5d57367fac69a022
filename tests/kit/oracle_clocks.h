#pragma once
#include <cstdint>
#include <map>
#include <optional>

#include "trommel/config.h"

namespace trommel::testkit {

// A point in event time; nothing stands for minus infinity (and compares below everything).
using Moment = std::optional<int64_t>;

// The partitions' newest times and the job's watermark (contract T1 to T4, T7), for one stream read
// in order: no partition can be paused, so one that lags too far behind is declared idle.
class Clocks {
   public:
    explicit Clocks(const Config& config);

    // Partitions 0 to count-1 are known from the start (T2).
    void declare(uint32_t count);
    // The partition brings nothing more, or has been silent for too long (T5).
    void end(uint32_t partition);
    void idle(uint32_t partition);

    // Notes an event; returns the watermark that it is judged against.
    Moment show(uint32_t partition, int64_t time_us);

    Moment job_watermark() const { return job_; }

   private:
    struct Partition {
        Moment newest;
        bool idle = false;
        bool ended = false;
        bool awake() const { return !idle && !ended; }
    };

    Moment watermark_of(Moment newest) const;
    Moment slowest() const;
    void declare_drifted_idle();
    void advance_job();

    std::optional<int64_t> out_of_order_us_;
    std::optional<int64_t> max_drift_us_;
    std::map<uint32_t, Partition> partitions_;
    Moment job_;
};

}  // namespace trommel::testkit
