#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "trommel/engine.h"
#include "trommel/report.h"
#include "trommel/run.h"

#include "hostpath/emitter.h"
#include "hostpath/memory_plan.h"
#include "hostpath/metrics.h"
#include "hostpath/receiver.h"
#include "hostpath/spsc_ring.h"
#include "hostpath/worker.h"
#include "kernels/cpu/backend.h"

namespace trommel::hostpath {

// The job's seed: the config's, or one from the system.
uint64_t draw_seed(const Config& config);

// Makes a shard of a job.
using MakeShard =
    std::function<Status(const Config&, const cpu::ShardOptions&, std::unique_ptr<cpu::Backend>&)>;
// Those of the job's engine.type.
Status make_shard(const Config& config, const cpu::ShardOptions& options,
                  std::unique_ptr<cpu::Backend>& shard);
// Engine::create(), with other shards; for tests. The config may ask for any engine.
Status create_engine(const Config& config, Clock& clock, const MakeShard& make,
                     std::unique_ptr<Engine>& engine);

// The shards of a job, each with its share of the memory, and the SIMD level that they use.
struct Shards {
    std::vector<std::unique_ptr<cpu::Backend>> all;
    cpu::SimdLevel simd = cpu::SimdLevel::scalar;

    Status create(const Config& config, const MemoryPlan& plan, uint64_t seed,
                  const MakeShard& make);
    void report(const Config& config, Report& report) const;
};

// Passes batches through the one shard of an inline engine and settles them, on the caller's
// thread: the same calls as the threads make, with no ring between them. Each call is a step.
class InlinePass {
   public:
    InlinePass(const Config& config, Emitter& emitter, const RowPace& pace)
        : emitter_(emitter), block_(config, cpu::CellLayout(config)), pace_(pace) {}

    void begin(cpu::Backend& shard, Batch& batch);
    // Judges and settles the batch. False when rows have to be handed out first: call it again.
    bool settle();
    // Writes some of the rows that are final; false when none is left.
    bool hand_out() { return hand_out(pace_.work_per_piece); }
    // As many as keep up with the batch that was settled.
    void keep_up() { hand_out(work_); }

   private:
    bool hand_out(int64_t work);

    Emitter& emitter_;
    cpu::PartialRows block_;
    const RowPace pace_;
    cpu::Backend* shard_ = nullptr;
    Batch* batch_ = nullptr;  // Begun and not settled.
    bool judged_ = false;
    int64_t work_ = 0;
};

// A job's parts, joined by rings unless it runs inline. Threads are added from outside:
// one calls receiver_step(), one for each worker worker_step(w), one emitter_step(); or a test
// calls them in any order.
class Pipeline {
   public:
    Pipeline(const Config& config, const Run& job) : Pipeline(config, job, RowPace::of(config)) {}
    Pipeline(const Config& config, const Run& job, const RowPace& pace,
             MakeShard make = make_shard);

    // Opens sources, then sinks.
    Status open();
    bool is_inline() const { return runs_inline(config_.engine); }

    Progress inline_step();  // All of it, when is_inline().
    Progress receiver_step();
    Progress worker_step(uint32_t worker) { return workers_[worker].step(); }
    Progress emitter_step();
    Progress prefault_step();  // A helper's thread, with engine.prefault.

    // Ends the input as soon as the sources have brought what they hold. Receiver's thread.
    void stop() { receiver_.stop({}); }
    // The emitter's thread asks this; true once nothing more can be written, so that reading should
    // end.
    bool failed() const { return !emitter_.status().ok(); }
    void give_up() {
        receiver_.stop(Status::error(Code::internal, "stopped by an error elsewhere"));
    }

    const Metrics& metrics() const { return metrics_; }
    // How it went; once every step is finished.
    Status result() const { return emitter_.status(); }
    void report(Report& report) const;
    void abandon();  // After open() failed.

   private:
    void publish();
    bool fill_inline(Batch& batch);

    const Config config_;
    const Run& job_;
    const MakeShard make_shard_;
    const MemoryPlan plan_;
    const uint64_t seed_;
    Metrics metrics_;
    std::vector<std::unique_ptr<Batch>> batches_;  // Outlive the shards, which expect them.
    Shards shards_;
    Receiver receiver_;
    Emitter emitter_;
    const RowPace pace_;
    InlinePass inline_pass_{config_, emitter_, pace_};

    std::vector<std::unique_ptr<cpu::PartialRows>> blocks_;
    SpscRing<Batch*> free_batches_;
    std::vector<std::unique_ptr<Worker::Rings>> rings_;  // Of each worker.
    std::vector<std::unique_ptr<Prefault>> prefaults_;   // Of each shard; or none.
    std::vector<Worker> workers_;
    Batch* filling_ = nullptr;  // Receiver's; inline, the one being passed.
    Receiver::Filled filled_ = Receiver::Filled::nothing;  // Inline: what is in it.
    uint64_t sequence_ = 0;
};

}  // namespace trommel::hostpath
