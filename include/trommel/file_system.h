#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "trommel/status.h"

namespace trommel {

// An open file. One thread at a time. Closed by its destructor.
class File {
   public:
    enum class Read : uint8_t { bytes, nothing_yet, end, failed };
    struct ReadResult {
        Read kind = Read::end;
        size_t bytes = 0;
        Status status;  // failed only.
    };

    virtual ~File() = default;
    // At most `size` bytes, at least one unless kind says otherwise. nothing_yet: a pipe that is
    // open.
    virtual ReadResult read(char* out, size_t size) = 0;
    virtual Status write(const char* data, size_t size) = 0;  // All of it or an error.
    virtual Status sync() = 0;    // fsync. After an error nothing about the file may be trusted.
    virtual uint64_t size() = 0;  // 0 when unknown (a pipe).
};

// The only way to files. Tests put a double in its place that loses power.
class FileSystem {
   public:
    virtual ~FileSystem() = default;
    // "-" is standard input; reading from it or from a FIFO never waits (Read::nothing_yet).
    virtual Status open_read(const std::string& path, std::unique_ptr<File>& file) = 0;
    // Truncates or creates. "-" is standard output.
    virtual Status open_write(const std::string& path, std::unique_ptr<File>& file) = 0;
    virtual Status rename(const std::string& from, const std::string& to) = 0;
    virtual Status remove(const std::string& path) = 0;
    virtual Status sync_directory_of(const std::string& path) = 0;
    // Paths that match a glob pattern, sorted by bytes; empty when none does.
    virtual std::vector<std::string> glob(const std::string& pattern) = 0;
};

FileSystem& real_file_system();  // Thread-safe; lives as long as the process.

}  // namespace trommel
