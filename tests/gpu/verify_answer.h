#pragma once
#include <cstdint>
#include <string>

#include "trommel/ledger.h"
#include "trommel/status.h"

#include "bench/kit/engine_side.h"
#include "tests/gpu/verify_job.h"

namespace trommel::verify {

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

// Runs the first `events` events of a job, in batches of `batch_records`.
Answer answer(const Job& job, const bench::EngineSide& side, uint64_t events,
              uint32_t batch_records);

// What differs, "" when nothing does.
std::string difference(const Answer& one, const Answer& other);

}  // namespace trommel::verify
