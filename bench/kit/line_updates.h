#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

#include "bench/kit/huge_memory.h"
#include "kernels/cpu/memory.h"

namespace trommel::bench {

// Some random updates.
struct LineWalk {
    char* lines;
    uint64_t line_count, seed, updates;
    uint64_t add;  // To each word of a line: 0, which the compiler does not know.
};

// The machine's own limit for tables: independent random updates (load, add, store) of whole
// 64-byte lines, with a rolling prefetch of the depth and kind that were best when it was made.
// One thread at a time.
//
// In memory of its own, `bytes` on huge pages, touched before; or in somebody else's, which is
// written and left as it was. That matters where a system backs one stretch of memory better than
// another, as a virtual machine's host may: a table and its limit then differ by more than what is
// done in them.
class LineUpdates {
   public:
    explicit LineUpdates(size_t bytes);
    explicit LineUpdates(cpu::Stretch lines);  // At least one line; it has to outlive this.

    // Lines per second of CPU time, over `updates` (> 0) lines.
    double run(uint64_t updates);

   private:
    explicit LineUpdates(std::unique_ptr<HugeMemory> own);

    std::unique_ptr<HugeMemory> own_;
    const cpu::Stretch memory_;
    void (*update_)(const LineWalk& walk) = nullptr;
    uint64_t seed_ = 1;
};

}  // namespace trommel::bench
