#pragma once
#include <cstdint>
#include <string>

#include "trommel/ledger.h"
#include "trommel/record_batch.h"
#include "trommel/sink.h"
#include "trommel/status.h"

#include "tests/gpu/verify_job.h"

namespace trommel::verify {

// 128 bits of everything that was put in, in its order.
class Digest {
   public:
    void put(uint64_t word);
    void put(std::string_view bytes);
    std::string text() const;  // 32 hex digits.

   private:
    uint64_t low_ = 0x243f6a8885a308d3u, high_ = 0x13198a2e03707344u;
};

// What came of a job: digests of the verdict of every record, in the order of the source, and of
// every row, in the order in which they came out.
struct Answer {
    Status status;  // Not ok: there is no answer.
    std::string verdicts, rows;
    uint64_t row_count = 0;
    Ledger ledger;
    std::string engine;  // That really ran.
    double seconds = 0;
};

// One way to run a job: "cpu", "cpu:3" (in three shards) or "gpu".
struct Side {
    EngineType engine = EngineType::cpu;
    uint32_t shards = 1;
};
bool parse_side(std::string_view text, Side& side);

// Runs the first `events` events of a job, in batches of `batch_records`.
Answer answer(const Job& job, const Side& side, uint64_t events, uint32_t batch_records);

// What differs, "" when nothing does.
std::string difference(const Answer& one, const Answer& other);

}  // namespace trommel::verify
