#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>

#include "trommel/config.h"

#include "kernels/cpu/cell_layout.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/partial_rows.h"
#include "kernels/cpu/row_order.h"
#include "kernels/cpu/simd_level.h"
#include "kernels/cpu/window_schedule.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/key_handles.h"
#include "kernels/cuda/pane_tables.h"
#include "kernels/cuda/table_pool.h"
#include "kernels/cuda/window_rows.h"
#include "kernels/cuda/window_stages.h"

namespace trommel::cuda {

struct DeviceWindowsOptions {
    uint64_t seed = 0;
    cpu::SimdLevel simd = cpu::SimdLevel::scalar;  // For the texts of keys, on the host.
};

// Tumbling and sliding windows whose cells are in a device's memory (windows.md); answers as
// cpu::WindowStore does. Device memory is charged to one budget, texts of keys to another; both
// must outlive it, as the device must. One owner, one thread.
template <Device D>
class DeviceWindows {
   public:
    // Null when there is not enough device or pinned memory to begin with.
    static std::unique_ptr<DeviceWindows> create(D& device, const Config& config,
                                                 const DeviceWindowsOptions& options,
                                                 cpu::MemoryBudget& device_budget,
                                                 cpu::MemoryBudget& host_budget) {
        std::unique_ptr<DeviceWindows> windows(
            new DeviceWindows(device, config, options, device_budget, host_budget));
        const bool has_memory =
            windows->panes_.allocate_directory() && windows->rows_.allocate_chunk();
        return has_memory ? std::move(windows) : nullptr;
    }
    ~DeviceWindows() { device_.wait_all(); }
    DeviceWindows(const DeviceWindows&) = delete;
    DeviceWindows& operator=(const DeviceWindows&) = delete;

    // Gives numbers to encoded keys; null where there are none. Call it for a batch's events before
    // the batch is submitted.
    KeyHandles* handles() const { return handles_ ? &*handles_ : nullptr; }

    // Queues the work for a batch, on Queue::compute. When it is done and *batch.halted is its
    // number, nothing of it was applied: make_room(), zero *batch.halted, and submit it again, and
    // after it those that followed. Else batch.verdict and batch.counts are final.
    void submit(const WindowBatch& batch);
    // For the batch that was halted (PaneTables). Waits.
    void make_room() { panes_.make_room(); }
    // What a batch that is done came to says how the next ones are added.
    void note_counts(uint32_t events, const WindowCounts& counts) {
        is_skewed_ = counts.twins * kSkewedShare > events / WindowBatch::kTwinEvery;
    }

    // Will all events find room if so many are not added yet, of these times? A bound: it may say
    // no where they would. Of encoded keys it says nothing (KeyHandles::has_room()).
    bool has_room(int64_t oldest_us, int64_t newest_us, uint64_t events) const {
        return panes_.has_room(schedule_.index_of(oldest_us), schedule_.index_of(newest_us),
                               events);
    }

    // Moves the watermark, for batches that are submitted after it; it never goes back. INT64_MAX:
    // the input has ended. Cheap.
    void advance(int64_t watermark_us) { schedule_.advance(watermark_us); }
    // Would advance() to there make another window final?
    bool would_close(int64_t watermark_us) const {
        return schedule_.open_from_at(watermark_us) > schedule_.open_from();
    }
    // Replaces `out` by the next final rows in W4 order, at most `rows_max` (> 0); false when there
    // is none now. Every batch that was submitted before the last advance() must be done. Waits.
    bool take_closed(cpu::PartialRows& out, uint32_t rows_max) {
        int64_t work = INT64_MAX;
        return take_closed(out, rows_max, work);
    }
    // The same in steps, as cpu::WindowStore's: stops when about `work` rows' worth was done, which
    // is taken off it. True without rows: there is more to do.
    bool take_closed(cpu::PartialRows& out, uint32_t rows_max, int64_t& work);
    bool is_closing() const { return rows_.is_open() || has_rows(); }
    // Are there final rows that were not handed out?
    bool has_rows() const { return schedule_.has_next(first_from()); }
    // Every row of a window that ends up to here was handed out.
    int64_t complete_end_us() const { return schedule_.complete_end_us(first_from()); }
    // Final windows that have rows left, counted up to `max`.
    uint32_t windows_waiting(uint32_t max) const { return schedule_.waiting(first_from(), max); }

    // Why it cannot go on: the device is lost, or has less memory than the budget says. Empty: it
    // can.
    const char* error() const { return device_.is_lost() ? device_.error() : rows_.error(); }

    const cpu::CellLayout& layout() const { return layout_; }
    uint64_t panes() const { return panes_.count(); }

   private:
    static constexpr uint64_t kSkewedShare = 32;  // One pair in so many is of one cell.
    static constexpr int64_t kOpenWork = 1000;    // Rows' worth of waiting for the device.

    struct FirstFrom {  // For the schedule.
        const PaneTables<D>& panes;
        int64_t operator()(int64_t index) const { return panes.first_from(index); }
    };
    FirstFrom first_from() const { return {panes_}; }

    DeviceWindows(D& device, const Config& config, const DeviceWindowsOptions& options,
                  cpu::MemoryBudget& device_budget, cpu::MemoryBudget& host_budget)
        : device_(device),
          shape_(key_shape(config)),
          layout_(config),
          words_(cell_words(layout_)),
          seed_(rules::hash_seed(options.seed, rules::Purpose::key)),
          schedule_(config),
          handles_(make_handles(config, options, host_budget)),
          order_(make_order(handles_, host_budget)),
          pool_(device, device_budget),
          rows_(device, words_, seed_, pool_, device_budget, order_.get()),
          panes_(device, words_, seed_, pool_, device_budget, rows_, schedule_.panes_per_window()) {
    }

    using Handles = std::unique_ptr<KeyHandles>;
    static Handles make_handles(const Config& config, const DeviceWindowsOptions& options,
                                cpu::MemoryBudget& budget) {
        if (key_shape(config) != KeyShape::encoded) return nullptr;
        return std::make_unique<KeyHandles>(config, options.seed, options.simd, budget);
    }
    static std::unique_ptr<cpu::RowOrder> make_order(const Handles& handles,
                                                     cpu::MemoryBudget& budget) {
        return handles ? std::make_unique<cpu::RowOrder>(handles->keys(), budget) : nullptr;
    }

    bool open_next(int64_t& work);
    void take_rows(cpu::PartialRows& out, uint32_t rows_max, int64_t& work);
    void append(cpu::PartialRows& out, const uint64_t* words) const;
    void close_window();
    void let_go_handles();

    D& device_;
    const KeyShape shape_;
    const cpu::CellLayout layout_;
    const CellWords words_;
    const rules::HashSeed seed_;
    cpu::WindowSchedule schedule_;
    Handles handles_;                       // Of encoded keys,
    std::unique_ptr<cpu::RowOrder> order_;  // and by their texts.
    int64_t handles_gone_before_ = INT64_MIN;
    TablePool<D> pool_;
    WindowRows<D> rows_;
    PaneTables<D> panes_;
    cpu::OpenWindow open_;
    bool is_skewed_ = false;
};

template <Device D>
void DeviceWindows<D>::submit(const WindowBatch& batch) {
    device_.launch(batch.count, FindCells{.batch = batch,
                                          .panes = panes_.refs(),
                                          .layout = words_,
                                          .seed = seed_,
                                          .wanted = panes_.wanted(),
                                          .offset_us = schedule_.offset_us(),
                                          .pane_us = schedule_.pane_us(),
                                          .open_from = schedule_.open_from(),
                                          .are_keys_handles = handles_ != nullptr,
                                          .is_missing_refused = panes_.is_missing_refused()});
    const AddEvents each{batch, words_};
    if (is_skewed_) {
        constexpr uint32_t kPerBlock = AddSkewedEvents::kEventsPerBlock;
        device_.launch_blocks((batch.count + kPerBlock - 1) / kPerBlock, AddSkewedEvents{each});
    } else {
        device_.launch(batch.count, each);
    }
    if (words_.has_stamped) device_.launch(batch.count, SettleEvents{batch, words_});
}

template <Device D>
bool DeviceWindows<D>::take_closed(cpu::PartialRows& out, uint32_t rows_max, int64_t& work) {
    out.clear();
    bool is_done = false;
    while (!is_done && work > 0 && out.count() < rows_max && !out.key_bytes_full()) {
        is_done = *error() != '\0' || (!rows_.is_open() && !open_next(work));
        if (!is_done) take_rows(out, rows_max, work);
    }
    if (panes_.count() == 0) let_go_handles();
    return !is_done || out.count() > 0;
}

template <Device D>
bool DeviceWindows<D>::open_next(int64_t& work) {
    if (!schedule_.next(first_from(), open_)) return false;
    work -= kOpenWork;
    return rows_.open(
        panes_.between(schedule_.index_of(open_.start_us), schedule_.index_of(open_.end_us)));
}

// Appends rows of the open window until `out` is full, the work is done or the window is.
template <Device D>
void DeviceWindows<D>::take_rows(cpu::PartialRows& out, uint32_t rows_max, int64_t& work) {
    for (; work > 0 && out.count() < rows_max && !out.key_bytes_full(); --work) {
        const uint64_t* const words = rows_.next();
        if (words == nullptr) {
            if (!device_.is_lost()) close_window();
            return;
        }
        append(out, words);
    }
}

template <Device D>
void DeviceWindows<D>::append(cpu::PartialRows& out, const uint64_t* words) const {
    out.window.push_back(open_.window);
    out.start_us.push_back(open_.start_us);
    out.end_us.push_back(open_.end_us);
    const uint64_t key = words[CellWords::kKey];
    if (shape_ == KeyShape::integer) out.key_int.push_back(static_cast<int64_t>(key));
    if (handles_) handles_->append_to(out, key);
    out.cells.resize(out.cells.size() + layout_.bytes());
    layout_.assemble(out.cell(out.count() - 1), words[CellWords::kCount],
                     words + CellWords::kFirstPart);
}

// The earliest panes go when the last window that covers them has been handed out.
template <Device D>
void DeviceWindows<D>::close_window() {
    schedule_.finish(open_);
    rows_.close();
    int64_t needed = panes_.first();
    while (needed != panes_.kNone && !schedule_.needs(needed)) {
        needed = panes_.first_from(needed + 1);
    }
    panes_.drop_before(needed);
    let_go_handles();
}

// Those of panes that have gone, or never came to be because their events were refused.
template <Device D>
void DeviceWindows<D>::let_go_handles() {
    const int64_t gone_before = std::min(panes_.first(), schedule_.open_from());
    if (!handles_ || gone_before <= handles_gone_before_) return;
    handles_->let_go_before(gone_before);
    handles_gone_before_ = gone_before;
}

}  // namespace trommel::cuda
