#pragma once
#include <cstdint>

#include "kernels/rules/host_device.h"

// The atomic operations that device code needs, the same text for a GPU and for threads of the
// host. All are relaxed: no operation orders another. What one launch must have finished before the
// next reads it, the boundary between launches orders.
//
// On the host these are real atomics, so that ThreadSanitizer sees whatever is shared without one.
namespace trommel::cuda {

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
