#pragma once
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace trommel::net {

// The bytes of a connection that have come and are no whole record yet. It grows to its maximum and
// no further, and an empty one keeps little.
class PendingBytes {
   public:
    explicit PendingBytes(size_t bytes_max) : bytes_max_(bytes_max) {}

    size_t size() const { return end_ - begin_; }
    size_t room() const { return bytes_max_ - size(); }
    std::string_view view() const { return {bytes_.get() + begin_, size()}; }
    size_t allocated_bytes() const { return capacity_; }

    // Precondition: bytes.size() <= room(), and `bytes` are not ours.
    void append(std::string_view bytes) {
        if (bytes.empty()) return;
        if (end_ + bytes.size() > capacity_) make_room(bytes.size());
        std::memcpy(bytes_.get() + end_, bytes.data(), bytes.size());
        end_ += bytes.size();
    }
    // Forgets the first `size` bytes.
    void drop(size_t size) {
        begin_ += size;
        if (begin_ < end_) return;
        begin_ = end_ = 0;
        if (capacity_ > kKeptBytes) {
            bytes_.reset();
            capacity_ = 0;
        }
    }

   private:
    static constexpr size_t kFirstBytes = size_t{1} << 10;
    static constexpr size_t kKeptBytes = size_t{16} << 10;

    void make_room(size_t more) {
        const size_t used = size();
        if (used + more > capacity_) {
            const size_t wanted = std::max({used + more, 2 * capacity_, kFirstBytes});
            const size_t capacity = std::min(wanted, bytes_max_);
            auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
            if (used > 0) std::memcpy(bytes.get(), bytes_.get() + begin_, used);
            bytes_ = std::move(bytes);
            capacity_ = capacity;
        } else {
            std::memmove(bytes_.get(), bytes_.get() + begin_, used);
        }
        begin_ = 0;
        end_ = used;
    }

    const size_t bytes_max_;
    std::unique_ptr<char[]> bytes_;
    size_t capacity_ = 0;
    size_t begin_ = 0, end_ = 0;
};

}  // namespace trommel::net
