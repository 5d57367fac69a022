#include <atomic>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

#include "trommel/run.h"

#include "hostpath/pipeline.h"
#include "hostpath/wait.h"

// The only file that makes threads.
namespace trommel {
namespace {

using hostpath::Pipeline;
using hostpath::Progress;
using hostpath::Wait;

constexpr int64_t kProgressUs = 250'000;
constexpr int kNicest = 19;

// Tells the caller now and then how far the run is.
class Herald {
   public:
    Herald(const Run& job, const Pipeline& pipeline)
        : job_(job),
          pipeline_(pipeline),
          begin_us_(job.clock->monotonic_us()),
          told_us_(begin_us_) {}

    double seconds() const {
        return static_cast<double>(job_.clock->monotonic_us() - begin_us_) / 1e6;
    }
    void tell() {
        if (!job_.on_progress) return;
        const int64_t now_us = job_.clock->monotonic_us();
        if (now_us - told_us_ < kProgressUs) return;
        told_us_ = now_us;
        const hostpath::Metrics& m = pipeline_.metrics();
        const auto count = [](const hostpath::Gauge& g) { return static_cast<uint64_t>(g.get()); };
        job_.on_progress({count(m.records), count(m.bytes), count(m.bytes_total), count(m.unique),
                          count(m.duplicate), count(m.rows), m.watermark_us.get(),
                          m.newest_us.get(), seconds()});
    }

   private:
    const Run& job_;
    const Pipeline& pipeline_;
    const int64_t begin_us_;
    int64_t told_us_;
};

// Lets a thread that cannot be in a hurry wait for all others: clearing a huge page may take
// milliseconds, and whoever wakes up on the same core in the meantime goes first.
void give_way() {
    const sched_param no_priority{};
    pthread_setschedparam(pthread_self(), SCHED_BATCH, &no_priority);
    setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNicest);
}

// Has the memory ready that shards grow into (EngineOptions::prefault) as long as it lives. None
// when not asked for, or when the system refuses the thread: then the shards do without.
class Prefaulter {
   public:
    Prefaulter(Pipeline& pipeline, bool wanted) {
        if (!wanted) return;
        try {
            thread_ = std::jthread([&pipeline](const std::stop_token& stopped) {
                give_way();
                Wait wait(Wait::Yields::no);
                while (!stopped.stop_requested()) {
                    const Progress progress = pipeline.prefault_step();
                    progress == Progress::worked ? wait.worked() : wait.idle();
                }
            });
        } catch (const std::system_error&) {
        }
    }

   private:
    std::jthread thread_;
};

void run_inline(Pipeline& pipeline, const Run& job, Herald& herald) {
    Wait wait;
    for (;;) {
        if (job.stop_requested && job.stop_requested()) pipeline.stop();
        if (pipeline.failed()) pipeline.give_up();
        const Progress progress = pipeline.inline_step();
        if (progress == Progress::finished) return;
        progress == Progress::worked ? wait.worked() : wait.idle();
        herald.tell();
    }
}

template <class Step>
void loop(const std::atomic<bool>& cancelled, Wait wait, Step step) {
    while (!cancelled.load(std::memory_order_relaxed)) {
        const Progress progress = step();
        if (progress == Progress::finished) return;
        progress == Progress::worked ? wait.worked() : wait.idle();
    }
}

// The cores that this process may use; none where there are more than a cpu_set_t has room for.
std::vector<size_t> usable_cores() {
    std::vector<size_t> cores;
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return cores;
    for (size_t core = 0; core < CPU_SETSIZE; ++core) {
        if (CPU_ISSET(core, &set)) cores.push_back(core);
    }
    return cores;
}

bool pin_to(std::jthread& thread, size_t core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    return pthread_setaffinity_np(thread.native_handle(), sizeof set, &set) == 0;
}

// Returns how many workers were pinned. The receiver and the emitter go where there is room.
uint32_t run_threaded(Pipeline& pipeline, const Run& job, const EngineOptions& engine,
                      Herald& herald) {
    std::atomic<bool> give_up{false};    // Set by the emitter's thread, read by the receiver's.
    std::atomic<bool> cancelled{false};  // Set when the system refuses a thread; read by all.
    const std::vector<size_t> cores = engine.pin ? usable_cores() : std::vector<size_t>();
    uint32_t pinned = 0;
    std::vector<std::jthread> threads;
    try {
        threads.emplace_back([&] {
            loop(cancelled, Wait(), [&] {
                if (job.stop_requested && job.stop_requested()) pipeline.stop();
                if (give_up.load(std::memory_order_relaxed)) pipeline.give_up();
                return pipeline.receiver_step();
            });
        });
        for (uint32_t w = 0; w < engine.threads; ++w) {
            threads.emplace_back([&, w] {
                loop(cancelled, Wait(Wait::Yields::no), [&] { return pipeline.worker_step(w); });
            });
            if (!cores.empty()) pinned += pin_to(threads.back(), cores[w % cores.size()]) ? 1u : 0u;
        }
    } catch (const std::exception&) {
        cancelled.store(true, std::memory_order_relaxed);  // Else joining them would never end.
        throw;
    }
    loop(cancelled, Wait(), [&] {
        const Progress progress = pipeline.emitter_step();
        if (pipeline.failed()) give_up.store(true, std::memory_order_relaxed);
        herald.tell();
        return progress;
    });
    return pinned;
}

Status run_checked(const Config& config, const Run& job, Report& report) {
    if (Status status = to_status(validate_job(config)); !status.ok()) return status;
    Pipeline pipeline(config, job);
    if (Status status = pipeline.open(); !status.ok()) {
        pipeline.abandon();
        return status;
    }
    if (job.on_open) job.on_open();
    Herald herald(job, pipeline);
    const Prefaulter prefaulter(pipeline, config.engine.prefault);
    if (pipeline.is_inline()) {
        run_inline(pipeline, job, herald);
    } else {
        report.pinned_workers = run_threaded(pipeline, job, config.engine, herald);
    }
    report.seconds = herald.seconds();
    pipeline.report(report);
    if (!report.ledger.adds_up()) {
        return Status::error(Code::internal,
                             "the ledger does not add up: " + to_text(report.ledger));
    }
    if (report.transport && !report.transport->adds_up()) {
        return Status::error(Code::internal, "the transport's ledger does not add up: " +
                                                 to_text(*report.transport));
    }
    return pipeline.result();
}

}  // namespace

Status run(const Config& config, const Run& job, Report& report) {
    report = {};
    report.complete = false;
    try {
        return run_checked(config, job, report);
    } catch (const std::exception& e) {
        return Status::error(Code::internal, std::string("setting up the run failed: ") + e.what());
    }
}

}  // namespace trommel
