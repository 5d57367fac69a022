#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "net/stream_io.h"

namespace trommel::net {
namespace {

constexpr uint64_t kListener = UINT64_MAX;

// epoll tells of each arrival once (edge-triggered), so that a connection that waits for its turn
// is not told of again by every poll.
class StreamPoll final : public StreamIo {
   public:
    StreamPoll() : bytes_(kReadBytesMax) {}
    ~StreamPoll() override {
        if (epoll_ >= 0) close(epoll_);
    }
    StreamPoll(const StreamPoll&) = delete;
    StreamPoll& operator=(const StreamPoll&) = delete;

    Status open(int listener, uint32_t slots_max) override {
        listener_ = listener;
        connections_.assign(slots_max, {});
        epoll_ = epoll_create1(EPOLL_CLOEXEC);
        // The listener is told of as long as somebody waits, so that no accept() can be forgotten.
        if (epoll_ >= 0 && control(EPOLL_CTL_ADD, listener_, EPOLLIN, kListener)) return {};
        return failure();
    }

    Told poll() override {
        std::array<epoll_event, kEventsMax - kAcceptsMax> told;
        const int count = epoll_wait(epoll_, told.data(), static_cast<int>(told.size()), 0);
        events_ = 0;
        if (count < 0 && errno != EINTR) return {{}, false, failure()};
        const size_t told_count = count < 0 ? 0 : static_cast<size_t>(count);
        bool somebody_waits = false;
        for (size_t i = 0; i < told_count; ++i) {
            const epoll_event& event = told[i];
            if (event.data.u64 == kListener) {
                somebody_waits = true;
                continue;
            }
            const auto slot = static_cast<uint32_t>(event.data.u64);
            connections_[slot].at_end = (event.events & ~uint32_t{EPOLLIN}) != 0;
            connections_[slot].drained = false;
            add_event(Event::Kind::readable, slot);
        }
        if (somebody_waits) accept_some();
        return {{all_events_.data(), events_}, told_count == told.size(), {}};
    }

    void resume() override { control(EPOLL_CTL_MOD, listener_, EPOLLIN, kListener); }
    void stop_accepting() override { control(EPOLL_CTL_MOD, listener_, 0, kListener); }

    bool add(uint32_t slot, int connection) override {
        connections_[slot] = {connection, false, false};
        return control(EPOLL_CTL_ADD, connection, EPOLLIN | EPOLLRDHUP | EPOLLET, slot);
    }

    void remove(uint32_t slot) override {
        control(EPOLL_CTL_DEL, connections_[slot].descriptor, 0, slot);
        connections_[slot] = {};
    }

    Read read(uint32_t slot, size_t bytes_max) override {
        Connection& connection = connections_[slot];
        if (connection.drained) {
            connection.drained = false;
            return {};
        }
        const size_t wanted = std::min(bytes_max, bytes_.size());
        ssize_t size = -1;
        do {
            size = recv(connection.descriptor, bytes_.data(), wanted, 0);
        } while (size < 0 && errno == EINTR);
        if (size == 0) return {Read::Kind::end, {}};
        if (size < 0) {
            const bool empty = errno == EAGAIN || errno == EWOULDBLOCK;
            return {empty ? Read::Kind::nothing : Read::Kind::failed, {}};
        }
        // Less than was asked for: there is no more, unless an end that will not be told of again.
        connection.drained = static_cast<size_t>(size) < wanted && !connection.at_end;
        return {Read::Kind::bytes, {bytes_.data(), static_cast<size_t>(size)}};
    }

    bool behind(uint32_t) const override { return false; }
    size_t ahead_bytes_max() const override { return 0; }

   private:
    static constexpr size_t kAcceptsMax = 64;  // In one poll().

    struct Connection {
        int descriptor = -1;
        bool at_end = false;   // epoll told of an end or an error.
        bool drained = false;  // The last read() took all there was.
    };

    static Status failure() {
        return Status::error(Code::io, std::string("epoll: ") + std::strerror(errno));
    }

    bool control(int operation, int descriptor, uint32_t events, uint64_t number) const {
        epoll_event event{};
        event.events = events;
        event.data.u64 = number;
        return epoll_ctl(epoll_, operation, descriptor, &event) == 0;
    }

    void add_event(Event::Kind kind, uint32_t value) { all_events_[events_++] = {kind, value}; }

    void accept_some() {
        for (size_t i = 0; i < kAcceptsMax; ++i) {
            const int connection =
                accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (connection >= 0) {
                add_event(Event::Kind::accepted, static_cast<uint32_t>(connection));
                continue;
            }
            const int error = errno;
            if (error == EAGAIN || error == EWOULDBLOCK) return;
            const bool for_lack =
                error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
            if (!for_lack) continue;  // That one connection is gone.
            stop_accepting();
            add_event(Event::Kind::refused, static_cast<uint32_t>(error));
            return;
        }
    }

    int epoll_ = -1;
    int listener_ = -1;
    std::vector<Connection> connections_;
    std::vector<char> bytes_;
    std::array<Event, kEventsMax> all_events_;
    size_t events_ = 0;
};

}  // namespace

std::unique_ptr<StreamIo> make_stream_poll() {
    return std::make_unique<StreamPoll>();
}

}  // namespace trommel::net
