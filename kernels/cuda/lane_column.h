#pragma once
#include <algorithm>
#include <cstdint>

#include "trommel/record_batch.h"

#include "kernels/cuda/device.h"
#include "kernels/cuda/pinned_columns.h"

namespace trommel::cuda {

// Events of a batch of the host's, and where they stand in the columns of a lane.
struct LanePart {
    RecordBatch* batch;
    const uint32_t* rows;  // Ascending.
    uint32_t count;
    uint32_t begin;

    bool are_neighbours() const { return rows[count - 1] - rows[0] == count - 1; }
    void set(const Verdict* verdicts) const {
        Verdict* const to = batch->verdict.data();
        if (are_neighbours()) {
            std::copy_n(verdicts, count, to + rows[0]);
        } else {
            for (uint32_t k = 0; k < count; ++k) to[rows[k]] = verdicts[k];
        }
    }
    void refuse() const {
        for (uint32_t k = 0; k < count; ++k) batch->verdict[rows[k]] = Verdict::refused;
    }
};

// A column of events in the device's memory, and an image of it in pinned memory, which the host
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

    // Queues the way of these rows of a column to their places on the device. Neighbours in a
    // pinned column go as they are, and it must not change until they have; others by the image.
    template <class From>
    void send(D& device, const PinnedColumns<D>& pinned, const From* column, const LanePart& part) {
        static_assert(sizeof(From) == sizeof(T));
        const uint32_t* const rows = part.rows;
        if (part.are_neighbours() && pinned.has(column)) {
            device.copy_in(Queue::in, on_device() + part.begin, column + rows[0],
                           part.count * sizeof(T));
            return;
        }
        T* const to = image() + part.begin;
        if (part.are_neighbours()) {
            std::copy_n(column + rows[0], part.count, to);
        } else {
            for (uint32_t k = 0; k < part.count; ++k) to[k] = static_cast<T>(column[rows[k]]);
        }
        send(device, part);
    }
    // Queues the way of the image.
    void send(D& device, const LanePart& part) {
        device.copy_in(Queue::in, on_device() + part.begin, image() + part.begin,
                       part.count * sizeof(T));
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
