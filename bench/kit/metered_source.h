#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "trommel/source.h"

#include "bench/kit/timing.h"

namespace trommel::bench {

// A source that measures what its reader's thread does between the first batch and the last one:
// CPU time without the polls that found nothing and the waiting after them, and wall time. So
// setting up the run and its end are not in the figures.
class MeteredSource final : public Source {
   public:
    // `on_taken` is told at each poll how many records came so far.
    MeteredSource(Source& source, std::function<void(uint64_t)> on_taken)
        : source_(source), on_taken_(std::move(on_taken)) {}

    Poll poll(RecordBatch& batch, int64_t until_us) override {
        const double begin_s = cpu_seconds();
        if (begun_ && !found_nothing_) note_busy_until(begin_s);
        if (on_taken_) on_taken_(records_);
        const double polled_s = cpu_seconds();
        Poll poll = source_.poll(batch, until_us);
        records_ += batch.count;
        found_nothing_ = batch.count == 0;
        if (!found_nothing_ && !begun_) {
            begun_ = true;
            first_records_ = batch.count;
            begun_wall_s_ = wall_seconds();
            since_s_ = cpu_seconds();
        } else if (!found_nothing_) {
            since_s_ = polled_s;
        }
        return poll;
    }
    Status open() override { return source_.open(); }
    bool drain() override { return source_.drain(); }
    std::vector<std::string> notes() const override { return source_.notes(); }
    std::string_view name() const override { return source_.name(); }
    uint32_t partitions() const override { return source_.partitions(); }
    std::string_view partition_name(uint32_t p) const override { return source_.partition_name(p); }
    uint32_t source_partition() const override { return source_.source_partition(); }
    uint64_t bytes_read() const override { return source_.bytes_read(); }
    uint64_t bytes_total() const override { return source_.bytes_total(); }
    const Transport* transport() const override { return source_.transport(); }
    bool live() const override { return source_.live(); }

    // Of what came after the first batch and was dealt with.
    uint64_t events() const { return measured_records_ - first_records_; }
    double busy_s() const { return busy_s_; }
    double wall_s() const { return wall_s_; }

   private:
    // All batches so far have been dealt with.
    void note_busy_until(double now_s) {
        busy_s_ += now_s - since_s_;
        since_s_ = now_s;
        measured_records_ = records_;
        wall_s_ = wall_seconds() - begun_wall_s_;
    }

    Source& source_;
    const std::function<void(uint64_t)> on_taken_;
    uint64_t records_ = 0, first_records_ = 0, measured_records_ = 0;
    bool begun_ = false, found_nothing_ = true;
    double since_s_ = 0, busy_s_ = 0, begun_wall_s_ = 0, wall_s_ = 0;
};

}  // namespace trommel::bench
