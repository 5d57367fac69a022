#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sanitizer/asan_interface.h>
#include <sys/mman.h>

namespace trommel::cuda {

// Memory of a pretended device. The host that touches it gets a segmentation fault, but for the
// time of a Visit: so control code that mistakes a device pointer for its own is found out. Under
// AddressSanitizer what is not allocated, and 256 bytes after each allocation, is poisoned.
class DeviceMemory {
   public:
    static constexpr size_t kAlignment = 256;

    explicit DeviceMemory(size_t bytes) : bytes_(bytes / kAlignment * kAlignment) {
        void* const at =
            mmap(nullptr, bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (at == MAP_FAILED) std::abort();
        data_ = static_cast<char*>(at);
        ASAN_POISON_MEMORY_REGION(data_, bytes_);
    }
    ~DeviceMemory() {
        ASAN_UNPOISON_MEMORY_REGION(data_, bytes_);
        munmap(data_, bytes_);
    }
    DeviceMemory(const DeviceMemory&) = delete;
    DeviceMemory& operator=(const DeviceMemory&) = delete;

    // The lowest gap that is large enough; filled with `anything`.
    void* allocate(size_t bytes, uint8_t anything) {
        const size_t wanted = (bytes + kAlignment - 1) / kAlignment * kAlignment + kAlignment;
        size_t begin = 0;
        for (const auto& [at, size] : taken_) {
            if (at - begin >= wanted) break;
            begin = at + size;
        }
        if (bytes > bytes_ || bytes_ - begin < wanted) return nullptr;
        taken_[begin] = wanted;
        ASAN_UNPOISON_MEMORY_REGION(data_ + begin, bytes);
        const Visit visit(*this);
        std::memset(data_ + begin, anything, bytes);
        return data_ + begin;
    }
    void release(void* memory) {
        if (memory == nullptr) return;
        const auto at = taken_.find(static_cast<size_t>(static_cast<char*>(memory) - data_));
        if (at == taken_.end()) std::abort();
        ASAN_POISON_MEMORY_REGION(data_ + at->first, at->second);
        taken_.erase(at);
    }
    size_t allocations() const { return taken_.size(); }

    class Visit {
       public:
        explicit Visit(const DeviceMemory& memory) : memory_(memory) {
            mprotect(memory.data_, memory.bytes_, PROT_READ | PROT_WRITE);
        }
        ~Visit() { mprotect(memory_.data_, memory_.bytes_, PROT_NONE); }
        Visit(const Visit&) = delete;
        Visit& operator=(const Visit&) = delete;

       private:
        const DeviceMemory& memory_;
    };

   private:
    char* data_ = nullptr;
    size_t bytes_;
    std::map<size_t, size_t> taken_;  // Begin to bytes.
};

}  // namespace trommel::cuda
