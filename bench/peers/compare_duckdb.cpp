#include "bench/peers/compare_duckdb.h"

#include <cstdio>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <vector>

#include "trommel/engine.h"

#include "bench/kit/event_stream.h"
#include "bench/kit/recorded_events.h"
#include "bench/kit/timing.h"
#include "bench/peers/duckdb.h"

namespace trommel::bench {
namespace {

uint64_t page_faults() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<uint64_t>(usage.ru_minflt);
}

// CPU time of the whole process, page faults included: nobody's memory is there before.
struct Contestant {
    std::string name;
    std::vector<double> seconds, faults;
    RowSum::Total total;

    template <class Work>
    void time(Work work) {
        const uint64_t faults_before = page_faults();
        const double begin = process_cpu_seconds();
        work();
        seconds_ += process_cpu_seconds() - begin;
        faults_ += static_cast<double>(page_faults() - faults_before);
    }
    void end_round() {
        seconds.push_back(seconds_);
        faults.push_back(faults_);
        seconds_ = faults_ = 0;
    }

   private:
    double seconds_ = 0, faults_ = 0;
};

// Reads a stream in turns of some batches, which are made outside of the timing.
class EngineRun {
   public:
    EngineRun(const EventStreamOptions& options)
        : config_(EventStream::job(options)), stream_(options), rows_(config_) {
        for (int b = 0; b < 4; ++b) {
            batches_.push_back(
                std::make_unique<RecordBatch>(config_, config_.engine.batch_records));
        }
    }

    void create(Contestant& contestant) {
        contestant.time([&] { good_ = Engine::create(config_, engine_).ok(); });
    }
    void push(Contestant& contestant, uint64_t events) {
        for (const uint64_t end = stream_.events() + events; good_ && stream_.events() < end;) {
            for (auto& batch : batches_) stream_.fill(*batch);
            contestant.time([&] {
                for (auto& batch : batches_) {
                    good_ &= engine_->push(*batch).ok();
                    take_rows();
                }
            });
        }
    }
    void finish(Contestant& contestant) {
        contestant.time([&] {
            good_ &= engine_->finish().ok();
            take_rows();
        });
    }
    // Right by what is known of the stream?
    bool good() const { return good_ && engine_->ledger()[Verdict::unique] == stream_.unique(); }
    const RowSum::Total& total() const { return sum_.total(); }

   private:
    void take_rows() {
        while (engine_->take_rows(rows_)) good_ &= sum_.write_rows(rows_).ok();
    }

    const Config config_;
    EventStream stream_;
    std::vector<std::unique_ptr<RecordBatch>> batches_;
    RowBatch rows_;
    RowSum sum_;
    std::unique_ptr<Engine> engine_;
    bool good_ = true;
};

// The unique events, of which `any` is the first: on one thread a group keeps what it saw first.
std::string by_group(const std::string& window) {
    return "SELECT any_value(k) AS k, any_value(" + window +
           ") AS w, any_value(v) AS v FROM events GROUP BY id";
}
std::string by_distinct(const std::string& window) {
    return "SELECT DISTINCT ON (id) k, " + window + " AS w, v FROM events";
}

RowSum::Total run_query(DuckDb& database, const std::string& unique_events) {
    const std::vector<int64_t> row = database.query_row(
        "SELECT count(*), sum(c)::BIGINT, sum(s)::BIGINT, sum(lo)::BIGINT, sum(hi)::BIGINT, "
        "sum(k)::BIGINT FROM (SELECT k, w, count(*) AS c, sum(v) AS s, min(v) AS lo, max(v) AS hi "
        "FROM (" +
            unique_events + ") GROUP BY k, w)",
        6);
    if (row.size() != 6) return {};
    return {static_cast<uint64_t>(row[0]), row[1], row[2], row[3], row[4], row[5]};
}

void print(const std::vector<Contestant>& all, uint64_t events) {
    const double ours = median(all[0].seconds);
    std::printf("%-36s %9s %12s %14s\n", "", "M ev/s", "trommel is", "page faults");
    for (const Contestant& contestant : all) {
        const double seconds = median(contestant.seconds);
        std::printf("%-36s %9.2f %10.1f x %14.0f\n", contestant.name.c_str(),
                    static_cast<double>(events) / seconds / 1e6, seconds / ours,
                    median(contestant.faults));
    }
    std::fflush(stdout);
}

}  // namespace

bool compare_duckdb(uint64_t live_ids, uint64_t keys, uint64_t rounds) {
    const EventStreamOptions options{.live = live_ids, .keys = keys, .window_events = live_ids / 8};
    const Config config = EventStream::job(options);
    // Whole turns of EngineRun.
    const uint64_t turn = 4 * config.engine.batch_records;
    const uint64_t events = live_ids * 5 / 4 / turn * turn + turn;
    std::printf("\ndedup and windows over %.1f M events from the start, one core\n",
                static_cast<double>(events) / 1e6);
    DuckDb database;
    EventStream stream(options);
    for (RecordBatch batch(config, config.engine.batch_records); stream.events() < events;) {
        stream.fill(batch);
        database.append(batch);
    }
    const std::string window = "t // " + std::to_string(config.windows[0].size_us);
    std::vector<Contestant> all(4);
    all[0].name = "trommel";
    all[1].name = "DuckDB " + DuckDb::version() + ", GROUP BY id";
    all[2].name = "DuckDB, DISTINCT ON (id)";
    all[3].name = "trommel, on the next horizon's events";
    bool good = true;
    for (uint64_t round = 0; round < rounds; ++round) {
        {
            EngineRun run(options);
            run.create(all[0]);
            run.push(all[0], events);
            run.finish(all[0]);
            all[0].total = run.total();
            good &= run.good();
        }
        all[1].time([&] { all[1].total = run_query(database, by_group(window)); });
        all[2].time([&] { all[2].total = run_query(database, by_distinct(window)); });
        {
            EngineRun run(options);
            Contestant before;
            run.create(before);
            run.push(before, events);
            run.push(all[3], events);
            good &= run.good();
        }
        for (Contestant& contestant : all) contestant.end_round();
        good &= all[0].total.count == int128{stream.unique()} && all[1].total == all[0].total &&
                all[2].total == all[0].total;
    }
    if (!good) {
        std::printf("WRONG: the answers are not the same. %s\n", database.error().c_str());
        return false;
    }
    print(all, events);
    return true;
}

}  // namespace trommel::bench
