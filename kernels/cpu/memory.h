#pragma once
#include <cstddef>
#include <cstdint>

namespace trommel::cpu {

inline constexpr size_t kPageBytes = 4096;
inline constexpr size_t kHugePageBytes = size_t{2} << 20;

// A declared share of memory and how much of it is taken. One owner, one thread.
class MemoryBudget {
   public:
    explicit MemoryBudget(uint64_t bytes_max) : max_(bytes_max) {}

    bool take(uint64_t bytes) {
        if (bytes > left_bytes()) return false;
        used_ += bytes;
        return true;
    }
    void give(uint64_t bytes) { used_ -= bytes; }
    uint64_t used_bytes() const { return used_; }
    uint64_t left_bytes() const { return max_ - used_; }
    uint64_t max_bytes() const { return max_; }

   private:
    uint64_t max_;
    uint64_t used_ = 0;
};

// Memory that a region will take next.
struct Stretch {
    char* data = nullptr;
    size_t bytes = 0;  // 0: none.
};

// Has the system back a stretch with memory now, as if it were written, which leaves its contents
// alone (MADV_POPULATE_WRITE). Any thread, also while the owner is using it. False when the system
// cannot: Linux before 5.14, or no memory.
bool populate(const Stretch& stretch);

// A stretch of address space, reserved whole when it is made, of which a growing prefix is in use.
// What is in use is read- and writable, zero at first, and never moves. Pages are touched first by
// whoever writes them. Growth is charged to a budget: page by page up to 2 MiB, then by whole huge
// pages.
class Region {
   public:
    // Reserves `reserve_bytes` of address space (no memory). Reservation that fails leaves
    // reserved_bytes() 0.
    Region(size_t reserve_bytes, MemoryBudget& budget);
    ~Region();
    Region(const Region&) = delete;
    Region& operator=(const Region&) = delete;

    // Makes at least `bytes` usable; false, and nothing changed, when the reservation or the budget
    // ends.
    bool grow_to(size_t bytes);
    // Gives the memory back to the system and the budget; contents are lost.
    void shrink_to_zero();

    // A huge page of the first `bytes` that growth has not reached and that was not returned
    // before, for populate(); never what the budget has no room for. Empty when there is none now.
    // Nothing is charged for it until it is grown into.
    Stretch take_ahead(size_t bytes);
    // The same for a region that grows bit by bit: up to a quarter of it, and kAheadBytes, ahead.
    Stretch take_ahead();
    static constexpr size_t kAheadBytes = size_t{64} << 20;

    char* data() const { return data_; }
    size_t usable_bytes() const { return usable_; }
    size_t reserved_bytes() const { return reserved_; }

   private:
    MemoryBudget& budget_;
    void* mapping_ = nullptr;
    size_t mapping_bytes_ = 0;
    char* data_ = nullptr;  // 2 MiB aligned.
    size_t reserved_ = 0;
    size_t usable_ = 0;
    size_t told_ = kHugePageBytes;  // Bytes before it need no populate(), or were returned for it.
};

// Bytes of [data, data+bytes) that the system backs with huge pages now (from /proc/self/smaps).
uint64_t huge_page_bytes(const void* data, size_t bytes);

}  // namespace trommel::cpu
