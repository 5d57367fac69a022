#include <algorithm>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_select.cuh>
#include <thrust/iterator/counting_iterator.h>

#include "kernels/cuda/cuda_device.cuh"
#include "kernels/rules/assert.h"

namespace trommel::cuda {

CudaDevice::CudaDevice(int index) : index_(index) {
    for (cudaStream_t& stream : streams_) {
        if (begin()) note(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    }
}

CudaDevice::~CudaDevice() {
    wait_all();
    release_sort();
    cudaSetDevice(index_);
    for (uint32_t t = 0; t < tickets_; ++t) {
        if (events_[t] != nullptr) cudaEventDestroy(events_[t]);
    }
    for (const cudaStream_t stream : streams_) {
        if (stream != nullptr) cudaStreamDestroy(stream);
    }
    cudaGetLastError();  // Or the next caller in this process would find it.
}

// --- Memory

// That there is no memory is an answer; anything else is an error.
void* CudaDevice::failed_allocation(cudaError_t error) {
    cudaGetLastError();
    if (error != cudaErrorMemoryAllocation) note(error);
    return nullptr;
}
void* CudaDevice::allocate(size_t bytes) {
    void* memory = nullptr;
    if (!begin()) return nullptr;
    const cudaError_t error = cudaMalloc(&memory, bytes);
    return error == cudaSuccess ? memory : failed_allocation(error);
}
void CudaDevice::release(void* memory) {
    if (memory == nullptr) return;
    cudaSetDevice(index_);  // Also when it is lost.
    note(cudaFree(memory));
}
void* CudaDevice::allocate_pinned(size_t bytes) {
    void* memory = nullptr;
    if (!begin()) return nullptr;
    const cudaError_t error = cudaHostAlloc(&memory, bytes, cudaHostAllocDefault);
    return error == cudaSuccess ? memory : failed_allocation(error);
}
void CudaDevice::release_pinned(void* memory) {
    if (memory == nullptr) return;
    cudaSetDevice(index_);
    note(cudaFreeHost(memory));
}

// --- Work

void CudaDevice::fill(Queue queue, void* memory, uint8_t value, size_t bytes) {
    if (begin()) note(cudaMemsetAsync(memory, value, bytes, stream(queue)));
}
void CudaDevice::copy(Queue queue, void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    if (begin()) note(cudaMemcpyAsync(to, from, bytes, kind, stream(queue)));
}

// --- Sorting

bool CudaDevice::reserve_sort(uint32_t count_max) {
    if (count_max <= sort_max_) return true;
    wait_all();
    release_sort();
    if (!begin()) return false;
    const auto count = static_cast<int>(count_max);
    size_t sort_bytes = 0, select_bytes = 0;
    cub::DoubleBuffer<uint64_t> keys;
    cub::DoubleBuffer<uint32_t> values;
    note(cub::DeviceRadixSort::SortPairs(nullptr, sort_bytes, keys, values, count, 0, 64));
    note(cub::DeviceSelect::Flagged(nullptr, select_bytes, thrust::counting_iterator<uint32_t>(0),
                                    static_cast<const uint8_t*>(nullptr),
                                    static_cast<uint32_t*>(nullptr),
                                    static_cast<uint32_t*>(nullptr), count));
    scratch_bytes_ = std::max(sort_bytes, select_bytes);
    scratch_ = allocate(scratch_bytes_);
    other_keys_ = static_cast<uint64_t*>(allocate(count_max * sizeof(uint64_t)));
    other_values_ = static_cast<uint32_t*>(allocate(count_max * sizeof(uint32_t)));
    if (scratch_ == nullptr || other_keys_ == nullptr || other_values_ == nullptr) {
        release_sort();
        return false;
    }
    sort_max_ = count_max;
    return true;
}
void CudaDevice::release_sort() {
    release(scratch_);
    release(other_keys_);
    release(other_values_);
    scratch_ = nullptr;
    other_keys_ = nullptr;
    other_values_ = nullptr;
    sort_max_ = 0;
}

void CudaDevice::sort(uint64_t* keys, uint32_t* values, uint32_t count, uint32_t bits) {
    TROMMEL_ASSERT(count <= sort_max_);
    if (count == 0 || !begin()) return;
    cub::DoubleBuffer<uint64_t> both_keys(keys, other_keys_);
    cub::DoubleBuffer<uint32_t> both_values(values, other_values_);
    size_t bytes = scratch_bytes_;
    note(cub::DeviceRadixSort::SortPairs(
        scratch_, bytes, both_keys, both_values, static_cast<int>(count), 0,
        static_cast<int>(std::min(bits, 64u)), stream(Queue::compute)));
    if (both_keys.Current() != keys) copy(Queue::compute, keys, other_keys_, count * sizeof *keys);
    if (both_values.Current() != values) {
        copy(Queue::compute, values, other_values_, count * sizeof *values);
    }
}

void CudaDevice::select(const uint8_t* flags, uint32_t count, uint32_t* indices,
                        uint32_t* selected) {
    TROMMEL_ASSERT(count <= sort_max_);
    if (!begin()) return;
    if (count == 0) return fill(Queue::compute, selected, 0, sizeof *selected);
    size_t bytes = scratch_bytes_;
    note(cub::DeviceSelect::Flagged(scratch_, bytes, thrust::counting_iterator<uint32_t>(0), flags,
                                    indices, selected, static_cast<int>(count),
                                    stream(Queue::compute)));
}

// --- Tickets

CudaDevice::Ticket CudaDevice::make_ticket() {
    TROMMEL_ASSERT(tickets_ < kTicketsMax);
    if (begin()) note(cudaEventCreateWithFlags(&events_[tickets_], cudaEventDisableTiming));
    return {tickets_++};
}
void CudaDevice::record(Queue queue, Ticket ticket) {
    if (begin()) note(cudaEventRecord(events_[ticket.index], stream(queue)));
}
void CudaDevice::hold(Queue queue, Ticket ticket) {
    if (begin()) note(cudaStreamWaitEvent(stream(queue), events_[ticket.index], 0));
}
bool CudaDevice::is_reached(Ticket ticket) {
    if (!begin()) return true;
    const cudaError_t error = cudaEventQuery(events_[ticket.index]);
    if (error == cudaErrorNotReady) return false;
    note(error);
    return true;
}
void CudaDevice::wait(Ticket ticket) {
    if (begin()) note(cudaEventSynchronize(events_[ticket.index]));
}
void CudaDevice::wait_all() {
    for (const cudaStream_t stream : streams_) {
        if (begin()) note(cudaStreamSynchronize(stream));
    }
}

}  // namespace trommel::cuda
