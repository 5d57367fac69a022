#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "trommel/config.h"

#include "kernels/cpu/backend.h"
#include "kernels/cuda/device_id_memory.h"
#include "kernels/cuda/device_windows.h"
#include "kernels/cuda/lane_column.h"
#include "kernels/rules/assert.h"
#include "kernels/rules/window.h"

namespace trommel::cuda {

// A shard on a device that is its own (shard.md): the ids and then the windows of a batch, and
// their verdicts, by one sequence of launches. judge() waits for the device. For jobs that
// hostpath/engine_choice.h lets onto a GPU.
//
// Memory: ids, cells and texts of keys are charged to the shares in ShardOptions; the columns of a
// batch, at most 61 bytes and 8 more per value for each of rows_max events, are not.
template <Device D>
class DeviceShard final : public cpu::Backend {
   public:
    static Status create(std::unique_ptr<D> device, const Config& config,
                         const cpu::ShardOptions& options, std::unique_ptr<cpu::Backend>& shard);
    ~DeviceShard() override {
        device_->bind();
        device_->wait_all();
    }

    const char* engine() const override { return "gpu"; }
    void advance(int64_t watermark_us) override {
        if (windows_) windows_->advance(watermark_us);
    }
    void advance_ids(int64_t watermark_us, int64_t time_us) override {
        device_->bind();
        if (ids_) ids_->advance(watermark_us, time_us);
    }
    void judge(RecordBatch& batch, const cpu::IdColumns& ids, const uint32_t* rows,
               uint32_t count) override;

    bool take_closed(cpu::PartialRows& rows, uint32_t rows_max, int64_t& work) override;
    bool is_closing() const override { return can_close() && windows_->is_closing(); }
    bool has_rows() const override { return can_close() && windows_->has_rows(); }
    int64_t complete_end_us() const override {
        return windows_ ? windows_->complete_end_us() : INT64_MAX;
    }
    uint32_t windows_waiting(uint32_t max) const override {
        return can_close() ? windows_->windows_waiting(max) : 0;
    }
    // How much a batch can need is known when its cells are found, on the device.
    bool has_room(const RecordBatch&, const uint32_t*, uint32_t) const override {
        return !windows_;
    }

    ShardReport report() const override;
    int64_t horizon_shortened_us() const override {
        return ids_ ? ids_->horizon_shortened_us() : 0;
    }

    D& device() { return *device_; }  // For tests.

   private:
    // What a batch came to, in pinned memory.
    struct Outcomes {
        uint64_t halted;
        IdCounts ids;
        WindowCounts windows;
    };

    DeviceShard(std::unique_ptr<D> device, const Config& config, const cpu::ShardOptions& options);
    bool allocate_columns(const Config& config);

    void load(const RecordBatch& batch, const cpu::IdColumns& ids, const uint32_t* rows,
              uint32_t count);
    void load_keys(const RecordBatch& batch, const uint32_t* rows, uint32_t count);
    bool run();
    void queue(Stage from);
    Stage make_room(uint64_t halted);
    void settle(RecordBatch& batch, const uint32_t* rows, uint32_t count);
    void note_ids_full(bool is_span);
    void note_keys_full();
    void note_lost(const char* why);

    bool can_close() const { return windows_ && !is_lost_; }
    uint64_t live_ids() const { return ids_ && batches_ > 0 ? ids_->live_ids(id_batch_) : 0; }

    const std::unique_ptr<D> device_;  // Outlives what is in its memory.
    const OnFull on_full_;
    const uint32_t rows_max_;
    const KeyShape key_shape_;
    cpu::MemoryBudget id_budget_, cell_budget_, text_budget_;
    std::unique_ptr<DeviceIdMemory<D>> ids_;     // Null: no deduplication.
    std::unique_ptr<DeviceWindows<D>> windows_;  // Null: no aligned windows.

    LaneColumn<D, int64_t> time_;
    LaneColumn<D, uint64_t> key_;
    std::vector<LaneColumn<D, int64_t>> values_;  // Empty where no aggregate reads one.
    LaneColumn<D, Verdict> verdict_;
    LaneColumn<D, Outcomes> outcomes_;
    Array<D, cpu::Outcome> outcome_;
    Array<D, uint64_t*> cell_;
    typename D::Ticket loaded_{}, done_{};

    IdBatch id_batch_;  // The newest.
    WindowBatch window_batch_;
    uint64_t batches_ = 0;
    uint64_t events_ = 0, unique_ = 0;
    bool is_lost_ = false;  // The device: nothing is asked of it any more.
};

// --- Set-up

template <Device D>
DeviceShard<D>::DeviceShard(std::unique_ptr<D> device, const Config& config,
                            const cpu::ShardOptions& options)
    : device_(std::move(device)),
      on_full_(config.engine.on_full),
      rows_max_(options.rows_max),
      key_shape_(key_shape(config)),
      id_budget_(options.id_bytes),
      cell_budget_(key_shape_ == KeyShape::encoded ? options.key_bytes - options.key_bytes / 2
                                                   : options.key_bytes),
      text_budget_(options.key_bytes - cell_budget_.max_bytes()) {}

template <Device D>
Status DeviceShard<D>::create(std::unique_ptr<D> device, const Config& config,
                              const cpu::ShardOptions& options,
                              std::unique_ptr<cpu::Backend>& shard) {
    std::unique_ptr<DeviceShard> made(new DeviceShard(std::move(device), config, options));
    const auto too_little = [&](const char* what) {
        const char* const why = made->device_->is_lost() ? made->device_->error()
                                                         : "the device has less, or it is not "
                                                           "enough to begin with";
        return Status::error(Code::invalid_config, std::string("engine.memory: the share for ") +
                                                       what + " cannot be had on the GPU: " + why);
    };
    D& on = *made->device_;
    if (!made->allocate_columns(config)) return too_little("batches");
    if (config.dedup.mode != DedupMode::off) {
        made->ids_ = DeviceIdMemory<D>::create(on, config, options, made->id_budget_);
        if (!made->ids_) return too_little("ids");
    }
    if (rules::pane_us(config) > 0) {
        made->windows_ = DeviceWindows<D>::create(on, config, {options.seed, options.simd},
                                                  made->cell_budget_, made->text_budget_);
        if (!made->windows_) return too_little("keys");
    }
    shard = std::move(made);
    return {};
}

template <Device D>
bool DeviceShard<D>::allocate_columns(const Config& config) {
    D& on = *device_;
    const auto is_read = [&](uint32_t value) {
        return std::any_of(
            config.aggregates.begin(), config.aggregates.end(), [&](const Aggregate& aggregate) {
                return aggregate.kind != AggregateKind::count && aggregate.value == value;
            });
    };
    time_ = {on, rows_max_};
    if (key_shape_ != KeyShape::none) key_ = {on, rows_max_};
    bool has_all = time_ && (key_shape_ == KeyShape::none || key_);
    values_.resize(config.values.size());
    for (uint32_t v = 0; v < values_.size(); ++v) {
        if (!is_read(v)) continue;
        values_[v] = {on, rows_max_};
        has_all &= static_cast<bool>(values_[v]);
    }
    verdict_ = {on, rows_max_};
    outcomes_ = {on, 1};
    outcome_ = {on, rows_max_};
    cell_ = {on, rows_max_};
    loaded_ = on.make_ticket();
    done_ = on.make_ticket();
    if (!has_all || !verdict_ || !outcomes_ || !outcome_ || !cell_) return false;
    on.fill(Queue::compute, outcomes_.on_device(), 0, sizeof(Outcomes));
    return true;
}

// --- A batch

template <Device D>
void DeviceShard<D>::judge(RecordBatch& batch, const cpu::IdColumns& ids, const uint32_t* rows,
                           uint32_t count) {
    TROMMEL_ASSERT(count <= rows_max_);
    events_ += count;
    device_->bind();
    if (!is_lost_) {
        load(batch, ids, rows, count);
        if (run()) return settle(batch, rows, count);
        note_lost(device_->error());
    }
    for (uint32_t k = 0; k < count; ++k) batch.verdict[rows[k]] = Verdict::refused;
}

template <Device D>
void DeviceShard<D>::load(const RecordBatch& batch, const cpu::IdColumns& ids, const uint32_t* rows,
                          uint32_t count) {
    D& on = *device_;
    id_batch_ = {};
    id_batch_.number = ++batches_;
    id_batch_.count = count;
    id_batch_.time_us = time_.on_device();
    id_batch_.outcome = outcome_.data();
    id_batch_.counts = &outcomes_.on_device()->ids;
    id_batch_.halted = &outcomes_.on_device()->halted;
    if (ids_) ids_->load(id_batch_, ids, rows);
    if (windows_ || (ids_ && ids_->needs_times())) {
        time_.send(on, batch.time_us.data(), rows, count);
    }
    if (windows_) load_keys(batch, rows, count);

    window_batch_ = {};
    window_batch_.number = id_batch_.at(Stage::cells);
    window_batch_.count = count;
    window_batch_.key = key_.on_device();
    window_batch_.time_us = time_.on_device();
    window_batch_.verdict = verdict_.on_device();
    window_batch_.cell = cell_.data();
    window_batch_.counts = &outcomes_.on_device()->windows;
    window_batch_.halted = id_batch_.halted;
    for (uint32_t v = 0; windows_ && v < values_.size(); ++v) {
        if (!values_[v]) continue;
        values_[v].send(on, batch.values[v].data(), rows, count);
        window_batch_.values.column[v] = values_[v].on_device();
    }
    on.record(Queue::in, loaded_);
    on.hold(Queue::compute, loaded_);
    on.fill(Queue::compute, outcomes_.on_device(), 0, sizeof(Outcomes));
    on.fill(Queue::compute, verdict_.on_device(), static_cast<uint8_t>(Verdict::unique), count);
}

template <Device D>
void DeviceShard<D>::load_keys(const RecordBatch& batch, const uint32_t* rows, uint32_t count) {
    if (key_shape_ == KeyShape::integer) {
        key_.send(*device_, batch.key_int.data(), rows, count);
    } else if (key_shape_ == KeyShape::encoded) {
        windows_->handles()->find_or_add(batch, rows, count, key_.image());
        key_.send(*device_, count);
    }
}

// Until nothing halts the batch any more; false when the device is lost.
template <Device D>
bool DeviceShard<D>::run() {
    for (Stage from = Stage::claim;;) {
        queue(from);
        outcomes_.fetch(*device_, 1);
        verdict_.fetch(*device_, id_batch_.count);
        device_->record(Queue::compute, done_);
        device_->wait(done_);
        if (device_->is_lost()) return false;
        const uint64_t halted = outcomes_.image()->halted;
        if (halted == 0) return true;
        from = make_room(halted);
    }
}

// The stages of the batch from here on. Each does nothing once one before it has halted.
template <Device D>
void DeviceShard<D>::queue(Stage from) {
    if (ids_) {
        if (from == Stage::claim) ids_->submit(id_batch_);
        device_->launch(id_batch_.count, JudgeByIds{id_batch_, verdict_.on_device()});
    }
    if (!windows_) return;
    windows_->submit(window_batch_);
    if (ids_) ids_->take_back(id_batch_, verdict_.on_device());
}

// Returns the stage to go on from.
template <Device D>
Stage DeviceShard<D>::make_room(uint64_t halted) {
    TROMMEL_ASSERT(HaltWord::batch_of(halted) == id_batch_.number);
    const Stage stage = HaltWord::stage_of(halted);
    if (stage != Stage::cells) return ids_->go_on(id_batch_, stage);
    windows_->make_room();
    device_->fill(Queue::compute, id_batch_.halted, 0, sizeof halted);
    return Stage::cells;
}

template <Device D>
void DeviceShard<D>::settle(RecordBatch& batch, const uint32_t* rows, uint32_t count) {
    uint64_t unique = 0, refused = 0;
    for (uint32_t k = 0; k < count; ++k) {
        const Verdict verdict = verdict_.image()[k];
        batch.verdict[rows[k]] = verdict;
        unique += verdict == Verdict::unique;
        refused += verdict == Verdict::refused;
    }
    unique_ += unique;
    const Outcomes& came_to = *outcomes_.image();
    if (windows_) windows_->note_counts(count, came_to.windows);
    if (refused > came_to.windows.refused) note_ids_full(came_to.ids.outside > 0);
    if (came_to.windows.refused > 0) note_keys_full();
}

// --- When it cannot go on

template <Device D>
void DeviceShard<D>::note_ids_full(bool is_span) {
    if (on_full_ != OnFull::stop || !full().ok()) return;
    stop(is_span
             ? cpu::span_used_up()
             : cpu::used_up(
                   {"ids", id_budget_.max_bytes(), live_ids(), {}, "on_full: refuse or forget"}));
}

template <Device D>
void DeviceShard<D>::note_keys_full() {
    if (on_full_ != OnFull::stop || !full().ok()) return;
    stop(cpu::used_up({"keys and panes",
                       cell_budget_.max_bytes() + text_budget_.max_bytes(),
                       live_ids(),
                       {},
                       "on_full: refuse"}));
}

template <Device D>
void DeviceShard<D>::note_lost(const char* why) {
    is_lost_ = true;
    stop(Status::error(Code::unreachable,
                       std::string("the GPU does not go on: ") + why +
                           "; what it held is lost, so the job has to be run again"));
}

// --- Rows

template <Device D>
bool DeviceShard<D>::take_closed(cpu::PartialRows& rows, uint32_t rows_max, int64_t& work) {
    rows.clear();
    if (!can_close()) return false;
    device_->bind();
    const bool is_closing = windows_->take_closed(rows, rows_max, work);
    if (const char* const why = windows_->error(); *why != '\0') note_lost(why);
    return is_closing;
}

template <Device D>
ShardReport DeviceShard<D>::report() const {
    ShardReport report;
    report.events = events_;
    report.unique = unique_;
    report.id_bytes = id_budget_.used_bytes();
    report.key_bytes = cell_budget_.used_bytes() + text_budget_.used_bytes();
    if (is_lost_) return report;
    device_->bind();
    report.live_ids = live_ids();
    if (windows_ && windows_->handles() != nullptr) {
        report.keys = windows_->handles()->keys().held();  // Integers are on the device only.
    }
    return report;
}

}  // namespace trommel::cuda
