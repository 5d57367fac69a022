#pragma once
#include <memory>
#include <optional>
#include <string>

#include "trommel/file_system.h"
#include "trommel/sink.h"

#include "net/row_format.h"

namespace trommel::net {

// A file, or standard output.
//
// A file is written as "<path>.partial" and gets its name in finish(), when all of it is on the
// disk (write, fsync, rename, fsync of the directory): whoever finds the final name finds a whole
// output, also after a power cut. Until then rows can be followed in the partial file, as of the
// last flush(). When the run fails, abandon() leaves the partial file with the whole rows that were
// final by then, for whoever wants them, and the final name as it was; the next run begins the
// partial file anew.
//
// Standard output ("-") and what is below /dev/ (a terminal, /dev/null, /dev/fd/63 of a shell) are
// written directly: there is nothing to rename.
//
// Only whole rows and records are ever handed to the file system. Errors are sticky: after one
// nothing more is written. The reader's end of a pipe going away is Code::closed, as the file
// system says it.
class FileSink final : public Sink {
   public:
    // At most these bytes, and one row, wait for a flush.
    static constexpr size_t kBufferBytes = size_t{256} << 10;

    // `rows` formats window rows and writes its header even when none comes; without it the sink
    // takes records only (output: unique, dead letters).
    FileSink(std::string path, std::optional<RowFormatter> rows,
             FileSystem& files = real_file_system());

    Status open() override;
    Status write_rows(const RowBatch& rows) override;
    Status write_record(std::string_view raw) override;
    Status flush() override;
    Status finish() override;
    void abandon() override;

   private:
    bool direct() const { return written_path_ == path_; }
    // Remembers the first error, with the path.
    Status fail(const Status& status);

    FileSystem& files_;
    std::string path_;
    std::string written_path_;  // Where the bytes go until they are complete.
    std::optional<RowFormatter> rows_;
    std::unique_ptr<File> file_;  // Open between open() and finish() or abandon().
    std::string buffer_;
    Status status_;
};

}  // namespace trommel::net
