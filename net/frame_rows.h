#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "trommel/clock.h"
#include "trommel/record_batch.h"

#include "net/decode_options.h"

namespace trommel::net {

// Writes the events of frames (net/wire.h) into the columns of a batch, wherever the frames come
// from: files, datagrams, streams. Each event is a record whose raw bytes are its own. Times and
// ids are judged once per frame, and event by event only when one of them is wrong.
class FrameRows {
   public:
    // Precondition: validate(options, …) is ok. `clock` is asked for max_future alone.
    FrameRows(const DecodeOptions& options, Clock* clock);

    // Reads the clock; once for each chunk or poll.
    void look_at_clock();

    // Appends as many events as the batch has room for and returns how many these were; fewer than
    // `room` when the next readable one is later than `until_us`, whose time is then in
    // time_us[count]. `events` stay where they are as long as the batch; `offset` is theirs.
    uint32_t append(const char* events, uint32_t count, uint16_t event_bytes, uint32_t partition,
                    uint64_t offset, RecordBatch& batch, int64_t until_us = INT64_MAX);

    // One corrupt record. `raw` lives as long as the batch, and is cut to what a record may have;
    // `detail` as long as the source. Precondition: the batch is not full.
    void append_corrupt(std::string_view raw, std::string_view detail, uint32_t partition,
                        uint64_t offset, RecordBatch& batch);

   private:
    bool all_good(const char* events, uint32_t count, uint16_t event_bytes, int64_t until_us) const;
    uint32_t judge(const char* events, uint32_t count, uint16_t event_bytes, int64_t until_us,
                   RecordBatch& batch) const;
    const char* problem_of(int64_t time_us, uint64_t id_hi) const;

    Clock* const clock_;
    const bool wide_ids_, with_key_, with_value_;
    const uint64_t raw_bytes_max_;
    const int64_t max_time_us_;
    const std::optional<int64_t> max_future_us_;
    int64_t max_now_us_ = INT64_MAX;
};

}  // namespace trommel::net
