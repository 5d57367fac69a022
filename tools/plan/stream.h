#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "trommel/clock.h"
#include "trommel/source.h"

namespace trommel::tools {

struct PlanStreamOptions {
    uint64_t events = 0;
    double step_ns = 1000;  // Event time from one event to the next.
    double duplicate_share = 0;
    uint64_t reach = 1;  // A copy is of one of so many originals before it.
    uint64_t keys = 1;
    uint32_t key_bytes = 16;  // Of a text key; at least 8.
    uint32_t id_bytes = 36;   // Of a byte-string id; at least 16.

    uint64_t warm = 0;       // Event from which on time is taken,
    uint64_t timed_end = 0;  // and up to which; 0: the end.
    uint32_t slices = 1;     // In so many parts, of which the median counts.
    // From this event on, events come at `rate` per second of the clock; before it as fast as they
    // are taken. UINT64_MAX: all do.
    uint64_t paced_from = UINT64_MAX;
    double rate = 0;
    // Nothing can be fetched for outage_us, first outage_from_us after the pace began, then
    // outage_from_us after the last outage has been caught up with. With the last one the stream
    // ends; 0: there are none.
    uint32_t outages = 0;
    int64_t outage_from_us = 0, outage_us = 0;
};

// The stream of a plan: as many ids, copies and keys as were planned, made up at little cost, with
// the times that a plan speaks of: what the stream's consumer takes for an event, how many events
// wait for it, and how long it needs to catch up. One partition, in order of time. Event n is a
// function of n. One thread, the receiver's. Offsets are 2n, and one more of a copy.
class PlanStream final : public Source {
   public:
    PlanStream(const PlanStreamOptions& options, Clock& clock) : options_(options), clock_(clock) {}

    Status open() override { return {}; }
    Poll poll(RecordBatch& batch, int64_t until_us) override;
    std::string_view name() const override { return "planned"; }
    uint32_t partitions() const override { return 1; }
    std::string_view partition_name(uint32_t) const override { return "p"; }

    // What went on between `warm` and `timed_end`, in whole batches.
    struct Timed {
        uint64_t events = 0, originals = 0;
        // CPU time of this thread for an event, medians of the slices: the making up, and all else.
        double source_ns = 0, others_ns = 0;
        double core_share = 1;  // Of the time that passed, how much was this thread's.
    };
    Timed timed() const;
    uint64_t originals() const { return originals_; }

    // Of the part with a pace: the most events that waited before the first outage.
    uint64_t waiting_max() const { return waiting_max_; }
    bool is_paced() const { return pace_begun_us_ >= 0; }
    // How long after each outage until a batch took all that waited; those caught up with so far.
    struct CatchUp {
        double seconds = 0;
        double source_ns = 0;  // As Timed's, meanwhile: the same work at the core's speed of then.
    };
    const std::vector<CatchUp>& catch_ups() const { return catch_ups_; }

   private:
    struct Moment {
        uint64_t events = 0, originals = 0;
        double cpu_s = 0, own_cpu_s = 0, wall_s = 0;
    };

    bool is_over() const;
    void note_moment();
    uint64_t due(int64_t now_us);
    void note_catch_up(int64_t now_us, uint64_t waiting);
    int64_t outage_end_us() const { return outage_begin_us_ + options_.outage_us; }
    void add(RecordBatch& batch);

    const PlanStreamOptions options_;
    Clock& clock_;
    uint64_t next_ = 0, originals_ = 0;
    double own_cpu_s_ = 0;
    std::vector<Moment> moments_;  // Where slices begin, and where the last one ends.
    int64_t pace_begun_us_ = -1;
    uint64_t waiting_max_ = 0;
    int64_t outage_begin_us_ = INT64_MAX / 2;  // Of the next one, or the one not caught up with.
    uint64_t next_then_ = 0;                   // In it, as own_cpu_then_s_.
    double own_cpu_then_s_ = 0;
    std::vector<CatchUp> catch_ups_;
};

}  // namespace trommel::tools
