#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "trommel/config.h"
#include "trommel/record_batch.h"

#include "kernels/cpu/cell_layout.h"

namespace trommel::cpu {

// One shard's share of final window rows, in columns and in the contract's order (W4). Cells are
// not finished: the emitter combines the cells that several shards have for one (window, key) with
// CellLayout::combine and then finishes them. One owner at a time; it is handed over whole.
class PartialRows {
   public:
    // A take ends early when the key texts reach this size, so that huge keys cannot make it grow.
    static constexpr size_t kKeyBytesMax = size_t{1} << 20;

    PartialRows(const Config& config, const CellLayout& layout)
        : shape_(key_shape(config)), cell_bytes_(layout.bytes()) {}

    uint32_t count() const { return static_cast<uint32_t>(window.size()); }
    bool key_bytes_full() const { return key_bytes.size() >= kKeyBytesMax; }
    std::string_view key_text(size_t row) const {
        const size_t begin = row == 0 ? 0 : key_end[row - 1];
        return {key_bytes.data() + begin, key_end[row] - begin};
    }
    const char* cell(size_t row) const { return cells.data() + row * cell_bytes_; }
    char* cell(size_t row) { return cells.data() + row * cell_bytes_; }

    // Memory that the columns hold.
    size_t allocated_bytes() const;
    void reserve(uint32_t rows);
    void clear();
    // Is row `a` of this before row `b` of `other` in W4 order, given the rank of each window's
    // name? <0, 0 or >0 as for memcmp; 0 iff window, start, end and key are equal.
    int compare(size_t a, const PartialRows& other, size_t b,
                const std::vector<uint32_t>& rank) const;

    std::vector<uint32_t> window;  // Index into Config::windows.
    std::vector<int64_t> start_us, end_us;
    std::vector<int64_t> key_int;   // KeyShape::integer.
    std::vector<uint32_t> key_end;  // KeyShape::encoded: key i ends here in key_bytes.
    std::vector<char> key_bytes;
    std::vector<char> cells;  // count() * cell_bytes.

   private:
    KeyShape shape_;
    uint32_t cell_bytes_;
};

// rank[w] is the position of Config::windows[w] when windows are ordered by the bytes of their
// names (equal names by position): what W4's "window name" compares by.
std::vector<uint32_t> window_name_ranks(const Config& config);

}  // namespace trommel::cpu
