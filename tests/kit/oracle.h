#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "trommel/config.h"
#include "trommel/int128.h"
#include "trommel/key.h"
#include "trommel/ledger.h"

#include "tests/kit/oracle_clocks.h"

// The slow, obvious answer: what an engine must say to a stream, written from the contract alone
// with ordinary containers. It shares no code with the engine: if both were wrong in the same way
// we would learn nothing. oracle.py is its twin; oracle_test.cpp compares the two.
namespace trommel::testkit {

struct OracleEvent {
    bool corrupt = false;
    std::string id;  // 8 bytes (u64) or 16 bytes (u128) little-endian, or the text.
    std::vector<KeyPart> key;
    int64_t time_us = 0;
    std::vector<int64_t> values;
    uint32_t partition = 0;
};

struct OracleRow {
    uint32_t window = 0;  // Index into Config::windows.
    int64_t start_us = 0;
    int64_t end_us = 0;
    std::vector<KeyPart> key;
    std::vector<int128> aggregates;  // In declared order, scaled by 10^Aggregate::digits.
};

bool operator==(const OracleRow& a, const OracleRow& b);
std::string to_text(const OracleRow& row);              // For failure messages.
void PrintTo(const OracleRow& row, std::ostream* out);  // What GoogleTest prints.

// Field by field: integers as numbers, texts by their bytes (E2).
struct KeyLess {
    bool operator()(const std::vector<KeyPart>& a, const std::vector<KeyPart>& b) const;
};

// Exact or no deduplication. In approximate mode the engine's word must be given (see push()).
class Oracle {
   public:
    explicit Oracle(const Config& config);

    void declare_partitions(uint32_t count) { clocks_.declare(count); }
    void end_partition(uint32_t partition) { clocks_.end(partition); }
    void idle_partition(uint32_t partition) { clocks_.idle(partition); }

    // Judges one event. `told`, the verdict of a filter, replaces the oracle's own memory of ids;
    // lateness and corruption are judged here all the same. Of an exact memory `refused` says that
    // the engine had no room for the event (D6): it is then unless it is a duplicate.
    Verdict push(const OracleEvent& event, std::optional<Verdict> told = {});
    // The events since the last call were one batch: from now on those of them that were refused
    // have never been.
    void end_batch();

    // The job's watermark: windows with end + allowed lateness up to it are final (T4).
    Moment watermark() const { return clocks_.job_watermark(); }

    // Rows of the unique events so far, in the contract's order (W4).
    std::vector<OracleRow> rows() const;

    const Ledger& ledger() const { return ledger_; }
    const std::map<uint32_t, Ledger>& partitions() const { return partitions_; }

   private:
    Verdict judge(const OracleEvent& event, std::optional<Verdict> told);
    bool is_corrupt(const OracleEvent& event) const;
    bool is_late(int64_t time_us, Moment watermark) const;
    // By scope, then by id.
    using Memory = std::map<std::vector<KeyPart>, std::map<std::string, int64_t>, KeyLess>;
    // Remembers the event's id if it is none.
    bool is_duplicate(Memory& memory, const OracleEvent& event) const;

    Config config_;
    Clocks clocks_;
    Memory remembered_us_;
    // The same without what was refused, once something was in this batch.
    std::optional<Memory> counted_us_;
    std::vector<OracleEvent> unique_;
    Ledger ledger_;
    std::map<uint32_t, Ledger> partitions_;
};

// How many of a finished run's rows an engine can have handed out when the job's watermark was
// `watermark`: they are the first ones, because W4 orders by end.
size_t rows_final(const std::vector<OracleRow>& rows, const Config& config, Moment watermark);

// The pane of a job (W1): 0 with a session window or without a window.
int64_t pane_us(const Config& config);

}  // namespace trommel::testkit
