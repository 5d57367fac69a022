#pragma once
#include <algorithm>
#include <cstdint>

#include "kernels/cuda/device.h"
#include "kernels/cuda/pinned_columns.h"

namespace trommel::cuda {

// A column of a batch in the device's memory, and an image of it in pinned memory, which the host
// fills or reads. Empty when there was no memory for it.
template <Device D, class T>
class LaneColumn {
   public:
    LaneColumn() = default;
    LaneColumn(D& device, uint32_t rows_max)
        : image_(device, rows_max), on_device_(device, rows_max) {}
    explicit operator bool() const { return image_ && on_device_; }

    T* image() const { return image_.data(); }
    T* on_device() const { return on_device_.data(); }

    // Queues the way of column[rows[k]] to k on the device; rows ascend. Neighbours in a pinned
    // column go as they are, and it must not change until they have; others by the image.
    template <class From>
    void send(D& device, const PinnedColumns<D>& pinned, const From* column, const uint32_t* rows,
              uint32_t count) {
        static_assert(sizeof(From) == sizeof(T));
        const bool are_neighbours = rows[count - 1] - rows[0] == count - 1;
        if (are_neighbours && pinned.has(column)) {
            device.copy_in(Queue::in, on_device(), column + rows[0], count * sizeof(T));
            return;
        }
        if (are_neighbours) {
            std::copy_n(column + rows[0], count, image());
        } else {
            for (uint32_t k = 0; k < count; ++k) image()[k] = static_cast<T>(column[rows[k]]);
        }
        send(device, count);
    }
    // Queues the way of the image.
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
