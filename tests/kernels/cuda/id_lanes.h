#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/cuda/device_ids.h"
#include "kernels/rules/lateness.h"
#include "tests/kernels/cuda/test_device.h"

namespace trommel::cuda {

// An event as DeviceIds sees it; `hi` counts where ids are wide.
struct IdEvent {
    uint64_t lo = 0, hi = 0;
    int64_t time_us = 0;
    int64_t watermark_us = rules::kUnknownUs;  // Before it.
};

// Several batches under way at a time; those that halt are gone on with.
template <class Kind>
class IdLanes {
    using D = TestDevice;

   public:
    IdLanes(const DeviceIdsOptions& options, uint64_t seed, uint64_t budget_bytes)
        : device_({.seed = seed, .threads = 3, .device_bytes = size_t{32} << 20}),
          budget_(budget_bytes),
          ids_(DeviceIds<D, Kind>::create(device_, options, budget_)),
          halted_(device_, 1),
          halted_image_(device_, 1) {
        device_.fill(Queue::compute, halted_.data(), 0, halted_.bytes());
    }
    ~IdLanes() { device_.wait_all(); }

    // Queues a batch.
    void submit(const IdEvent* events, uint32_t count,
                const std::vector<uint8_t>& is_refused = {}) {
        lanes_.push_back(std::make_unique<Lane>(device_, count));
        Lane& lane = *lanes_.back();
        for (uint32_t e = 0; e < count; ++e) {
            lane.lo_image[e] = events[e].lo;
            lane.hi_image[e] = events[e].hi;
            lane.time_image[e] = events[e].time_us;
            lane.verdict_image[e] =
                !is_refused.empty() && is_refused[e] != 0 ? Verdict::refused : Verdict::unique;
        }
        device_.copy_in(Queue::in, lane.lo.data(), lane.lo_image.data(), lane.lo.bytes());
        device_.copy_in(Queue::in, lane.hi.data(), lane.hi_image.data(), lane.hi.bytes());
        device_.copy_in(Queue::in, lane.time.data(), lane.time_image.data(), lane.time.bytes());
        device_.copy_in(Queue::in, lane.verdict.data(), lane.verdict_image.data(), count);
        if (!has_arrived_) arrived_ = device_.make_ticket(), has_arrived_ = true;
        device_.record(Queue::in, arrived_);
        device_.hold(Queue::compute, arrived_);
        device_.fill(Queue::compute, lane.counts.data(), 0, sizeof(IdCounts));
        lane.takes_back = !is_refused.empty();
        lane.batch.number = ++batches_;
        lane.batch.count = count;
        lane.batch.lo = lane.lo.data();
        lane.batch.hi = lane.hi.data();
        lane.batch.time_us = lane.time.data();
        lane.batch.place = lane.place.data();
        lane.batch.outcome = lane.outcome.data();
        lane.batch.counts = lane.counts.data();
        lane.batch.halted = halted_.data();
        ids_->advance(events[0].watermark_us, events[0].time_us);
        queue(lane, Stage::claim);
    }
    // The outcomes of all batches since the last call.
    std::vector<cpu::Outcome> finish() {
        while (const uint64_t position = halted()) {
            ++halts_;
            const auto first =
                static_cast<size_t>(HaltWord::batch_of(position) - lanes_.front()->batch.number);
            Stage stage = ids_->go_on(lanes_[first]->batch, HaltWord::stage_of(position));
            resolved_ += stage != Stage::claim;
            for (size_t l = first; l < lanes_.size(); ++l) {
                queue(*lanes_[l], stage);
                stage = Stage::claim;
            }
        }
        std::vector<cpu::Outcome> outcomes;
        for (const auto& lane : lanes_) {
            device_.copy_out(Queue::compute, lane->outcome_image.data(), lane->outcome.data(),
                             lane->outcome.bytes());
            device_.copy_out(Queue::compute, lane->counts_image.data(), lane->counts.data(),
                             lane->counts.bytes());
            device_.wait_all();
            outcomes.insert(outcomes.end(), lane->outcome_image.data(),
                            lane->outcome_image.data() + lane->batch.count);
            full_ += lane->counts_image[0].full;
            outside_ += lane->counts_image[0].outside;
        }
        if (!lanes_.empty()) newest_ = lanes_.back()->batch;
        lanes_.clear();
        return outcomes;
    }
    uint64_t halts() const { return halts_; }
    uint64_t resolved() const { return resolved_; }
    uint64_t full() const { return full_; }
    uint64_t outside() const { return outside_; }
    uint64_t live() { return ids_->live_ids(newest_); }
    const DeviceIds<D, Kind>& ids() const { return *ids_; }
    const cpu::MemoryBudget& budget() const { return budget_; }

   private:
    struct Lane {
        Lane(D& device, size_t count)
            : lo(device, count),
              hi(device, count),
              place(device, count),
              time(device, count),
              verdict(device, count),
              outcome(device, count),
              counts(device, 1),
              lo_image(device, count),
              hi_image(device, count),
              time_image(device, count),
              verdict_image(device, count),
              outcome_image(device, count),
              counts_image(device, 1) {}
        Array<D, uint64_t> lo, hi, place;
        Array<D, int64_t> time;
        Array<D, Verdict> verdict;
        Array<D, cpu::Outcome> outcome;
        Array<D, IdCounts> counts;
        PinnedArray<D, uint64_t> lo_image, hi_image;
        PinnedArray<D, int64_t> time_image;
        PinnedArray<D, Verdict> verdict_image;
        PinnedArray<D, cpu::Outcome> outcome_image;
        PinnedArray<D, IdCounts> counts_image;
        IdBatch batch;
        bool takes_back = false;
    };
    void queue(Lane& lane, Stage from) {
        if (from == Stage::claim) ids_->submit(lane.batch);
        if (lane.takes_back) ids_->take_back(lane.batch, lane.verdict.data());
    }
    uint64_t halted() {
        device_.copy_out(Queue::compute, halted_image_.data(), halted_.data(), halted_.bytes());
        device_.wait_all();
        return halted_image_[0];
    }

    D device_;
    cpu::MemoryBudget budget_;
    std::unique_ptr<DeviceIds<D, Kind>> ids_;
    Array<D, uint64_t> halted_;
    PinnedArray<D, uint64_t> halted_image_;
    TestDevice::Ticket arrived_;
    bool has_arrived_ = false;
    std::vector<std::unique_ptr<Lane>> lanes_;
    uint64_t batches_ = 0, halts_ = 0, resolved_ = 0, full_ = 0, outside_ = 0;
    IdBatch newest_;
};

}  // namespace trommel::cuda
