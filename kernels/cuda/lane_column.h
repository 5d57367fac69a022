#pragma once
#include <algorithm>
#include <cstdint>

#include "kernels/cuda/device.h"

namespace trommel::cuda {

// A column of a batch: pinned memory, which the host fills or reads, and the same in the device's.
// Empty when there was no memory for it.
template <Device D, class T>
class LaneColumn {
   public:
    LaneColumn() = default;
    LaneColumn(D& device, uint32_t rows_max)
        : image_(device, rows_max), on_device_(device, rows_max) {}
    explicit operator bool() const { return image_ && on_device_; }

    T* image() const { return image_.data(); }
    T* on_device() const { return on_device_.data(); }

    // image[k] becomes column[rows[k]]; rows ascend. Queues the way to the device.
    template <class From>
    void send(D& device, const From* column, const uint32_t* rows, uint32_t count) {
        static_assert(sizeof(From) == sizeof(T));
        if (rows[count - 1] - rows[0] == count - 1) {
            std::copy_n(column + rows[0], count, image());
        } else {
            for (uint32_t k = 0; k < count; ++k) image()[k] = static_cast<T>(column[rows[k]]);
        }
        send(device, count);
    }
    void send(D& device, uint32_t count) {
        device.copy_in(Queue::in, on_device(), image(), count * sizeof(T));
    }
    // Queues the way back, on Queue::out.
    void fetch(D& device, uint32_t count) {
        device.copy_out(Queue::out, image(), on_device(), count * sizeof(T));
    }

   private:
    PinnedArray<D, T> image_;
    Array<D, T> on_device_;
};

}  // namespace trommel::cuda
