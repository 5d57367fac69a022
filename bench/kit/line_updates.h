#pragma once
#include <cstddef>
#include <cstdint>

#include "bench/kit/huge_memory.h"

namespace trommel::bench {

// The machine's own limit for tables: independent random updates (load, add, store) of whole
// 64-byte lines in `bytes` of memory on huge pages, touched before, with a rolling prefetch of the
// depth and kind that were best when it was made. One thread at a time.
class LineUpdates {
   public:
    explicit LineUpdates(size_t bytes);

    // Lines per second of CPU time, over `updates` (> 0) lines.
    double run(uint64_t updates);

   private:
    HugeMemory memory_;
    using Update = void (*)(char* lines, uint64_t line_count, uint64_t seed, uint64_t updates);
    Update update_ = nullptr;
    uint64_t seed_ = 1;
};

}  // namespace trommel::bench
