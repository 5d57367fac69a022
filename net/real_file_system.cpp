#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "trommel/file_system.h"

namespace trommel {
namespace {

Status failure(Code code, const char* doing, const std::string& path, int error) {
    return Status::error(code, std::string("cannot ") + doing + " " + path + ": " +
                                   std::generic_category().message(error));
}

// A call that a signal may interrupt, until it is not.
template <class Call>
auto retry(Call call) {
    auto result = call();
    while (result < 0 && errno == EINTR) result = call();
    return result;
}

// Whether the descriptor is ready (or has failed, which the next call on it tells).
bool is_ready(int descriptor, short events, int timeout_ms) {
    pollfd asked{descriptor, events, 0};
    return retry([&] { return ::poll(&asked, 1, timeout_ms); }) != 0;
}

class PosixFile final : public File {
   public:
    PosixFile(std::string path, int descriptor, bool owned, const struct stat& about)
        : path_(std::move(path)),
          descriptor_(descriptor),
          owned_(owned),
          regular_(S_ISREG(about.st_mode)),
          size_(regular_ ? static_cast<uint64_t>(about.st_size) : 0) {}
    PosixFile(const PosixFile&) = delete;
    PosixFile& operator=(const PosixFile&) = delete;
    ~PosixFile() override {
        if (owned_) ::close(descriptor_);
    }

    // Standard input may be shared with other programs, so it is asked first and not made
    // non-blocking. Asking also tells a FIFO that no writer has opened yet from one that its
    // writers have closed.
    ReadResult read(char* out, size_t size) override {
        if (!regular_ && !is_ready(descriptor_, POLLIN, 0)) return {Read::nothing_yet, 0, {}};
        const ssize_t got = retry([&] { return ::read(descriptor_, out, size); });
        if (got > 0) return {Read::bytes, static_cast<size_t>(got), {}};
        if (got == 0) return {Read::end, 0, {}};
        if (errno == EAGAIN) return {Read::nothing_yet, 0, {}};
        return {Read::failed, 0, failure(Code::io, "read", path_, errno)};
    }

    Status write(const char* data, size_t size) override {
        while (size > 0) {
            const ssize_t put = retry([&] { return ::write(descriptor_, data, size); });
            if (put < 0 && errno == EAGAIN) {  // Somebody made standard output non-blocking.
                is_ready(descriptor_, POLLOUT, -1);
                continue;
            }
            if (put < 0) {
                return failure(errno == EPIPE ? Code::closed : Code::io, "write", path_, errno);
            }
            data += put;
            size -= static_cast<size_t>(put);
        }
        return {};
    }

    Status sync() override {
        if (!regular_) return {};  // Pipes and terminals keep nothing.
        if (retry([&] { return ::fsync(descriptor_); }) == 0) return {};
        return failure(Code::io, "sync", path_, errno);
    }

    uint64_t size() override { return size_; }

   private:
    const std::string path_;
    const int descriptor_;
    const bool owned_;
    const bool regular_;
    const uint64_t size_;
};

// Takes over `descriptor` if it is `owned`.
Status make_file(const std::string& path, int descriptor, bool owned, Code code,
                 std::unique_ptr<File>& file) {
    struct stat about {};
    int error = ::fstat(descriptor, &about) == 0 ? 0 : errno;
    if (error == 0 && S_ISDIR(about.st_mode)) error = EISDIR;
    if (error != 0) {
        if (owned) ::close(descriptor);
        return failure(code, "open", path, error);
    }
    file = std::make_unique<PosixFile>(path, descriptor, owned, about);
    return {};
}

std::string directory_of(const std::string& path) {
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

class PosixFileSystem final : public FileSystem {
   public:
    Status open_read(const std::string& path, std::unique_ptr<File>& file) override {
        if (path == "-") return make_file("stdin", STDIN_FILENO, false, Code::no_input, file);
        // Without O_NONBLOCK, opening a FIFO waits for a writer.
        const int descriptor =
            retry([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); });
        if (descriptor < 0) return failure(Code::no_input, "open", path, errno);
        return make_file(path, descriptor, true, Code::no_input, file);
    }

    Status open_write(const std::string& path, std::unique_ptr<File>& file) override {
        if (path == "-") return make_file("stdout", STDOUT_FILENO, false, Code::io, file);
        const int descriptor = retry(
            [&] { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666); });
        if (descriptor < 0) return failure(Code::io, "create", path, errno);
        return make_file(path, descriptor, true, Code::io, file);
    }

    Status rename(const std::string& from, const std::string& to) override {
        if (::rename(from.c_str(), to.c_str()) == 0) return {};
        return failure(Code::io, "rename", from + " to " + to, errno);
    }

    Status remove(const std::string& path) override {
        if (::unlink(path.c_str()) == 0) return {};
        return failure(Code::io, "remove", path, errno);
    }

    Status sync_directory_of(const std::string& path) override {
        const std::string directory = directory_of(path);
        const int descriptor =
            retry([&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
        if (descriptor < 0) return failure(Code::io, "open", directory, errno);
        const int error = retry([&] { return ::fsync(descriptor); }) == 0 ? 0 : errno;
        ::close(descriptor);
        return error == 0 ? Status{} : failure(Code::io, "sync", directory, error);
    }

    std::vector<std::string> glob(const std::string& pattern) override {
        glob_t found{};
        std::vector<std::string> paths;
        if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
            paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
        }
        ::globfree(&found);
        std::sort(paths.begin(), paths.end());
        return paths;
    }
};

}  // namespace

FileSystem& real_file_system() {
    static PosixFileSystem files;
    return files;
}

}  // namespace trommel
