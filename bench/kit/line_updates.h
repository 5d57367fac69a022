#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

namespace trommel::bench {

// CPU time of the calling thread, in seconds: on a shared machine it hides the waiting for a core,
// though not a neighbour's use of the memory.
double cpu_seconds();

// The machine's own limit for tables: independent random updates (load, add, store) of whole
// 64-byte lines in `bytes` of memory on huge pages, touched before, with a rolling prefetch of the
// depth and kind that were best when it was made. One thread at a time.
class LineUpdates {
   public:
    explicit LineUpdates(size_t bytes);
    ~LineUpdates();
    LineUpdates(const LineUpdates&) = delete;
    LineUpdates& operator=(const LineUpdates&) = delete;

    // Lines per second of CPU time, over `updates` (> 0) lines.
    double run(uint64_t updates);

    size_t bytes() const { return bytes_; }
    uint64_t huge_page_bytes() const;

   private:
    void* mapping_;
    size_t mapping_bytes_;
    char* lines_;
    size_t bytes_;
    using Update = void (*)(char* lines, uint64_t line_count, uint64_t seed, uint64_t updates);
    Update update_ = nullptr;
    uint64_t seed_ = 1;
};

}  // namespace trommel::bench
