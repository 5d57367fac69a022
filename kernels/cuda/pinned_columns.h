#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "kernels/cuda/device.h"

namespace trommel::cuda {

// The columns of the host's batches that are pinned, so that a device copies from where a source
// has written. They must stay where they are, and the device be done with them, until this is gone.
template <Device D>
class PinnedColumns {
   public:
    explicit PinnedColumns(D& device) : device_(device) {}
    ~PinnedColumns() {
        for (const void* const column : columns_) device_.unpin(column);
    }
    PinnedColumns(const PinnedColumns&) = delete;
    PinnedColumns& operator=(const PinnedColumns&) = delete;

    // Pins a column, if the machine lets it: what is not pinned is copied by another way. At
    // set-up.
    template <class T>
    void add(const T* column, uint32_t rows_max) {
        if (!device_.pin(column, rows_max * sizeof(T))) return;
        columns_.insert(std::upper_bound(columns_.begin(), columns_.end(), column, kBefore),
                        column);
    }
    bool has(const void* column) const {
        return std::binary_search(columns_.begin(), columns_.end(), column, kBefore);
    }

   private:
    static constexpr std::less<const void*> kBefore{};

    D& device_;
    std::vector<const void*> columns_;  // Where they begin, ascending.
};

}  // namespace trommel::cuda
