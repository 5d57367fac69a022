#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "trommel/file_system.h"

namespace trommel::net {

// The compressed side of a stream: a buffer of stored bytes that is refilled when it runs dry.
class StoredBytes {
   public:
    explicit StoredBytes(std::unique_ptr<File> file)
        : file_(std::move(file)), buffer_(kBufferBytes) {}

    bool empty() const { return at_ == end_; }
    const char* data() const { return buffer_.data() + at_; }
    size_t size() const { return end_ - at_; }
    void take(size_t bytes) { at_ += bytes; }
    File::ReadResult refill() {
        const File::ReadResult result = file_->read(buffer_.data(), buffer_.size());
        at_ = 0;
        end_ = result.kind == File::Read::bytes ? result.bytes : 0;
        bytes_read_ += end_;
        return result;
    }
    uint64_t bytes_read() const { return bytes_read_; }

   private:
    static constexpr size_t kBufferBytes = size_t{128} << 10;

    std::unique_ptr<File> file_;
    std::vector<char> buffer_;
    size_t at_ = 0, end_ = 0;
    uint64_t bytes_read_ = 0;
};

inline File::ReadResult failed_read(const std::string& path, const std::string& what) {
    return {File::Read::failed, 0, Status::error(Code::io, "cannot read " + path + ": " + what)};
}

}  // namespace trommel::net
