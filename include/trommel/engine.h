#pragma once
#include <memory>

#include "trommel/clock.h"
#include "trommel/config.h"
#include "trommel/ledger.h"
#include "trommel/record_batch.h"
#include "trommel/report.h"
#include "trommel/sink.h"
#include "trommel/status.h"

namespace trommel {

// The engine inside your own program, on your own thread: no thread, no ring, no I/O.
//
//   std::unique_ptr<trommel::Engine> engine;
//   if (trommel::Status s = trommel::Engine::create(config, engine); !s.ok()) …
//   engine->push(batch);                          // judges in place: read batch.verdict[i]
//   while (engine->take_rows(rows)) …             // windows that are final
//   engine->finish(); while (engine->take_rows(rows)) …
//
// Without windows it is a deduplicator; with DedupMode::off, a window aggregator.
// Thread: any one at a time. Errors: create() reports every contradiction of the config; push()
// fails with Code::memory_full (OnFull::stop: the batch's remaining records have Verdict::refused,
// and every later push() fails the same way), or with Code::invalid_config, having done nothing,
// for a batch of a larger capacity than config.engine.batch_records, or when more than kRowsLeftMax
// rows were left.
class Engine {
   public:
    static constexpr uint64_t kRowsLeftMax = 1 << 20;

    // config.engine.threads is ignored: this is always one shard.
    static Status create(const Config& config, std::unique_ptr<Engine>& engine,
                         Clock& clock = system_clock());
    virtual ~Engine() = default;

    // Judges batch.count records in order. A record whose verdict is `corrupt` on entry is counted
    // and left alone. batch.partition[i] may be any number below kPartitionsMax: a new one is a
    // partition discovered while running (T2) unless declare_partitions() announced it.
    virtual Status push(RecordBatch& batch) = 0;

    // Partitions 0 to count-1 exist from the start and hold the watermark back until they have
    // shown an event, end or are idle. Call before the first push().
    virtual void declare_partitions(uint32_t count) = 0;
    // The partition will bring nothing more; it no longer holds the watermark back.
    virtual void end_partition(uint32_t partition) = 0;

    // The input has ended: every window is final. push() may not be called any more.
    virtual Status finish() = 0;

    // Replaces `rows` by the next final rows, in order (1024 or so; its memory is used again);
    // false when there is none. Call it until then after each push() and finish(). Rows that are
    // left are not lost: push() judges first, and makes rows of them itself, which stay in memory,
    // only when a second window of a kind waits or their memory might be wanted for its records.
    // When those are more than kRowsLeftMax, it waits for them to be taken: it does nothing and
    // says so.
    virtual bool take_rows(RowBatch& rows) = 0;

    virtual Ledger ledger() const = 0;
    virtual Report report() const = 0;
};

}  // namespace trommel
