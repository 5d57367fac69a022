#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "trommel/ledger.h"
#include "trommel/run.h"
#include "trommel/sink.h"

#include "hostpath/batch.h"
#include "hostpath/fifo.h"
#include "hostpath/metrics.h"
#include "hostpath/names.h"
#include "hostpath/row_merger.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/session_store.h"

namespace trommel::hostpath {

// What a worker tells the emitter. Rows and batches are two streams: a batch does not wait for rows
// that became final before it.
struct FromWorker {
    Batch* batch = nullptr;            // Judged; or with `rows` the oldest that is not.
    cpu::PartialRows* rows = nullptr;  // The shard's next rows, in W4 order.
    // Every row of a window that ends up to here is in this message or was in one before.
    int64_t complete_end_us = INT64_MIN;
    const Status* full = nullptr;  // With a judged batch: why, once the shard's memory is used up.
};

// The end of every batch: joins the shards' rows and the sessions into the final rows, writes them,
// settles each record in the ledger, writes dead letters and unique records. One thread.
class Emitter {
   public:
    struct Ports {
        std::vector<Sink*> sinks;
        Sink* dead_letters = nullptr;
        DeadLetters late = DeadLetters::keep, corrupt = DeadLetters::keep;
        const Names* names = nullptr;
        Metrics* metrics = nullptr;
        std::function<void(const RecordBatch&)> on_settled = {};
    };

    Emitter(const Config& config, uint64_t job_seed, uint64_t session_bytes, const Ports& ports);

    Status open();

    void take(uint32_t shard, const FromWorker& message);

    // Settles the next batch if every shard has judged it, and returns it: it may be used again.
    // Null when it cannot be settled yet. Only the last one waits until all rows are written, and
    // one with events for which sessions might lack memory until theirs are.
    Batch* settle();
    // Writes final rows, at most about `rows_max`. False when none is there whose turn has come.
    bool write_rows(size_t rows_max);
    // A block of rows that is free again, for its shard; false when there is none.
    bool take_used(uint32_t& shard, cpu::PartialRows*& rows);
    // Makes what was written visible. For quiet moments.
    void flush();

    // Ok, or the first thing that went wrong; then nothing more is written. The run should end.
    const Status& status() const { return status_; }
    bool finished() const { return finished_; }  // The last batch is settled, sinks are closed.

    // Ledgers without `in`, per partition.
    const std::vector<Ledger>& partitions() const { return partitions_; }
    uint64_t rows() const { return rows_written_; }
    uint64_t dead_letters() const { return dead_letters_written_; }
    uint64_t session_keys() const { return sessions_ ? sessions_->keys() : 0; }
    uint64_t session_bytes() const { return session_budget_.used_bytes(); }

   private:
    uint32_t session_stream() const { return shards_; }
    void note_batch(Batch* batch);
    void begin_batch();
    bool offer_sessions();
    bool rows_are_in_the_way(const Batch& batch);
    void write_to_sinks();
    void finish_batch(Batch& batch);
    void add_to_sessions(Batch& batch);
    void settle_records(Batch& batch);
    void bury(const Batch& batch, uint32_t row);
    void close(const Batch& batch);
    void note(Status status);
    template <class Write>
    void each_sink(Write write);

    const Config& config_;
    const Ports ports_;
    const uint32_t shards_;
    cpu::MemoryBudget session_budget_;
    std::unique_ptr<cpu::SessionStore> sessions_;
    RowMerger merger_;

    Fifo<Batch*> coming_;           // The first one's watermark is the sessions' already.
    uint64_t sequence_known_ = 0;   // Batches before it have been announced by some shard.
    uint64_t settled_ = 0;          // Batches.
    std::vector<uint64_t> judged_;  // By each shard: batches.
    std::unique_ptr<cpu::PartialRows> session_rows_;
    RowBatch rows_;
    std::vector<uint32_t> unique_rows_, refused_rows_;
    std::string letter_;

    std::vector<Ledger> partitions_;
    uint64_t rows_written_ = 0, dead_letters_written_ = 0;
    bool unflushed_ = false;
    uint32_t batches_unflushed_ = 0;  // Settled since the last flush.
    bool finished_ = false;
    Status status_;
};

}  // namespace trommel::hostpath
