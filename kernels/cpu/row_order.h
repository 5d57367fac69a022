#pragma once
#include <cstdint>
#include <memory>

#include "kernels/cpu/key_dictionary.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/slab_pool.h"

namespace trommel::cpu {

// Puts the rows of a window in the order of their keys, in as much memory as it gets: what does not
// fit is sorted out in further passes over the same rows, each for the least keys that have not
// been handed out. So closing a window never fails, it only becomes slower. One owner, one thread.
//
//   do {
//       order.begin_pass(rows_expected);
//       for each row: order.add(slot, cell);
//       order.end_pass();
//       while (order.peek()) … order.pop();
//   } while (!order.is_complete());
class RowOrder {
   public:
    struct Row {
        uint64_t word;  // Of the key, at the depth being sorted.
        uint32_t slot;
        SlabPool::Ref cell;
    };

    RowOrder(const KeyDictionary& keys, MemoryBudget& budget);

    void begin_window();  // Nothing has been handed out.
    void begin_pass(uint64_t rows_expected);
    // A slot may be added several times in a pass; it is handed out once.
    void add(uint32_t slot, SlabPool::Ref cell) {
        const Row row = {keys_.sort_word(slot, 0), slot, cell};
        if (has_after_ && !is_before(after_, row)) return;
        if (has_bound_ && !is_before(row, bound_)) return;
        if (count_ == capacity_) {
            keep_least_half();
            if (!is_before(row, bound_)) return;
        }
        rows_[count_++] = row;
    }
    void end_pass();

    const Row* peek(uint32_t ahead = 0) const {
        return next_ + ahead < count_ ? rows_ + next_ + ahead : nullptr;
    }
    void pop() {
        after_ = rows_[next_++];
        has_after_ = true;
    }
    bool is_complete() const { return !has_bound_; }  // The pass held all that were left.

    // Gives its memory back, between two windows; false when there was nothing to give.
    bool give_back();
    uint64_t committed_bytes() const { return region_.usable_bytes(); }

   private:
    static constexpr uint32_t kRowsMin = 4096;            // Always there, not charged: 128 KiB.
    static constexpr size_t kRowBytes = 2 * sizeof(Row);  // With room for sorting.

    bool is_before(const Row& a, const Row& b) const {
        if (a.word != b.word) return a.word < b.word;
        return a.slot != b.slot && keys_.compare(a.slot, b.slot) < 0;
    }
    void keep_least_half();
    void sort(uint64_t begin, uint64_t end, uint32_t depth);
    void sort_by_key(uint64_t begin, uint64_t end);
    void sort_by_word(Row* rows, uint64_t count);

    const KeyDictionary& keys_;
    const std::unique_ptr<Row[]> least_;
    Region region_;
    Row* rows_ = nullptr;  // capacity_ rows, then as many to sort with.
    uint64_t capacity_ = 0;
    uint64_t count_ = 0, next_ = 0;
    bool has_after_ = false;  // Rows up to after_ have been handed out.
    Row after_{};
    bool has_bound_ = false;  // Rows from bound_ on did not fit.
    Row bound_{};
};

}  // namespace trommel::cpu
