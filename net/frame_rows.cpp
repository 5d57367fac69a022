#include "net/frame_rows.h"

#include <algorithm>
#include <cstring>

#include "net/wire.h"

namespace trommel::net {
namespace {

template <class Integer>
Integer load(const char* bytes) {
    Integer value;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

// Where the columns of the next rows begin; null for those that the batch or the event lacks.
struct Columns {
    uint64_t *id_lo, *id_hi;
    int64_t *key, *time, *value;
    uint32_t* partition;
    std::string_view* raw;
    uint64_t* offset;
    Verdict* verdict;
};

template <size_t kEventBytes>
void write_columns(const char* events, uint32_t count, uint32_t partition, uint64_t offset,
                   const Columns& out) {
    constexpr bool kWide = kEventBytes == kWideEventBytes;
    constexpr size_t kKeyAt = kWide ? 16 : 8;
    constexpr size_t kTimeAt = kKeyAt + 8, kValueAt = kKeyAt + 16;
    for (uint32_t i = 0; i < count; ++i) {
        const char* const event = events + i * kEventBytes;
        out.id_lo[i] = load<uint64_t>(event);
        out.time[i] = load<int64_t>(event + kTimeAt);
        out.raw[i] = {event, kEventBytes};
    }
    if (out.id_hi != nullptr) {
        for (uint32_t i = 0; i < count; ++i) {
            out.id_hi[i] = kWide ? load<uint64_t>(events + i * kEventBytes + 8) : 0;
        }
    }
    if (out.key != nullptr) {
        for (uint32_t i = 0; i < count; ++i) {
            out.key[i] = load<int64_t>(events + i * kEventBytes + kKeyAt);
        }
    }
    if (out.value != nullptr) {
        for (uint32_t i = 0; i < count; ++i) {
            out.value[i] = load<int64_t>(events + i * kEventBytes + kValueAt);
        }
    }
    std::fill_n(out.partition, count, partition);
    for (uint32_t i = 0; i < count; ++i) out.offset[i] = offset + i * kEventBytes;
    std::fill_n(out.verdict, count, Verdict::pending);
}

size_t time_at(uint16_t event_bytes) {
    return event_bytes == kWideEventBytes ? 24 : 16;
}

uint64_t id_hi_of(const char* event, uint16_t event_bytes) {
    return event_bytes == kWideEventBytes ? load<uint64_t>(event + 8) : 0;
}

}  // namespace

FrameRows::FrameRows(const DecodeOptions& options, Clock* clock)
    : clock_(clock),
      wide_ids_(options.id.form == IdForm::u128),
      with_key_(!options.key.empty()),
      with_value_(!options.values.empty()),
      raw_bytes_max_(options.record_bytes_max),
      max_time_us_(std::min(options.max_time_us.value_or(INT64_MAX), kTimeLimitUs - 1)),
      max_future_us_(options.max_future_us) {}

void FrameRows::look_at_clock() {
    if (!max_future_us_) return;
    if (__builtin_add_overflow(clock_->wall_us(), *max_future_us_, &max_now_us_)) {
        max_now_us_ = INT64_MAX;
    }
}

uint32_t FrameRows::append(const char* events, uint32_t count, uint16_t event_bytes,
                           uint32_t partition, uint64_t offset, RecordBatch& batch,
                           int64_t until_us) {
    const uint32_t first = batch.count;
    const uint32_t room = std::min(count, batch.capacity - first);
    if (room == 0) return 0;
    const Columns columns{batch.id_lo.data() + first,
                          wide_ids_ ? batch.id_hi.data() + first : nullptr,
                          with_key_ ? batch.key_int.data() + first : nullptr,
                          batch.time_us.data() + first,
                          with_value_ ? batch.values[0].data() + first : nullptr,
                          batch.partition.data() + first,
                          batch.raw.data() + first,
                          batch.offset.data() + first,
                          batch.verdict.data() + first};
    if (event_bytes == kWideEventBytes) {
        write_columns<kWideEventBytes>(events, room, partition, offset, columns);
    } else {
        write_columns<kNarrowEventBytes>(events, room, partition, offset, columns);
    }
    const uint32_t added = all_good(events, room, event_bytes, until_us)
                               ? room
                               : judge(events, room, event_bytes, until_us, batch);
    batch.count += added;
    return added;
}

// Whether each event can be read and none is later than `until_us`.
bool FrameRows::all_good(const char* events, uint32_t count, uint16_t event_bytes,
                         int64_t until_us) const {
    const size_t at = time_at(event_bytes);
    int64_t earliest_us = 0, latest_us = INT64_MIN;
    uint64_t id_bits = 0;
    for (uint32_t i = 0; i < count; ++i) {
        const char* const event = events + size_t{i} * event_bytes;
        const int64_t time_us = load<int64_t>(event + at);
        earliest_us = std::min(earliest_us, time_us);
        latest_us = std::max(latest_us, time_us);
        id_bits |= id_hi_of(event, event_bytes);
    }
    return earliest_us > -kTimeLimitUs &&
           latest_us <= std::min({max_time_us_, max_now_us_, until_us}) &&
           (wide_ids_ || id_bits == 0);
}

// Marks the events that cannot be read; returns how many there are before the first readable one
// that is later than `until_us`.
uint32_t FrameRows::judge(const char* events, uint32_t count, uint16_t event_bytes,
                          int64_t until_us, RecordBatch& batch) const {
    for (uint32_t i = 0; i < count; ++i) {
        const char* const event = events + size_t{i} * event_bytes;
        const int64_t time_us = load<int64_t>(event + time_at(event_bytes));
        const char* const problem = problem_of(time_us, id_hi_of(event, event_bytes));
        if (problem != nullptr) {
            batch.verdict[batch.count + i] = Verdict::corrupt;
            batch.detail[batch.count + i] = problem;
        } else if (time_us > until_us) {
            return i;
        }
    }
    return count;
}

const char* FrameRows::problem_of(int64_t time_us, uint64_t id_hi) const {
    if (time_us >= kTimeLimitUs || time_us <= -kTimeLimitUs) return "time: out of range";
    if (time_us > max_time_us_) return "time: later than max_time";
    if (time_us > max_now_us_) return "time: further ahead of the clock than max_future";
    if (!wide_ids_ && id_hi != 0) return "id: more than 64 bits";
    return nullptr;
}

void FrameRows::append_corrupt(std::string_view raw, std::string_view detail, uint32_t partition,
                               uint64_t offset, RecordBatch& batch) {
    const uint32_t row = batch.count++;
    batch.raw[row] = raw.substr(0, raw_bytes_max_);
    batch.offset[row] = offset;
    batch.partition[row] = partition;
    batch.verdict[row] = Verdict::corrupt;
    batch.detail[row] = detail;
}

}  // namespace trommel::net
