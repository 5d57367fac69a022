#pragma once
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <omp.h>
#include <thrust/copy.h>
#include <thrust/execution_policy.h>
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/sort.h>
#include <thrust/system/omp/execution_policy.h>
#include <vector>

#include "kernels/cuda/device.h"

namespace trommel::cuda {

struct ThrustOptions {
    uint64_t seed = 1;  // Not used: OpenMP runs items in an order of its own.
    int threads = 2;    // More than there are cores wait for each other for ever, spinning.
    size_t device_bytes = size_t{64} << 20;
    size_t pinned_bytes = size_t{64} << 20;
};

// A Device of Thrust's OpenMP backend: another launcher, another sort and another selection than
// those of ShuffledDevice, without its traps. Work is done as it is given.
class ThrustDevice {
   public:
    struct Ticket {};

    explicit ThrustDevice(const ThrustOptions& options = {})
        : device_left_(options.device_bytes), pinned_left_(options.pinned_bytes) {
        omp_set_num_threads(options.threads);
    }

    void bind() {}
    void* allocate(size_t bytes) { return take(device_left_, bytes); }
    void release(void* memory) { give(device_left_, memory); }
    void* allocate_pinned(size_t bytes) { return take(pinned_left_, bytes); }
    void release_pinned(void* memory) { give(pinned_left_, memory); }
    bool pin(const void*, size_t) { return false; }  // So that all is copied by way of images.
    void unpin(const void*) {}

    void fill(Queue, void* memory, uint8_t value, size_t bytes) {
        if (!is_lost()) std::memset(memory, value, bytes);
    }
    void copy_in(Queue, void* to, const void* from, size_t bytes) {
        if (!is_lost() && bytes > 0) std::memcpy(to, from, bytes);
    }
    void copy_out(Queue queue, void* to, const void* from, size_t bytes) {
        copy_in(queue, to, from, bytes);
    }
    void copy(Queue queue, void* to, const void* from, size_t bytes) {
        copy_in(queue, to, from, bytes);
    }
    template <ItemFunctor F>
    void launch(uint32_t count, const F& functor) {
        if (is_lost()) return;
        thrust::for_each_n(thrust::omp::par, thrust::counting_iterator<uint32_t>(0), count,
                           functor);
    }
    template <BlockFunctor F>
    void launch_blocks(uint32_t blocks, const F& functor) {
        if (is_lost()) return;
        thrust::for_each_n(thrust::omp::par, thrust::counting_iterator<uint32_t>(0), blocks,
                           [functor](uint32_t block) {
                               typename F::Shared shared;
                               std::memset(static_cast<void*>(&shared), 0xa5, sizeof shared);
                               run_phase<0>(functor, shared, block);
                           });
    }

    bool reserve_sort(uint32_t) { return true; }
    bool reserve_select(uint32_t) { return true; }
    void sort(uint64_t* keys, uint32_t* values, uint32_t count, uint32_t bits) {
        if (is_lost()) return;
        const uint64_t mask = bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
        thrust::stable_sort_by_key(
            thrust::omp::par, keys, keys + count, values,
            [mask](uint64_t a, uint64_t b) { return (a & mask) < (b & mask); });
    }
    void select(const uint8_t* flags, uint32_t count, uint32_t* indices, uint32_t* selected) {
        if (is_lost()) return;
        const thrust::counting_iterator<uint32_t> first(0);
        const uint32_t* const end =
            thrust::copy_if(thrust::omp::par, first, first + count, flags, indices,
                            [](uint8_t flag) { return flag != 0; });
        *selected = static_cast<uint32_t>(end - indices);
    }

    Ticket make_ticket() { return {}; }
    void record(Queue, Ticket) {}
    void hold(Queue, Ticket) {}
    bool is_reached(Ticket) { return true; }
    void wait(Ticket) {}
    void wait_all() {}

    bool is_lost() const { return error_ != nullptr; }
    const char* error() const { return error_ == nullptr ? "" : error_; }
    void lose(const char* why) { error_ = why; }

   private:
    static constexpr size_t kHead = 256;  // Before an allocation: its size.

    void* take(size_t& left, size_t bytes) {
        if (is_lost() || bytes > left) return nullptr;
        const size_t rounded = (bytes + kHead - 1) / kHead * kHead;
        char* const memory = static_cast<char*>(std::aligned_alloc(kHead, kHead + rounded));
        std::memcpy(memory, &bytes, sizeof bytes);
        std::memset(memory + kHead, 0xa5, bytes);
        left -= bytes;
        return memory + kHead;
    }
    void give(size_t& left, void* memory) {
        if (memory == nullptr) return;
        char* const head = static_cast<char*>(memory) - kHead;
        size_t bytes;
        std::memcpy(&bytes, head, sizeof bytes);
        left += bytes;
        std::free(head);
    }
    template <uint32_t kPhase, class F>
    static void run_phase(const F& functor, typename F::Shared& shared, uint32_t block) {
        for (uint32_t thread = 0; thread < F::kThreads; ++thread) {
            functor.template phase<kPhase>(shared, block, thread);
        }
        if constexpr (kPhase + 1 < F::kPhases) run_phase<kPhase + 1>(functor, shared, block);
    }

    size_t device_left_, pinned_left_;
    const char* error_ = nullptr;
};
static_assert(Device<ThrustDevice>);

}  // namespace trommel::cuda
