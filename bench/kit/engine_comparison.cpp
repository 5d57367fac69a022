#include "bench/kit/engine_comparison.h"

#include <algorithm>

#include "bench/kit/answer_digest.h"
#include "bench/kit/timing.h"

namespace trommel::bench {
namespace {

// What came of one run.
struct Outcome {
    std::string wrong;  // By itself, whatever others say.
    std::string verdicts, rows;
    Ledger ledger;
    uint64_t row_count = 0, store_bytes = 0;
    double events_per_second = 0;
};

// When batches are settled, which is what a user waits for.
class Stopwatch {
   public:
    // `meter` is begun with the time; null: none.
    Stopwatch(uint64_t warm_events, EnergyMeter* meter)
        : warm_events_(warm_events), meter_(meter) {}

    void settled(uint64_t events) {
        if (events == 0) return;
        settled_ += events;
        end_ = wall_seconds();
        if (begin_events_ > 0 || settled_ < warm_events_) return;
        begin_events_ = settled_;
        if (meter_ != nullptr) meter_->begin();
        begin_ = end_ = wall_seconds();
    }
    // The run has ended.
    void finish() {
        if (meter_ == nullptr || timed() == 0) return;
        meter_->end(static_cast<double>(timed()), wall_seconds() - begin_);
    }
    uint64_t timed() const { return begin_events_ > 0 ? settled_ - begin_events_ : 0; }
    double events_per_second() const { return static_cast<double>(timed()) / (end_ - begin_); }

   private:
    const uint64_t warm_events_;
    EnergyMeter* const meter_;
    uint64_t settled_ = 0, begin_events_ = 0;
    double begin_ = 0, end_ = 0;
};

// In how many windows each unique event is.
uint64_t windows_of_an_event(const Config& config) {
    uint64_t windows = 0;
    for (const Window& window : config.windows) {
        windows += window.kind == WindowKind::session
                       ? 1
                       : static_cast<uint64_t>(window.size_us / window.slide_us);
    }
    return windows;
}

bool counts_events(const Config& config) {
    return config.output == Output::windows &&
           std::any_of(config.aggregates.begin(), config.aggregates.end(),
                       [](const Aggregate& a) { return a.kind == AggregateKind::count; });
}

std::string of(uint64_t found, const char* what, uint64_t expected) {
    return "found " + std::to_string(found) + what + std::to_string(expected);
}

// What is wrong with a run that ended well, by what must be true of it.
std::string check(const EngineWorkload& workload, const Ledger& ledger, const RowDigest& rows,
                  uint64_t verdicts) {
    const uint64_t unique = ledger[Verdict::unique];
    if (!ledger.adds_up()) return "the ledger does not add up: " + to_text(ledger);
    if (workload.events && ledger.in != *workload.events) {
        return of(ledger.in, " events of ", *workload.events);
    }
    if (ledger[Verdict::refused] > 0) {
        return std::to_string(ledger[Verdict::refused]) +
               " events found no room, and which ones depends on more than the input";
    }
    if (verdicts != ledger.in) return of(verdicts, " verdicts of ", ledger.in);
    if (workload.unique && unique != *workload.unique) {
        return of(unique, " unique events of ", *workload.unique);
    }
    const uint64_t in_windows = unique * windows_of_an_event(workload.config);
    if (counts_events(workload.config) && rows.events_counted() != in_windows) {
        return of(rows.events_counted(), " events in the rows of ", in_windows);
    }
    return "";
}

Outcome run_once(const EngineWorkload& workload, const EngineSide& side, uint32_t batch_records,
                 const RunEngine& run, EnergyMeter& meter) {
    Config config = workload.config;
    config.engine.type = side.engine;
    config.engine.threads = side.shards;
    config.engine.batch_records = batch_records;
    if (!config.engine.seed) config.engine.seed = 1;  // A filter's answers depend on it.
    const std::unique_ptr<Source> source = workload.make_source();
    RowDigest rows(config);
    VerdictDigest verdicts;
    Stopwatch stopwatch(workload.warm_events, side.engine == EngineType::gpu ? &meter : nullptr);
    Run job;
    job.lanes = {source.get()};
    job.sinks = {&rows};
    job.late = job.corrupt = DeadLetters::drop;
    job.on_settled = [&](const RecordBatch& batch) {
        verdicts.put(batch);
        stopwatch.settled(batch.count);
    };
    Report report;
    const Status status = run(config, job, report);
    stopwatch.finish();
    Outcome outcome;
    outcome.wrong =
        status.ok() ? check(workload, report.ledger, rows, verdicts.count()) : status.message;
    if (outcome.wrong.empty() && stopwatch.timed() == 0) {
        outcome.wrong = "there were too few events to time any";
    }
    if (outcome.wrong.empty() &&
        report.engine != (side.engine == EngineType::gpu ? "gpu" : "cpu")) {
        outcome.wrong = "ran on " + report.engine;
    }
    if (!outcome.wrong.empty()) return outcome;
    outcome.verdicts = verdicts.text();
    outcome.rows = rows.text();
    outcome.ledger = report.ledger;
    outcome.row_count = rows.count();
    for (const ShardReport& shard : report.shards) {
        outcome.store_bytes += shard.id_bytes + shard.key_bytes;
    }
    outcome.events_per_second = stopwatch.events_per_second();
    return outcome;
}

std::string difference(const Outcome& first, const Outcome& other) {
    if (first.verdicts != other.verdicts) return "the verdicts differ";
    if (first.row_count != other.row_count) return "the numbers of rows differ";
    if (first.rows != other.rows) return "the rows differ";
    return "";
}

// "gpu in batches of 4096".
std::string name_of(const EngineSide& side, uint32_t batch_records) {
    return to_text(side) + " in batches of " + std::to_string(batch_records);
}

}  // namespace

uint64_t bytes_needed(const Config& config) {
    constexpr uint64_t kWord = sizeof(uint64_t);
    uint64_t words = 1;  // The time.
    if (config.dedup.mode != DedupMode::off) words += config.dedup.id_type == IdType::u64 ? 1 : 2;
    const bool by_key = !config.windows.empty() || config.dedup.scope == Scope::key;
    if (by_key && !config.key.empty()) ++words;  // One integer, or a number in its place.
    std::vector<bool> used(config.values.size());
    for (const Aggregate& aggregate : config.aggregates) {
        if (config.windows.empty() || aggregate.kind == AggregateKind::count) continue;
        used[aggregate.value] = true;
    }
    return kWord * (words + static_cast<uint64_t>(std::count(used.begin(), used.end(), true)));
}

SpeedCurve EngineComparison::curve_of(const EngineSide& side) const {
    SpeedCurve curve;
    for (const EngineFigure& figure : figures) {
        if (figure.side != side) continue;
        curve.push_back({static_cast<double>(figure.batch_records), figure.rate});
    }
    return curve;
}

EngineComparison compare_engines(const EngineWorkload& workload, const ComparisonOptions& options,
                                 const RunEngine& run) {
    EngineComparison comparison;
    comparison.name = workload.name;
    comparison.what = workload.what;
    comparison.bytes_per_event = bytes_needed(workload.config);
    const auto index_of = [&](size_t side, size_t size) {
        return side * options.batch_records.size() + size;
    };
    const size_t runs = options.sides.size() * options.batch_records.size();
    std::vector<std::vector<double>> rates(runs);
    std::vector<EnergyMeter> meters(runs, EnergyMeter(options.energy));
    std::optional<Outcome> first;
    for (uint32_t round = 0; round < options.rounds; ++round) {
        for (size_t size = 0; size < options.batch_records.size(); ++size) {
            for (size_t side = 0; side < options.sides.size(); ++side) {
                const uint32_t records = options.batch_records[size];
                if (records > batch_records_max(options.sides[side])) continue;
                const std::string name = name_of(options.sides[side], records);
                if (options.tell) options.tell(workload.name + ": " + name);
                const size_t index = index_of(side, size);
                const Outcome outcome =
                    run_once(workload, options.sides[side], records, run, meters[index]);
                if (!first) first = outcome;
                comparison.wrong =
                    !outcome.wrong.empty() ? outcome.wrong : difference(*first, outcome);
                if (!comparison.wrong.empty()) {
                    comparison.wrong = name + ": " + comparison.wrong;
                    return comparison;
                }
                rates[index].push_back(outcome.events_per_second);
            }
        }
    }
    comparison.verdict_digest = first->verdicts;
    comparison.row_digest = first->rows;
    comparison.ledger = first->ledger;
    comparison.rows = first->row_count;
    comparison.store_bytes = first->store_bytes;
    for (size_t side = 0; side < options.sides.size(); ++side) {
        for (size_t size = 0; size < options.batch_records.size(); ++size) {
            const std::vector<double>& measured = rates[index_of(side, size)];
            if (measured.empty()) continue;
            const auto [slowest, fastest] = std::minmax_element(measured.begin(), measured.end());
            comparison.figures.push_back({options.sides[side], options.batch_records[size],
                                          median(measured), *slowest, *fastest,
                                          meters[index_of(side, size)].joules_per_million()});
        }
    }
    return comparison;
}

}  // namespace trommel::bench
