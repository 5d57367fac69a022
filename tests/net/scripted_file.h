#pragma once
#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "trommel/file_system.h"

namespace trommel::net {

// A file whose reads go as the test says: pieces of bytes, "" for nothing yet, then the end or a
// failure.
class ScriptedFile : public File {
   public:
    explicit ScriptedFile(std::vector<std::string> pieces, Status at_end = {})
        : pieces_(std::move(pieces)), at_end_(std::move(at_end)) {}

    ReadResult read(char* out, size_t size) override {
        if (next_ == pieces_.size()) return {at_end_.ok() ? Read::end : Read::failed, 0, at_end_};
        std::string& piece = pieces_[next_];
        if (piece.empty()) {
            ++next_;
            return {Read::nothing_yet, 0, {}};
        }
        const size_t taken = std::min(size, piece.size());
        std::copy_n(piece.begin(), taken, out);
        piece.erase(0, taken);
        if (piece.empty()) ++next_;
        return {Read::bytes, taken, {}};
    }
    Status write(const char*, size_t) override { return Status::error(Code::io, "read only"); }
    Status sync() override { return {}; }
    uint64_t size() override { return 0; }

   private:
    std::vector<std::string> pieces_;
    const Status at_end_;
    size_t next_ = 0;
};

// `bytes` in pieces of `size`.
inline std::vector<std::string> in_pieces(const std::string& bytes, size_t size) {
    std::vector<std::string> pieces;
    for (size_t at = 0; at < bytes.size(); at += size) pieces.push_back(bytes.substr(at, size));
    return pieces;
}

}  // namespace trommel::net
