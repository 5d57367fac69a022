#include "tools/plan/trial.h"

#include <unistd.h>

#include "trommel/clock.h"
#include "trommel/run.h"

#include "bench/kit/timing.h"
#include "net/null_sink.h"
#include "tools/signals.h"

namespace trommel::tools {
namespace {

void note_catch_ups(const std::vector<PlanStream::CatchUp>& catch_ups, TrialResult& result) {
    if (catch_ups.empty()) return;
    std::vector<double> seconds, source_ns;
    for (const PlanStream::CatchUp& catch_up : catch_ups) {
        seconds.push_back(catch_up.seconds);
        source_ns.push_back(catch_up.source_ns);
    }
    result.caught_up_s = bench::median(seconds);
    result.catch_up_source_ns = bench::median(source_ns);
}

}  // namespace

TrialResult run_trial(const Trial& trial) {
    Config config = trial.config;
    config.engine.threads = 1;
    Clock& clock = system_clock();
    PlanStream stream(trial.stream, clock);
    net::NullSink sink;
    TrialResult result;
    const uint64_t timed_end =
        trial.stream.timed_end == 0 ? trial.stream.events : trial.stream.timed_end;
    int64_t pace_begun_us = -1;
    bool has_stalled = trial.stall_us == 0;

    Run run;
    run.lanes = {&stream};
    run.sinks = {&sink};
    run.stop_requested = stop_requested;
    run.on_settled = [&](const RecordBatch& batch) {
        if (stream.is_paced() && !has_stalled) {
            const int64_t now_us = clock.monotonic_us();
            if (pace_begun_us < 0) pace_begun_us = now_us;
            if (now_us - pace_begun_us >= trial.stall_from_us) {
                has_stalled = true;
                usleep(static_cast<useconds_t>(trial.stall_us));
            }
        }
        const bool is_timed =
            batch.first_record >= trial.stream.warm && batch.first_record < timed_end;
        if (!is_timed) return;
        for (uint32_t row = 0; row < batch.count; ++row) {
            const bool is_copy = batch.offset[row] % 2 != 0;
            result.originals_lost += !is_copy && batch.verdict[row] == Verdict::duplicate;
        }
    };
    result.status = trommel::run(config, run, result.report);
    if (result.status.ok() && stop_requested()) {
        result.status = Status::error(Code::closed, "interrupted");
    }
    result.timed = stream.timed();
    result.waiting_max = stream.waiting_max();
    note_catch_ups(stream.catch_ups(), result);
    return result;
}

double source_ns(const Config& config, const PlanStreamOptions& stream) {
    constexpr uint64_t kEvents = 1'000'000;
    PlanStreamOptions options = stream;
    options.events = kEvents;
    options.warm = kEvents / 8;
    options.timed_end = 0;
    options.slices = 7;
    options.paced_from = UINT64_MAX;
    PlanStream source(options, system_clock());
    RecordBatch batch(config, config.engine.batch_records);
    while (source.poll(batch, INT64_MAX).state != Source::State::ended) batch.clear();
    return source.timed().source_ns;
}

}  // namespace trommel::tools
