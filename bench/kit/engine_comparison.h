#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "trommel/ledger.h"
#include "trommel/run.h"

#include "bench/kit/break_even.h"
#include "bench/kit/engine_side.h"
#include "bench/kit/gpu_energy.h"

// The same events through several engines: first whether they say the same, then how fast.
namespace trommel::bench {

struct EngineWorkload {
    std::string name, what;
    Config config;  // Engine, shards and batch size are set for each run.
    // A source that brings the same events each time. One lane: with more, the order between them
    // would depend on the size of batches.
    std::function<std::unique_ptr<Source>()> make_source;
    uint64_t warm_events = 0;                // The first so many are not timed: tables still grow.
    std::optional<uint64_t> events, unique;  // What is known to be true of it.
};

// Of an event: what has to get to a GPU at least, its id, time, key and the values that are used.
uint64_t bytes_needed(const Config& config);

struct ComparisonOptions {
    std::vector<EngineSide> sides;  // At least one.
    // Sizes, ascending. A side that has no batches as long as some has no figure for those.
    std::vector<uint32_t> batch_records;
    uint32_t rounds = 5;
    EnergyReading energy = {};  // Of the GPU; may be empty.
    // Told before each run what is measured: "dedup: gpu in batches of 4096". May be empty.
    std::function<void(const std::string&)> tell;
};

// One engine in batches of one size. Events per second of time that passed, from the first batch
// after the warm events to the last, as they are settled.
struct EngineFigure {
    EngineSide side;
    uint32_t batch_records = 0;
    double rate = 0, slowest = 0, fastest = 0;  // The median of the rounds, and their ends.
    // Of a GPU, from the first batch after the warm events to the end of the run, all rounds
    // together; nothing where it is not reported or that was too short.
    std::optional<double> joules_per_million = {};

    double batch_seconds() const { return batch_records / rate; }
};

struct EngineComparison {
    std::string name, what;
    // Not empty: the engines disagree, or one of them is wrong by itself. Then there are no
    // figures.
    std::string wrong;
    std::vector<EngineFigure> figures;       // By side, then by size.
    std::string verdict_digest, row_digest;  // Of every run.
    Ledger ledger;
    uint64_t rows = 0;
    uint64_t store_bytes = 0;      // Ids and cells, as the first engine keeps them.
    uint64_t bytes_per_event = 0;  // bytes_needed()

    SpeedCurve curve_of(const EngineSide& side) const;
};

// trommel::run, or what stands in for it in tests.
using RunEngine = std::function<Status(const Config&, const Run&, Report&)>;

// Runs every side with every size of batches in turns, and that for every round. Each run is held
// against the first by digests of all verdicts and rows, its ledger against the truth, and its rows
// against the ledger: every unique event is in as many windows as there are for it.
EngineComparison compare_engines(const EngineWorkload& workload, const ComparisonOptions& options,
                                 const RunEngine& run);

}  // namespace trommel::bench
