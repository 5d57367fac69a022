#pragma once
#include <cstdint>
#include <cuda_runtime.h>
#include <utility>

#include "kernels/cuda/device.h"

// The Device (device.h) that is a GPU. For .cu files: launches are compiled where functors are
// known.
namespace trommel::cuda {

template <class F>
__global__ void run_items(uint32_t count, F functor) {
    const uint32_t item = blockIdx.x * blockDim.x + threadIdx.x;
    if (item < count) functor(item);
}

template <class F, uint32_t... kPhases>
__device__ void run_phases(const F& functor, typename F::Shared& shared,
                           std::integer_sequence<uint32_t, kPhases...>) {
    ((functor.template phase<kPhases>(shared, blockIdx.x, threadIdx.x), __syncthreads()), ...);
}

template <class F>
__global__ void __launch_bounds__(F::kThreads) run_blocks(F functor) {
    __shared__ typename F::Shared shared;
    run_phases(functor, shared, std::make_integer_sequence<uint32_t, F::kPhases>());
}

class CudaDevice {
   public:
    struct Ticket {
        uint32_t index = 0;
    };

    // The GPU with CUDA's number `index`. If that fails, the device is lost from the start.
    explicit CudaDevice(int index);
    ~CudaDevice();
    CudaDevice(const CudaDevice&) = delete;
    CudaDevice& operator=(const CudaDevice&) = delete;

    // --- Memory
    void* allocate(size_t bytes);
    void release(void* memory);
    void* allocate_pinned(size_t bytes);
    void release_pinned(void* memory);

    // --- Work
    void fill(Queue queue, void* memory, uint8_t value, size_t bytes);
    void copy_in(Queue queue, void* memory, const void* host, size_t bytes) {
        copy(queue, memory, host, bytes, cudaMemcpyHostToDevice);
    }
    void copy_out(Queue queue, void* host, const void* memory, size_t bytes) {
        copy(queue, host, memory, bytes, cudaMemcpyDeviceToHost);
    }
    void copy(Queue queue, void* to, const void* from, size_t bytes) {
        copy(queue, to, from, bytes, cudaMemcpyDeviceToDevice);
    }
    template <ItemFunctor F>
    void launch(uint32_t count, const F& functor) {
        if (count == 0 || !begin()) return;
        const uint32_t blocks = count / kItemThreads + (count % kItemThreads != 0 ? 1 : 0);
        run_items<<<blocks, kItemThreads, 0, stream(Queue::compute)>>>(count, functor);
        note(cudaGetLastError());
    }
    template <BlockFunctor F>
    void launch_blocks(uint32_t blocks, const F& functor) {
        if (blocks == 0 || !begin()) return;
        run_blocks<<<blocks, F::kThreads, 0, stream(Queue::compute)>>>(functor);
        note(cudaGetLastError());
    }

    // --- Sorting
    bool reserve_sort(uint32_t count_max);
    void sort(uint64_t* keys, uint32_t* values, uint32_t count, uint32_t bits);
    void select(const uint8_t* flags, uint32_t count, uint32_t* indices, uint32_t* selected);

    // --- Tickets
    Ticket make_ticket();
    void record(Queue queue, Ticket ticket);
    void hold(Queue queue, Ticket ticket);
    bool is_reached(Ticket ticket);
    void wait(Ticket ticket);
    void wait_all();

    // --- Errors
    bool is_lost() const { return error_ != cudaSuccess; }
    const char* error() const { return is_lost() ? cudaGetErrorString(error_) : ""; }

   private:
    static constexpr uint32_t kItemThreads = 256;

    // Every call begins with it: another user of this process may have chosen another device for
    // the thread. False when the device is lost.
    bool begin() {
        if (is_lost()) return false;
        note(cudaSetDevice(index_));
        return !is_lost();
    }
    // The first error stays.
    void note(cudaError_t error) {
        if (error_ == cudaSuccess) error_ = error;
    }
    cudaStream_t stream(Queue queue) const { return streams_[static_cast<size_t>(queue)]; }
    void copy(Queue queue, void* to, const void* from, size_t bytes, cudaMemcpyKind kind);
    void* failed_allocation(cudaError_t error);
    void release_sort();

    const int index_;
    cudaError_t error_ = cudaSuccess;
    cudaStream_t streams_[kQueues] = {};
    cudaEvent_t events_[kTicketsMax] = {};
    uint32_t tickets_ = 0;

    uint32_t sort_max_ = 0;
    uint64_t* other_keys_ = nullptr;
    uint32_t* other_values_ = nullptr;
    void* scratch_ = nullptr;
    size_t scratch_bytes_ = 0;
};
static_assert(Device<CudaDevice>);

}  // namespace trommel::cuda
