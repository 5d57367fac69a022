#pragma once
#include <cstdint>
#include <string>
#include <sys/types.h>

#include "trommel/status.h"

#include "net/listen_address.h"

namespace trommel::net {

// A listening stream socket that does not block: TCP, or a unix socket with a path. The path goes
// when the listener does.
class StreamListener {
   public:
    StreamListener() = default;
    ~StreamListener();
    StreamListener(const StreamListener&) = delete;
    StreamListener& operator=(const StreamListener&) = delete;

    Status listen_tcp(const ListenAddress& address);
    // The socket's file is for its owner alone (mode 0600). One that a dead listener left is
    // replaced; another listener's, or a file that is no socket, is an error.
    Status listen_unix(const std::string& path);

    int descriptor() const { return socket_; }
    // Where it really listens: "127.0.0.1:41234" for port 0; the path.
    const std::string& bound() const { return bound_; }

    // Of connections that the kernel holds until they are accepted.
    static constexpr int kBacklog = 1024;

   private:
    Status bind_path(const std::string& path, bool locked);

    int socket_ = -1;
    std::string bound_;
    bool has_file_ = false;
    dev_t file_device_ = 0;  // The socket's file, so that nobody else's is removed.
    ino_t file_number_ = 0;
};

}  // namespace trommel::net
