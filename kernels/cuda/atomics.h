#pragma once
#include <cstdint>

#include "kernels/rules/host_device.h"

// The atomic operations that device code needs, the same text for a GPU and for threads of the
// host. All are relaxed: no operation orders another. What one launch must have finished before the
// next reads it, the boundary between launches orders.
//
// On the host these are real atomics, so that ThreadSanitizer sees whatever is shared without one.
namespace trommel::cuda {

// A pointer to the device's memory that was itself read from there. nvcc knows of those that came
// with the launch what memory they point to; of others it asks at every atomic operation whether it
// is a block's own, and uses the slower kind of operation that answers, wanted or not.
template <class T>
TROMMEL_HD inline T* in_device_memory(T* at) {
#if defined(__CUDA_ARCH__)
    T* opaque;  // What is known of a number that became a pointer would be lost again.
    asm("mov.u64 %0, %1;" : "=l"(opaque) : "l"(at));
    __builtin_assume(__isGlobal(opaque));
    return opaque;
#else
    return at;
#endif
}

#if defined(__CUDA_ARCH__)
// The threads of a warp that are here together and mean the same address; each of them is in one
// such group. Blocks have one dimension.
class Alike {
   public:
    __device__ explicit Alike(const void* at)
        : lane_(threadIdx.x % 32),
          threads_(__match_any_sync(__activemask(), reinterpret_cast<unsigned long long>(at))) {}
    __device__ bool is_leader() const { return rank() == 0; }
    __device__ uint32_t count() const { return static_cast<uint32_t>(__popc(threads_)); }
    __device__ uint32_t rank() const {
        return static_cast<uint32_t>(__popc(threads_ & ((1u << lane_) - 1)));
    }
    __device__ uint64_t of_leader(uint64_t value) const {
        return __shfl_sync(threads_, value, __ffs(static_cast<int>(threads_)) - 1);
    }

   private:
    const uint32_t lane_;
    const uint32_t threads_;  // A bit for each.
};
#endif

TROMMEL_HD inline uint64_t load(const uint64_t* at) {
#if defined(__CUDA_ARCH__)
    return *static_cast<const volatile uint64_t*>(at);
#else
    return __atomic_load_n(at, __ATOMIC_RELAXED);
#endif
}

TROMMEL_HD inline uint32_t load(const uint32_t* at) {
#if defined(__CUDA_ARCH__)
    return *static_cast<const volatile uint32_t*>(at);
#else
    return __atomic_load_n(at, __ATOMIC_RELAXED);
#endif
}

// What a word was when the launch began, or has become since. For one that every thread looks at:
// each processor has it from its own cache.
TROMMEL_HD inline uint64_t load_cached(const uint64_t* at) {
#if defined(__CUDA_ARCH__)
    return *at;
#else
    return __atomic_load_n(at, __ATOMIC_RELAXED);
#endif
}

// Two words of device memory in one access, the first 16-byte aligned. Each is one that was there;
// they need not have been there at the same time.
struct WordPair {
    uint64_t first, second;
};
TROMMEL_HD inline WordPair load_pair(const uint64_t* at) {
    WordPair pair;
#if defined(__CUDA_ARCH__)
    asm volatile("ld.relaxed.gpu.global.v2.u64 {%0, %1}, [%2];"
                 : "=l"(pair.first), "=l"(pair.second)
                 : "l"(__cvta_generic_to_global(at)));
#else
    pair.first = __atomic_load_n(at, __ATOMIC_RELAXED);
    pair.second = __atomic_load_n(at + 1, __ATOMIC_RELAXED);
#endif
    return pair;
}

TROMMEL_HD inline void store(uint64_t* at, uint64_t value) {
#if defined(__CUDA_ARCH__)
    *static_cast<volatile uint64_t*>(at) = value;
#else
    __atomic_store_n(at, value, __ATOMIC_RELAXED);
#endif
}

TROMMEL_HD inline void store(uint32_t* at, uint32_t value) {
#if defined(__CUDA_ARCH__)
    *static_cast<volatile uint32_t*>(at) = value;
#else
    __atomic_store_n(at, value, __ATOMIC_RELAXED);
#endif
}

// Puts `wanted` there if `expected` is there. Returns what was there.
TROMMEL_HD inline uint64_t exchange_if(uint64_t* at, uint64_t expected, uint64_t wanted) {
#if defined(__CUDA_ARCH__)
    return atomicCAS(reinterpret_cast<unsigned long long*>(at), expected, wanted);
#else
    __atomic_compare_exchange_n(at, &expected, wanted, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return expected;
#endif
}

// The smaller of what is there and `value` stays.
TROMMEL_HD inline void lower(uint64_t* at, uint64_t value) {
#if defined(__CUDA_ARCH__)
    atomicMin(reinterpret_cast<unsigned long long*>(at), value);
#else
    uint64_t seen = __atomic_load_n(at, __ATOMIC_RELAXED);
    while (value < seen && !__atomic_compare_exchange_n(at, &seen, value, true, __ATOMIC_RELAXED,
                                                        __ATOMIC_RELAXED)) {
    }
#endif
}

// The greater one stays.
TROMMEL_HD inline void raise(uint64_t* at, uint64_t value) {
#if defined(__CUDA_ARCH__)
    atomicMax(reinterpret_cast<unsigned long long*>(at), value);
#else
    uint64_t seen = __atomic_load_n(at, __ATOMIC_RELAXED);
    while (value > seen && !__atomic_compare_exchange_n(at, &seen, value, true, __ATOMIC_RELAXED,
                                                        __ATOMIC_RELAXED)) {
    }
#endif
}

// Returns what was there before. Wraps.
TROMMEL_HD inline uint64_t add(uint64_t* at, uint64_t value) {
#if defined(__CUDA_ARCH__)
    return atomicAdd(reinterpret_cast<unsigned long long*>(at), value);
#else
    return __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
#endif
}

TROMMEL_HD inline uint32_t add(uint32_t* at, uint32_t value) {
#if defined(__CUDA_ARCH__)
    return atomicAdd(at, value);
#else
    return __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
#endif
}

// For a word that many threads add to at the same time, each of them `value`. Operations on one
// address are done one after the other, so the threads of a warp that are here together do one for
// all.
template <class T>
TROMMEL_HD inline void add_alike(T* at, T value) {
#if defined(__CUDA_ARCH__)
    const Alike alike(at);
    if (alike.is_leader()) add(at, value * static_cast<T>(alike.count()));
#else
    add(at, value);
#endif
}

// The same, of one. Returns what was there before; no two threads get the same.
TROMMEL_HD inline uint64_t take_number(uint64_t* at) {
#if defined(__CUDA_ARCH__)
    const Alike alike(at);
    const uint64_t before = alike.is_leader() ? add(at, uint64_t{alike.count()}) : 0;
    return alike.of_leader(before) + alike.rank();
#else
    return add(at, uint64_t{1});
#endif
}

// Sets bits. Returns what was there before.
TROMMEL_HD inline uint64_t set_bits(uint64_t* at, uint64_t bits) {
#if defined(__CUDA_ARCH__)
    return atomicOr(reinterpret_cast<unsigned long long*>(at), bits);
#else
    return __atomic_fetch_or(at, bits, __ATOMIC_RELAXED);
#endif
}

// A 128-bit sum in two words, whatever order its terms come in: every wrap of the low word is seen
// by exactly one of those who add, who carries it. Only the finished sum may be read.
TROMMEL_HD inline void add_wide(uint64_t* low, uint64_t* high, uint64_t low_term,
                                uint64_t high_term) {
    const uint64_t before = add(low, low_term);
    const uint64_t carried = high_term + (before + low_term < before ? 1 : 0);
    if (carried != 0) add(high, carried);
}

}  // namespace trommel::cuda
