#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "trommel/config.h"

#include "kernels/cpu/backend.h"
#include "kernels/cuda/batch_lane.h"
#include "kernels/cuda/device_id_memory.h"
#include "kernels/cuda/device_windows.h"
#include "kernels/rules/assert.h"
#include "kernels/rules/window.h"

namespace trommel::cuda {

// One lane is filled by the host, one copied in, one computed, one copied out.
inline constexpr uint32_t kLanes = 4;
// As many are queued without delay, so that the device has work while the host looks what became
// of the oldest. The next one waits for more events until there are fewer, or it is full.
inline constexpr uint32_t kLanesAhead = 2;

// A shard on a device that is its own (shard.md): the ids and then the windows of a batch, and
// their verdicts, by one sequence of launches; several batches are under way, each in a lane. For
// jobs that hostpath/engine_choice.h lets onto a GPU.
//
// Memory: ids, cells and texts of keys are charged to the shares in ShardOptions; the lanes, each
// for rows_max events, are not.
template <Device D>
class DeviceShard final : public cpu::Backend {
   public:
    // `lanes`: as many batches may be under way, at least one.
    static Status create(std::unique_ptr<D> device, const Config& config,
                         const cpu::ShardOptions& options, std::unique_ptr<cpu::Backend>& shard,
                         uint32_t lanes = kLanes);
    ~DeviceShard() override {
        device_->bind();
        device_->wait_all();
    }

    const char* engine() const override { return "gpu"; }
    void expect(const RecordBatch& batch, const cpu::IdColumns& ids) override;
    void advance(int64_t watermark_us) override {
        watermark_us_ = watermark_us;
        advance_windows();
    }
    void advance_ids(int64_t watermark_us, int64_t time_us) override {
        ids_watermark_us_ = watermark_us;
        ids_time_us_ = time_us;
    }
    void submit(RecordBatch& batch, const cpu::IdColumns& ids, const uint32_t* rows,
                uint32_t count) override;
    uint32_t under_way() override;
    bool is_busy() const override { return under_way_ == lanes_.size(); }
    void finish() override;

    bool take_closed(cpu::PartialRows& rows, uint32_t rows_max, int64_t& work) override;
    bool is_closing() const override { return can_close() && windows_->is_closing(); }
    bool has_rows() const override { return can_close() && windows_->has_rows(); }
    bool is_behind() const override {
        return can_close() && under_way_ > 0 && windows_->would_close(watermark_us_);
    }
    int64_t complete_end_us() const override {
        return windows_ ? windows_->complete_end_us() : INT64_MAX;
    }
    uint32_t windows_waiting(uint32_t max) const override {
        return can_close() ? windows_->windows_waiting(max) : 0;
    }
    bool has_room(const RecordBatch& batch, const uint32_t* rows, uint32_t count) const override;

    ShardReport report() const override;
    int64_t horizon_shortened_us() const override {
        return ids_ ? ids_->horizon_shortened_us() : 0;
    }

    D& device() { return *device_; }  // For tests.

   private:
    using Lane = BatchLane<D>;

    DeviceShard(std::unique_ptr<D> device, const Config& config, const cpu::ShardOptions& options);
    bool allocate_lanes(const Config& config, uint32_t lanes);

    uint32_t place(uint32_t after_oldest) const {
        return (oldest_ + after_oldest) % static_cast<uint32_t>(lanes_.size());
    }
    Lane& lane(uint32_t after_oldest) { return lanes_[place(after_oldest)]; }
    Lane& newest() { return lane(under_way_ - 1); }
    uint32_t queued() const { return under_way_ - (is_open_ ? 1u : 0u); }

    bool may_join(uint32_t count, int64_t newest_us);
    void open_lane();
    void load(Lane& lane, const cpu::IdColumns& ids, const LanePart& part);
    void load_keys(Lane& lane, const LanePart& part);
    bool is_due();
    void start_newest();
    void advance_ids();
    void queue(Lane& lane, Stage from);
    void settle_oldest();
    void go_on(uint64_t halted);
    void settle(const Lane& lane);
    void advance_windows();
    void note_ids_full(bool is_span);
    void note_keys_full();
    void note_lost(const char* why);
    static uint64_t count_of(Verdict wanted, const Verdict* verdicts, uint32_t count) {
        return static_cast<uint64_t>(std::count(verdicts, verdicts + count, wanted));
    }

    bool needs_times() const { return windows_ || (ids_ && ids_->needs_times()); }
    bool can_close() const { return windows_ && !is_lost_; }
    uint64_t live_ids() const { return ids_ && batches_ > 0 ? ids_->live_ids(*newest_ids_) : 0; }

    const std::unique_ptr<D> device_;  // Outlives what is in its memory.
    PinnedColumns<D> pinned_{*device_};
    const OnFull on_full_;
    const uint32_t shards_, rows_max_;
    const int64_t horizon_us_;
    const KeyShape key_shape_;
    cpu::MemoryBudget id_budget_, cell_budget_, text_budget_;
    std::unique_ptr<DeviceIdMemory<D>> ids_;     // Null: no deduplication.
    std::unique_ptr<DeviceWindows<D>> windows_;  // Null: no aligned windows.

    Array<D, uint64_t> halted_;  // The one word of halt.h.
    std::vector<Lane> lanes_;    // A ring: under_way_ of them from oldest_ on are taken.
    uint32_t oldest_ = 0, under_way_ = 0;
    bool is_open_ = false;                 // The newest takes more events and is not queued yet.
    uint32_t parts_under_way_ = 0;         // Of all lanes.
    const IdBatch* newest_ids_ = nullptr;  // Of the batch that was queued last.
    // The job's watermark before the coming events: for windows, and what advance_ids() said.
    int64_t watermark_us_ = rules::kUnknownUs, ids_watermark_us_ = rules::kUnknownUs;
    int64_t ids_time_us_ = 0;
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
      shards_(options.shards),
      rows_max_(options.rows_max),
      horizon_us_(config.dedup.horizon_us),
      key_shape_(key_shape(config)),
      id_budget_(options.id_bytes),
      cell_budget_(key_shape_ == KeyShape::encoded ? options.key_bytes - options.key_bytes / 2
                                                   : options.key_bytes),
      text_budget_(options.key_bytes - cell_budget_.max_bytes()) {}

template <Device D>
Status DeviceShard<D>::create(std::unique_ptr<D> device, const Config& config,
                              const cpu::ShardOptions& options,
                              std::unique_ptr<cpu::Backend>& shard, uint32_t lanes) {
    std::unique_ptr<DeviceShard> made(new DeviceShard(std::move(device), config, options));
    const auto too_little = [&](const char* what) {
        const char* const why = made->device_->is_lost() ? made->device_->error()
                                                         : "the device has less, or it is not "
                                                           "enough to begin with";
        return Status::error(Code::invalid_config, std::string("engine.memory: the share for ") +
                                                       what + " cannot be had on the GPU: " + why);
    };
    D& on = *made->device_;
    if (config.dedup.mode != DedupMode::off) {
        made->ids_ = DeviceIdMemory<D>::create(on, config, options, made->id_budget_);
        if (!made->ids_) return too_little("ids");
    }
    if (rules::pane_us(config) > 0) {
        made->windows_ = DeviceWindows<D>::create(on, config, {options.seed, options.simd},
                                                  made->cell_budget_, made->text_budget_);
        if (!made->windows_) return too_little("keys");
    }
    if (!made->allocate_lanes(config, lanes)) return too_little("batches");
    shard = std::move(made);
    return {};
}

template <Device D>
bool DeviceShard<D>::allocate_lanes(const Config& config, uint32_t lanes) {
    halted_ = {*device_, 1};
    if (!halted_) return false;
    device_->fill(Queue::compute, halted_.data(), 0, halted_.bytes());
    lanes_.resize(lanes);
    return std::all_of(lanes_.begin(), lanes_.end(), [&](Lane& lane) {
        return lane.allocate(*device_, config, ids_.get(), rows_max_);
    });
}

// One of several shards has rows here and there of a batch, hardly ever neighbours.
template <Device D>
void DeviceShard<D>::expect(const RecordBatch& batch, const cpu::IdColumns& ids) {
    if (shards_ > 1) return;
    device_->bind();
    if (needs_times()) pinned_.add(batch.time_us.data(), batch.capacity);
    if (ids_) ids_->pin(pinned_, ids, batch.capacity);
    if (!windows_) return;
    if (key_shape_ == KeyShape::integer) pinned_.add(batch.key_int.data(), batch.capacity);
    for (uint32_t v = 0; v < batch.values.size(); ++v) {
        if (lanes_[0].values[v]) pinned_.add(batch.values[v].data(), batch.capacity);
    }
}

// --- A batch on its way

template <Device D>
void DeviceShard<D>::submit(RecordBatch& batch, const cpu::IdColumns& ids, const uint32_t* rows,
                            uint32_t count) {
    TROMMEL_ASSERT(count > 0 && count <= rows_max_);
    events_ += count;
    device_->bind();
    const TimeSpan times = TimeSpan::of(batch, rows, count);
    if (!may_join(count, times.newest_us)) {
        if (is_open_) start_newest();
        while (is_busy()) {
            device_->wait(lane(0).fetched);
            settle_oldest();
        }
        if (!is_lost_) open_lane();
    }
    LanePart part{&batch, rows, count, 0};
    if (is_lost_) return part.refuse();
    Lane& own = newest();
    part.begin = own.count;
    own.count += count;
    own.times.add(times);
    own.parts.push_back(part);
    ++parts_under_way_;
    load(own, ids, part);
    if (is_due()) start_newest();
}

// May so many events, up to this new, be judged in one with those of the lane that is open? Ids are
// judged from where they stood before its first event. So, as in a stretch (contract D3), none may
// be more than two horizons newer: one that the watermark moves, and the disorder, which is no
// longer than another.
template <Device D>
bool DeviceShard<D>::may_join(uint32_t count, int64_t newest_us) {
    if (!is_open_) return false;
    const Lane& open = newest();
    if (open.parts.size() == Lane::kPartsMax || count > rows_max_ - open.count) return false;
    if (!ids_) return true;
    if (ids_watermark_us_ == rules::kUnknownUs) return !ids_->may_forget_on_load();
    if (open.ids_watermark_us == rules::kUnknownUs) return false;
    const int64_t ahead_us = horizon_us_ > INT64_MAX / 2 ? INT64_MAX : 2 * horizon_us_;
    return open.ids_watermark_us > INT64_MAX - ahead_us ||
           newest_us <= open.ids_watermark_us + ahead_us;
}

// What the lane had before is done, and so is every use of its columns.
template <Device D>
void DeviceShard<D>::open_lane() {
    ++under_way_;
    is_open_ = true;
    Lane& own = newest();
    own.parts.clear();
    own.count = 0;
    own.times = {};
    own.watermark_us = watermark_us_;
    own.ids_watermark_us = ids_watermark_us_;
    advance_ids();
}

template <Device D>
void DeviceShard<D>::load(Lane& lane, const cpu::IdColumns& ids, const LanePart& part) {
    const RecordBatch& batch = *part.batch;
    if (ids_) ids_->load(lane.ids, pinned_, ids, part);
    if (needs_times()) lane.time.send(*device_, pinned_, batch.time_us.data(), part);
    if (!windows_) return;
    load_keys(lane, part);
    for (uint32_t v = 0; v < lane.values.size(); ++v) {
        if (lane.values[v]) lane.values[v].send(*device_, pinned_, batch.values[v].data(), part);
    }
}

template <Device D>
void DeviceShard<D>::load_keys(Lane& lane, const LanePart& part) {
    if (key_shape_ == KeyShape::integer) {
        lane.key.send(*device_, pinned_, part.batch->key_int.data(), part);
    } else if (key_shape_ == KeyShape::encoded) {
        windows_->handles()->find_or_add(*part.batch, part.rows, part.count,
                                         lane.key.image() + part.begin);
        lane.key.send(*device_, part);
    }
}

// Is there a lane that should take no more events?
template <Device D>
bool DeviceShard<D>::is_due() {
    return is_open_ && (queued() < kLanesAhead || newest().count == rows_max_);
}

template <Device D>
void DeviceShard<D>::start_newest() {
    D& on = *device_;
    Lane& lane = newest();
    is_open_ = false;
    lane.describe(++batches_, halted_.data());
    newest_ids_ = &lane.id_batch;
    on.record(Queue::in, lane.loaded);
    on.hold(Queue::compute, lane.loaded);
    on.fill(Queue::compute, lane.outcomes.on_device(), 0, sizeof(typename Lane::Outcomes));
    if (!ids_) {
        on.fill(Queue::compute, lane.verdict.on_device(), static_cast<uint8_t>(Verdict::unique),
                lane.count);
    }
    queue(lane, Stage::claim);
    advance_ids();  // As far as the last of its events; it is judged from where they stood before.
}

template <Device D>
void DeviceShard<D>::advance_ids() {
    if (ids_) ids_->advance(ids_watermark_us_, ids_time_us_);
}

// The stages of a batch from here on, and the way back of what they come to. Each does nothing once
// one before it has halted.
template <Device D>
void DeviceShard<D>::queue(Lane& lane, Stage from) {
    D& on = *device_;
    if (ids_) {
        if (from == Stage::claim) ids_->submit(lane.ids, lane.id_batch);
        on.launch(lane.count, JudgeByIds{lane.id_batch, lane.verdict.on_device()});
    }
    if (windows_) {
        windows_->submit(lane.window_batch);
        if (ids_) ids_->take_back(lane.id_batch, lane.verdict.on_device());
    }
    on.copy(Queue::compute, &lane.outcomes.on_device()->halted, halted_.data(), halted_.bytes());
    on.record(Queue::compute, lane.judged);
    on.hold(Queue::out, lane.judged);
    lane.outcomes.fetch(on, 1);
    lane.verdict.fetch(on, lane.count);
    on.record(Queue::out, lane.fetched);
}

template <Device D>
uint32_t DeviceShard<D>::under_way() {
    if (under_way_ > 0) device_->bind();
    while (under_way_ > 0 && device_->is_reached(lane(0).fetched)) settle_oldest();
    return parts_under_way_;
}

template <Device D>
void DeviceShard<D>::finish() {
    if (under_way_ > 0) device_->bind();
    if (is_open_) start_newest();
    while (under_way_ > 0) {
        device_->wait(lane(0).fetched);
        settle_oldest();
    }
}

// Of the oldest batch all that was queued is done: its verdicts stand, or it is halted and is
// queued again.
template <Device D>
void DeviceShard<D>::settle_oldest() {
    if (device_->is_lost()) return note_lost(device_->error());
    const Lane& oldest = lane(0);
    if (const uint64_t halted = oldest.outcomes.image()->halted; halted != 0) return go_on(halted);
    settle(oldest);
    parts_under_way_ -= static_cast<uint32_t>(oldest.parts.size());
    oldest_ = place(1);
    --under_way_;
    advance_windows();
    if (is_due()) start_newest();
}

// The oldest batch is halted, and those behind it did nothing since. Makes room for it, and queues
// it from where it was, and them from the start.
template <Device D>
void DeviceShard<D>::go_on(uint64_t halted) {
    IdBatch& id_batch = lane(0).id_batch;
    TROMMEL_ASSERT(HaltWord::batch_of(halted) == id_batch.number);
    device_->wait(lane(queued() - 1).fetched);
    device_->fill(Queue::compute, halted_.data(), 0, halted_.bytes());
    Stage from = HaltWord::stage_of(halted);
    if (from == Stage::cells) windows_->make_room();
    if (ids_) from = ids_->go_on(id_batch, from);
    queue(lane(0), from);
    const bool from_claim = ids_ && ids_->is_submitted_again();
    for (uint32_t l = 1; l < queued(); ++l) {
        queue(lane(l), from_claim ? Stage::claim : Stage::cells);
    }
}

template <Device D>
void DeviceShard<D>::settle(const Lane& lane) {
    uint64_t unique = 0, refused = 0;
    for (const LanePart& part : lane.parts) {
        const Verdict* const verdicts = lane.verdict.image() + part.begin;
        part.set(verdicts);
        unique += count_of(Verdict::unique, verdicts, part.count);
        refused += count_of(Verdict::refused, verdicts, part.count);
    }
    unique_ += unique;
    const typename Lane::Outcomes& came_to = *lane.outcomes.image();
    if (ids_) ids_->note_counts(came_to.ids);
    if (windows_) windows_->note_counts(lane.count, came_to.windows);
    if (refused > came_to.windows.refused) note_ids_full(came_to.ids.outside > 0);
    if (came_to.windows.refused > 0) note_keys_full();
}

// What is final covers what is judged: the windows' watermark is the one before the oldest batch
// under way.
template <Device D>
void DeviceShard<D>::advance_windows() {
    if (can_close()) windows_->advance(under_way_ > 0 ? lane(0).watermark_us : watermark_us_);
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
    for (; under_way_ > 0; --under_way_) {
        for (const LanePart& part : newest().parts) part.refuse();
    }
    is_open_ = false;
    parts_under_way_ = 0;
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

// The ends of the batch are looked at first: as long as there is no room, it is asked again and
// again.
template <Device D>
bool DeviceShard<D>::has_room(const RecordBatch& batch, const uint32_t* rows,
                              uint32_t count) const {
    if (!can_close() || count == 0) return true;
    TimeSpan times;
    uint64_t events = count;
    for (uint32_t l = 0; l < under_way_; ++l) {
        times.add(lanes_[place(l)].times);
        events += lanes_[place(l)].count;
    }
    const auto have_room = [&] {
        return windows_->has_room(times.oldest_us, times.newest_us, events);
    };
    times.add(batch.time_us[rows[0]]);
    times.add(batch.time_us[rows[count - 1]]);
    if (!have_room()) return false;
    times.add(TimeSpan::of(batch, rows, count));
    const KeyHandles* const handles = windows_->handles();
    return have_room() && (handles == nullptr || handles->has_room(batch, rows, count));
}

template <Device D>
ShardReport DeviceShard<D>::report() const {
    ShardReport report;
    report.events = events_;
    report.unique = unique_;
    report.id_bytes = id_budget_.used_bytes();
    report.key_bytes = cell_budget_.used_bytes() + text_budget_.used_bytes();
    if (windows_) report.keys.reset();  // Integers have no slots, but cells in each pane.
    if (is_lost_) return report;
    device_->bind();
    report.live_ids = live_ids();
    if (windows_ && windows_->handles() != nullptr) {
        report.keys = windows_->handles()->keys().held();
    }
    return report;
}

}  // namespace trommel::cuda
