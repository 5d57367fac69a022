#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/memory.h"

namespace trommel::cpu {

// Memory for things of a few sizes that come and go: blocks of one size (a class) are cut from
// slabs of 16 KiB, and a slab that has emptied serves any class again. Blocks never move, are
// 8-byte aligned and are named by a 32-bit Ref. One owner, one thread.
class SlabPool {
   public:
    using Ref = uint32_t;  // Position in the region, in units of 8 bytes.
    using Class = uint8_t;
    static constexpr Ref kNone = 0;  // A slab's head is there, so no block is.
    static constexpr size_t kSlabBytes = size_t{16} << 10;
    static constexpr size_t kBlockBytesMax = 2048;

    explicit SlabPool(MemoryBudget& budget);

    // The class of blocks of `block_bytes` (1 to kBlockBytesMax), rounded up to 8; equal sizes
    // share one.
    Class add_class(size_t block_bytes);

    // A block with undefined contents; kNone when there is no memory.
    Ref allocate(Class block_class) {
        Sizes& sizes = classes_[block_class];
        if (sizes.partial == kNoSlab && !add_slab(block_class)) return kNone;
        return take_block(sizes);
    }
    void free(Ref block);
    // Makes the next `blocks` allocations of the class succeed; false when there is no memory for
    // them.
    bool ensure(Class block_class, uint32_t blocks);

    // The most memory that blocks of so many bytes together may take: what is left over of a slab
    // is at most an eighth of it, and a slab of each class may be begun.
    static constexpr uint64_t bytes_to_add(uint64_t block_bytes) {
        return block_bytes + block_bytes / 4 + kClassesMax * kSlabBytes + kHugePageBytes;
    }

    char* at(Ref block) const { return region_.data() + size_t{block} * 8; }
    // Of any 8-byte aligned address in a block.
    Ref ref_of(const char* address) const {
        return static_cast<Ref>(static_cast<size_t>(address - region_.data()) / 8);
    }
    struct Block {
        char* data;
        size_t bytes;  // Of its class.
    };
    Block block_of(const char* address) const;  // That the address is in.
    uint64_t committed_bytes() const { return region_.usable_bytes(); }
    Stretch take_ahead() { return region_.take_ahead(); }  // See IdMemory.
    uint64_t slabs_in_use() const { return slabs_ - free_slabs_; }

   private:
    static constexpr uint32_t kNoSlab = UINT32_MAX;
    static constexpr size_t kClassesMax = 40;
    static constexpr size_t kHeadBytes = 64;
    struct Slab {  // The head of each slab.
        uint32_t next,
            previous;     // Among the slabs of the class that have a free block, or free slabs.
        uint16_t freed;   // Chain of freed blocks, as offset / 8; 0 ends it.
        uint16_t unused;  // Where the blocks begin that were never given out, offset / 8.
        uint16_t used;    // Blocks given out.
        Class block_class;
    };
    struct Sizes {
        uint32_t block_bytes = 0;
        uint32_t blocks_per_slab = 0;
        uint32_t partial = kNoSlab;
        uint64_t available = 0;
    };

    Slab& slab(uint32_t number) const;
    bool add_slab(Class block_class);
    Ref take_block(Sizes& sizes);
    void link(Sizes& sizes, uint32_t number);
    void unlink(Sizes& sizes, uint32_t number);

    Region region_;
    std::array<Sizes, kClassesMax> classes_;
    Class class_count_ = 0;
    uint32_t slabs_ = 0;
    uint32_t free_list_ = kNoSlab;
    uint32_t free_slabs_ = 0;
};

}  // namespace trommel::cpu
