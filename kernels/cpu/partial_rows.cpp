#include "kernels/cpu/partial_rows.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace trommel::cpu {
namespace {

template <typename T>
int three_way(const T& a, const T& b) {
    return a < b ? -1 : (b < a ? 1 : 0);
}

template <typename... Columns>
size_t allocated(const Columns&... columns) {
    return (... + (columns.capacity() * sizeof(*columns.data())));
}

}  // namespace

size_t PartialRows::allocated_bytes() const {
    return allocated(window, start_us, end_us, key_int, key_end, key_bytes, cells);
}

void PartialRows::reserve(uint32_t rows) {
    window.reserve(rows);
    start_us.reserve(rows);
    end_us.reserve(rows);
    if (shape_ == KeyShape::integer) key_int.reserve(rows);
    if (shape_ == KeyShape::encoded) key_end.reserve(rows);
    cells.reserve(size_t{rows} * cell_bytes_);
}

void PartialRows::clear() {
    window.clear();
    start_us.clear();
    end_us.clear();
    key_int.clear();
    key_end.clear();
    key_bytes.clear();
    cells.clear();
    // A take may end with one huge key; do not keep room for it.
    if (key_bytes.capacity() > 2 * kKeyBytesMax) std::vector<char>().swap(key_bytes);
}

int PartialRows::compare(size_t a, const PartialRows& other, size_t b,
                         const std::vector<uint32_t>& rank) const {
    if (const int order = three_way(end_us[a], other.end_us[b]); order != 0) return order;
    if (const int order = three_way(start_us[a], other.start_us[b]); order != 0) return order;
    if (const int order = three_way(rank[window[a]], rank[other.window[b]]); order != 0)
        return order;
    switch (shape_) {
        case KeyShape::none:
            return 0;
        case KeyShape::integer:
            return three_way(key_int[a], other.key_int[b]);
        case KeyShape::encoded:
            return key_text(a).compare(other.key_text(b));
    }
    return 0;
}

std::vector<uint32_t> window_name_ranks(const Config& config) {
    std::vector<uint32_t> order(config.windows.size()), rank(config.windows.size());
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
        return config.windows[a].name < config.windows[b].name;
    });
    for (uint32_t r = 0; r < order.size(); ++r) rank[order[r]] = r;
    return rank;
}

}  // namespace trommel::cpu
