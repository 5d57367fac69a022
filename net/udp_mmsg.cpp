// UDP by recvmmsg.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "net/udp_message.h"
#include "net/udp_receiver.h"

namespace trommel::net {
namespace {

class MmsgReceiver final : public UdpReceiver {
   public:
    explicit MmsgReceiver(const UdpReceiverOptions& options)
        : options_(options),
          buffers_(std::make_unique_for_overwrite<char[]>(kMessages * options.buffer_bytes)) {
        for (size_t i = 0; i < kMessages; ++i) {
            parts_[i] = {buffers_.get() + i * options_.buffer_bytes, options_.buffer_bytes};
            msghdr& header = headers_[i].msg_hdr;
            header.msg_iov = &parts_[i];
            header.msg_iovlen = 1;
            header.msg_name = &names_[i];
            header.msg_control = controls_[i].bytes;
        }
    }

    Status receive(std::span<const UdpMessage>& messages) override {
        messages = {};
        for (size_t tried = 0; tried < options_.sockets.size(); ++tried) {
            const int socket = options_.sockets[next_].get();
            next_ = (next_ + 1) % options_.sockets.size();
            const int received = receive_from(socket);
            if (received > 0) {
                messages = {messages_.data(), static_cast<size_t>(received)};
                return {};
            }
            if (received < 0) return receive_error(errno);
        }
        return {};
    }

   private:
    static constexpr size_t kMessages = kUdpMessagesMax;
    // What one call brings should still be in the processor's cache when it is looked at.
    static constexpr size_t kBytesPerCall = size_t{512} << 10;

    int receive_from(int socket) {
        for (size_t i = 0; i < wanted_; ++i) {
            headers_[i].msg_hdr.msg_namelen = sizeof names_[i];
            headers_[i].msg_hdr.msg_controllen = sizeof controls_[i].bytes;
        }
        const auto wanted = static_cast<unsigned>(wanted_);
        const int received = recvmmsg(socket, headers_.data(), wanted, MSG_DONTWAIT, nullptr);
        if (received < 0) return is_nothing(errno) ? 0 : -1;
        size_t bytes = 0;
        for (size_t i = 0; i < static_cast<size_t>(received); ++i) {
            messages_[i] = message_of(headers_[i].msg_hdr, parts_[i].iov_base, headers_[i].msg_len);
            bytes += headers_[i].msg_len;
        }
        const size_t each = bytes / static_cast<size_t>(std::max(received, 1)) + 1;
        wanted_ = std::clamp(kBytesPerCall / each, size_t{4}, kMessages);
        return received;
    }

    const UdpReceiverOptions options_;
    const std::unique_ptr<char[]> buffers_;
    std::array<mmsghdr, kMessages> headers_ = {};
    std::array<iovec, kMessages> parts_ = {};
    std::array<sockaddr_storage, kMessages> names_ = {};
    std::array<UdpControl, kMessages> controls_ = {};
    std::array<UdpMessage, kMessages> messages_ = {};
    size_t wanted_ = kMessages;
    size_t next_ = 0;  // Socket.
};

}  // namespace

std::unique_ptr<UdpReceiver> make_mmsg_receiver(const UdpReceiverOptions& options) {
    return std::make_unique<MmsgReceiver>(options);
}

}  // namespace trommel::net
