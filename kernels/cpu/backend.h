#pragma once
#include <cstdint>
#include <optional>

#include "trommel/config.h"
#include "trommel/record_batch.h"
#include "trommel/report.h"
#include "trommel/status.h"

#include "kernels/cpu/id_memory.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/partial_rows.h"
#include "kernels/cpu/simd_level.h"

namespace trommel::cpu {

struct ShardOptions {
    uint32_t index = 0, shards = 1;
    uint64_t seed = 0;       // The job's.
    uint64_t id_bytes = 0;   // This shard's share of memory for ids,
    uint64_t key_bytes = 0;  // and for keys and panes.
    uint32_t rows_max = 0;   // Longest batch.
    SimdLevel simd = SimdLevel::scalar;
};

// A shard as those see it who give it batches and take its rows, whatever it runs on: a stretch of
// the hash groups, their ids, and the windows of the events that had them. Runs every step on a
// batch before those of the next. One owner, one thread at a time; shares nothing, locks nothing.
// A virtual call is for a stretch of a batch or a piece of rows, never for an event.
//
// A core judges a stretch before submit() returns. A device has several under way, and judges them
// in the order in which they came; what is said of rows covers what is judged, and no more.
class Backend {
   public:
    virtual ~Backend() = default;

    // "cpu" or "gpu".
    virtual const char* engine() const = 0;

    // Batches will be submitted in these columns, and maybe in others; these stay where they are
    // until the shard is gone. Makes them quick to read, and no other difference. At set-up.
    virtual void expect(const RecordBatch& /*batch*/, const IdColumns& /*ids*/) {}

    // Moves the windows' watermark to the job's, before the coming events.
    virtual void advance(int64_t watermark_us) = 0;
    // Moves the ids' watermark, which may run ahead of the windows' within a batch; `time_us` is
    // the time of one of the coming events.
    virtual void advance_ids(int64_t watermark_us, int64_t time_us) = 0;
    // Has the on-time events rows[0..count) of the batch judged, 0 < count, and the unique ones
    // added to their panes. Writes batch.verdict of these rows only; batch, ids and rows stay as
    // they are until it is judged. Waits if is_busy().
    virtual void submit(RecordBatch& batch, const IdColumns& ids, const uint32_t* rows,
                        uint32_t count) = 0;
    // How many stretches are not judged yet: the last that were submitted. The verdicts of all
    // others stand. Waits only where room has to be made for one.
    virtual uint32_t under_way() { return 0; }
    // Are as many under way as may be, so that submit() would wait?
    virtual bool is_busy() const { return false; }
    // Waits until none is under way.
    virtual void finish() {}

    // The next final rows of this shard's aligned windows, in order, in steps of about `work`
    // cells: see WindowStore. False when there is none now, and nothing left to be dropped. A
    // device is waited for.
    virtual bool take_closed(PartialRows& rows, uint32_t rows_max, int64_t& work) = 0;
    virtual bool is_closing() const = 0;
    virtual bool has_rows() const = 0;
    // May further windows become final once what is under way is judged?
    virtual bool is_behind() const { return false; }
    // Every row of a window that ends up to here was taken.
    virtual int64_t complete_end_us() const = 0;
    // Final windows that have rows left, counted up to `max`.
    virtual uint32_t windows_waiting(uint32_t max) const = 0;
    // Would no event be refused that is not refused when all rows are taken first? May say no where
    // it does not know.
    virtual bool has_room(const RecordBatch& batch, const uint32_t* rows, uint32_t count) const = 0;

    // See IdMemory.
    virtual Stretch take_ahead() { return {}; }

    // Not ok once it cannot go on: OnFull::stop, and memory is used up; or its device is lost. The
    // events that it hit, and once a device is lost all that are not judged, are refused. Does not
    // change any more then.
    const Status& full() const { return full_; }
    virtual ShardReport report() const = 0;
    virtual int64_t horizon_shortened_us() const = 0;

   protected:
    // What full() says from now on, unless it says something already.
    void stop(Status why);

   private:
    Status full_;
};

// What full() says of memory that is used up.
struct UsedUp {
    const char* what;              // "ids", or "keys and panes".
    uint64_t bytes;                // Of this shard, for these.
    uint64_t ids;                  // Live now.
    std::optional<uint64_t> keys;  // Live now, where that is known.
    const char* other_ways;        // The policies that go on.
};
Status used_up(const UsedUp& memory);
// What it says when an id memory cannot span the events' times.
Status span_used_up();

}  // namespace trommel::cpu
