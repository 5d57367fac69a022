#pragma once
#include <cstddef>
#include <cstdint>

namespace trommel::bench {

// Memory to be measured: huge pages where the system grants them, all of them touched before.
class HugeMemory {
   public:
    explicit HugeMemory(size_t bytes);
    ~HugeMemory();
    HugeMemory(const HugeMemory&) = delete;
    HugeMemory& operator=(const HugeMemory&) = delete;

    char* data() const { return data_; }  // 2 MiB aligned.
    size_t bytes() const { return bytes_; }
    uint64_t huge_page_bytes() const;

   private:
    const size_t bytes_, mapping_bytes_;
    void* mapping_;
    char* data_;
};

}  // namespace trommel::bench
