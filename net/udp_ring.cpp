// UDP by io_uring: one multishot recvmsg per socket, and a ring of buffers that the kernel picks
// from.
#include "net/udp_receiver.h"

#if TROMMEL_NET_IO_URING
#include <array>
#include <liburing.h>
#include <sys/mman.h>

#include "net/udp_message.h"
#include "net/udp_socket.h"
#endif

namespace trommel::net {
#if TROMMEL_NET_IO_URING
namespace {

Status ring_error(const char* what, int error) {
    return Status::error(
        Code::no_input,
        std::string("io_uring: ") + what + ": " + std::strerror(error) +
            (error == EPERM || error == ENOSYS ? "; this system or its container forbids it" : ""));
}

class RingReceiver final : public UdpReceiver {
   public:
    explicit RingReceiver(const UdpReceiverOptions& options)
        : options_(options), buffers_(std::make_unique_for_overwrite<char[]>(kBuffers * stride())) {
        shape_.msg_namelen = sizeof(sockaddr_storage);
        shape_.msg_controllen = sizeof(UdpControl);
    }
    ~RingReceiver() override {
        if (ring_made_) io_uring_queue_exit(&ring_);
        if (buffer_ring_ != nullptr) munmap(buffer_ring_, buffer_ring_bytes());
    }

    Status receive(std::span<const UdpMessage>& messages) override {
        messages = {};
        if (!ring_made_) {
            // Made by the thread that uses it: the kernel then knows that there is no other.
            if (Status status = create(); !status.ok()) return status;
        }
        give_buffers_back();
        // A second time when all that came were requests that ended and had to be made anew.
        for (int tries = 0; tries < 2 && count_ == 0; ++tries) {
            if (Status status = arm(); !status.ok()) return status;
            io_uring_get_events(&ring_);
            if (Status status = take_completions(); !status.ok()) return status;
        }
        messages = {messages_.data(), count_};
        return {};
    }

   private:
    static constexpr unsigned kBuffers = kUdpMessagesMax;
    static constexpr int kGroup = 0;

    // A buffer holds what the kernel says of a message, the sender, the control data and the bytes.
    size_t used_bytes() const {
        return sizeof(io_uring_recvmsg_out) + sizeof(sockaddr_storage) + sizeof(UdpControl) +
               options_.buffer_bytes;
    }
    size_t stride() const { return (used_bytes() + 63) / 64 * 64; }
    static size_t buffer_ring_bytes() { return kBuffers * sizeof(io_uring_buf); }

    Status create() {
        io_uring_params params = {};
        params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                       IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
        params.cq_entries = 4 * kBuffers;
        int error = -io_uring_queue_init_params(kUdpSocketsMax * 2, &ring_, &params);
        if (error == EINVAL) {  // Linux before 6.1.
            params = {};
            params.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
            params.cq_entries = 4 * kBuffers;
            error = -io_uring_queue_init_params(kUdpSocketsMax * 2, &ring_, &params);
        }
        if (error != 0) return ring_error("cannot be set up", error);
        ring_made_ = true;
        return register_buffers();
    }

    Status register_buffers() {
        void* const memory = mmap(nullptr, buffer_ring_bytes(), PROT_READ | PROT_WRITE,
                                  MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
        if (memory == MAP_FAILED) return ring_error("no memory for a ring of buffers", errno);
        buffer_ring_ = static_cast<io_uring_buf_ring*>(memory);
        io_uring_buf_reg registration = {};
        registration.ring_addr = reinterpret_cast<uint64_t>(memory);
        registration.ring_entries = kBuffers;
        registration.bgid = kGroup;
        const int error = -io_uring_register_buf_ring(&ring_, &registration, 0);
        if (error != 0) return ring_error("no ring of buffers (Linux 5.19 has it)", error);
        io_uring_buf_ring_init(buffer_ring_);
        for (unsigned id = 0; id < kBuffers; ++id) given_[id] = static_cast<uint16_t>(id);
        given_count_ = kBuffers;
        armed_.assign(options_.sockets.size(), false);
        give_buffers_back();
        return {};
    }

    void give_buffers_back() {
        for (unsigned i = 0; i < given_count_; ++i) {
            io_uring_buf_ring_add(buffer_ring_, buffers_.get() + given_[i] * stride(),
                                  static_cast<unsigned>(used_bytes()), given_[i],
                                  io_uring_buf_ring_mask(kBuffers), static_cast<int>(i));
        }
        io_uring_buf_ring_advance(buffer_ring_, static_cast<int>(given_count_));
        given_count_ = 0;
        count_ = 0;
    }

    // A request stands until the buffers run out; then it is made again.
    Status arm() {
        bool any = false;
        for (size_t i = 0; i < armed_.size(); ++i) {
            if (armed_[i]) continue;
            io_uring_sqe* const request = io_uring_get_sqe(&ring_);
            if (request == nullptr) break;  // There are more entries than sockets.
            io_uring_prep_recvmsg_multishot(request, options_.sockets[i].get(), &shape_, 0);
            request->flags |= IOSQE_BUFFER_SELECT;
            request->buf_group = kGroup;
            io_uring_sqe_set_data64(request, i);
            armed_[i] = any = true;
        }
        if (!any) return {};
        const int submitted = io_uring_submit(&ring_);
        return submitted < 0 ? receive_error(-submitted) : Status();
    }

    Status take_completions() {
        std::array<io_uring_cqe*, kBuffers> completions;
        const unsigned found = io_uring_peek_batch_cqe(&ring_, completions.data(), kBuffers);
        int error = 0;
        for (unsigned i = 0; i < found; ++i) {
            const io_uring_cqe& done = *completions[i];
            if ((done.flags & IORING_CQE_F_MORE) == 0) {
                armed_[io_uring_cqe_get_data64(&done)] = false;
            }
            if ((done.flags & IORING_CQE_F_BUFFER) != 0) take_message(done);
            if (done.res < 0 && !is_nothing(-done.res)) error = -done.res;
        }
        io_uring_cq_advance(&ring_, found);
        return error == 0 ? Status() : receive_error(error);
    }

    void take_message(const io_uring_cqe& done) {
        const auto id = static_cast<uint16_t>(done.flags >> IORING_CQE_BUFFER_SHIFT);
        given_[given_count_++] = id;
        char* const buffer = buffers_.get() + id * stride();
        io_uring_recvmsg_out* const out = io_uring_recvmsg_validate(buffer, done.res, &shape_);
        if (out == nullptr) return;
        msghdr header = {};
        header.msg_name = io_uring_recvmsg_name(out);
        header.msg_namelen = out->namelen;
        header.msg_control = static_cast<char*>(header.msg_name) + shape_.msg_namelen;
        header.msg_controllen = out->controllen;
        header.msg_flags = static_cast<int>(out->flags);
        messages_[count_++] = message_of(header, io_uring_recvmsg_payload(out, &shape_),
                                         io_uring_recvmsg_payload_length(out, done.res, &shape_));
    }

    const UdpReceiverOptions options_;
    const std::unique_ptr<char[]> buffers_;
    msghdr shape_ = {};  // How much room a buffer has for sender and control data.
    io_uring ring_ = {};
    bool ring_made_ = false;
    io_uring_buf_ring* buffer_ring_ = nullptr;
    std::vector<bool> armed_;                    // Of each socket: a request stands.
    std::array<uint16_t, kBuffers> given_ = {};  // Buffers that the kernel gave us.
    unsigned given_count_ = 0;
    std::array<UdpMessage, kBuffers> messages_ = {};
    size_t count_ = 0;
};

}  // namespace

bool built_with_io_uring() {
    return true;
}

Status make_ring_receiver(const UdpReceiverOptions& options,
                          std::unique_ptr<UdpReceiver>& receiver) {
    if (Status status = probe_ring_receiver(); !status.ok()) return status;
    receiver = std::make_unique<RingReceiver>(options);
    return {};
}

Status probe_ring_receiver() {
    UdpSocketOptions options;
    options.receive_buffer_bytes = 4096;
    UdpSockets sockets;
    if (Status status = parse_listen_address("127.0.0.1:0", options.listen); !status.ok())
        return status;
    if (Status status = open_udp_sockets(options, sockets); !status.ok()) return status;
    RingReceiver receiver({sockets.all, 2048});
    std::span<const UdpMessage> messages;
    if (Status status = receiver.receive(messages); !status.ok()) return status;
    sockaddr_storage address;
    const socklen_t bytes = sockets.bound.to_socket(address);
    const int sender = sockets.all[0].get();
    if (sendto(sender, "?", 1, 0, reinterpret_cast<const sockaddr*>(&address), bytes) != 1) {
        return ring_error("it cannot be tried out on the loopback", errno);
    }
    if (Status status = receiver.receive(messages); !status.ok()) return status;
    if (messages.size() == 1 && messages[0].size == 1) return {};
    return Status::error(Code::no_input,
                         "io_uring: this system has no multishot receive with a ring of buffers "
                         "(Linux 6.0 has it)");
}

#else

bool built_with_io_uring() {
    return false;
}

Status make_ring_receiver(const UdpReceiverOptions&, std::unique_ptr<UdpReceiver>&) {
    return probe_ring_receiver();
}

Status probe_ring_receiver() {
    return Status::error(Code::invalid_config, "io_uring: this build has no liburing");
}

#endif
}  // namespace trommel::net
