#include "net/file_sink.h"

#include <utility>

namespace trommel::net {
namespace {

// Renaming a file over a device would replace the device.
bool is_written_directly(const std::string& path) {
    const bool device = path.starts_with("/dev/") && !path.starts_with("/dev/shm/");
    return path == "-" || device;
}

}  // namespace

FileSink::FileSink(std::string path, std::optional<RowFormatter> rows, FileSystem& files)
    : files_(files),
      path_(std::move(path)),
      written_path_(is_written_directly(path_) ? path_ : path_ + ".partial"),
      rows_(std::move(rows)),
      status_(Status::error(Code::internal, "the sink is not open")) {}

Status FileSink::open() {
    status_ = {};
    if (Status s = files_.open_write(written_path_, file_); !s.ok()) return fail(s);
    buffer_.reserve(kBufferBytes);
    if (rows_) rows_->append_header(buffer_);
    return {};
}

Status FileSink::write_rows(const RowBatch& rows) {
    if (!status_.ok()) return status_;
    if (!rows_) return fail({Code::internal, "this sink takes records, not rows"});
    for (size_t row = 0; row < rows.count(); ++row) {
        rows_->append_row(buffer_, rows, row);
        if (buffer_.size() < kBufferBytes) continue;
        if (Status s = flush(); !s.ok()) return s;
    }
    return {};
}

Status FileSink::write_record(std::string_view raw) {
    if (!status_.ok()) return status_;
    if (buffer_.size() + raw.size() >= kBufferBytes) {
        if (Status s = flush(); !s.ok()) return s;
    }
    buffer_ += raw;
    buffer_ += '\n';
    return {};
}

Status FileSink::flush() {
    if (!status_.ok() || buffer_.empty()) return status_;
    if (Status s = file_->write(buffer_.data(), buffer_.size()); !s.ok()) return fail(s);
    buffer_.clear();
    if (buffer_.capacity() > 2 * kBufferBytes)
        std::string().swap(buffer_);  // A huge row was in it.
    return {};
}

Status FileSink::finish() {
    if (Status s = flush(); !s.ok()) return s;
    if (Status s = file_->sync(); !s.ok()) return fail(s);
    file_.reset();
    status_ = Status::error(Code::internal, "the sink is finished");
    if (direct()) return {};
    if (Status s = files_.rename(written_path_, path_); !s.ok()) return fail(s);
    if (Status s = files_.sync_directory_of(path_); !s.ok()) return fail(s);
    return {};
}

void FileSink::abandon() {
    if (file_ && status_.ok()) (void)flush();
    file_.reset();
    status_ = Status::error(Code::internal, "the sink was abandoned");
}

Status FileSink::fail(const Status& status) {
    const std::string name = path_ == "-" ? "stdout" : path_;
    status_ = status;
    if (status.message.find(name) == std::string::npos) {
        status_.message = "cannot write " + name + ": " + status.message;
    }
    return status_;
}

}  // namespace trommel::net
