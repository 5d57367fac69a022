#pragma once
#include <cstdint>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "trommel/config.h"
#include "trommel/record_batch.h"

#include "bench/kit/rate_events.h"
#include "bench/kit/resident_work.h"
#include "bench/kit/timing.h"
#include "kernels/cpu/backend.h"
#include "kernels/cpu/partial_rows.h"

namespace trommel::bench {

// Gives a shard batches that are in the host's memory, as a worker does, and knows what has to come
// of them: ids of which half are copies, and with windows keyed_window() of the others. A batch's
// time is a millisecond after that of the one before, so nothing is forgotten. One thread.
class ShardFeed {
   public:
    static Config job(bool has_windows) {
        Config config = keyed_window();
        if (has_windows) return config;
        config.output = Output::unique;
        config.windows.clear();
        config.aggregates.clear();
        config.key.clear();
        config.values.clear();
        return config;
    }

    ShardFeed(std::unique_ptr<cpu::Backend> shard, const Config& config, const RoundShape& shape,
              uint64_t keys)
        : config_(config),
          shape_(shape),
          keys_(keys),
          rows_(shape.batch_events),
          owned_(std::move(shard)),
          shard_(*owned_) {
        std::iota(rows_.begin(), rows_.end(), 0u);
        for (uint32_t b = 0; b < shape.batches; ++b) {
            batches_.push_back(std::make_unique<RecordBatch>(config, shape.batch_events));
            shard_.expect(*batches_.back(), ids_of(*batches_.back()));
        }
    }

    // Gives it so many ids, and each key.
    std::string begin(uint64_t ids) {
        stream_.reach = 0;
        std::string wrong;
        while ((stream_.known < ids || events_ < keys_) && wrong.empty()) {
            prepare();
            run();
            wrong = fault();
        }
        move_on();
        stream_.reach = ~uint64_t{0};
        return wrong;
    }

    // Makes the events of the next round.
    void prepare() {
        move_on();
        for (const auto& batch : batches_) fill(*batch);
    }
    // The time from the first batch's being submitted to the last one's verdicts, in seconds.
    double run() {
        const double begin = wall_seconds();
        for (const auto& batch : batches_) {
            const int64_t time_us = batch->time_us[0];
            shard_.advance(time_us - kDisorderUs);
            shard_.advance_ids(time_us - kDisorderUs, time_us);
            shard_.submit(*batch, ids_of(*batch), rows_.data(), batch->count);
        }
        shard_.finish();
        return wall_seconds() - begin;
    }
    // What is wrong with the verdicts of the round that was prepared and run, or "".
    std::string fault() const {
        if (!shard_.full().ok()) return shard_.full().message;
        uint64_t event = 0, wrong = 0;
        for (const auto& batch : batches_) {
            for (uint32_t row = 0; row < batch->count; ++row, ++event) {
                const bool is_copy = stream_.is_copy(event);
                wrong += batch->verdict[row] != (is_copy ? Verdict::duplicate : Verdict::unique);
            }
        }
        return wrong == 0 ? "" : std::to_string(wrong) + " verdicts are wrong";
    }
    uint64_t events_of_round() const { return uint64_t{shape_.batches} * shape_.batch_events; }

    // What is wrong with the rows of all rounds, or "". After it nothing can be run.
    std::string take_rows() {
        if (config_.windows.empty()) return "";
        const cpu::CellLayout layout(config_);
        cpu::PartialRows taken(config_, layout);
        RowSums sums;
        shard_.advance(INT64_MAX);
        for (int64_t work = INT64_MAX; shard_.is_closing(); work = INT64_MAX) {
            if (!shard_.take_closed(taken, kRowsPerTake, work)) break;
            sums.add(taken, layout);
        }
        if (!shard_.full().ok()) return shard_.full().message;
        return sums.fault(truth_, keys_);
    }

   private:
    static cpu::IdColumns ids_of(const RecordBatch& batch) {
        return {nullptr, batch.id_lo.data(), nullptr, nullptr, batch.time_us.data()};
    }
    static constexpr int64_t kDisorderUs = 1'000'000, kStepUs = 1000;
    static constexpr uint32_t kRowsPerTake = 4096;

    void move_on() {  // The next event is event 0 of what follows.
        stream_.known += stream_.new_until(first_);
        first_ = 0;
    }
    // Each key in turn at first, so that there is a row of it.
    uint64_t key_of(uint64_t event) const {
        return (stream_.reach == 0 ? event : rules::mix64(event)) % keys_;
    }
    void fill(RecordBatch& batch) {
        batch.clear();
        now_us_ += kStepUs;
        while (!batch.full()) {
            const bool is_new = !stream_.is_copy(first_);
            const int64_t value = MakeKeyedEvents::value_of(events_);
            const uint32_t row = batch.add(stream_.id_of(first_++), now_us_, &value);
            if (!config_.windows.empty()) {
                const uint64_t key = key_of(events_);
                batch.set_key(row, static_cast<int64_t>(key));
                const uint64_t weight = is_new ? KeyedSums::weight(key) : 0;
                truth_.counts += weight;
                truth_.sums += weight * static_cast<uint64_t>(value);
            }
            ++events_;
        }
    }

    const Config config_;
    const RoundShape shape_;
    const uint64_t keys_;
    IdStream stream_{.seed = 5};
    uint64_t first_ = 0, events_ = 0;
    int64_t now_us_ = 0;
    KeyedSums truth_{};
    std::vector<uint32_t> rows_;
    std::vector<std::unique_ptr<RecordBatch>> batches_;  // Outlive the shard.
    const std::unique_ptr<cpu::Backend> owned_;
    cpu::Backend& shard_;
};

}  // namespace trommel::bench
