#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "kernels/cpu/memory.h"
#include "kernels/cuda/cell_table.h"
#include "kernels/cuda/device.h"

namespace trommel::cuda {

// Blocks of device memory of 2^bits bytes, charged to a budget. What is given back is kept for the
// next of its size, because allocating waits for the device; so a block may be given back while
// work that uses it is still queued on Queue::compute. One owner, one thread.
template <Device D>
class TablePool {
   public:
    static constexpr uint32_t kBitsMin = 12, kBitsMax = 37;
    static constexpr uint32_t kCapacityMax =
        INT32_MAX - 1;  // With the last cell what sort() takes.

    TablePool(D& device, cpu::MemoryBudget& budget) : device_(device), budget_(budget) {}
    ~TablePool() { release_free(); }
    TablePool(const TablePool&) = delete;
    TablePool& operator=(const TablePool&) = delete;

    // Null when the budget or the device has no memory.
    uint64_t* take(uint32_t bits) {
        std::vector<void*>& free = free_[bits];
        if (!free.empty()) {
            void* const block = free.back();
            free.pop_back();
            return static_cast<uint64_t*>(block);
        }
        if (!budget_.take(bytes(bits))) return nullptr;
        void* const block = device_.allocate(bytes(bits));
        if (block == nullptr) budget_.give(bytes(bits));
        return static_cast<uint64_t*>(block);
    }
    void give(uint64_t* block, uint32_t bits) { free_[bits].push_back(block); }

    // Gives the blocks that nobody has back to the device, which waits for it; false when there
    // were none.
    bool release_free() {
        bool any = false;
        for (uint32_t bits = kBitsMin; bits <= kBitsMax; ++bits) {
            for (void* const block : free_[bits]) {
                if (!any) device_.wait_all();
                any = true;
                device_.release(block);
                budget_.give(bytes(bits));
            }
            free_[bits].clear();
        }
        return any;
    }

    static constexpr uint64_t bytes(uint32_t bits) { return uint64_t{1} << bits; }
    // Of a table in such a block, and the smallest block whose table is at most half full of so
    // many rows.
    static uint32_t capacity_of(uint32_t bits, const CellWords& words) {
        const uint64_t cells =
            (bytes(bits) / sizeof(uint64_t) - CellTable::kHeaderWords) / words.words;
        return static_cast<uint32_t>(std::min<uint64_t>(cells - 1, kCapacityMax));
    }
    static uint32_t bits_for(uint64_t rows, const CellWords& words) {
        uint32_t bits = kBitsMin;
        while (bits < kBitsMax && capacity_of(bits, words) < 2 * rows) ++bits;
        return bits;
    }

   private:
    D& device_;
    cpu::MemoryBudget& budget_;
    std::array<std::vector<void*>, kBitsMax + 1> free_;
};

}  // namespace trommel::cuda
