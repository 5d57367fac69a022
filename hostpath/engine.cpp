#include "trommel/engine.h"

#include <deque>
#include <exception>
#include <optional>

#include "hostpath/pipeline.h"
#include "hostpath/receiver.h"

namespace trommel {
namespace {

using hostpath::Batch;

// Keeps rows for take_rows(): those that were left before a push(), kRowsLeftMax at most, and those
// that it makes.
class RowQueue final : public Sink {
   public:
    Status open() override { return {}; }
    Status write_rows(const RowBatch& rows) override {
        count_ += rows.count();
        if (spare_) {
            *spare_ = rows;
            queue_.push_back(std::move(*spare_));
            spare_.reset();
        } else {
            queue_.push_back(rows);
        }
        return {};
    }
    Status write_record(std::string_view) override { return {}; }
    Status flush() override { return {}; }
    Status finish() override { return {}; }
    void abandon() override {}

    bool take(RowBatch& rows) {
        if (queue_.empty()) return false;
        std::swap(rows, queue_.front());
        count_ -= rows.count();
        spare_ = std::move(queue_.front());  // The caller's last one; its memory serves again.
        queue_.pop_front();
        return true;
    }

    uint64_t count() const { return count_; }

   private:
    std::deque<RowBatch> queue_;
    std::optional<RowBatch> spare_;
    uint64_t count_ = 0;  // In queue_.
};

// One shard on the caller's thread: the parts of a run, without sources, sinks, rings and threads.
class InlineEngine final : public Engine {
   public:
    InlineEngine(const Config& config, Clock& clock)
        : config_(config),
          plan_(hostpath::plan_memory(config)),
          seed_(hostpath::draw_seed(config)),
          clock_(clock),
          judge_(config_, seed_, false),
          emitter_(config_, seed_, plan_.session_bytes, ports()),
          pass_(config_, emitter_, hostpath::RowPace::of(config_)),
          batch_(config_, config_.engine.batch_records) {}

    Status set_up(const hostpath::MakeShard& make) {
        return shards_.create(config_, plan_, seed_, make);
    }

    Status push(RecordBatch& records) override {
        if (records.capacity > config_.engine.batch_records) {
            return Status::error(Code::invalid_config,
                                 "a batch for " + std::to_string(records.capacity) +
                                     " records was pushed; engine.batch_records is " +
                                     std::to_string(config_.engine.batch_records));
        }
        for (uint32_t row = 0; row < records.count; ++row) {
            if (records.partition[row] < kPartitionsMax) continue;
            return Status::error(Code::invalid_config,
                                 "record " + std::to_string(row) + " has the partition " +
                                     std::to_string(records.partition[row]) + "; the last one is " +
                                     std::to_string(kPartitionsMax - 1));
        }
        if (rows_.count() > kRowsLeftMax) {
            return Status::error(Code::invalid_config,
                                 std::to_string(rows_.count()) +
                                     " rows of final windows were left; call take_rows() until "
                                     "it returns false, then push again");
        }
        if (!emitter_.status().ok()) return refuse(records);
        // Lent, not copied: the engine's columns beside the caller's records.
        std::swap(batch_.records, records);
        judge_.admit(batch_, clock_.wall_us());
        pass();
        std::swap(batch_.records, records);
        tick();  // Windows that this batch made final may be taken now.
        return emitter_.status();
    }

    void declare_partitions(uint32_t count) override {
        for (uint32_t p = 0; p < count; ++p) judge_.watermarks().declare(p);
    }

    void end_partition(uint32_t partition) override {
        judge_.watermarks().end(partition);
        tick();
    }

    Status finish() override {
        batch_.records.clear();
        judge_.admit_nothing(batch_);
        batch_.watermark_us = rules::kEndOfInputUs;
        batch_.last = true;
        begin();
        in_last_ = true;
        return emitter_.status();
    }

    bool take_rows(RowBatch& rows) override {
        while (!rows_.take(rows)) {
            if (in_last_) {
                in_last_ = !pass_.settle();
            } else if (!pass_.hand_out()) {
                return false;
            }
        }
        return true;
    }

    Ledger ledger() const override { return report().ledger; }

    Report report() const override {
        Report report;
        const auto& taken = judge_.taken();
        for (uint32_t p = 0; p < taken.size(); ++p) {
            PartitionReport partition;
            partition.name = std::to_string(p);
            if (p < emitter_.partitions().size()) partition.ledger = emitter_.partitions()[p];
            partition.ledger.in = taken[p];
            partition.newest_us = judge_.watermarks().newest_us(p);
            partition.idle = judge_.watermarks().idle(p);
            report.add(std::move(partition));
        }
        report.rows = emitter_.rows();
        report.watermark_us = judge_.watermarks().job_us();
        report.complete = emitter_.status().ok();
        shards_.report(config_, report);
        return report;
    }

   private:
    hostpath::Emitter::Ports ports() {
        hostpath::Emitter::Ports ports;
        ports.sinks = {&rows_};
        ports.metrics = &metrics_;
        return ports;
    }

    void begin() {
        batch_.sequence = sequence_++;
        pass_.begin(*shards_.all[0], batch_);
    }
    void pass() {
        begin();
        while (!pass_.settle()) {
        }
    }
    // Carries the watermark on.
    void tick() {
        batch_.records.clear();
        judge_.admit_nothing(batch_);
        pass();
    }

    // After the end by OnFull::stop: counts the records and does nothing else with them.
    Status refuse(RecordBatch& records) {
        for (uint32_t row = 0; row < records.count; ++row) {
            judge_.count_in(records.partition[row], 1);
            if (records.verdict[row] != Verdict::corrupt) records.verdict[row] = Verdict::refused;
        }
        std::swap(batch_.records, records);
        judge_.admit_nothing(batch_);
        pass();
        std::swap(batch_.records, records);
        return emitter_.status();
    }

    const Config config_;
    const hostpath::MemoryPlan plan_;
    const uint64_t seed_;
    Clock& clock_;
    hostpath::Metrics metrics_;
    RowQueue rows_;
    hostpath::Shards shards_;
    hostpath::Judge judge_;
    hostpath::Emitter emitter_;
    hostpath::InlinePass pass_;
    Batch batch_;
    uint64_t sequence_ = 0;
    bool in_last_ = false;  // finish() was called, and take_rows() goes on with it.
};

Config inline_config(const Config& config) {
    Config one = config;
    one.engine.threads = 1;
    return one;
}

}  // namespace

Status hostpath::create_engine(const Config& config, Clock& clock, const MakeShard& make,
                               std::unique_ptr<Engine>& engine) {
    try {
        auto made = std::make_unique<InlineEngine>(inline_config(config), clock);
        if (Status status = made->set_up(make); !status.ok()) return status;
        engine = std::move(made);
        return {};
    } catch (const std::exception& e) {
        return Status::error(Code::internal,
                             std::string("setting up the engine failed: ") + e.what());
    }
}

Status Engine::create(const Config& config, std::unique_ptr<Engine>& engine, Clock& clock) {
    if (Status status = to_status(validate(inline_config(config))); !status.ok()) return status;
    return hostpath::create_engine(config, clock, hostpath::make_shard, engine);
}

}  // namespace trommel
