#include "tests/gpu/verify_answer.h"

#include "trommel/run.h"

#include "bench/kit/answer_digest.h"
#include "tests/gpu/verify_source.h"

namespace trommel::verify {

Answer answer(const Job& job, const bench::EngineSide& side, uint64_t events,
              uint32_t batch_records) {
    Config config = job.config;
    config.engine.type = side.engine;
    config.engine.threads = side.shards;
    config.engine.batch_records = batch_records;
    VerifySource source(job, events);
    bench::RowDigest rows(config);
    bench::VerdictDigest verdicts;
    Run run;
    run.lanes = {&source};
    run.sinks = {&rows};
    // Batches are settled in the source's order, whatever ran them.
    run.on_settled = [&](const RecordBatch& batch) { verdicts.put(batch); };
    Report report;
    Answer answer;
    answer.status = trommel::run(config, run, report);
    answer.verdicts = verdicts.text();
    answer.rows = rows.text();
    answer.row_count = rows.count();
    answer.ledger = report.ledger;
    answer.engine = report.engine;
    answer.seconds = report.seconds;
    return answer;
}

std::string difference(const Answer& one, const Answer& other) {
    for (const Answer* const each : {&one, &other}) {
        if (!each->status.ok()) return each->status.message;
    }
    if (one.verdicts != other.verdicts) return "the verdicts differ";
    if (one.row_count != other.row_count) return "the numbers of rows differ";
    if (one.rows != other.rows) return "the rows differ";
    return "";
}

}  // namespace trommel::verify
