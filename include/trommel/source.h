#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "trommel/record_batch.h"
#include "trommel/status.h"
#include "trommel/transport.h"

namespace trommel {

// Where records come from. A source is a sequence of records in order (contract, Words: one or
// several partitions). It is used by one thread, its receiver's, and never waits: poll() returns
// what is there.
class Source {
   public:
    enum class State : uint8_t {
        records,  // batch.count > 0 rows were added; there may be more.
        nothing,  // Nothing is there now; ask again (a pipe that is still open).
        held,     // The next record is newer than `until_us` and was left where it is.
        ended,    // There is no more and never will be. batch.count may still be > 0.
        failed,   // status says why; the source is not to be polled again.
    };
    struct Poll {
        State state = State::nothing;
        int64_t held_time_us = 0;  // held: the time of the record that was left.
        Status status;             // failed only.
        // Partitions that said they are done (a closed connection, a sender's last frame). They are
        // idle (T5) from after this batch until they show an event again, so that nobody waits for
        // them. Valid until the next poll.
        std::span<const uint32_t> resting = {};
    };

    virtual ~Source() = default;

    // Appends up to batch.capacity - batch.count records, in order, to a batch that the caller has
    // cleared; corrupt ones come in their place with Verdict::corrupt, a detail and raw bytes. Does
    // a bounded amount of work. A readable record with a time above `until_us` stops the poll
    // before that record: state is `records` if rows were added, else `held`. Rows of one batch
    // come from one stretch of the source: batch.first_record is set.
    virtual Poll poll(RecordBatch& batch, int64_t until_us) = 0;

    // Opens the source: finds out what poll() needs. Called once, before the first poll.
    virtual Status open() = 0;

    // The run is to end now, and not because of an error. True: this source holds records that have
    // arrived already (in a socket); poll() goes on bringing them and then, after a bounded time
    // however much more is sent, says `ended`. False: it has none, and is not polled again. Called
    // at most once, between polls.
    virtual bool drain() { return false; }

    // What open() found out that a person should know, a line each: the address that is listened
    // on, a buffer that is smaller than was asked for.
    virtual std::vector<std::string> notes() const { return {}; }

    // What dead letters and the report call this source: its path, "stdin", "synthetic".
    virtual std::string_view name() const = 0;

    // Partitions have the numbers 0 to partitions()-1, given in order of discovery and never
    // reused. Those that exist after open() are known from the start (T2); a partition field
    // discovers more.
    virtual uint32_t partitions() const = 0;
    virtual std::string_view partition_name(uint32_t partition) const = 0;

    // The partition that corrupt records without one belong to (E6), or UINT32_MAX when every
    // record of the source has one. It takes part in no watermark.
    virtual uint32_t source_partition() const { return UINT32_MAX; }

    // Bytes consumed so far, of the source as stored (compressed), and its size if known, else 0.
    virtual uint64_t bytes_read() const { return 0; }
    virtual uint64_t bytes_total() const { return 0; }

    // What its transport lost, of a source that can lose events (contract L3); else null. Read by
    // the receiver's thread, and after the run.
    virtual const Transport* transport() const { return nullptr; }

    // True when time passes by itself (a live source): max_future and idle_after mean something.
    virtual bool live() const { return false; }
};

}  // namespace trommel
