#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "trommel/config.h"

#include "bench/kit/rate_events.h"
#include "kernels/cpu/cell_layout.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/partial_rows.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/device_filter.h"
#include "kernels/cuda/device_ids.h"
#include "kernels/cuda/device_windows.h"
#include "kernels/cuda/halt.h"
#include "kernels/rules/filter.h"

// The engine's parts at work on events that are on the device already, a round of several batches
// at a time; for device_rates.h. Each of them has
//
//   begin()      brings its memory to the size that is measured; what is wrong, or ""
//   prepare()    makes the events of the next round, on the device
//   submit(b)    queues the b-th batch of the round; again, after all of them: the same events
//   again settle()     waits until all that was submitted is done; true when room had to be made
//   for it fault()      what is wrong with the round that was prepared, submitted and settled, or
//   ""
namespace trommel::bench {

// How many batches a round has, and of how many events.
struct RoundShape {
    uint32_t batches = 8, batch_events = 1 << 20;
};

// A few words of device memory, and what they are now. Waits.
template <cuda::Device D, class T>
class DeviceWords {
   public:
    DeviceWords(D& device, uint32_t count)
        : device_(device), words_(device, count), image_(device, count) {}
    explicit operator bool() const { return words_ && image_; }

    T* data() const { return words_.data(); }
    void clear() { device_.fill(cuda::Queue::compute, words_.data(), 0, words_.bytes()); }
    const T* read() {
        device_.copy_out(cuda::Queue::compute, image_.data(), words_.data(), words_.bytes());
        device_.wait_all();
        return image_.data();
    }
    uint32_t count() const { return static_cast<uint32_t>(words_.count()); }

   private:
    D& device_;
    cuda::Array<D, T> words_;
    cuda::PinnedArray<D, T> image_;
};

// A column of each batch of a round.
template <cuda::Device D, class T>
class RoundColumn {
   public:
    RoundColumn(D& device, const RoundShape& shape)
        : stride_(shape.batch_events),
          events_(device, size_t{shape.batches} * shape.batch_events) {}
    explicit operator bool() const { return static_cast<bool>(events_); }
    T* of(uint32_t batch) const { return events_.data() + size_t{batch} * stride_; }

   private:
    const size_t stride_;
    cuda::Array<D, T> events_;
};

inline constexpr const char* kTooLittleMemory = "the device has not as much memory";

// Of events half of which are copies: is every one of them what it must be?
inline std::string fault_of(const WrongOutcomes& wrong, double most) {
    const auto text = [](uint64_t events, const char* what) {
        return std::to_string(events) + what;
    };
    if (static_cast<double>(wrong.copies) > most) {
        return text(wrong.copies, " copies were not found to be copies");
    }
    if (static_cast<double>(wrong.new_ids) > most) {
        return text(wrong.new_ids, " new ids were not found to be new");
    }
    return "";
}

// --- Exact ids -----------------------------------------------------------------------------------

template <cuda::Device D, class Kind>
class ExactWork {
    static constexpr bool kIsWide = !std::is_same_v<Kind, cuda::Ids64>;

   public:
    ExactWork(D& device, const RoundShape& shape, uint64_t table_bytes)
        : device_(device),
          shape_(shape),
          stream_{.seed = kIsWide ? 128u : 64u},
          budget_(table_bytes),
          ids_(cuda::DeviceIds<D, Kind>::create(
              device,
              {.seed = rules::hash_seed(7, rules::Purpose::id), .events_max = shape.batch_events},
              budget_)),
          lo_(device, shape),
          hi_(device, kIsWide ? shape : RoundShape{1, 1}),
          place_(device, shape),
          outcome_(device, shape),
          counts_(device, 1),
          halted_(device, 1),
          wrong_(device, 1),
          batches_(shape.batches) {}

    // As many ids as a table of this size has room for when it is not quite half full.
    std::string begin() {
        if (!ids_ || !lo_ || !hi_ || !place_ || !outcome_ || !counts_ || !halted_ || !wrong_) {
            return kTooLittleMemory;
        }
        halted_.clear();
        counts_.clear();
        const uint64_t wanted = budget_.max_bytes() / sizeof(typename Kind::Slot) * 45 / 100;
        stream_.reach = 0;
        while (stream_.known < wanted && !device_.is_lost()) {
            prepare();
            for (uint32_t b = 0; b < shape_.batches; ++b) submit(b);
            settle();
        }
        move_on();
        stream_.reach = ~uint64_t{0};
        return "";
    }
    uint64_t bytes() const { return ids_->slots() * sizeof(typename Kind::Slot); }

    void prepare() {
        move_on();
        for (uint32_t b = 0; b < shape_.batches; ++b) {
            device_.launch(shape_.batch_events, MakeIds{stream_, first_, lo_.of(b), hi_of(b)});
            first_ += shape_.batch_events;
        }
    }
    void submit(uint32_t b) {
        cuda::IdBatch& batch = batches_[b] = {};
        batch.number = ++number_;
        batch.count = shape_.batch_events;
        batch.lo = lo_.of(b);
        batch.hi = hi_of(b);
        batch.place = place_.of(b);
        batch.outcome = outcome_.of(b);
        batch.counts = counts_.data();
        batch.halted = halted_.data();
        ids_->submit(batch);
    }
    bool settle() {
        bool was_halted = false;
        while (const uint64_t halted = *halted_.read()) {
            if (device_.is_lost()) break;
            was_halted = true;
            auto b = static_cast<uint32_t>(cuda::HaltWord::batch_of(halted) - batches_[0].number);
            ids_->go_on(batches_[b], cuda::HaltWord::stage_of(halted));
            for (; b < shape_.batches; ++b) ids_->submit(batches_[b]);
        }
        return was_halted;
    }
    std::string fault() {
        wrong_.clear();
        for (uint32_t b = 0; b < shape_.batches; ++b) {
            const uint64_t first = uint64_t{b} * shape_.batch_events;
            device_.launch(shape_.batch_events,
                           CheckOutcomes{stream_, first, outcome_.of(b), wrong_.data()});
        }
        return fault_of(*wrong_.read(), 0);
    }

   private:
    uint64_t* hi_of(uint32_t b) const { return kIsWide ? hi_.of(b) : nullptr; }
    void move_on() {  // The next event is event 0 of what follows.
        stream_.known += stream_.new_until(first_);
        first_ = 0;
    }

    D& device_;
    const RoundShape shape_;
    IdStream stream_;
    uint64_t first_ = 0;  // The event that is made next.
    uint64_t number_ = 0;
    cpu::MemoryBudget budget_;
    std::unique_ptr<cuda::DeviceIds<D, Kind>> ids_;
    RoundColumn<D, uint64_t> lo_, hi_, place_;
    RoundColumn<D, cpu::Outcome> outcome_;
    DeviceWords<D, cuda::IdCounts> counts_;
    DeviceWords<D, uint64_t> halted_;
    DeviceWords<D, WrongOutcomes> wrong_;
    std::vector<cuda::IdBatch> batches_;
};

// --- Approximate ids -----------------------------------------------------------------------------

template <cuda::Device D>
class FilterWork {
   public:
    // With a horizon, time goes by so that it has as many ids in view as it is made for.
    FilterWork(D& device, const RoundShape& shape, uint64_t filter_bytes, bool has_horizon)
        : device_(device),
          shape_(shape),
          horizon_us_(has_horizon ? kHourUs : kForeverUs),
          capacity_(capacity_of(filter_bytes, horizon_us_)),
          stream_{.seed = has_horizon ? 3u : 2u,
                  .reach = has_horizon ? capacity_ / 3 : ~uint64_t{0}},
          budget_(std::numeric_limits<uint64_t>::max()),
          filter_(cuda::DeviceFilter<D>::create(
              device, {rules::filter_geometry(demand()), shape.batch_events}, budget_)),
          hash_(device, shape),
          slot_(device, shape),
          outcome_(device, shape),
          wrong_(device, 1) {}

    // A sixteenth of what it is made for: no cache holds the lines of that, if it has any size.
    std::string begin() {
        if (!filter_ || !hash_ || !slot_ || !outcome_ || !wrong_) return kTooLittleMemory;
        // All events are as new as the watermark.
        const uint8_t slot = horizon_us_ == kForeverUs ? 0 : rules::kFilterLook;
        for (uint32_t b = 0; b < shape_.batches; ++b) {
            device_.fill(cuda::Queue::compute, slot_.of(b), slot, shape_.batch_events);
        }
        const uint64_t wanted = std::min(capacity_ / 16, kFilledMax);
        while (stream_.known < wanted && !device_.is_lost()) {
            prepare();
            for (uint32_t b = 0; b < shape_.batches; ++b) submit(b);
            settle();
        }
        return "";
    }
    uint64_t bytes() const { return budget_.used_bytes(); }

    void prepare() {
        stream_.known += stream_.new_until(first_);
        first_ = 0;
        for (uint32_t b = 0; b < shape_.batches; ++b) {
            device_.launch(shape_.batch_events, MakeIds{stream_, first_, hash_.of(b), nullptr});
            first_ += shape_.batch_events;
        }
    }
    void submit(uint32_t b) {
        now_us_ += step_us();
        filter_->advance(now_us_, now_us_);
        filter_->submit({hash_.of(b), slot_.of(b), shape_.batch_events, outcome_.of(b)});
    }
    bool settle() {
        device_.wait_all();
        return false;
    }
    // Thrice the errors that it may make, and those of a few events.
    std::string fault() {
        wrong_.clear();
        for (uint32_t b = 0; b < shape_.batches; ++b) {
            const uint64_t first = uint64_t{b} * shape_.batch_events;
            device_.launch(shape_.batch_events,
                           CheckOutcomes{stream_, first, outcome_.of(b), wrong_.data()});
        }
        const double events = static_cast<double>(shape_.batches) * shape_.batch_events;
        WrongOutcomes wrong = *wrong_.read();
        // An id that is never forgotten is never taken for a new one.
        if (horizon_us_ == kForeverUs && wrong.copies > 0) return fault_of(wrong, 0);
        return fault_of(wrong, 3 * kErrorRate * events + 64);
    }

   private:
    static constexpr int64_t kHourUs = int64_t{3600} * 1'000'000;
    static constexpr double kErrorRate = 1e-3;
    static constexpr uint64_t kFilledMax = uint64_t{1} << 28;

    static uint64_t capacity_of(uint64_t bytes, int64_t horizon_us) {
        const double lines = static_cast<double>(bytes) / rules::kFilterLineBytes;
        const uint32_t cells = rules::filter_cells(horizon_us);
        return static_cast<uint64_t>(lines * rules::filter_ids_per_line(kErrorRate, cells)) + 1;
    }
    rules::FilterDemand demand() const {
        return {.error_rate = kErrorRate, .capacity = capacity_, .horizon_us = horizon_us_};
    }
    // The capacity is that of one and a half horizons, and half of a batch is new.
    int64_t step_us() const {
        if (horizon_us_ == kForeverUs) return 1;
        const double batches = static_cast<double>(capacity_) / 1.5 / shape_.batch_events * 2;
        return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(kHourUs) / batches));
    }

    D& device_;
    const RoundShape shape_;
    const int64_t horizon_us_;
    const uint64_t capacity_;
    IdStream stream_;
    uint64_t first_ = 0;
    int64_t now_us_ = 0;
    cpu::MemoryBudget budget_;
    std::unique_ptr<cuda::DeviceFilter<D>> filter_;
    RoundColumn<D, uint64_t> hash_;
    RoundColumn<D, uint8_t> slot_;
    RoundColumn<D, cpu::Outcome> outcome_;
    DeviceWords<D, WrongOutcomes> wrong_;
};

// --- Windows -------------------------------------------------------------------------------------

// Count and sum by an integer key, in one window that all events of a run are in.
inline Config keyed_window() {
    Config config;
    config.dedup.id_type = IdType::u64;
    config.dedup.horizon_us = int64_t{3600} * 1'000'000;
    config.time.out_of_order_us = 1'000'000;
    config.key = {{"key", FieldType::integer}};
    config.values = {{"value", 0}};
    config.aggregates = {{"count", AggregateKind::count, 0, 0}, {"sum", AggregateKind::sum, 0, 0}};
    constexpr int64_t kSizeUs = int64_t{600} * 1'000'000;
    config.windows = {{"w", WindowKind::tumbling, kSizeUs, kSizeUs, 0}};
    return config;
}

// The rows of keyed_window(), added up as KeyedSums are.
struct RowSums {
    uint64_t rows = 0, counts = 0, sums = 0;

    void add(const cpu::PartialRows& taken, const cpu::CellLayout& layout) {
        int128 aggregates[2];
        for (uint32_t r = 0; r < taken.count(); ++r) {
            layout.finish(taken.cell(r), aggregates);
            const uint64_t weight = KeyedSums::weight(static_cast<uint64_t>(taken.key_int[r]));
            counts += weight * static_cast<uint64_t>(aggregates[0]);
            sums += weight * static_cast<uint64_t>(aggregates[1]);
        }
        rows += taken.count();
    }
    std::string fault(const KeyedSums& truth, uint64_t keys) const {
        if (rows != keys) {
            return std::to_string(rows) + " rows of " + std::to_string(keys) + " keys";
        }
        if (counts != truth.counts) return "the rows count other events than there were";
        return sums == truth.sums ? "" : "the rows' sums are not those of the events";
    }
};

template <cuda::Device D>
class WindowWork {
   public:
    // Of its table for so many keys, and of what it takes besides while it grows and is read.
    static uint64_t table_bytes(uint64_t keys) {
        const cuda::CellWords words = cuda::cell_words(cpu::CellLayout(keyed_window()));
        using Pool = cuda::TablePool<D>;
        return Pool::bytes(Pool::bits_for(keys, words));
    }
    static uint64_t memory_bytes(uint64_t keys) {
        return table_bytes(keys) / 2 * 5 + (uint64_t{8} << 20);
    }

    WindowWork(D& device, const RoundShape& shape, RateKeys kind, uint64_t keys)
        : device_(device),
          shape_(shape),
          kind_(kind),
          keys_(keys),
          budget_(memory_bytes(keys)),
          windows_(cuda::DeviceWindows<D>::create(device, config_, {.seed = 7}, budget_, texts_)),
          key_(device, shape),
          value_(device, shape),
          time_(device, {1, shape.batch_events}),
          verdict_(device, shape),
          cell_(device, shape),
          counts_(device, shape.batches),
          halted_(device, 1),
          truth_(device, MakeKeyedEvents::kSums),
          batches_(shape.batches) {}

    // Each key once, or the one or other time more.
    std::string begin() {
        if (!windows_ || !key_ || !value_ || !time_ || !verdict_ || !cell_ || !counts_ ||
            !halted_ || !truth_) {
            return kTooLittleMemory;
        }
        halted_.clear();
        device_.launch(shape_.batch_events, MakeTimes{time_.of(0)});
        const RateKeys measured = kind_;
        kind_ = RateKeys::each;
        std::string wrong;
        while (first_ < keys_ && wrong.empty() && !device_.is_lost()) {
            prepare();
            for (uint32_t b = 0; b < shape_.batches; ++b) submit(b);
            settle();
            wrong = fault();
        }
        kind_ = measured;
        return wrong;
    }
    uint64_t bytes() const { return table_bytes(keys_); }

    void prepare() {
        truth_.clear();
        for (uint32_t b = 0; b < shape_.batches; ++b) {
            device_.launch(
                shape_.batch_events,
                MakeKeyedEvents{kind_, keys_, first_, 11, key_.of(b), value_.of(b), truth_.data()});
            device_.fill(cuda::Queue::compute, verdict_.of(b),
                         static_cast<uint8_t>(Verdict::unique), shape_.batch_events);
            first_ += shape_.batch_events;
        }
        of_round_ = {};
        const KeyedSums* const parts = truth_.read();
        for (uint32_t i = 0; i < truth_.count(); ++i) {
            of_round_.counts += parts[i].counts;
            of_round_.sums += parts[i].sums;
        }
    }
    void submit(uint32_t b) {
        if (b == 0) {
            counts_.clear();
            truth_so_far_.counts += of_round_.counts;
            truth_so_far_.sums += of_round_.sums;
        }
        cuda::WindowBatch& batch = batches_[b] = {};
        batch.number = ++number_;
        batch.count = shape_.batch_events;
        batch.key = key_.of(b);
        batch.time_us = time_.of(0);
        batch.values.column[0] = value_.of(b);
        batch.verdict = verdict_.of(b);
        batch.cell = cell_.of(b);
        batch.counts = counts_.data() + b;
        batch.halted = halted_.data();
        windows_->submit(batch);
    }
    bool settle() {
        bool was_halted = false;
        while (const uint64_t halted = *halted_.read()) {
            if (device_.is_lost()) break;
            was_halted = true;
            windows_->make_room();
            halted_.clear();
            auto b = static_cast<uint32_t>(halted - batches_[0].number);
            for (; b < shape_.batches; ++b) windows_->submit(batches_[b]);
        }
        windows_->note_counts(shape_.batch_events, counts_.read()[shape_.batches - 1]);
        return was_halted;
    }
    std::string fault() {
        const cuda::WindowCounts* const counts = counts_.read();
        uint64_t refused = 0;
        for (uint32_t b = 0; b < shape_.batches; ++b) refused += counts[b].refused;
        return refused == 0 ? "" : std::to_string(refused) + " events found no room";
    }

    // Reads all rows, after the last round; what is wrong with them, or "". Theirs is the time of
    // the host.
    std::string take_rows(uint64_t& rows) {
        const cpu::CellLayout& layout = windows_->layout();
        cpu::PartialRows taken(config_, layout);
        RowSums sums;
        windows_->advance(INT64_MAX);
        while (windows_->take_closed(taken, kRowsPerTake)) sums.add(taken, layout);
        rows = sums.rows;
        if (*windows_->error() != '\0') return windows_->error();
        return sums.fault(truth_so_far_, keys_);
    }

   private:
    static constexpr uint32_t kRowsPerTake = 4096;

    D& device_;
    const RoundShape shape_;
    RateKeys kind_;
    const uint64_t keys_;
    const Config config_ = keyed_window();
    uint64_t first_ = 0, number_ = 0;
    KeyedSums of_round_{}, truth_so_far_{};
    cpu::MemoryBudget budget_, texts_{0};
    std::unique_ptr<cuda::DeviceWindows<D>> windows_;
    RoundColumn<D, uint64_t> key_;
    RoundColumn<D, int64_t> value_, time_;
    RoundColumn<D, Verdict> verdict_;
    RoundColumn<D, uint64_t*> cell_;
    DeviceWords<D, cuda::WindowCounts> counts_;
    DeviceWords<D, uint64_t> halted_;
    DeviceWords<D, KeyedSums> truth_;
    std::vector<cuda::WindowBatch> batches_;
};

}  // namespace trommel::bench
