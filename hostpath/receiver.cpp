#include "hostpath/receiver.h"

#include <algorithm>
#include <utility>

#include "kernels/rules/lateness.h"

namespace trommel::hostpath {
namespace {

constexpr uint32_t kNoLane = UINT32_MAX;

}  // namespace

Receiver::Receiver(const Config& config, uint64_t job_seed, const Ports& ports)
    : config_(config),
      ports_(ports),
      judge_(config, job_seed, ports.lanes.size() > 1),
      lanes_(ports.lanes.size()) {
    names_.reserve(kPartitionsMax + ports.lanes.size());
}

Status Receiver::open() {
    for (uint32_t lane = 0; lane < lanes_.size(); ++lane) {
        Source& source = *ports_.lanes[lane];
        if (Status status = source.open(); !status.ok()) return status;
        for (uint32_t p = 0; p < source.partitions(); ++p) {
            lanes_[lane].partition.push_back(static_cast<uint32_t>(names_.size()));
            names_.emplace_back(source.partition_name(p));
            if (p != source.source_partition()) {
                judge_.watermarks().declare(lanes_[lane].partition.back());
            }
        }
        if (lanes_.size() > 1 && source.partitions() != 1) {
            return Status::error(Code::invalid_config,
                                 std::string(source.name()) +
                                     ": a source that is read beside others is one partition");
        }
    }
    last_seen_us_.assign(names_.size(), ports_.clock->monotonic_us());
    return {};
}

void Receiver::stop(Status why) {
    if (stopping_ || (draining_ && why.ok())) return;
    if (why.ok()) {
        for (uint32_t lane = 0; lane < lanes_.size(); ++lane) {
            if (lanes_[lane].ended) continue;
            lanes_[lane].ended = !ports_.lanes[lane]->drain();
            draining_ |= !lanes_[lane].ended;
        }
        // Nobody waits for those that are not read any more.
        for (Lane& lane : lanes_) {
            if (draining_ && lane.ended) end_lane(lane);
        }
        if (draining_) return;
    }
    stopping_ = true;
    stop_status_ = std::move(why);
}

Receiver::Filled Receiver::fill(Batch& batch) {
    batch.records.clear();
    batch.last = false;
    if (stopping_) return end(batch, stop_status_);
    note_time_passing();
    // Each lane is asked at most once a call, so that a call is bounded; the slowest first, because
    // it holds back all the others.
    for (Lane& lane : lanes_) lane.silent = lane.held = false;
    for (uint32_t lane = slowest_lane(); lane != kNoLane; lane = slowest_lane()) {
        const Filled filled = poll(lane, batch);
        if (filled != Filled::nothing) return filled;
    }
    if (std::all_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) { return lane.ended; })) {
        return end(batch, {});
    }
    if (judge_.watermarks().job_us() == told_watermark_us_) return Filled::nothing;
    judge_.admit_nothing(batch);
    told_watermark_us_ = batch.watermark_us;
    if (config_.time.idle_after_us) handed_on_us_ = ports_.clock->monotonic_us();
    return Filled::tick;
}

uint32_t Receiver::slowest_lane() const {
    uint32_t slowest = kNoLane;
    int64_t slowest_us = 0;
    for (uint32_t lane = 0; lane < lanes_.size(); ++lane) {
        if (lanes_[lane].ended || lanes_[lane].silent) continue;
        const int64_t lane_us = lanes_.size() == 1 ? rules::kUnknownUs : position_us(lane);
        if (slowest != kNoLane && lane_us >= slowest_us) continue;
        slowest = lane;
        slowest_us = lane_us;
    }
    return slowest;
}

// How far a lane is, of several: its newest record, be it shown or left for later.
int64_t Receiver::position_us(uint32_t lane) const {
    const uint32_t partition = lanes_[lane].partition.front();
    return std::max(judge_.watermarks().newest_us(partition), lanes_[lane].held_us);
}

// How new a record of a lane may be. With one lane nobody can be waited for; with several, a lane
// that has shown nothing yet is asked for its first time only, and none runs further ahead than T7
// allows.
int64_t Receiver::until_us(uint32_t number) const {
    if (lanes_.size() == 1) return INT64_MAX;
    if (position_us(number) == rules::kUnknownUs) return INT64_MIN;
    const Watermarks& watermarks = judge_.watermarks();
    int64_t slowest_us = rules::kEndOfInputUs;
    for (uint32_t lane = 0; lane < lanes_.size(); ++lane) {
        const bool waited_for = watermarks.waited_for(lanes_[lane].partition.front());
        const int64_t lane_us = position_us(lane);
        if (lane == number || !waited_for || lane_us == rules::kUnknownUs) continue;
        slowest_us = std::min(slowest_us, lane_us);
    }
    const bool unlimited = slowest_us == rules::kEndOfInputUs || watermarks.drift_us() == INT64_MAX;
    return unlimited ? INT64_MAX : slowest_us + watermarks.drift_us();
}

Receiver::Filled Receiver::poll(uint32_t number, Batch& batch) {
    Lane& lane = lanes_[number];
    Source::Poll poll = poll_source(number, batch.records);
    if (poll.state == Source::State::held) {
        // Nothing of the lane comes before this record, and it is on time itself: the lane's clock
        // may stand just before it. If that is its first time, it may have its turn now after all.
        const bool first = position_us(number) == rules::kUnknownUs;
        lane.held_us = poll.held_time_us;
        judge_.watermarks().show(lane.partition.front(), lane.held_us - 1);
        lane.silent = lane.held = !first;
        return Filled::nothing;
    }
    if (poll.state == Source::State::failed) {
        stop(std::move(poll.status));
        return end(batch, stop_status_);
    }
    if (batch.records.count > 0) {
        number_partitions(number, batch.records);
        batch.lane = number;
        judge_.admit(batch, wall_us());
        told_watermark_us_ = batch.watermark_us;
    }
    // A partition that rests without ever having shown an event is not numbered yet, and nobody
    // waits for it.
    for (const uint32_t partition : poll.resting) {
        if (partition < lane.partition.size()) {
            judge_.watermarks().set_idle(lane.partition[partition]);
        }
    }
    if (poll.state == Source::State::ended) {
        end_lane(lane);
    }
    if (batch.records.count > 0) return Filled::records;
    lane.silent = true;
    return Filled::nothing;
}

Source::Poll Receiver::poll_source(uint32_t number, RecordBatch& records) {
    Source& source = *ports_.lanes[number];
    Source::Poll poll = source.poll(records, until_us(number));
    if (poll.state != Source::State::held) return poll;
    if (rules::is_valid_time(poll.held_time_us, judge_.time_max_us(wall_us()))) return poll;
    // T6: an impossible time holds nobody back. This one record is let through, to be called
    // corrupt.
    const uint32_t capacity = std::exchange(records.capacity, 1);
    poll = source.poll(records, poll.held_time_us);
    records.capacity = capacity;
    return poll;
}

// The time of day, for max_future.
int64_t Receiver::wall_us() const {
    return config_.time.max_future_us ? ports_.clock->wall_us() : 0;
}

void Receiver::number_partitions(uint32_t number, RecordBatch& records) {
    Lane& lane = lanes_[number];
    const Source& source = *ports_.lanes[number];
    for (uint32_t p = static_cast<uint32_t>(lane.partition.size()); p < source.partitions(); ++p) {
        lane.partition.push_back(static_cast<uint32_t>(names_.size()));
        names_.emplace_back(source.partition_name(p));
        last_seen_us_.push_back(0);
    }
    if (lanes_.size() > 1) {
        for (uint32_t row = 0; row < records.count; ++row) {
            records.partition[row] = lane.partition[records.partition[row]];
        }
    }
    if (!config_.time.idle_after_us) return;
    handed_on_us_ = ports_.clock->monotonic_us();
    for (uint32_t row = 0; row < records.count; ++row) {
        last_seen_us_[records.partition[row]] = handed_on_us_;
    }
}

// T5: a partition that we hold back ourselves is not idle, however long it takes.
void Receiver::note_time_passing() {
    if (!config_.time.idle_after_us) return;
    const int64_t now_us = ports_.clock->monotonic_us();
    // Since a batch was handed on, the source was not asked: that time is ours.
    const int64_t not_asked_us = handed_on_us_ < 0 ? 0 : now_us - handed_on_us_;
    handed_on_us_ = -1;
    for (const Lane& lane : lanes_) {
        for (const uint32_t partition : lane.partition) {
            int64_t& seen_us = last_seen_us_[partition];
            seen_us = lane.held ? now_us : seen_us + not_asked_us;
            if (now_us - seen_us >= *config_.time.idle_after_us) {
                judge_.watermarks().set_idle(partition);
            }
        }
    }
}

void Receiver::end_lane(Lane& lane) {
    lane.ended = true;
    for (const uint32_t partition : lane.partition) judge_.watermarks().end(partition);
}

Receiver::Filled Receiver::end(Batch& batch, Status status) {
    batch.records.clear();
    judge_.admit_nothing(batch);
    // A run that was stopped by an error has no final windows beyond those it had.
    if (status.ok()) batch.watermark_us = rules::kEndOfInputUs;
    batch.last = true;
    batch.status = std::move(status);
    return Filled::last;
}

uint64_t Receiver::bytes_read() const {
    uint64_t bytes = 0;
    for (const Source* source : ports_.lanes) bytes += source->bytes_read();
    return bytes;
}

std::optional<Transport> Receiver::transport() const {
    for (const Source* source : ports_.lanes) {
        if (const Transport* const transport = source->transport()) return *transport;
    }
    return {};
}

uint64_t Receiver::bytes_total() const {
    uint64_t bytes = 0;
    for (const Source* source : ports_.lanes) bytes += source->bytes_total();
    return bytes;
}

}  // namespace trommel::hostpath
