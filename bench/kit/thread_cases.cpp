#include <algorithm>
#include <csignal>
#include <map>
#include <memory>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "trommel/run.h"

#include "bench/kit/case.h"
#include "bench/kit/recorded_events.h"
#include "bench/kit/timing.h"

namespace trommel::bench {
namespace {

constexpr uint64_t kMillion = 1'000'000;

uint32_t cores() {
    return std::clamp(std::thread::hardware_concurrency(), 1u, kShardsMax);
}

// Processes that do nothing but use a core each.
class Neighbours {
   public:
    explicit Neighbours(uint32_t count) {
        for (uint32_t n = 0; n < count; ++n) {
            const pid_t child = fork();
            if (child == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (volatile uint64_t spin = 0;;) spin = spin + 1;
            }
            if (child > 0) children_.push_back(child);
        }
    }
    ~Neighbours() {
        for (const pid_t child : children_) {
            kill(child, SIGKILL);
            waitpid(child, nullptr, 0);
        }
    }
    Neighbours(const Neighbours&) = delete;
    Neighbours& operator=(const Neighbours&) = delete;

    size_t count() const { return children_.size(); }

   private:
    std::vector<pid_t> children_;
};

// Whole runs of the engine over the same events, with receiver, workers, emitter and rings. The
// events of two horizons fill the tables, so that they have stopped growing and asking the system
// for pages when the timing begins; those of one more horizon are timed. Wall time.
class RunCase : public Case {
   public:
    RunCase(uint64_t keys, Scale scale)
        : options_{.live = scale == Scale::full ? 8 * kMillion : kMillion / 32,
                   .keys = scale == Scale::full ? keys : keys / 256},
          warm_events_(options_.live * 5 / 2),
          events_(options_, warm_events_ * 3 / 2) {}

    Status prepare() override { return {}; }
    std::string wrong() const override { return wrong_; }
    uint64_t footprint_bytes() const override { return 0; }

   protected:
    struct Rates {
        double wall = 0, cpu = 0;  // Events per second of each.
    };

    Rates run(uint32_t shards, bool pin) {
        Config config = EventStream::job(options_);
        config.engine.threads = shards;
        config.engine.pin = pin;
        RecordedSource source(events_, warm_events_);
        RowSum sum;
        Run job;
        job.lanes = {&source};
        job.sinks = {&sum};
        Report report;
        const Status status = trommel::run(config, job, report);
        if (rows_.rows == 0) rows_ = sum.total();
        if (!status.ok()) {
            wrong_ = status.message;
        } else if (report.ledger[Verdict::unique] != events_.unique) {
            wrong_ = "found " + std::to_string(report.ledger[Verdict::unique]) +
                     " unique events of " + std::to_string(events_.unique);
        } else if (sum.total() != rows_ || rows_.count != int128{events_.unique}) {
            wrong_ = std::to_string(shards) + " shards gave other rows than one";
        } else if (pin && shards > 1 && report.pinned_workers != shards) {
            wrong_ = "the workers were not pinned";
        }
        const RecordedSource::Moment &begin = source.warm(), &end = source.end();
        const auto events = static_cast<double>(end.events - begin.events);
        return {events / (end.wall_seconds - begin.wall_seconds),
                events / (end.cpu_seconds - begin.cpu_seconds)};
    }
    // A round's result as a sample.
    Sample sample(const Rates& rates) const {
        const uint64_t events = events_.id.size() - warm_events_;
        return {events, static_cast<double>(events) / rates.wall};
    }
    void fail(const std::string& why) { wrong_ = why; }

   private:
    const EventStreamOptions options_;
    const uint64_t warm_events_;
    const RecordedEvents events_;
    RowSum::Total rows_;
    std::string wrong_;
};

// 1, 2, 4 … shards up to one for each core, in turns.
class ThreadsCase final : public RunCase {
   public:
    using RunCase::RunCase;

    Sample round() override {
        const double one = run(1, false).wall;
        one_shard_.push_back(one);
        Rates last;
        for (const uint32_t shards : shard_counts()) {
            last = run(shards, false);
            scaling_[shards].push_back(last.wall / one);
            per_cpu_second_[shards].push_back(last.cpu / one);
        }
        pinned_.push_back(run(cores(), true).wall / last.wall);
        return sample(last);
    }

    std::vector<Metric> metrics() const override {
        std::vector<Metric> metrics = {{"one_shard", "M/s", median(one_shard_) / 1e6}};
        for (const auto& [shards, figures] : scaling_) {
            metrics.push_back({"shards_" + std::to_string(shards), "x one", median(figures)});
        }
        for (const auto& [shards, figures] : per_cpu_second_) {
            metrics.push_back({"cpu_" + std::to_string(shards), "x one", median(figures)});
        }
        metrics.push_back({"pinned", "x free", median(pinned_)});
        return metrics;
    }

   private:
    // At least two, for rings and threads even where there is one core.
    static std::vector<uint32_t> shard_counts() {
        std::vector<uint32_t> counts;
        for (uint32_t n = 2; n < cores(); n *= 2) counts.push_back(n);
        counts.push_back(std::max(cores(), 2u));
        return counts;
    }

    std::map<uint32_t, std::vector<double>> scaling_, per_cpu_second_;
    std::vector<double> one_shard_, pinned_;
};

// Twice as many workers as cores; then the same with a neighbour on every core that never stops.
class LoadedCase final : public RunCase {
   public:
    using RunCase::RunCase;

    Sample round() override {
        const Rates alone = run(2 * cores(), false);
        Rates loaded;
        {
            const Neighbours neighbours(cores());
            if (neighbours.count() < cores()) fail("the system refuses another process");
            loaded = run(2 * cores(), false);
        }
        loaded_.push_back(loaded.wall / alone.wall);
        per_cpu_second_.push_back(loaded.cpu / alone.cpu);
        return sample(loaded);
    }

    std::vector<Metric> metrics() const override {
        // A neighbour on each core leaves us half of the machine.
        constexpr double kFairShare = 0.5;
        return {{"loaded", "x alone", median(loaded_)},
                {"of_fair_share", "x", median(loaded_) / kFairShare},
                {"cpu", "x alone", median(per_cpu_second_)}};
    }

   private:
    std::vector<double> loaded_, per_cpu_second_;
};

}  // namespace

// With few events of a key in a window most of the work is rows, and every shard has a row for
// nearly every key.
constexpr uint64_t kSomeKeys = kMillion / 10, kManyKeys = kMillion;

std::vector<CaseInfo> thread_cases() {
    return {
        {"threads",
         "runs with a shard for each core against one: 8 M ids, 100 thousand keys; wall time",
         [](Scale s) -> std::unique_ptr<Case> {
             return std::make_unique<ThreadsCase>(kSomeKeys, s);
         }},
        {"threads-keys", "the same with 1 M keys, 4 unique events of each in a window",
         [](Scale s) -> std::unique_ptr<Case> {
             return std::make_unique<ThreadsCase>(kManyKeys, s);
         }},
        {"loaded", "two shards for each core, and a busy neighbour on each core; wall time",
         [](Scale s) -> std::unique_ptr<Case> {
             return std::make_unique<LoadedCase>(kSomeKeys, s);
         }},
    };
}

}  // namespace trommel::bench
