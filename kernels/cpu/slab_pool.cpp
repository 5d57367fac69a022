#include "kernels/cpu/slab_pool.h"

#include <algorithm>
#include <cstring>

#include "kernels/rules/assert.h"

namespace trommel::cpu {
namespace {

constexpr uint64_t kReserveMax = uint64_t{32} << 30;  // What a 32-bit Ref can name.

}  // namespace

SlabPool::SlabPool(MemoryBudget& budget)
    : region_(static_cast<size_t>(std::min(budget.max_bytes(), kReserveMax)), budget) {}

SlabPool::Class SlabPool::add_class(size_t block_bytes) {
    TROMMEL_ASSERT(block_bytes > 0 && block_bytes <= kBlockBytesMax);
    const auto rounded = static_cast<uint32_t>((block_bytes + 7) / 8 * 8);
    for (Class c = 0; c < class_count_; ++c) {
        if (classes_[c].block_bytes == rounded) return c;
    }
    TROMMEL_ASSERT(class_count_ < kClassesMax);
    Sizes& sizes = classes_[class_count_];
    sizes.block_bytes = rounded;
    sizes.blocks_per_slab = static_cast<uint32_t>(kSlabBytes - kHeadBytes) / rounded;
    return class_count_++;
}

SlabPool::Slab& SlabPool::slab(uint32_t number) const {
    return *reinterpret_cast<Slab*>(region_.data() + size_t{number} * kSlabBytes);
}

void SlabPool::link(Sizes& sizes, uint32_t number) {
    slab(number).next = sizes.partial;
    slab(number).previous = kNoSlab;
    if (sizes.partial != kNoSlab) slab(sizes.partial).previous = number;
    sizes.partial = number;
}

void SlabPool::unlink(Sizes& sizes, uint32_t number) {
    const Slab& gone = slab(number);
    if (gone.next != kNoSlab) slab(gone.next).previous = gone.previous;
    (gone.previous != kNoSlab ? slab(gone.previous).next : sizes.partial) = gone.next;
}

bool SlabPool::add_slab(Class block_class) {
    uint32_t number = free_list_;
    if (number != kNoSlab) {
        free_list_ = slab(number).next;
        --free_slabs_;
    } else {
        if (!region_.grow_to((size_t{slabs_} + 1) * kSlabBytes)) return false;
        number = slabs_++;
    }
    Sizes& sizes = classes_[block_class];
    slab(number) = {kNoSlab, kNoSlab, 0, kHeadBytes / 8, 0, block_class};
    link(sizes, number);
    sizes.available += sizes.blocks_per_slab;
    return true;
}

SlabPool::Ref SlabPool::take_block(Sizes& sizes) {
    const uint32_t number = sizes.partial;
    Slab& from = slab(number);
    const Ref base = static_cast<Ref>(number * (kSlabBytes / 8));
    uint16_t offset = from.freed;
    if (offset != 0) {
        std::memcpy(&from.freed, at(base + offset), sizeof from.freed);
    } else {
        offset = from.unused;
        from.unused = static_cast<uint16_t>(offset + sizes.block_bytes / 8);
    }
    --sizes.available;
    if (++from.used == sizes.blocks_per_slab) unlink(sizes, number);
    return base + offset;
}

void SlabPool::free(Ref block) {
    constexpr uint32_t kUnits = kSlabBytes / 8;
    const uint32_t number = block / kUnits;
    Slab& to = slab(number);
    Sizes& sizes = classes_[to.block_class];
    TROMMEL_DCHECK(number < slabs_ && to.used > 0 && block % kUnits >= kHeadBytes / 8);
    std::memcpy(at(block), &to.freed, sizeof to.freed);
    to.freed = static_cast<uint16_t>(block % kUnits);
    ++sizes.available;
    if (to.used-- == sizes.blocks_per_slab) link(sizes, number);
    if (to.used > 0) return;
    unlink(sizes, number);
    sizes.available -= sizes.blocks_per_slab;
    to.next = free_list_;
    free_list_ = number;
    ++free_slabs_;
}

SlabPool::Block SlabPool::block_of(const char* address) const {
    const auto offset = static_cast<size_t>(address - region_.data());
    const size_t begin = offset / kSlabBytes * kSlabBytes + kHeadBytes;
    const size_t bytes =
        classes_[slab(static_cast<uint32_t>(offset / kSlabBytes)).block_class].block_bytes;
    return {region_.data() + begin + (offset - begin) / bytes * bytes, bytes};
}

bool SlabPool::ensure(Class block_class, uint32_t blocks) {
    while (classes_[block_class].available < blocks) {
        if (!add_slab(block_class)) return false;
    }
    return true;
}

}  // namespace trommel::cpu
