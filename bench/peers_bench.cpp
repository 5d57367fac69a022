// The same streams through the containers that somebody might use instead.
//
//   peers_bench [--ids N] [--live N] [--keys N] [--rounds N] [--only PART]
//
// PART is one of sets-64, sets-128, filters, expiring, windows, engines and duckdb.
//
// Insert-if-absent of 64- and 128-bit ids into sets that were reserved for all of them, the last
// quarter timed; into filters; ids that expire, against two sets that take turns (the usual
// recipe); windows; both together; and the same as queries of a database. Everybody gets the same
// batches and the same hash of the id, and is measured in turns with the others and with the limit
// of the memory. CPU time, one thread. Ends with 1 when two of them disagree about what is unique.
#include <absl/container/flat_hash_set.h>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <unistd.h>
#include <unordered_set>
#include <utility>
#include <vector>

#include "trommel/engine.h"

#include "bench/kit/event_stream.h"
#include "bench/kit/id_stream.h"
#include "bench/kit/line_updates.h"
#include "bench/kit/machine.h"
#include "bench/kit/timing.h"
#include "bench/peers/containers.h"
#include "kernels/cpu/approximate_ids.h"
#include "kernels/cpu/exact_table.h"
#include "kernels/cpu/window_store.h"

#ifdef TROMMEL_PEER_DPDK
#include "bench/peers/dpdk_sets.h"
#endif
#ifdef TROMMEL_PEER_DUCKDB
#include "bench/peers/compare_duckdb.h"
#endif

namespace {

using namespace trommel;  // A program of one file.
using namespace trommel::bench;

struct Options {
    uint64_t ids = uint64_t{64} << 20, live = 16'000'000, keys = 1'000'000, rounds = 5;
    std::string only;
};

// Takes a batch and says how many of its ids are new.
template <class Batch>
struct Subject {
    std::string name;
    std::function<uint64_t(Batch&)> take;
    std::vector<double> rates;
    uint64_t unique = 0;
};

template <class Id>
Id id_at(const IdBatch& batch, uint32_t row) {
    if constexpr (sizeof(Id) == 8) {
        return batch.lo[row];
    } else {
        return {batch.lo[row], batch.hi[row]};
    }
}

template <class Id, class Set>
uint64_t insert_each(Set& set, const IdBatch& batch) {
    uint64_t unique = 0;
    for (uint32_t row = 0; row < kBatchRows; ++row) {
        unique += set.insert(id_at<Id>(batch, row)).second;
    }
    return unique;
}

// In groups of 64 that are all asked for first: the strongest way to use it.
template <class Id, class Set>
uint64_t insert_prefetched(Set& set, const IdBatch& batch) {
    constexpr uint32_t kGroup = 64;
    uint64_t unique = 0;
    for (uint32_t begin = 0; begin < kBatchRows; begin += kGroup) {
        for (uint32_t r = begin; r < begin + kGroup; ++r) set.prefetch(id_at<Id>(batch, r));
        for (uint32_t r = begin; r < begin + kGroup; ++r) {
            unique += set.insert(id_at<Id>(batch, r)).second;
        }
    }
    return unique;
}

#ifdef TROMMEL_PEER_DPDK
// Its hashes have 32 bits.
template <class Id>
uint64_t insert_in_bulk(DpdkHash& table, const IdBatch& batch) {
    static_assert(kBatchRows % kDpdkGroup == 0);
    std::vector<Id> ids(kBatchRows);
    std::vector<uint32_t> hashes(kBatchRows);
    for (uint32_t row = 0; row < kBatchRows; ++row) {
        ids[row] = id_at<Id>(batch, row);
        hashes[row] = static_cast<uint32_t>(Hash()(ids[row]));
    }
    return table.insert(ids.data(), hashes.data(), kBatchRows);
}
#endif

// Our table or filter, hashing included.
class Table {
   public:
    Table(cpu::IdKind kind, uint64_t expected_ids, int64_t horizon_us) : Table(kind) {
        cpu::ExactTableOptions options;
        options.kind = kind;
        options.horizon_us = horizon_us;
        options.rows_max = kBatchRows;
        options.seed = kSeed;
        options.expected_ids = expected_ids;
        options.simd = simd();
        table_ = make_exact_table(options, budget_);
    }
    Table(uint64_t expected_ids, double error_rate) : Table(cpu::IdKind::u64) {
        Config config;
        config.dedup.mode = DedupMode::approximate;
        config.dedup.error_rate = error_rate;
        config.dedup.capacity = expected_ids;
        table_ = make_approximate_ids(config, 0, rules::kGroups, simd(), budget_);
    }
    uint64_t take(IdBatch& batch) {
        for (uint32_t row = 0; row < kBatchRows; ++row) {
            batch.hash[row] = kind_ == cpu::IdKind::u64
                                  ? rules::hash_u64(batch.lo[row], kSeed)
                                  : rules::hash_u128(batch.lo[row], batch.hi[row], kSeed);
        }
        table_->advance(batch.time_us[0], batch.time_us[0]);
        table_->judge(batch.columns(), rows_.data(), kBatchRows, outcomes_.data());
        return static_cast<uint64_t>(
            std::count(outcomes_.begin(), outcomes_.end(), cpu::Outcome::unique));
    }
    uint64_t bytes() const { return table_->committed_bytes(); }

   private:
    explicit Table(cpu::IdKind kind)
        : kind_(kind), budget_(uint64_t{12} << 30), rows_(kBatchRows), outcomes_(kBatchRows) {
        for (uint32_t row = 0; row < kBatchRows; ++row) rows_[row] = row;
    }
    static cpu::SimdLevel simd() {
        cpu::SimdLevel level = cpu::SimdLevel::scalar;
        if (!cpu::simd_from_environment(level).ok()) std::exit(64);
        return level;
    }

    const cpu::IdKind kind_;
    cpu::MemoryBudget budget_;
    std::unique_ptr<cpu::IdMemory> table_;
    std::vector<uint32_t> rows_;
    std::vector<cpu::Outcome> outcomes_;
};

// Everybody reads the same stream, each from a generator of its own. Times it from `timed_from` on,
// in rounds of `round_events` in which one goes after the other, so that each has the caches to
// itself for a while. Returns false when they disagree; a filter may call up to `lost_max` of the
// unique ids duplicates.
template <class Batch, class Stream>
bool compare(const char* title, const Stream& stream, std::vector<std::unique_ptr<Batch>> batches,
             std::vector<Subject<Batch>>& subjects, uint64_t timed_from, uint64_t rounds,
             uint64_t round_events, uint64_t footprint_bytes, double lost_max = 0) {
    std::vector<Stream> streams(subjects.size(), stream);
    const auto run = [&](size_t s, uint64_t until) {
        double seconds = 0;
        while (streams[s].events() < until) {
            for (auto& batch : batches) streams[s].fill(*batch);
            const double start = cpu_seconds();
            for (auto& batch : batches) subjects[s].unique += subjects[s].take(*batch);
            seconds += cpu_seconds() - start;
        }
        return seconds;
    };
    for (size_t s = 0; s < subjects.size(); ++s) run(s, timed_from);
    LineUpdates limit(footprint_bytes);
    std::vector<double> limits;
    for (uint64_t round = 0; round < rounds; ++round) {
        limits.push_back(limit.run(1 << 23));
        for (size_t s = 0; s < subjects.size(); ++s) {
            const uint64_t begin = streams[s].events();
            const double seconds = run(s, begin + round_events);
            subjects[s].rates.push_back(static_cast<double>(streams[s].events() - begin) / seconds);
        }
    }
    std::printf("\n%s\n%-36s %9s %17s %12s\n", title, "", "M ev/s", "share of the limit",
                "trommel is");
    const double ours = median(subjects[0].rates);
    bool agree = true;
    for (size_t s = 0; s < subjects.size(); ++s) {
        const auto& subject = subjects[s];
        const double rate = median(subject.rates);
        std::printf("%-36s %9.2f %16.0f%% %10.1f x\n", subject.name.c_str(), rate / 1e6,
                    100 * rate / median(limits), ours / rate);
        const auto unique = static_cast<double>(subject.unique);
        const auto truth = static_cast<double>(streams[s].unique());
        agree &= lost_max > 0 ? unique <= truth && unique >= truth * (1 - lost_max)
                              : subject.unique == subjects[0].unique;
    }
    std::printf("(the limit: %.0f M lines/s in %.0f MiB)\n", median(limits) / 1e6,
                static_cast<double>(footprint_bytes) / (1 << 20));
    if (!agree) std::printf("WRONG: they do not agree about what is unique\n");
    std::fflush(stdout);
    return agree;
}

std::vector<std::unique_ptr<IdBatch>> id_batches() {
    std::vector<std::unique_ptr<IdBatch>> batches;
    for (int b = 0; b < 4; ++b) batches.push_back(std::make_unique<IdBatch>(false));
    return batches;
}

// Seven sets of 128-bit ids at once take 400 bytes per id: as many ids as this machine has room
// for.
uint64_t ids_that_fit(uint64_t ids) {
    constexpr uint64_t kBytesPerId = 400;
    const auto pages = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES));
    const uint64_t memory_bytes = pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    while (ids * kBytesPerId > memory_bytes) ids /= 2;
    return ids;
}

template <class Id>
bool compare_sets(const std::string& what, Options options) {
    if (sizeof(Id) == 16) options.ids = ids_that_fit(options.ids);
    const std::string title = what + ", last quarter of " + std::to_string(options.ids);
    Table ours(sizeof(Id) == 8 ? cpu::IdKind::u64 : cpu::IdKind::u128, options.ids, kForeverUs);
    std::unordered_set<Id, Hash> standard;
    absl::flat_hash_set<Id, Hash> flat;
    absl::flat_hash_set<Id, Hash, std::equal_to<Id>, HugePages<Id>> huge_flat;
    boost::unordered_flat_set<Id, Hash> boost_flat;
    boost::unordered_flat_set<Id, Hash, std::equal_to<Id>, HugePages<Id>> huge_boost;
    standard.reserve(options.ids);
    flat.reserve(options.ids);
    huge_flat.reserve(options.ids);
    boost_flat.reserve(options.ids);
    huge_boost.reserve(options.ids);
    std::vector<Subject<IdBatch>> subjects = {
        {"trommel", [&](IdBatch& b) { return ours.take(b); }, {}, 0},
        {"absl, prefetching, huge pages",
         [&](IdBatch& b) { return insert_prefetched<Id>(huge_flat, b); },
         {},
         0},
        {"boost flat, huge pages",
         [&](IdBatch& b) { return insert_each<Id>(huge_boost, b); },
         {},
         0},
        {"boost flat", [&](IdBatch& b) { return insert_each<Id>(boost_flat, b); }, {}, 0},
        {"absl", [&](IdBatch& b) { return insert_each<Id>(flat, b); }, {}, 0},
        {"std", [&](IdBatch& b) { return insert_each<Id>(standard, b); }, {}, 0},
    };
#ifdef TROMMEL_PEER_DPDK
    DpdkHash dpdk(sizeof(Id) == 8 ? "ids-64" : "ids-128", sizeof(Id), options.ids);
    if (!dpdk.error().empty()) {
        std::printf("DPDK: %s\n", dpdk.error().c_str());
        return false;
    }
    subjects.push_back({"DPDK rte_hash, in bulk, huge pages",
                        [&](IdBatch& b) { return insert_in_bulk<Id>(dpdk, b); },
                        {},
                        0});
#endif
    IdStream stream(options.ids / 2, 1, false);
    const uint64_t events = options.ids / 4 * 5;
    return compare(title.c_str(), stream, id_batches(), subjects, events / 4 * 3, options.rounds,
                   events / 4 / (options.rounds + 1), ours.bytes());
}

#ifdef TROMMEL_PEER_DPDK
bool compare_filters(const Options& options) {
    constexpr double kErrorRate = 0.0135;
    Table ours(options.ids + 4 * kBatchRows, kErrorRate);
    DpdkFilter dpdk("filter", options.ids, kErrorRate);
    if (!dpdk.error().empty()) {
        std::printf("DPDK: %s\n", dpdk.error().c_str());
        return false;
    }
    std::vector<Subject<IdBatch>> subjects = {
        {"trommel", [&](IdBatch& b) { return ours.take(b); }, {}, 0},
        {"DPDK rte_member, a Bloom filter",
         [&](IdBatch& b) { return dpdk.insert(b.lo.data(), kBatchRows); },
         {},
         0},
    };
    const uint64_t events = options.ids / 4 * 5;
    return compare("64-bit ids, filters with an error rate of 0.0135, last quarter",
                   IdStream(options.ids / 2, 1, false), id_batches(), subjects, events / 4 * 3,
                   options.rounds, events / 4 / (options.rounds + 1), ours.bytes(), kErrorRate);
}
#endif

bool compare_expiring(const Options& options) {
    const auto horizon_us = static_cast<int64_t>(options.live / 4 * 5);
    Table ours(cpu::IdKind::u64, 0, horizon_us);
    Rotating rotating(options.live, horizon_us);
    std::vector<Subject<IdBatch>> subjects = {
        {"trommel", [&](IdBatch& b) { return ours.take(b); }, {}, 0},
        {"two boost flat sets in turns",
         [&](IdBatch& b) {
             uint64_t unique = 0;
             for (uint32_t r = 0; r < kBatchRows; ++r) {
                 unique += rotating.insert(b.lo[r], b.time_us[r]);
             }
             return unique;
         },
         {},
         0},
    };
    IdStream stream(options.live / 2, 1, false);
    // A whole turn of the sets is a round, so that each has one to clear.
    return compare("64-bit ids that expire (16 M within a horizon)", stream, id_batches(), subjects,
                   static_cast<uint64_t>(2 * horizon_us), options.rounds,
                   static_cast<uint64_t>(horizon_us), uint64_t{512} << 20);
}

struct Events {
    EventStreamOptions options;
    Config config;
    EventStream stream;
    uint64_t window_events;

    explicit Events(const EventStreamOptions& o)
        : options(o),
          config(EventStream::job(o)),
          stream(o),
          window_events(static_cast<uint64_t>(config.windows[0].size_us / EventStream::kStepUs)) {}
    std::vector<std::unique_ptr<RecordBatch>> batches() const {
        std::vector<std::unique_ptr<RecordBatch>> batches;
        for (int b = 0; b < 4; ++b) {
            batches.push_back(std::make_unique<RecordBatch>(config, config.engine.batch_records));
        }
        return batches;
    }
};

bool compare_windows(const Options& options) {
    Events events({.live = 16, .keys = options.keys, .window_events = options.keys * 10});
    cpu::MemoryBudget budget(uint64_t{6} << 30);
    cpu::WindowStore store(events.config, 5, cpu::detect_simd(), budget);
    cpu::PartialRows out(events.config, store.layout());
    std::vector<uint32_t> rows(events.config.engine.batch_records), refused(rows.size());
    for (uint32_t row = 0; row < rows.size(); ++row) rows[row] = row;
    Windows naive(options.keys, events.config.windows[0].size_us);
    std::vector<Subject<RecordBatch>> subjects = {
        {"trommel, rows in the order of keys",
         [&](RecordBatch& b) {
             store.advance(b.time_us[0] - 100 * EventStream::kStepUs);
             while (store.take_closed(out, 1024)) {
             }
             return b.count - store.add(b, rows.data(), b.count, refused.data());
         },
         {},
         0},
        {"boost flat map for each window",
         [&](RecordBatch& b) {
             for (uint32_t r = 0; r < b.count; ++r) {
                 naive.add(b.key_int[r], b.time_us[r], b.values[0][r]);
             }
             return uint64_t{b.count};
         },
         {},
         0},
    };
    return compare("windows of 10 events per key: count, sum, min, max", events.stream,
                   events.batches(), subjects, events.window_events * 3 / 2, options.rounds,
                   events.window_events, uint64_t{128} << 20);
}

bool compare_engines(const Options& options) {
    Events events({.live = options.live, .keys = options.keys});
    std::unique_ptr<Engine> engine;
    if (const Status status = Engine::create(events.config, engine); !status.ok()) {
        std::printf("%s\n", status.message.c_str());
        return false;
    }
    RowBatch rows(events.config);
    Rotating ids(options.live, events.config.dedup.horizon_us);
    Windows windows(options.keys, events.config.windows[0].size_us);
    std::vector<Subject<RecordBatch>> subjects = {
        {"trommel",
         [&](RecordBatch& b) {
             if (!engine->push(b).ok()) return uint64_t{0};
             while (engine->take_rows(rows)) {
             }
             return static_cast<uint64_t>(
                 std::count(b.verdict.begin(), b.verdict.begin() + b.count, Verdict::unique));
         },
         {},
         0},
        {"boost: two sets in turns, flat maps",
         [&](RecordBatch& b) {
             uint64_t unique = 0;
             for (uint32_t r = 0; r < b.count; ++r) {
                 if (!ids.insert(b.id_lo[r], b.time_us[r])) continue;
                 ++unique;
                 windows.add(b.key_int[r], b.time_us[r], b.values[0][r]);
             }
             return unique;
         },
         {},
         0},
    };
    return compare("dedup and windows", events.stream, events.batches(), subjects,
                   options.live * 5 / 2, options.rounds, events.window_events, uint64_t{800} << 20);
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    for (int a = 1; a + 1 < argc; a += 2) {
        if (std::strcmp(argv[a], "--only") == 0) options.only = argv[a + 1];
        const uint64_t value = std::strtoull(argv[a + 1], nullptr, 10);
        if (std::strcmp(argv[a], "--ids") == 0) options.ids = value;
        if (std::strcmp(argv[a], "--live") == 0) options.live = value;
        if (std::strcmp(argv[a], "--keys") == 0) options.keys = value;
        if (std::strcmp(argv[a], "--rounds") == 0) options.rounds = value;
    }
    std::printf("%s\n", describe_machine().c_str());
    const std::pair<const char*, std::function<bool()>> parts[] = {
        {"sets-64", [&] { return compare_sets<uint64_t>("64-bit ids", options); }},
        {"sets-128", [&] { return compare_sets<Id128>("128-bit ids", options); }},
#ifdef TROMMEL_PEER_DPDK
        {"filters", [&] { return compare_filters(options); }},
#endif
        {"expiring", [&] { return compare_expiring(options); }},
        {"windows", [&] { return compare_windows(options); }},
        {"engines", [&] { return compare_engines(options); }},
#ifdef TROMMEL_PEER_DUCKDB
        {"duckdb", [&] { return compare_duckdb(options.live, options.keys, options.rounds); }},
#endif
    };
    bool agree = true, found = false;
    for (const auto& [name, compare_part] : parts) {
        if (!options.only.empty() && options.only != name) continue;
        found = true;
        agree &= compare_part();
    }
    if (!found) std::printf("no part is called %s here\n", options.only.c_str());
    return agree && found ? 0 : 1;
}
