#include "bench/kit/recorded_events.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "bench/kit/timing.h"

namespace trommel::bench {
namespace {

RecordedSource::Moment moment(uint64_t events) {
    return {events, wall_seconds(), process_cpu_seconds()};
}

}  // namespace

RecordedEvents::RecordedEvents(const EventStreamOptions& options, uint64_t events) {
    EventStream stream(options);
    const Config config = EventStream::job(options);
    RecordBatch batch(config, config.engine.batch_records);
    for (auto* column : {&time_us, &key, &value}) column->reserve(events + batch.capacity);
    id.reserve(events + batch.capacity);
    while (id.size() < events) {
        stream.fill(batch);
        id.insert(id.end(), batch.id_lo.begin(), batch.id_lo.end());
        time_us.insert(time_us.end(), batch.time_us.begin(), batch.time_us.end());
        key.insert(key.end(), batch.key_int.begin(), batch.key_int.end());
        value.insert(value.end(), batch.values[0].begin(), batch.values[0].end());
    }
    unique = stream.unique();
}

// Times go up and there is no other partition, so that no record can be too new to be read.
Source::Poll RecordedSource::poll(RecordBatch& batch, int64_t) {
    if (next_ == events_.id.size()) {
        if (end_moment_.events == 0) end_moment_ = moment(next_);
        return {State::ended, 0, {}};
    }
    if (warm_moment_.events == 0 && next_ >= warm_) warm_moment_ = moment(next_);
    const auto rows = static_cast<uint32_t>(
        std::min<uint64_t>(batch.capacity - batch.count, events_.id.size() - next_));
    const auto copy = [&](const auto& from, auto& to) {
        std::copy_n(from.begin() + static_cast<ptrdiff_t>(next_), rows, to.begin() + batch.count);
    };
    copy(events_.id, batch.id_lo);
    copy(events_.time_us, batch.time_us);
    if (!batch.key_int.empty()) copy(events_.key, batch.key_int);
    if (!batch.values.empty()) copy(events_.value, batch.values[0]);
    const auto set = [&](auto& column, auto value) {
        std::fill_n(column.begin() + batch.count, rows, value);
    };
    set(batch.partition, 0u);
    set(batch.verdict, Verdict::pending);
    set(batch.raw, std::string_view());
    std::iota(batch.offset.begin() + batch.count, batch.offset.begin() + batch.count + rows, next_);
    batch.first_record = next_ - batch.count;
    batch.count += rows;
    next_ += rows;
    return {State::records, 0, {}};
}

Status RowSum::write_rows(const RowBatch& rows) {
    const auto total = [](const auto& column) {
        return std::accumulate(column.begin(), column.end(), int128{0});
    };
    total_.rows += rows.count();
    total_.keys += total(rows.key_int);
    total_.count += total(rows.aggregates[0]);
    total_.sum += total(rows.aggregates[1]);
    total_.min += total(rows.aggregates[2]);
    total_.max += total(rows.aggregates[3]);
    return {};
}

}  // namespace trommel::bench
