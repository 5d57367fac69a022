#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "trommel/file_system.h"
#include "trommel/status.h"

#include "net/byte_stream.h"

namespace trommel::net {

// Files that follow one another as one source. "-" is standard input. One thread.
class FileSeries {
   public:
    // Precondition: there is a path. `files` is borrowed.
    FileSeries(std::vector<std::string> paths, FileSystem& files);

    // Opens every file, so that a missing one is told before work begins, and closes those that can
    // be opened again: a pipe cannot.
    Status open();
    // The bytes of the file at hand; the first one's after open(). Once for each.
    Status begin(std::unique_ptr<ByteStream>& stream);
    // False: the file at hand is the last one.
    bool next();

    // The first one's name and how many more there are.
    const std::string& name() const { return name_; }
    std::string display_path() const { return display(paths_[at_]); }
    // As stored, of all together; 0: not known, because one of them is a pipe.
    uint64_t bytes_total() const { return has_pipe_ ? 0 : bytes_total_; }
    bool has_pipe() const { return has_pipe_; }

   private:
    static std::string display(const std::string& path) { return path == "-" ? "stdin" : path; }

    const std::vector<std::string> paths_;
    FileSystem& files_;
    const std::string name_;
    std::vector<std::unique_ptr<File>> opened_;  // Of files to come: pipes, and the first.
    size_t at_ = 0;                              // Of paths_.
    uint64_t bytes_total_ = 0;
    bool has_pipe_ = false;
};

}  // namespace trommel::net
