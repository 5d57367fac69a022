#include "bench/kit/frame_feeder.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <new>
#include <sched.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/kit/timing.h"
#include "net/frame_sender.h"
#include "net/frame_stream.h"

namespace trommel::bench {
namespace {

constexpr size_t kCallBytesMax = 64'800;  // Of frames for one call: 45 of 1,440 bytes.
constexpr double kStalledS = 0.2;         // Without a sign of the receiver: it has lost some.
constexpr int64_t kRoomUs = 100'000;
constexpr useconds_t kEndGapUs = 20'000;

}  // namespace

PreparedFrames::PreparedFrames(const LoadJob& job, uint64_t events_wanted, uint16_t per_frame)
    : events(events_wanted), frame_events(per_frame) {
    const net::SyntheticStream stream(stream_of(job, events));
    net::FrameStream frames(stream, {.source_id = 1, .epoch = 1, .frame_events = frame_events});
    frame_bytes = frames.frame_bytes();
    bytes.reserve((events / frame_events + 1) * frame_bytes);
    frames.append(0, events, bytes);
    frames.append_end(events, end);
    truth = stream.truth();
}

FrameFeeder::FrameFeeder(const PreparedFrames& frames, uint64_t frames_ahead)
    : frames_(frames), events_ahead_(frames_ahead * frames.frame_events) {
    void* const shared =
        mmap(nullptr, sizeof *taken_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) throw std::bad_alloc();
    taken_ = new (shared) std::atomic<uint64_t>(0);
}

FrameFeeder::~FrameFeeder() {
    if (pid_ > 0) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    munmap(taken_, sizeof *taken_);
}

Status FrameFeeder::start(const net::SendTarget& target) {
    pid_ = fork();
    if (pid_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(send_all(target));
    }
    if (pid_ > 0) return {};
    return Status::error(Code::io, std::string("the sender cannot start: ") + std::strerror(errno));
}

// Waits until the receiver has taken enough, or seems to have lost what is missing.
uint64_t FrameFeeder::allowed(uint64_t sent_events) const {
    const double begun_s = wall_seconds();
    for (;;) {
        const uint64_t taken = taken_->load(std::memory_order_relaxed);
        if (sent_events < taken + events_ahead_) return taken + events_ahead_ - sent_events;
        if (wall_seconds() - begun_s > kStalledS) return events_ahead_;
        sched_yield();
    }
}

int FrameFeeder::send_all(const net::SendTarget& target) const {
    std::unique_ptr<net::FrameSender> sender;
    if (!net::FrameSender::open(target, {}, sender).ok()) return 1;
    const uint64_t most = std::clamp<uint64_t>(kCallBytesMax / frames_.frame_bytes, 1, 64);
    std::string_view left = frames_.bytes;
    uint64_t sent = 0;
    while (!left.empty()) {
        uint64_t frames = most;
        if (!sender->is_stream()) {
            frames = std::clamp<uint64_t>(allowed(sent) / frames_.frame_events, 1, most);
        }
        std::string_view some = left.substr(0, frames * frames_.frame_bytes);
        left.remove_prefix(some.size());
        sent += frames * frames_.frame_events;
        while (!some.empty()) {
            if (!sender->send(some, frames_.frame_bytes).ok()) return 1;
            if (!some.empty()) sender->wait(kRoomUs);
        }
    }
    for (int times = 0; times < (sender->is_stream() ? 1 : 3); ++times) {
        if (times > 0) usleep(kEndGapUs);
        std::string_view end = frames_.end;
        while (!end.empty() && sender->send(end, end.size()).ok()) {
        }
    }
    return sender->finish().ok() ? 0 : 1;
}

}  // namespace trommel::bench
