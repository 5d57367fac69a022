#include "net/stream_listener.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace trommel::net {
namespace {

constexpr int kStream = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

Status failure(const std::string& where, const std::string& what) {
    return Status::error(Code::no_input, where + ": " + what);
}
Status system_failure(const std::string& where, const char* call) {
    return failure(where, std::string(call) + ": " + std::strerror(errno));
}

// Holds a directory's lock, so that of two that find the same dead socket only one replaces it.
class DirectoryLock {
   public:
    explicit DirectoryLock(const std::string& path_in_it) {
        const size_t slash = path_in_it.rfind('/');
        std::string directory = slash == std::string::npos ? "." : path_in_it.substr(0, slash);
        if (slash == 0) directory = "/";
        descriptor_ = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        held_ = descriptor_ >= 0 && flock(descriptor_, LOCK_EX | LOCK_NB) == 0;
    }
    ~DirectoryLock() {
        if (descriptor_ >= 0) close(descriptor_);
    }
    DirectoryLock(const DirectoryLock&) = delete;
    DirectoryLock& operator=(const DirectoryLock&) = delete;

    bool held() const { return held_; }

   private:
    int descriptor_ = -1;
    bool held_ = false;
};

// Whether somebody listens on it. One whose queue is full does.
bool answers(const sockaddr_un& address) {
    const int probe = socket(AF_UNIX, kStream, 0);
    if (probe < 0) return true;  // Nobody knows: leave it alone.
    const bool refused =
        connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
        errno == ECONNREFUSED;
    close(probe);
    return !refused;
}

}  // namespace

StreamListener::~StreamListener() {
    struct stat file {};
    if (has_file_ && lstat(bound_.c_str(), &file) == 0 && file.st_dev == file_device_ &&
        file.st_ino == file_number_) {
        unlink(bound_.c_str());
    }
    if (socket_ >= 0) close(socket_);
}

Status StreamListener::listen_tcp(const ListenAddress& address) {
    const std::string where = to_text(address.endpoint);
    sockaddr_storage storage;
    socklen_t size = address.to_socket(storage);
    auto* const socket_address = reinterpret_cast<sockaddr*>(&storage);
    socket_ = socket(storage.ss_family, kStream, 0);
    if (socket_ < 0) return system_failure(where, "socket");
    // Connections of an earlier run that are not forgotten yet do not hold the port.
    const int on = 1, off = 0;
    setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.endpoint.v6 && address.endpoint.is_unspecified()) {
        setsockopt(socket_, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    if (bind(socket_, socket_address, size) != 0) return system_failure(where, "bind");
    if (listen(socket_, kBacklog) != 0) return system_failure(where, "listen");
    size = sizeof storage;
    Endpoint endpoint;
    if (getsockname(socket_, socket_address, &size) != 0 ||
        !Endpoint::from_socket(socket_address, size, endpoint)) {
        return system_failure(where, "getsockname");
    }
    bound_ = to_text(endpoint);
    return {};
}

Status StreamListener::listen_unix(const std::string& path) {
    if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path)) {
        return Status::error(Code::invalid_config,
                             "a socket's path has 1 to " +
                                 std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                                 " bytes; this one has " + std::to_string(path.size()));
    }
    socket_ = socket(AF_UNIX, kStream, 0);
    if (socket_ < 0) return system_failure(path, "socket");
    // bind() gives its file the socket's mode. Unlike a chmod() afterwards, that leaves no moment
    // in which others may connect; unlike umask(), it touches nothing but this socket.
    if (fchmod(socket_, S_IRUSR | S_IWUSR) != 0) return system_failure(path, "fchmod");
    const DirectoryLock lock(path);  // Until it listens: before, it looks dead.
    if (Status status = bind_path(path, lock.held()); !status.ok()) return status;
    struct stat file {};
    if (lstat(path.c_str(), &file) != 0) return system_failure(path, "stat");
    has_file_ = true;
    bound_ = path;
    file_device_ = file.st_dev;
    file_number_ = file.st_ino;
    if (listen(socket_, kBacklog) != 0) return system_failure(path, "listen");
    return {};
}

Status StreamListener::bind_path(const std::string& path, bool locked) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    const auto* const socket_address = reinterpret_cast<const sockaddr*>(&address);
    if (bind(socket_, socket_address, sizeof address) == 0) return {};
    if (errno != EADDRINUSE) return system_failure(path, "bind");
    struct stat file {};
    if (lstat(path.c_str(), &file) != 0) return system_failure(path, "stat");
    if (!S_ISSOCK(file.st_mode)) {
        return failure(path, "there is a file that is no socket; it is left as it is");
    }
    if (answers(address)) return failure(path, "another process listens there");
    if (!locked) {
        return failure(path,
                       "a dead listener's socket; its directory cannot be locked (somebody "
                       "else is about to listen there, or it is not readable)");
    }
    if (unlink(path.c_str()) != 0) return system_failure(path, "unlink");
    if (bind(socket_, socket_address, sizeof address) == 0) return {};
    return system_failure(path, "bind");
}

}  // namespace trommel::net
