#include "tools/load/paced_sender.h"

#include <algorithm>
#include <iterator>

namespace trommel::tools {
namespace {

constexpr int64_t kLeadUs = 5000;        // For the schedule to begin when everything is set up.
constexpr uint64_t kFramesPerStep = 45;  // As many of 1,440 bytes as a call of the system takes.
constexpr uint64_t kLinesPerStep = 1024;
// Datagrams get lost, most of all where a queue is full: the end is said again when it has had
// time.
constexpr int64_t kEndsAfterUs[] = {0, 20'000, 200'000};

net::FrameStreamOptions frame_options(const PacedSenderOptions& options,
                                      const net::SendSchedule& stamps) {
    net::FrameStreamOptions frames = options.frames;
    frames.stamps = options.stamp ? &stamps : nullptr;
    if (options.lines) frames.frame_events = 1;
    return frames;
}

}  // namespace

PacedSender::PacedSender(const net::SyntheticStream& stream, net::FrameSender& socket, Clock& clock,
                         const PacedSenderOptions& options)
    : stream_(stream),
      socket_(socket),
      clock_(clock),
      options_(options),
      start_us_(clock.monotonic_us() + (options.rate > 0 ? kLeadUs : 0)),
      schedule_(start_us_, std::max<uint64_t>(options.rate, 1)),
      wall_schedule_(clock.wall_us() + kLeadUs, std::max<uint64_t>(options.rate, 1)),
      frames_(stream, frame_options(options, wall_schedule_)) {
    if (options.lines) {
        lines_.emplace(*options.lines, false);
        lines_->append_header(bytes_);
    }
}

Status PacedSender::step() {
    if (left_.empty() && !finished_) {
        const int64_t now_us = clock_.monotonic_us();
        if (!make_due(now_us)) return {};
        left_ = bytes_;
    }
    if (Status status = socket_.send(left_, frame_bytes_); !status.ok()) return status;
    again_us_ = clock_.monotonic_us();
    if (!left_.empty()) return {};
    if (options_.rate > 0) note_lag(again_us_);
    if (made_ > sent_) last_us_ = again_us_;
    sent_ = made_;
    bytes_.clear();
    finished_ = ends_ == (socket_.is_stream() ? 1 : std::size(kEndsAfterUs));
    return {};
}

uint64_t PacedSender::due(int64_t now_us) const {
    const uint64_t events = stream_.options().events;
    return options_.rate == 0 ? events : std::min(events, schedule_.due(now_us));
}

// Makes what is to leave now; false when that is nothing, and then says when it will be.
bool PacedSender::make_due(int64_t now_us) {
    const uint64_t events = stream_.options().events;
    if (stopping_ || made_ == events) return make_end(now_us);
    const uint64_t unit = lines_ ? 1 : options_.frames.frame_events;
    const uint64_t waiting = due(now_us) - made_;
    const uint64_t most = lines_ ? kLinesPerStep : kFramesPerStep * unit;
    const uint64_t full = std::min(waiting - waiting % unit, most);
    if (full > 0) {
        make(made_ + full);
        return true;
    }
    const bool last = made_ + waiting == events;
    const int64_t lingers_until_us = schedule_.intended_us(made_) + options_.linger_us;
    if (waiting > 0 && (last || now_us >= lingers_until_us)) {
        make(made_ + waiting);
        return true;
    }
    const uint64_t completes = std::min(made_ + unit, events) - 1;
    again_us_ = std::min(schedule_.intended_us(completes), lingers_until_us);
    return false;
}

void PacedSender::make(uint64_t end) {
    frame_bytes_ = frames_.frame_bytes();
    if (!lines_) {
        frames_.append(made_, end, bytes_);
        made_ = end;
        return;
    }
    for (; made_ < end; ++made_) {
        net::SyntheticRecord record = stream_.at(made_);
        if (options_.stamp) record.time_us = record.v0 = wall_schedule_.intended_us(made_);
        lines_->append(bytes_, record);
    }
}

// The end of a stream of lines is the end of the connection. False: it is not yet time to say again
// that this is the end.
bool PacedSender::make_end(int64_t now_us) {
    if (ends_ == 0) ended_us_ = now_us;
    again_us_ = ended_us_ + kEndsAfterUs[ends_];
    if (now_us < again_us_) return false;
    ++ends_;
    if (!lines_) {
        frames_.append_end(made_, bytes_);
        frame_bytes_ = bytes_.size();
    }
    return true;
}

void PacedSender::note_lag(int64_t now_us) {
    const uint64_t unit = lines_ ? 1 : options_.frames.frame_events;
    for (uint64_t begin = sent_; begin < made_; begin += unit) {
        const uint64_t end = std::min(begin + unit, made_);
        int64_t due_us = schedule_.intended_us(end - 1);
        if (end - begin < unit && end < stream_.options().events) {
            due_us = std::max(due_us, schedule_.intended_us(begin) + options_.linger_us);
        }
        lag_.record(static_cast<uint64_t>(std::max<int64_t>(now_us - due_us, 0)), end - begin);
    }
}

}  // namespace trommel::tools
