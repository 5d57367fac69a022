#include "kernels/cpu/memory.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <sys/mman.h>
#include <utility>

#include "kernels/rules/assert.h"

namespace trommel::cpu {
namespace {

size_t round_up(size_t bytes, size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

}  // namespace

Region::Region(size_t reserve_bytes, MemoryBudget& budget) : budget_(budget) {
    const size_t wanted = round_up(std::max<size_t>(reserve_bytes, 1), kHugePageBytes);
    void* const mapping = mmap(nullptr, wanted + kHugePageBytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) return;
    mapping_ = mapping;
    mapping_bytes_ = wanted + kHugePageBytes;
    const size_t address = reinterpret_cast<size_t>(mapping);
    data_ = static_cast<char*>(mapping) + (round_up(address, kHugePageBytes) - address);
    reserved_ = wanted;
    // The first 2 MiB stay on small pages, so that a small region costs what it uses even where the
    // system gives huge pages to everybody.
    madvise(data_, kHugePageBytes, MADV_NOHUGEPAGE);
    if (reserved_ > kHugePageBytes) {
        madvise(data_ + kHugePageBytes, reserved_ - kHugePageBytes, MADV_HUGEPAGE);
    }
}

Region::~Region() {
    budget_.give(usable_);
    if (mapping_ != nullptr) munmap(mapping_, mapping_bytes_);
}

bool Region::grow_to(size_t bytes) {
    if (bytes <= usable_) return true;
    const size_t unit = bytes <= kHugePageBytes ? kPageBytes : kHugePageBytes;
    const size_t target = round_up(bytes, unit);
    if (target > reserved_ || !budget_.take(target - usable_)) return false;
    usable_ = target;
    return true;
}

void Region::shrink_to_zero() {
    if (usable_ > 0) TROMMEL_ASSERT(madvise(data_, usable_, MADV_DONTNEED) == 0);
    budget_.give(usable_);
    usable_ = 0;
    told_ = kHugePageBytes;
}

Stretch Region::take_ahead(size_t bytes) {
    told_ = std::max(told_, round_up(usable_, kHugePageBytes));
    const size_t end = told_ + kHugePageBytes;
    const bool has_room = end <= reserved_ && end - usable_ <= budget_.left_bytes();
    if (end > round_up(bytes, kHugePageBytes) || !has_room) return {};
    return {data_ + std::exchange(told_, end), kHugePageBytes};
}

Stretch Region::take_ahead() {
    if (usable_ <= kHugePageBytes) return {};  // The first ones are small pages.
    return take_ahead(usable_ + std::clamp(usable_ / 4, kHugePageBytes, kAheadBytes));
}

bool populate(const Stretch& stretch) {
    constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE, which older headers lack.
    return madvise(stretch.data, stretch.bytes, kPopulateWrite) == 0;
}

uint64_t huge_page_bytes(const void* data, size_t bytes) {
    const std::unique_ptr<FILE, int (*)(FILE*)> maps(std::fopen("/proc/self/smaps", "re"),
                                                     &std::fclose);
    if (!maps) return 0;
    const size_t begin = reinterpret_cast<size_t>(data);
    char line[512];
    bool inside = false;
    uint64_t sum = 0;
    while (std::fgets(line, sizeof line, maps.get()) != nullptr) {
        size_t from = 0, to = 0, kib = 0;
        if (std::sscanf(line, "%zx-%zx ", &from, &to) == 2) {
            inside = from < begin + bytes && to > begin;
        } else if (inside && std::sscanf(line, "AnonHugePages: %zu kB", &kib) == 1) {
            sum += kib * 1024;
        }
    }
    return sum;
}

}  // namespace trommel::cpu
