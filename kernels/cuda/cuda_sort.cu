#include <algorithm>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_select.cuh>
#include <thrust/iterator/counting_iterator.h>

#include "kernels/cuda/cuda_device.cuh"
#include "kernels/rules/assert.h"

// CUB's sort and selection, in a file of their own: it takes nvcc twenty seconds.
namespace trommel::cuda {
namespace {

const thrust::counting_iterator<uint32_t> kFirst(0);

}  // namespace

bool CudaDevice::reserve_sort(uint32_t count_max) {
    if (count_max <= sort_max_) return true;
    size_t bytes = 0;
    cub::DoubleBuffer<uint64_t> keys(nullptr, nullptr);
    cub::DoubleBuffer<uint32_t> values(nullptr, nullptr);
    note(cub::DeviceRadixSort::SortPairs(nullptr, bytes, keys, values, static_cast<int>(count_max),
                                         0, 64));
    release(spare_keys_);
    release(spare_values_);
    spare_keys_ = static_cast<uint64_t*>(allocate(count_max * sizeof(uint64_t)));
    spare_values_ = static_cast<uint32_t*>(allocate(count_max * sizeof(uint32_t)));
    const bool has_all =
        reserve_scratch(bytes) && spare_keys_ != nullptr && spare_values_ != nullptr;
    sort_max_ = has_all ? count_max : 0;
    return has_all;
}

bool CudaDevice::reserve_select(uint32_t count_max) {
    if (count_max <= select_max_) return true;
    size_t bytes = 0;
    note(cub::DeviceSelect::Flagged(nullptr, bytes, kFirst, static_cast<const uint8_t*>(nullptr),
                                    static_cast<uint32_t*>(nullptr),
                                    static_cast<uint32_t*>(nullptr), static_cast<int>(count_max)));
    if (!reserve_scratch(bytes)) return false;
    select_max_ = count_max;
    return true;
}

bool CudaDevice::reserve_scratch(size_t bytes) {
    if (bytes <= scratch_bytes_) return true;
    release(scratch_);
    scratch_ = allocate(bytes);
    scratch_bytes_ = scratch_ == nullptr ? 0 : bytes;
    if (scratch_ == nullptr) sort_max_ = select_max_ = 0;
    return scratch_ != nullptr;
}

void CudaDevice::sort(uint64_t* keys, uint32_t* values, uint32_t count, uint32_t bits) {
    TROMMEL_ASSERT(count <= sort_max_);
    TROMMEL_ASSERT(bits <= 64);
    if (is_lost() || count == 0) return;
    cub::DoubleBuffer<uint64_t> key_buffers(keys, spare_keys_);
    cub::DoubleBuffer<uint32_t> value_buffers(values, spare_values_);
    size_t bytes = scratch_bytes_;
    note(cub::DeviceRadixSort::SortPairs(scratch_, bytes, key_buffers, value_buffers,
                                         static_cast<int>(count), 0, static_cast<int>(bits),
                                         stream(Queue::compute)));
    if (key_buffers.Current() == keys) return;
    copy(Queue::compute, keys, key_buffers.Current(), count * sizeof(uint64_t));
    copy(Queue::compute, values, value_buffers.Current(), count * sizeof(uint32_t));
}

void CudaDevice::select(const uint8_t* flags, uint32_t count, uint32_t* indices,
                        uint32_t* selected) {
    TROMMEL_ASSERT(count <= select_max_);
    if (is_lost()) return;
    size_t bytes = scratch_bytes_;
    note(cub::DeviceSelect::Flagged(scratch_, bytes, kFirst, flags, indices, selected,
                                    static_cast<int>(count), stream(Queue::compute)));
}

}  // namespace trommel::cuda
