#include "bench/kit/huge_memory.h"

#include <cstring>
#include <sys/mman.h>

#include "kernels/cpu/memory.h"
#include "kernels/rules/assert.h"

namespace trommel::bench {

HugeMemory::HugeMemory(size_t bytes)
    : bytes_(bytes),
      mapping_bytes_(bytes + 2 * cpu::kHugePageBytes),
      mapping_(mmap(nullptr, mapping_bytes_, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) {
    TROMMEL_ASSERT(mapping_ != MAP_FAILED);
    const size_t address = reinterpret_cast<size_t>(mapping_);
    data_ = static_cast<char*>(mapping_) + (cpu::kHugePageBytes - address % cpu::kHugePageBytes);
    madvise(data_, bytes_, MADV_HUGEPAGE);
    std::memset(data_, 1, bytes_);
}

HugeMemory::~HugeMemory() {
    munmap(mapping_, mapping_bytes_);
}

uint64_t HugeMemory::huge_page_bytes() const {
    return cpu::huge_page_bytes(data_, bytes_);
}

}  // namespace trommel::bench
