#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cuda_runtime.h>
#include <memory>
#include <string>
#include <utility>

#include "kernels/cuda/device.h"

namespace trommel::cuda {

// The only two kernels: index arithmetic and a call. What they call is tested on the host.
inline constexpr uint32_t kItemThreads = 256;

template <class F>
__global__ void __launch_bounds__(kItemThreads) run_items(uint32_t count, const F functor) {
    const uint32_t item = blockIdx.x * kItemThreads + threadIdx.x;
    if (item < count) functor(item);
}

template <class F, uint32_t kPhase>
__device__ void run_phases_from(const F& functor, typename F::Shared& shared) {
    functor.template phase<kPhase>(shared, blockIdx.x, threadIdx.x);
    if constexpr (kPhase + 1 < F::kPhases) {
        __syncthreads();
        run_phases_from<F, kPhase + 1>(functor, shared);
    }
}

template <class F>
__global__ void __launch_bounds__(F::kThreads) run_phases(const F functor) {
    __shared__ typename F::Shared shared;
    run_phases_from<F, 0>(functor, shared);
}

// The Device that is one: a CUDA GPU, with a stream for each queue. For files that nvcc compiles.
// Nothing of this has run on a GPU.
class CudaDevice {
   public:
    using Ticket = cudaEvent_t;

    // Null when there is no driver or no such device; `why` then says so. Never prints, and starts
    // on a machine without a driver.
    static std::unique_ptr<CudaDevice> create(int ordinal, std::string& why);
    void bind() { note(cudaSetDevice(ordinal_)); }
    ~CudaDevice();
    CudaDevice(const CudaDevice&) = delete;
    CudaDevice& operator=(const CudaDevice&) = delete;

    void* allocate(size_t bytes);
    void release(void* memory);
    void* allocate_pinned(size_t bytes);
    void release_pinned(void* memory);
    bool pin(const void* memory, size_t bytes);
    void unpin(const void* memory);

    void fill(Queue queue, void* memory, uint8_t value, size_t bytes);
    void copy_in(Queue queue, void* memory, const void* host, size_t bytes);
    void copy_out(Queue queue, void* host, const void* memory, size_t bytes);
    void copy(Queue queue, void* to, const void* from, size_t bytes);
    template <ItemFunctor F>
    void launch(uint32_t count, const F& functor) {
        if (is_lost() || count == 0) return;
        const uint32_t blocks = count / kItemThreads + (count % kItemThreads != 0);
        start(run_items<F>, blocks, kItemThreads, count, functor);
    }
    template <BlockFunctor F>
    void launch_blocks(uint32_t blocks, const F& functor) {
        if (is_lost() || blocks == 0) return;
        start(run_phases<F>, blocks, F::kThreads, functor);
    }

    bool reserve_sort(uint32_t count_max);
    bool reserve_select(uint32_t count_max);
    void sort(uint64_t* keys, uint32_t* values, uint32_t count, uint32_t bits);
    void select(const uint8_t* flags, uint32_t count, uint32_t* indices, uint32_t* selected);

    Ticket make_ticket();
    void record(Queue queue, Ticket ticket);
    void hold(Queue queue, Ticket ticket);
    bool is_reached(Ticket ticket);
    void wait(Ticket ticket);
    void wait_all();

    bool is_lost() const { return error_ != cudaSuccess; }
    const char* error() const { return is_lost() ? cudaGetErrorString(error_) : ""; }

    // For whoever measures with events of its own.
    cudaStream_t stream(Queue queue) const { return streams_[static_cast<size_t>(queue)]; }

   private:
    explicit CudaDevice(int ordinal) : ordinal_(ordinal) {}

    // Says itself how it went: the runtime's last error may be that of somebody else's call.
    template <class... Parameters>
    void start(void (*kernel)(Parameters...), uint32_t blocks, uint32_t threads,
               const Parameters&... parameters) {
        cudaLaunchConfig_t config = {};
        config.gridDim = dim3(blocks);
        config.blockDim = dim3(threads);
        config.stream = stream(Queue::compute);
        note(cudaLaunchKernelEx(&config, kernel, parameters...));
    }
    bool has_headroom(size_t bytes);
    bool reserve_scratch(size_t bytes);
    void note(cudaError_t error) {
        if (error != cudaSuccess && error_ == cudaSuccess) error_ = error;
    }

    const int ordinal_;
    cudaError_t error_ = cudaSuccess;  // The first one; it stays.
    std::array<cudaStream_t, kQueues> streams_{};
    std::array<cudaEvent_t, kTicketsMax> tickets_{};
    uint32_t tickets_made_ = 0;

    // What sort() and select() work in.
    uint32_t sort_max_ = 0, select_max_ = 0;
    size_t scratch_bytes_ = 0;
    void* scratch_ = nullptr;
    uint64_t* spare_keys_ = nullptr;
    uint32_t* spare_values_ = nullptr;
};
static_assert(Device<CudaDevice>);

}  // namespace trommel::cuda
