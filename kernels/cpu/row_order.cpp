#include "kernels/cpu/row_order.h"

#include <algorithm>
#include <array>
#include <utility>

namespace trommel::cpu {
namespace {

constexpr uint64_t kRadixMin = 1024;  // Below this, comparing is quicker than counting.
constexpr uint64_t kRunMin = 32;      // Below this, comparing whole keys is.
constexpr uint32_t kDepthMax = 16;    // Keys that agree so far (128 bytes) are compared whole.
constexpr size_t kDigits = 8, kDigitValues = 256;
constexpr uint64_t kReserveMax = uint64_t{1} << 37;

}  // namespace

RowOrder::RowOrder(const KeyDictionary& keys, MemoryBudget& budget)
    : keys_(keys),
      least_(std::make_unique<Row[]>(2 * size_t{kRowsMin})),
      region_(static_cast<size_t>(std::min(budget.max_bytes(), kReserveMax)), budget) {}

void RowOrder::begin_window() {
    count_ = next_ = 0;
    has_after_ = has_bound_ = false;
}

void RowOrder::begin_pass(uint64_t rows_expected) {
    count_ = next_ = 0;
    has_bound_ = false;
    after_.word = has_after_ ? keys_.sort_word(after_.slot, 0) : 0;
    rows_ = least_.get();
    capacity_ = kRowsMin;
    for (uint64_t rows = rows_expected; rows > kRowsMin; rows /= 2) {
        if (!region_.grow_to(static_cast<size_t>(rows) * kRowBytes)) continue;
        rows_ = reinterpret_cast<Row*>(region_.data());
        capacity_ = region_.usable_bytes() / kRowBytes;
        break;
    }
}

void RowOrder::keep_least_half() {
    Row* const middle = rows_ + capacity_ / 2;
    std::nth_element(rows_, middle, rows_ + count_,
                     [this](const Row& a, const Row& b) { return is_before(a, b); });
    bound_ = *middle;
    has_bound_ = true;
    count_ = capacity_ / 2;
}

void RowOrder::end_pass() {
    sort(0, count_, 0);
    Row* const end = std::unique(rows_, rows_ + count_,
                                 [](const Row& a, const Row& b) { return a.slot == b.slot; });
    count_ = static_cast<uint64_t>(end - rows_);
}

// Sorts rows whose keys agree before word `depth`; then those that agree in it, by the next.
void RowOrder::sort(uint64_t begin, uint64_t end, uint32_t depth) {
    sort_by_word(rows_ + begin, end - begin);
    for (uint64_t run = begin; run < end;) {
        const uint64_t word = rows_[run].word;
        uint64_t run_end = run + 1;
        while (run_end < end && rows_[run_end].word == word) ++run_end;
        // None of two keys is a prefix of the other, so a run that ends here is one key.
        if (run_end - run > 1 && depth + 1 < keys_.sort_words(rows_[run].slot)) {
            if (run_end - run < kRunMin || depth + 1 == kDepthMax) {
                sort_by_key(run, run_end);
            } else {
                for (uint64_t r = run; r < run_end; ++r) {
                    rows_[r].word = keys_.sort_word(rows_[r].slot, depth + 1);
                }
                sort(run, run_end, depth + 1);
            }
        }
        run = run_end;
    }
}

void RowOrder::sort_by_key(uint64_t begin, uint64_t end) {
    std::sort(rows_ + begin, rows_ + end, [this](const Row& a, const Row& b) {
        return a.slot != b.slot && keys_.compare(a.slot, b.slot) < 0;
    });
}

// Least significant digit first; digits that are the same in all rows are skipped.
void RowOrder::sort_by_word(Row* rows, uint64_t count) {
    if (count < kRadixMin) {
        std::sort(rows, rows + count, [](const Row& a, const Row& b) { return a.word < b.word; });
        return;
    }
    std::array<std::array<uint64_t, kDigitValues>, kDigits> counts{};
    for (uint64_t r = 0; r < count; ++r) {
        for (size_t d = 0; d < kDigits; ++d) ++counts[d][rows[r].word >> (8 * d) & 0xff];
    }
    Row* from = rows;
    Row* to = rows_ + capacity_;
    for (size_t d = 0; d < kDigits; ++d) {
        const auto digit = [d](const Row& row) { return row.word >> (8 * d) & 0xff; };
        if (counts[d][digit(*from)] == count) continue;
        uint64_t place = 0;
        for (uint64_t& at : counts[d]) place += std::exchange(at, place);
        for (uint64_t r = 0; r < count; ++r) to[counts[d][digit(from[r])]++] = from[r];
        std::swap(from, to);
    }
    if (from != rows) std::copy(from, from + count, rows);
}

bool RowOrder::give_back() {
    if (region_.usable_bytes() == 0) return false;
    region_.shrink_to_zero();
    return true;
}

}  // namespace trommel::cpu
