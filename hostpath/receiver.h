#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "trommel/clock.h"
#include "trommel/config.h"
#include "trommel/ledger.h"
#include "trommel/source.h"

#include "hostpath/batch.h"
#include "hostpath/id_hasher.h"
#include "hostpath/names.h"
#include "hostpath/watermark.h"

namespace trommel::hostpath {

// Judges what only the source's order can tell: which records are late (T3) or have an impossible
// time (T6), and deals the others to shards. One thread.
class Judge {
   public:
    Judge(const Config& config, uint64_t job_seed, bool can_pause);

    // Takes a batch whose records are `pending` or `corrupt`: sets its watermark, the verdicts of
    // late and impossible ones, and the order of the rest. `wall_us` is the time of day (for
    // max_future).
    void admit(Batch& batch, int64_t wall_us);
    // A batch of no records that carries the watermark on.
    void admit_nothing(Batch& batch);
    // T6: the latest time that an event may have, `wall_us` being the time of day.
    int64_t time_max_us(int64_t wall_us) const;

    Watermarks& watermarks() { return watermarks_; }
    const Watermarks& watermarks() const { return watermarks_; }
    // Records taken in, per partition (the ledger's `in`).
    const std::vector<uint64_t>& taken() const { return taken_; }
    void count_in(uint32_t partition, uint64_t records);

   private:
    struct Pass {  // Through a batch.
        int64_t time_max_us;
        int64_t stretch_until_us;  // As far as the watermark may move in the stretch.
        uint32_t on_time = 0;      // Rows so far.
    };
    uint32_t judge_times(Batch& batch, int64_t wall_us);
    bool all_on_time(const RecordBatch& records, uint32_t begin, uint32_t end, const Pass& pass);
    void judge_one_by_one(Batch& batch, uint32_t begin, uint32_t end, Pass& pass);
    int64_t stretch_end_us(int64_t watermark_us) const;
    int64_t begin_stretch(Batch& batch, uint32_t row);
    void deal(Batch& batch, uint32_t on_time);

    const uint32_t shards_;
    const int64_t lateness_us_, offset_us_, pane_us_;
    const int64_t max_time_us_, max_future_us_;
    const int64_t stretch_us_;
    Watermarks watermarks_;
    IdHasher hasher_;
    std::vector<uint32_t> on_time_;  // Rows.
    std::vector<uint64_t> taken_;
};

// Owns the sources of a run: reads them, slowest partition first, and fills batches. One thread.
class Receiver final : public Names {
   public:
    struct Ports {
        std::vector<Source*> lanes;
        Clock* clock = nullptr;
    };

    Receiver(const Config& config, uint64_t job_seed, const Ports& ports);

    // Opens the sources. Partitions that exist then are waited for.
    Status open();

    enum class Filled : uint8_t { records, tick, nothing, last };
    // Fills an empty batch with what there is: records; or a tick, which only carries a watermark
    // that has moved; or nothing (keep the batch). `last` is the end: batch.last is set.
    Filled fill(Batch& batch);
    // Ends the input. Ok: what the sources hold is still brought (Source::drain), and then comes
    // the last batch. An error of somebody else's: the next fill() is the last.
    void stop(Status why);

    const Judge& judge() const { return judge_; }
    // Stable while the receiver lives, and readable by another thread for partitions of batches
    // that it was handed: names are only ever added, in memory that never moves.
    std::string_view partition_name(uint32_t partition) const override { return names_[partition]; }
    std::string_view source_name(uint32_t lane) const override {
        return ports_.lanes[lane]->name();
    }
    uint32_t partitions() const { return static_cast<uint32_t>(names_.size()); }
    uint64_t bytes_read() const;
    uint64_t bytes_total() const;
    // Of the source that can lose events; such a source has no others beside it.
    std::optional<Transport> transport() const;
    bool idle(uint32_t partition) const { return judge_.watermarks().idle(partition); }

   private:
    struct Lane {
        bool ended = false;
        bool silent = false;                  // Had nothing when it was last asked,
        bool held = false;                    // or only records that are too new.
        int64_t held_us = rules::kUnknownUs;  // The time of a record that was once left for later.
        std::vector<uint32_t> partition;      // The run's number for each of the source's.
    };

    uint32_t slowest_lane() const;
    int64_t position_us(uint32_t lane) const;
    int64_t until_us(uint32_t lane) const;
    Filled poll(uint32_t lane, Batch& batch);
    Source::Poll poll_source(uint32_t lane, RecordBatch& records);
    int64_t wall_us() const;
    void number_partitions(uint32_t lane, RecordBatch& records);
    void note_time_passing();
    void end_lane(Lane& lane);
    Filled end(Batch& batch, Status status);

    const Config& config_;
    Ports ports_;
    Judge judge_;
    std::vector<Lane> lanes_;
    std::vector<std::string> names_;     // Of partitions; capacity is reserved.
    std::vector<int64_t> last_seen_us_;  // Of partitions, monotonic; only with idle_after.
    int64_t handed_on_us_ = -1;  // When the last batch was, if the source was not asked since.
    int64_t told_watermark_us_ = rules::kUnknownUs;  // What the last batch carried.
    bool draining_ = false;
    bool stopping_ = false;
    Status stop_status_;
};

}  // namespace trommel::hostpath
