// Streams by io_uring.
#include "net/stream_io.h"

#if TROMMEL_NET_IO_URING
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <liburing.h>
#include <string>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

#include "net/slot_list.h"
#endif

namespace trommel::net {
#if TROMMEL_NET_IO_URING
namespace {

// One accept and one receive per connection stay armed (multishot); the kernel puts what comes into
// buffers that all connections share, so that a thousand silent ones hold no memory. When the
// buffers are used up the kernel stops receiving, and the connections' windows close. A connection
// whose buffers nobody reads is stopped before it has them all.
//
// 16 KiB buffers: a receiver's CPU took 6.75 GB/s with them, 6.6 with 64 KiB, 5.5 with 256 KiB. All
// of them together fit a core's L2.
constexpr unsigned kBuffers = 128;
constexpr size_t kBufferBytes = size_t{16} << 10;
constexpr uint32_t kQueuedMax = 8, kQueuedLow = 2;  // Buffers of one connection.
constexpr unsigned kRequests = 256, kCompletions = 4096;
constexpr int kGroup = 0;

constexpr uint64_t kAccept = uint64_t{1} << 63;
constexpr uint64_t kCancel = kAccept + 1;

// Anonymous memory, page-aligned as a ring of buffers has to be.
class Pages {
   public:
    Pages() = default;
    ~Pages() {
        if (bytes_ != nullptr) munmap(bytes_, size_);
    }
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;

    bool allocate(size_t size) {
        void* const at =
            mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED) return false;
        bytes_ = static_cast<char*>(at);
        size_ = size;
        return true;
    }
    char* bytes() const { return bytes_; }

   private:
    char* bytes_ = nullptr;
    size_t size_ = 0;
};

class StreamRing final : public StreamIo {
   public:
    ~StreamRing() override {
        if (made_) io_uring_queue_exit(&ring_);
    }
    StreamRing() = default;
    StreamRing(const StreamRing&) = delete;
    StreamRing& operator=(const StreamRing&) = delete;

    // A kernel that knows DEFER_TASKRUN (6.1) knows all else that is used here.
    Status create() {
        io_uring_params params{};
        // Disabled until the first poll(): the thread that enables it is the one that may use it.
        params.flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER |
                       IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_R_DISABLED;
        params.cq_entries = kCompletions;
        int error = -io_uring_queue_init_params(kRequests, &ring_, &params);
        if (error != 0) return refusal(error);
        made_ = true;
        if (!buffer_bytes_.allocate(kBuffers * kBufferBytes) ||
            !buffer_ring_bytes_.allocate(kBuffers * sizeof(io_uring_buf))) {
            return refusal(ENOMEM);
        }
        io_uring_buf_reg group{};
        group.ring_addr = reinterpret_cast<uint64_t>(buffer_ring_bytes_.bytes());
        group.ring_entries = kBuffers;
        group.bgid = kGroup;
        error = -io_uring_register_buf_ring(&ring_, &group, 0);
        if (error != 0) return refusal(error);
        buffer_ring_ = reinterpret_cast<io_uring_buf_ring*>(buffer_ring_bytes_.bytes());
        io_uring_buf_ring_init(buffer_ring_);
        for (uint16_t b = 0; b < kBuffers; ++b) give_buffer(b);
        return {};
    }

    Status open(int listener, uint32_t slots_max) override {
        listener_ = listener;
        connections_.assign(slots_max, {});
        unarmed_ = SlotList(slots_max);
        return {};
    }

    Told poll() override {
        if (!enabled_) {
            // liburing 2.3 declares a function for it, but has none.
            if (syscall(__NR_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS,
                        nullptr, 0) != 0) {
                return {{}, false, refusal(errno)};
            }
            enabled_ = true;
        }
        release_shown();
        if (accepting_ && !accept_armed_) arm_accept();
        // Each takes a buffer at once, since it stopped for lack of one.
        for (unsigned free = free_buffers_; free > 0 && unarmed_.size() > 0; --free) {
            const uint32_t slot = unarmed_.front();
            unarmed_.remove(slot);
            arm(slot);
        }
        io_uring_submit(&ring_);
        io_uring_get_events(&ring_);
        return take_completions();
    }

    void resume() override { accepting_ = true; }
    void stop_accepting() override {
        accepting_ = false;
        if (accept_armed_) cancel(kAccept);
    }

    bool add(uint32_t slot, int descriptor) override {
        Connection& connection = connections_[slot];
        const uint32_t generation = connection.generation;
        connection = {};
        connection.descriptor = descriptor;
        connection.generation = generation;
        arm(slot);
        return true;
    }

    void remove(uint32_t slot) override {
        release_shown();
        Connection& connection = connections_[slot];
        for (uint16_t b = connection.first; b != kNoBuffer; b = buffers_[b].next) give_buffer(b);
        unarmed_.remove(slot);
        // A receive that nobody can cancel ends with its connection.
        if (connection.armed && !cancel(number_of(slot))) {
            shutdown(connection.descriptor, SHUT_RDWR);
        }
        // What was asked for under its descriptor must be on its way before that means another, and
        // a cancelled receive lets go of the connection only when its completion is made.
        io_uring_submit(&ring_);
        io_uring_get_events(&ring_);
        const uint32_t generation = connection.generation + 1;
        connection = {};
        connection.generation = generation & kGenerationMask;
    }

    Read read(uint32_t slot, size_t bytes_max) override {
        release_shown();
        Connection& connection = connections_[slot];
        const uint16_t b = connection.first;
        if (b == kNoBuffer) return {connection.after, {}};
        Buffer& buffer = buffers_[b];
        const size_t size = std::min<size_t>(bytes_max, buffer.size - buffer.at);
        const char* const bytes = buffer_bytes_.bytes() + b * kBufferBytes + buffer.at;
        buffer.at += static_cast<uint32_t>(size);
        if (buffer.at == buffer.size) {
            connection.first = buffer.next;
            if (connection.first == kNoBuffer) connection.last = kNoBuffer;
            shown_ = b;
            --connection.queued;
            go_on(slot);
        }
        return {Read::Kind::bytes, {bytes, size}};
    }

    bool behind(uint32_t slot) const override {
        return unarmed_.holds(slot) || connections_[slot].paused;
    }
    size_t ahead_bytes_max() const override { return kBuffers * kBufferBytes; }

   private:
    static constexpr uint16_t kNoBuffer = UINT16_MAX;
    static constexpr uint32_t kGenerationMask = INT32_MAX;

    struct Buffer {
        uint32_t size = 0, at = 0;  // Filled, and read.
        uint16_t next = kNoBuffer;  // Of the same connection.
    };
    struct Connection {
        int descriptor = -1;
        uint32_t generation = 0;  // Tells a late completion from one of the number's next user.
        bool armed = false;
        bool paused = false;  // Has so much to read that it receives no more.
        uint32_t queued = 0;  // Buffers, from first to last.
        uint16_t first = kNoBuffer, last = kNoBuffer;  // Come and not read.
        Read::Kind after = Read::Kind::nothing;        // What comes after them.
    };

    static Status refusal(int error) {
        std::string why = std::string("io_uring: ") + std::strerror(error);
        if (error == EINVAL) why += " (it needs Linux 6.1)";
        if (error == EPERM) why += " (not allowed here: see /proc/sys/kernel/io_uring_disabled)";
        return Status::error(Code::no_input, why);
    }

    uint64_t number_of(uint32_t slot) const {
        return uint64_t{connections_[slot].generation} << 32 | slot;
    }

    // Null when the kernel takes no more just now.
    io_uring_sqe* next_request() {
        io_uring_sqe* const request = io_uring_get_sqe(&ring_);
        if (request != nullptr) return request;
        io_uring_submit(&ring_);
        return io_uring_get_sqe(&ring_);
    }
    void arm(uint32_t slot) {
        Connection& connection = connections_[slot];
        io_uring_sqe* const request = next_request();
        if (request == nullptr) {
            unarmed_.push_back(slot);
            return;
        }
        io_uring_prep_recv_multishot(request, connection.descriptor, nullptr, 0, 0);
        request->flags |= IOSQE_BUFFER_SELECT;
        request->buf_group = kGroup;
        io_uring_sqe_set_data64(request, number_of(slot));
        connection.armed = true;
    }
    void arm_accept() {
        io_uring_sqe* const request = next_request();
        if (request == nullptr) return;
        io_uring_prep_multishot_accept(request, listener_, nullptr, nullptr,
                                       SOCK_NONBLOCK | SOCK_CLOEXEC);
        io_uring_sqe_set_data64(request, kAccept);
        accept_armed_ = true;
    }
    // False when it could not be asked for.
    bool cancel(uint64_t number) {
        io_uring_sqe* const request = next_request();
        if (request == nullptr) return false;
        io_uring_prep_cancel64(request, number, 0);
        io_uring_sqe_set_data64(request, kCancel);
        return true;
    }

    void give_buffer(uint16_t b) {
        io_uring_buf_ring_add(buffer_ring_, buffer_bytes_.bytes() + b * kBufferBytes, kBufferBytes,
                              b, io_uring_buf_ring_mask(kBuffers), 0);
        io_uring_buf_ring_advance(buffer_ring_, 1);
        ++free_buffers_;
    }
    void release_shown() {
        if (shown_ == kNoBuffer) return;
        give_buffer(shown_);
        shown_ = kNoBuffer;
    }

    Told take_completions() {
        size_t events = 0, seen = 0;
        io_uring_cqe* completion = nullptr;
        while (seen < kEventsMax && io_uring_peek_cqe(&ring_, &completion) == 0) {
            ++seen;
            Event event;
            if (take(*completion, event)) events_[events++] = event;
            io_uring_cqe_seen(&ring_, completion);
        }
        return {{events_.data(), events}, seen == kEventsMax, {}};
    }

    // True when it is worth telling of.
    bool take(const io_uring_cqe& completion, Event& event) {
        if (completion.user_data == kCancel) return false;
        if (completion.user_data == kAccept) return take_accepted(completion, event);
        const auto slot = static_cast<uint32_t>(completion.user_data);
        const bool with_buffer = (completion.flags & IORING_CQE_F_BUFFER) != 0;
        const auto b = static_cast<uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
        if (with_buffer) --free_buffers_;
        const bool for_us = slot < connections_.size() && connections_[slot].descriptor >= 0 &&
                            completion.user_data == number_of(slot);
        if (with_buffer && (!for_us || completion.res <= 0)) give_buffer(b);
        if (!for_us) return false;
        event = {Event::Kind::readable, slot};
        return take_received(completion, slot, b);
    }

    bool take_received(const io_uring_cqe& completion, uint32_t slot, uint16_t b) {
        Connection& connection = connections_[slot];
        connection.armed = (completion.flags & IORING_CQE_F_MORE) != 0;
        if (completion.res > 0) {
            buffers_[b] = {static_cast<uint32_t>(completion.res), 0, kNoBuffer};
            const bool first = connection.first == kNoBuffer;
            (first ? connection.first : buffers_[connection.last].next) = b;
            connection.last = b;
            if (++connection.queued == kQueuedMax && connection.armed) {
                connection.paused = cancel(number_of(slot));
            }
            go_on(slot);
            return first;
        }
        if (completion.res == -ENOBUFS || completion.res == -EINTR ||
            completion.res == -ECANCELED) {
            go_on(slot);
            return false;
        }
        connection.after = completion.res == 0 ? Read::Kind::end : Read::Kind::failed;
        return true;
    }

    // A receive that has stopped is armed again, at once or when there is less to read.
    void go_on(uint32_t slot) {
        Connection& connection = connections_[slot];
        if (connection.armed || connection.after != Read::Kind::nothing) return;
        if (connection.paused && connection.queued > kQueuedLow) return;
        connection.paused = false;
        if (!unarmed_.holds(slot)) unarmed_.push_back(slot);
    }

    bool take_accepted(const io_uring_cqe& completion, Event& event) {
        accept_armed_ = (completion.flags & IORING_CQE_F_MORE) != 0;
        if (completion.res >= 0) {
            event = {Event::Kind::accepted, static_cast<uint32_t>(completion.res)};
            return true;
        }
        const int error = -completion.res;
        const bool for_lack =
            error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
        if (!for_lack) return false;  // That one connection is gone, or we cancelled.
        accepting_ = false;
        event = {Event::Kind::refused, static_cast<uint32_t>(error)};
        return true;
    }

    io_uring ring_{};
    bool made_ = false, enabled_ = false;
    Pages buffer_bytes_, buffer_ring_bytes_;
    io_uring_buf_ring* buffer_ring_ = nullptr;
    unsigned free_buffers_ = 0;  // That the kernel may fill, as far as we know.
    std::array<Buffer, kBuffers> buffers_;
    uint16_t shown_ = kNoBuffer;  // The last read() brought its end.

    int listener_ = -1;
    bool accepting_ = true, accept_armed_ = false;
    std::vector<Connection> connections_;
    SlotList unarmed_{0};  // Connections whose receive has stopped, the first to stop first.
    std::array<Event, kEventsMax> events_;
};

}  // namespace

std::unique_ptr<StreamIo> make_stream_ring(Status& why) {
    auto ring = std::make_unique<StreamRing>();
    why = ring->create();
    if (!why.ok()) return nullptr;
    return ring;
}

#else

std::unique_ptr<StreamIo> make_stream_ring(Status& why) {
    why = Status::error(Code::invalid_config, "io_uring: this build has no liburing");
    return nullptr;
}

#endif
}  // namespace trommel::net
