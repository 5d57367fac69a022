#include "net/packet_source.h"

#include <utility>

namespace trommel::net {
namespace {

constexpr int kBurstsPerPoll = 256;  // Bounds a poll that meets nothing but foreign packets.
constexpr int64_t kCountersUs = 100'000;
constexpr uint32_t kQueuePacketsMax = 4096;  // Of a queue of the device: what drain() waits for.

}  // namespace

PacketSource::PacketSource(const PacketSourceOptions& options, std::unique_ptr<PacketDevice> device,
                           Clock& clock)
    : options_(options),
      device_(std::move(device)),
      clock_(clock),
      intake_(options.packets, clock) {}

Status PacketSource::open() {
    counters_read_us_ = clock_.monotonic_us();
    if (Status status = intake_.open(); !status.ok()) return status;
    return device_->open();
}

// One lane alone reads a live source, so nothing is ever held back for `until_us`.
Source::Poll PacketSource::poll(RecordBatch& batch, int64_t) {
    FrameIntake& frames = intake_.frames();
    frames.begin_poll();
    batch.first_record = records_;
    if (ended_) return {State::ended, 0, {}};
    bool nothing_there = false;
    for (int bursts = 0; bursts < kBurstsPerPoll && !nothing_there && !batch.full(); ++bursts) {
        if (burst_at_ == burst_packets_) nothing_there = !receive();
        take_burst(batch);
        if (burst_at_ < burst_packets_) break;  // The batch is full.
    }
    records_ += batch.count;
    const int64_t now_us = clock_.monotonic_us();
    note_time(now_us);
    Poll poll{batch.count > 0 ? State::records : State::nothing, 0, {}, frames.resting()};
    // A packet that was begun is always finished: its frames are counted as delivered.
    if (draining_ && burst_at_ == burst_packets_ && nothing_there) {
        ended_ = true;
        read_counters(now_us);
        if (batch.count == 0) poll.state = State::ended;
    }
    return poll;
}

bool PacketSource::drain() {
    draining_ = true;
    drain_bursts_ = uint64_t{device_->queues()} * kQueuePacketsMax / kBurstPackets;
    return true;
}

// Gets the next burst, from the first queue that has one. Nothing is left of the one before.
bool PacketSource::receive() {
    burst_at_ = burst_packets_ = 0;
    if (draining_ && drain_bursts_ == 0) return false;
    for (uint32_t asked = 0; asked < device_->queues(); ++asked) {
        const uint32_t queue = std::exchange(queue_, (queue_ + 1) % device_->queues());
        burst_packets_ = device_->receive(queue, burst_.data());
        if (burst_packets_ == 0) continue;
        if (draining_) --drain_bursts_;
        return true;
    }
    return false;
}

// Takes packets as far as there is room, and gives the burst back when nothing is left of it.
void PacketSource::take_burst(RecordBatch& batch) {
    while (burst_at_ < burst_packets_ &&
           intake_.take(burst_[burst_at_], LinkType::ethernet, batch)) {
        ++burst_at_;
    }
    if (burst_packets_ > 0 && burst_at_ == burst_packets_) device_->release();
}

void PacketSource::read_counters(int64_t now_us) {
    counters_read_us_ = now_us;
    intake_.frames().transport().dropped_device = device_->dropped();
}

void PacketSource::note_time(int64_t now_us) {
    if (now_us - counters_read_us_ >= kCountersUs) read_counters(now_us);
    const Transport& transport = intake_.frames().transport();
    const uint64_t seen = transport.datagrams - transport.foreign;
    if (seen != datagrams_seen_) {
        datagrams_seen_ = seen;
        last_datagram_us_ = now_us;
    }
    if (draining_) return;
    const bool silent =
        options_.stop_after_us && seen > 0 && now_us - last_datagram_us_ >= *options_.stop_after_us;
    const bool done = options_.stop_with_senders && intake_.frames().all_senders_ended();
    if (silent || done) drain();
}

}  // namespace trommel::net
