#include "net/udp_source.h"

#include <algorithm>
#include <utility>

namespace trommel::net {
namespace {

// Bounds a poll that brings no records: a flood of what is not for us.
constexpr int kReceivesPerPollMax = 16;
constexpr int64_t kDropsEveryUs = 100'000;
// The least that the kernel charges a datagram for, its bytes not counted.
constexpr uint64_t kKernelBytesPerMessage = 256;

}  // namespace

UdpSource::UdpSource(const UdpSourceOptions& options, Clock& clock)
    : options_(options), clock_(clock), name_("udp:" + to_text(options.socket.listen.endpoint)) {
    options_.intake.keys = options_.keys_path.empty() ? nullptr : &keys_;
    intake_ = std::make_unique<FrameIntake>(options_.intake, clock);
}

Status UdpSource::open() {
    if (options_.intake.keys != nullptr) {
        if (Status status = keys_.load(options_.keys_path); !status.ok()) return status;
    }
    if (Status status = open_udp_sockets(options_.socket, sockets_); !status.ok()) return status;
    name_ = "udp:" + to_text(sockets_.bound);
    drops_seen_.assign(sockets_.all.size(), 0);
    drops_looked_us_ = clock_.monotonic_us();
    const UdpReceiverOptions receiver{sockets_.all, options_.datagram_bytes_max};
    if (options_.receive == UdpReceive::io_uring) return make_ring_receiver(receiver, receiver_);
    receiver_ = make_mmsg_receiver(receiver);
    return {};
}

std::vector<std::string> UdpSource::notes() const {
    std::vector<std::string> notes{"listening on " + name_};
    notes.insert(notes.end(), sockets_.notes.begin(), sockets_.notes.end());
    return notes;
}

// One lane alone reads a live source, so nothing is ever held back for `until_us`.
Source::Poll UdpSource::poll(RecordBatch& batch, int64_t) {
    intake_->begin_poll();
    if (ended_) return {State::ended, 0, {}};
    batch.first_record = records_;
    const uint64_t came_before = intake_->transport().datagrams;
    bool all_taken = false;
    for (int receives = 0; receives < kReceivesPerPollMax && !all_taken; ++receives) {
        if (!take_messages(batch)) break;
        all_taken = draining_ && drain_bytes_ == 0;
        if (all_taken) break;
        next_ = 0;
        if (Status status = receiver_->receive(messages_); !status.ok()) {
            return {State::failed, 0, std::move(status)};
        }
        all_taken = messages_.empty();
    }
    records_ += batch.count;
    note_time(intake_->transport().datagrams > came_before);
    if (draining_ && all_taken) return finish();
    return {batch.count > 0 ? State::records : State::nothing, 0, {}, intake_->resting()};
}

// False: the batch is full.
bool UdpSource::take_messages(RecordBatch& batch) {
    for (; next_ < messages_.size(); ++next_, at_ = 0) {
        if (!take_message(messages_[next_], batch)) return false;
    }
    return true;
}

bool UdpSource::take_message(const UdpMessage& message, RecordBatch& batch) {
    do {  // An empty datagram is one too.
        const size_t size = std::min(message.segment, message.size - at_);
        const bool last = at_ + size == message.size;
        const Datagram datagram{message.bytes + at_, size, message.from, message.truncated && last};
        if (!intake_->take(datagram, batch)) return false;
        at_ += size;
        drain_bytes_ -= std::min(drain_bytes_, size + (last ? kKernelBytesPerMessage : 0));
    } while (at_ < message.size);
    return true;
}

void UdpSource::note_time(bool came) {
    const int64_t now_us = clock_.monotonic_us();
    if (came) last_came_us_ = now_us;
    if (now_us - drops_looked_us_ >= kDropsEveryUs) {
        drops_looked_us_ = now_us;
        count_drops();
    }
    if (draining_) return;
    const bool silent = options_.stop_after_us && last_came_us_ >= 0 &&
                        now_us - last_came_us_ >= *options_.stop_after_us;
    if (silent || (options_.stop_with_senders && intake_->all_senders_ended())) drain();
}

void UdpSource::count_drops() {
    for (size_t i = 0; i < sockets_.all.size(); ++i) {
        UdpQueue queue;
        if (!look_at_queue(sockets_.all[i], queue)) continue;
        // The counter has 32 bits; the difference is right though it wraps.
        intake_->transport().dropped_kernel +=
            queue.dropped - std::exchange(drops_seen_[i], queue.dropped);
    }
}

bool UdpSource::drain() {
    if (draining_) return true;
    draining_ = true;
    // Each byte of a datagram is charged to its socket, and more around it: after so many, all that
    // was there has been taken, however fast more comes.
    drain_bytes_ = 0;
    for (const Descriptor& socket : sockets_.all) {
        UdpQueue queue;
        if (look_at_queue(socket, queue)) drain_bytes_ += queue.bytes;
    }
    // What has left the sockets and waits in buffers comes first.
    drain_bytes_ += kUdpMessagesMax * (options_.datagram_bytes_max + kKernelBytesPerMessage);
    return true;
}

Source::Poll UdpSource::finish() {
    ended_ = true;
    count_drops();
    return {State::ended, 0, {}, intake_->resting()};
}

}  // namespace trommel::net
