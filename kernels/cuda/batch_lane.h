#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "trommel/config.h"
#include "trommel/record_batch.h"

#include "kernels/cpu/partial_rows.h"
#include "kernels/cuda/device_id_memory.h"
#include "kernels/cuda/lane_column.h"
#include "kernels/cuda/window_stages.h"

namespace trommel::cuda {

struct TimeSpan {
    int64_t oldest_us = INT64_MAX, newest_us = INT64_MIN;

    void add(int64_t time_us) {
        oldest_us = std::min(oldest_us, time_us);
        newest_us = std::max(newest_us, time_us);
    }
    void add(const TimeSpan& other) {
        oldest_us = std::min(oldest_us, other.oldest_us);
        newest_us = std::max(newest_us, other.newest_us);
    }
    static TimeSpan of(const RecordBatch& batch, const uint32_t* rows, uint32_t count) {
        TimeSpan span;
        for (uint32_t k = 0; k < count; ++k) span.add(batch.time_us[rows[k]]);
        return span;
    }
};

// The place of a batch on its way through a device (shard.md), which is one of the host's or
// several short ones that follow on each other: its columns there and back, which are the next
// batch's when its verdicts have been read, and the tickets that order its copies with its
// launches. At most 61 bytes and 8 more per value of device memory for an event, and 33 and 8 more
// of pinned memory.
template <Device D>
struct BatchLane {
    static constexpr uint32_t kPartsMax = 16;

    // What the batch came to.
    struct Outcomes {
        uint64_t halted;  // The halt word behind its last stage. Beside 0, not all of them ran.
        IdCounts ids;
        WindowCounts windows;
    };

    // False when there is no memory for batches of so many rows. At set-up.
    bool allocate(D& on, const Config& config, const DeviceIdMemory<D>* ids, uint32_t rows_max);
    // Makes its events the device's batch of this number.
    void describe(uint64_t number, uint64_t* halted);

    LaneColumn<D, int64_t> time;
    LaneColumn<D, uint64_t> key;                 // Empty without one.
    std::vector<LaneColumn<D, int64_t>> values;  // Empty where no aggregate reads one.
    typename DeviceIdMemory<D>::Lane ids;
    Array<D, cpu::Outcome> outcome;
    Array<D, uint64_t*> cell;
    LaneColumn<D, Verdict> verdict;
    LaneColumn<D, Outcomes> outcomes;
    typename D::Ticket loaded{};   // Queue::in: the columns are there.
    typename D::Ticket judged{};   // Queue::compute: verdicts and outcomes are.
    typename D::Ticket fetched{};  // Queue::out: they are the host's.

    // Of the batch that is here.
    std::vector<LanePart> parts;  // In the order in which they came.
    uint32_t count = 0;           // Events,
    TimeSpan times;               // and theirs.
    // Before its events: the windows' watermark, and the ids'.
    int64_t watermark_us = 0, ids_watermark_us = 0;
    IdBatch id_batch;
    WindowBatch window_batch;
};

template <Device D>
bool BatchLane<D>::allocate(D& on, const Config& config, const DeviceIdMemory<D>* id_memory,
                            uint32_t rows_max) {
    const auto is_read = [&](uint32_t value) {
        return std::any_of(
            config.aggregates.begin(), config.aggregates.end(), [&](const Aggregate& aggregate) {
                return aggregate.kind != AggregateKind::count && aggregate.value == value;
            });
    };
    time = {on, rows_max};
    const bool has_key = key_shape(config) != KeyShape::none;
    if (has_key) key = {on, rows_max};
    bool has_all = time && (!has_key || key);
    values.resize(config.values.size());
    for (uint32_t v = 0; v < values.size(); ++v) {
        if (!is_read(v)) continue;
        values[v] = {on, rows_max};
        has_all &= static_cast<bool>(values[v]);
    }
    if (id_memory != nullptr) has_all &= id_memory->allocate(ids);
    outcome = {on, rows_max};
    cell = {on, rows_max};
    verdict = {on, rows_max};
    outcomes = {on, 1};
    loaded = on.make_ticket();
    judged = on.make_ticket();
    fetched = on.make_ticket();
    parts.reserve(kPartsMax);
    return has_all && outcome && cell && verdict && outcomes;
}

template <Device D>
void BatchLane<D>::describe(uint64_t number, uint64_t* halted) {
    id_batch = {};
    id_batch.number = number;
    id_batch.count = count;
    id_batch.time_us = time.on_device();
    id_batch.outcome = outcome.data();
    id_batch.counts = &outcomes.on_device()->ids;
    id_batch.halted = halted;
    window_batch = {};
    window_batch.number = id_batch.at(Stage::cells);
    window_batch.count = count;
    window_batch.key = key.on_device();
    window_batch.time_us = time.on_device();
    window_batch.verdict = verdict.on_device();
    window_batch.cell = cell.data();
    window_batch.counts = &outcomes.on_device()->windows;
    window_batch.halted = halted;
    for (uint32_t v = 0; v < values.size(); ++v) {
        window_batch.values.column[v] = values[v].on_device();
    }
}

}  // namespace trommel::cuda
