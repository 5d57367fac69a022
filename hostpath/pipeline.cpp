#include "hostpath/pipeline.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <sys/random.h>
#include <utility>

#include "hostpath/engine_choice.h"
#include "kernels/cpu/shard.h"
#include "kernels/cuda/cuda_shard.h"
#include "kernels/rules/assert.h"

namespace trommel::hostpath {

uint64_t draw_seed(const Config& config) {
    if (config.engine.seed) return *config.engine.seed;
    uint64_t seed = 0;
    TROMMEL_ASSERT(getentropy(&seed, sizeof seed) == 0);
    return seed;
}

Status make_shard(const Config& config, const cpu::ShardOptions& options,
                  std::unique_ptr<cpu::Backend>& shard) {
    if (engine_here(config) == EngineType::gpu) {
        return cuda::make_cuda_shard(config, options, shard);
    }
    std::unique_ptr<cpu::Shard> made;
    Status status = cpu::Shard::create(config, options, made);
    shard = std::move(made);
    return status;
}

Status Shards::create(const Config& config, const MemoryPlan& plan, uint64_t seed,
                      const MakeShard& make) {
    if (Status status = cpu::simd_from_environment(simd); !status.ok()) return status;
    all.resize(config.engine.threads);
    for (uint32_t s = 0; s < all.size(); ++s) {
        cpu::ShardOptions options;
        options.index = s;
        options.shards = config.engine.threads;
        options.seed = seed;
        options.id_bytes = plan.id_bytes;
        options.key_bytes = plan.key_bytes;
        options.rows_max = config.engine.batch_records;
        options.simd = simd;
        if (Status status = make(config, options, all[s]); !status.ok()) return status;
    }
    return {};
}

namespace {

// The most that was resident at one time. (getrusage() would tell the parent's figure if that was
// more: it survives exec.)
uint64_t resident_bytes_max() {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/proc/self/status", "re"),
                                                     &std::fclose);
    char line[256];
    uint64_t kib = 0;
    while (file && std::fgets(line, sizeof line, file.get()) != nullptr) {
        if (std::sscanf(line, "VmHWM: %" SCNu64 " kB", &kib) == 1) break;
    }
    return kib * 1024;
}

}  // namespace

void Shards::report(const Config& config, Report& report) const {
    report.engine = all.front()->engine();
    report.simd = cpu::to_text(simd);
    for (const auto& shard : all) {
        report.shards.push_back(shard->report());
        report.horizon_shortened_us =
            std::max(report.horizon_shortened_us, shard->horizon_shortened_us());
    }
    report.resident_bytes_max = resident_bytes_max();
    if (config.dedup.mode == DedupMode::approximate && report.seconds > 0) {
        const auto unique = static_cast<double>(report.ledger[Verdict::unique]);
        report.expected_lost_per_day = config.dedup.error_rate * unique / report.seconds * 86400;
    }
}

void InlinePass::begin(cpu::Backend& shard, Batch& batch) {
    shard.advance(batch.watermark_us);
    shard_ = &shard;
    batch_ = &batch;
    judged_ = false;
}

bool InlinePass::settle() {
    if (!judged_) {
        if (pace_.rows_first(*shard_, *batch_, 0)) {
            hand_out();
            return false;
        }
        work_ = pace_.work_after(*shard_, *batch_);
        submit_share(*shard_, *batch_, 0);
        shard_->finish();
        emitter_.take(0, {batch_, nullptr, shard_->complete_end_us(), &shard_->full()});
        judged_ = true;
    }
    if (emitter_.settle() == nullptr) {
        hand_out();
        return false;
    }
    batch_ = nullptr;
    return true;
}

bool InlinePass::hand_out(int64_t work) {
    bool worked = false;
    while (shard_ != nullptr && work > 0 && shard_->is_closing()) {
        worked = true;
        shard_->take_closed(block_, kRowsPerBlock, work);
        // Until it is judged, its watermark is what makes rows final, of sessions as well.
        Batch* const held = judged_ ? nullptr : batch_;
        emitter_.take(0, {held, &block_, shard_->complete_end_us(), nullptr});
        uint32_t from = 0;
        cpu::PartialRows* used = nullptr;
        while (!emitter_.take_used(from, used)) TROMMEL_ASSERT(emitter_.write_rows(kRowsPerBlock));
    }
    return emitter_.write_rows(kRowsPerBlock) || worked;
}

namespace {

Emitter::Ports emitter_ports(const Run& job, const Names& names, Metrics& metrics) {
    return {job.sinks, job.dead_letters, job.late, job.corrupt, &names, &metrics, job.on_settled};
}

// Whether there is a worker, and how long batches may be, is asked of the type.
Config on_its_engine(Config config) {
    config.engine.type = engine_here(config);
    return config;
}

}  // namespace

Pipeline::Pipeline(const Config& config, const Run& job, const RowPace& pace, MakeShard make)
    : config_(on_its_engine(config)),
      job_(job),
      make_shard_(std::move(make)),
      plan_(plan_memory(config_)),
      seed_(draw_seed(config_)),
      receiver_(config_, seed_, {job.lanes, job.clock}),
      emitter_(config_, seed_, plan_.session_bytes, emitter_ports(job, receiver_, metrics_)),
      pace_(pace),
      free_batches_(plan_.batches) {}

Status Pipeline::open() {
    if (Status status = shards_.create(config_, plan_, seed_, make_shard_); !status.ok())
        return status;
    const uint32_t blocks = is_inline() ? 0 : plan_.row_blocks;
    const cpu::CellLayout layout(config_);
    for (uint32_t b = 0; b < plan_.batches; ++b) {
        batches_.push_back(std::make_unique<Batch>(config_, config_.engine.batch_records));
        const Batch& made = *batches_.back();
        for (const auto& shard : shards_.all) shard->expect(made.records, made.ids());
        TROMMEL_ASSERT(free_batches_.try_push(batches_.back().get()));
    }
    for (uint32_t s = 0; s < config_.engine.threads; ++s) {
        rings_.emplace_back(
            new Worker::Rings{SpscRing<Batch*>(plan_.batches),
                              SpscRing<FromWorker>(Worker::messages_max(plan_.batches, blocks)),
                              SpscRing<cpu::PartialRows*>(blocks)});
        for (uint32_t b = 0; b < blocks; ++b) {
            blocks_.push_back(std::make_unique<cpu::PartialRows>(config_, layout));
            TROMMEL_ASSERT(rings_[s]->free_blocks.try_push(blocks_.back().get()));
        }
        if (config_.engine.prefault) prefaults_.push_back(std::make_unique<Prefault>());
        workers_.emplace_back(s, *shards_.all[s], *rings_[s],
                              config_.engine.prefault ? prefaults_[s].get() : nullptr, pace_);
    }
    if (Status status = receiver_.open(); !status.ok()) return status;
    return emitter_.open();
}

void Pipeline::abandon() {
    for (Sink* sink : job_.sinks) sink->abandon();
    if (job_.dead_letters != nullptr) job_.dead_letters->abandon();
}

void Pipeline::publish() {
    const Watermarks& watermarks = receiver_.judge().watermarks();
    metrics_.bytes.set(static_cast<int64_t>(receiver_.bytes_read()));
    metrics_.bytes_total.set(static_cast<int64_t>(receiver_.bytes_total()));
    metrics_.watermark_us.set(watermarks.job_us());
    metrics_.newest_us.set(watermarks.lead_us());
}

Progress Pipeline::inline_step() {
    if (filling_ == nullptr && !fill_inline(*batches_.front())) {
        if (inline_pass_.hand_out()) return Progress::worked;
        emitter_.flush();
        return Progress::idle;
    }
    if (!inline_pass_.settle()) return Progress::worked;
    filling_ = nullptr;
    cpu::Backend& shard = *shards_.all[0];
    if (!prefaults_.empty()) prefaults_[0]->announce(shard);
    if (filled_ == Receiver::Filled::last) return Progress::finished;
    inline_pass_.keep_up();
    if (filled_ == Receiver::Filled::tick && !shard.has_rows()) emitter_.flush();
    return Progress::worked;
}

bool Pipeline::fill_inline(Batch& batch) {
    filled_ = receiver_.fill(batch);
    publish();
    if (filled_ == Receiver::Filled::nothing) return false;
    metrics_.records.add(batch.records.count);
    batch.sequence = sequence_++;
    inline_pass_.begin(*shards_.all[0], batch);
    filling_ = &batch;
    return true;
}

Progress Pipeline::receiver_step() {
    if (filling_ == nullptr && !free_batches_.try_pop(filling_)) return Progress::idle;
    const Receiver::Filled filled = receiver_.fill(*filling_);
    publish();
    if (filled == Receiver::Filled::nothing) return Progress::idle;
    metrics_.records.add(filling_->records.count);
    filling_->sequence = sequence_++;
    // There are no more batches than a ring holds, so none of the rings can be full.
    for (const auto& rings : rings_) TROMMEL_ASSERT(rings->inbox.try_push(filling_));
    filling_ = nullptr;
    return filled == Receiver::Filled::last ? Progress::finished : Progress::worked;
}

Progress Pipeline::emitter_step() {
    Progress progress = Progress::idle;
    for (uint32_t s = 0; s < rings_.size(); ++s) {
        FromWorker message;
        while (rings_[s]->outbox.try_pop(message)) {
            emitter_.take(s, message);
            progress = Progress::worked;
        }
    }
    while (Batch* const batch = emitter_.settle()) {
        if (emitter_.finished()) return Progress::finished;
        TROMMEL_ASSERT(free_batches_.try_push(batch));
        progress = Progress::worked;
    }
    if (emitter_.write_rows(kRowsPerBlock)) progress = Progress::worked;
    uint32_t shard = 0;
    cpu::PartialRows* rows = nullptr;
    while (emitter_.take_used(shard, rows))
        TROMMEL_ASSERT(rings_[shard]->free_blocks.try_push(rows));
    if (progress == Progress::idle) emitter_.flush();
    return progress;
}

Progress Pipeline::prefault_step() {
    Progress progress = Progress::idle;
    for (const auto& prefault : prefaults_) {
        if (prefault->step() == Progress::worked) progress = Progress::worked;
    }
    return progress;
}

void Pipeline::report(Report& report) const {
    const std::vector<uint64_t>& taken = receiver_.judge().taken();
    const std::vector<Ledger>& settled = emitter_.partitions();
    for (uint32_t p = 0; p < receiver_.partitions(); ++p) {
        PartitionReport partition;
        partition.name = receiver_.partition_name(p);
        if (p < settled.size()) partition.ledger = settled[p];
        if (p < taken.size()) partition.ledger.in = taken[p];
        partition.newest_us = receiver_.judge().watermarks().newest_us(p);
        partition.idle = receiver_.idle(p);
        report.add(std::move(partition));
    }
    report.rows = emitter_.rows();
    report.dead_letters = emitter_.dead_letters();
    report.bytes_read = receiver_.bytes_read();
    report.transport = receiver_.transport();
    report.watermark_us = receiver_.judge().watermarks().job_us();
    report.complete = emitter_.status().ok();
    shards_.report(config_, report);
}

}  // namespace trommel::hostpath
