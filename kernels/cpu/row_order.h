#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/cpu/key_dictionary.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/slab_pool.h"

namespace trommel::cpu {

// Puts the rows of a window in the order of their keys, a few thousand at a time: rows are dealt to
// 256 buckets by the leading bits in which their keys differ, and a bucket is dealt on, or sorted,
// when its turn has come. It takes as much memory as it gets: what does not fit is sorted out in
// further passes over the same rows, each for the least keys that have not been handed out. So
// closing a window never fails, it only becomes slower. One owner, one thread.
//
//   do {
//       order.begin_pass(rows_expected);
//       for each row: order.add(slot, cell);
//       order.end_pass();
//       while (order.prepare(work) && order.peek()) … order.pop();
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

    // Sorts on until the next rows of the pass are there or none is left: then it is true. False
    // once about `work` rows were looked at, which is taken off it, and more have to be.
    bool prepare(int64_t& work);
    // The next row, or the one so many after it; null where prepare() has to go on before, and
    // after that at the end of the pass.
    const Row* peek(uint32_t ahead = 0) const {
        return ahead < ready_end_ - next_ ? next_ + ahead : nullptr;
    }
    void pop() {
        after_ = *next_++;
        has_after_ = true;
    }
    bool is_complete() const { return !has_bound_; }  // The pass held all that were left.

    // Gives its memory back, between two windows; false when there was nothing to give.
    bool give_back();
    uint64_t committed_bytes() const { return region_.usable_bytes(); }
    // For a window of so many rows that is to come. See IdMemory.
    Stretch take_ahead(uint64_t rows) {
        return rows <= kRowsMin ? Stretch() : region_.take_ahead(rows * kRowBytes);
    }

   private:
    static constexpr uint32_t kRowsMin = 4096;            // Always there, not charged: 128 KiB.
    static constexpr size_t kRowBytes = 2 * sizeof(Row);  // With room for sorting.
    static constexpr uint32_t kBucketBits = 8;
    static constexpr uint32_t kBuckets = 1u << kBucketBits;

    // Rows [begin, end) that are dealt to buckets, from one half of the memory to the other.
    struct Deal {
        enum class Step : uint8_t { look, count, move, hand_out };
        uint64_t begin, end;
        uint32_t depth;  // Of the word by which they are dealt,
        bool has_words;  // which stands in the rows already.
        bool in_spare;   // Where they lie at first: in the half behind.
        Step step = Step::look;
        uint64_t next;                          // The row that the step goes on with.
        uint64_t least = UINT64_MAX, most = 0;  // Words.
        uint32_t shift = 0, bucket = 0;
        std::array<uint64_t, kBuckets> bucket_end;  // At first how many rows it has.

        uint64_t bucket_of(const Row& row) const { return row.word >> shift & (kBuckets - 1); }
    };

    bool is_before(const Row& a, const Row& b) const {
        if (a.word != b.word) return a.word < b.word;
        return a.slot != b.slot && keys_.compare(a.slot, b.slot) < 0;
    }
    Row* half(bool spare) const { return spare ? rows_ + capacity_ : rows_; }
    void keep_least_half();
    void begin_deal(uint64_t begin, uint64_t end, uint32_t depth, bool has_words, bool in_spare);
    void go_on(Deal& deal, int64_t& work);
    static uint64_t take_rows(const Deal& deal, int64_t& work, uint64_t rows_per_work);
    void look(Deal& deal, int64_t& work);
    void choose_digit(Deal& deal);
    void count(Deal& deal, int64_t& work);
    void move(Deal& deal, int64_t& work);
    void hand_out(Deal& deal, int64_t& work);
    void make_ready(uint64_t begin, uint64_t end, uint32_t depth, bool in_spare);
    void sort(Row* rows, Row* spare, uint64_t count, uint32_t depth);
    void sort_by_key(Row* rows, uint64_t count);
    static void sort_by_word(Row* rows, Row* spare, uint64_t count);

    const KeyDictionary& keys_;
    const std::unique_ptr<Row[]> least_;
    Region region_;
    Row* rows_ = nullptr;  // capacity_ rows, then as many to sort with.
    uint64_t capacity_ = 0;
    uint64_t count_ = 0;
    std::vector<Deal> deals_;  // Each deals a bucket of the one before; reserved.
    const Row *next_ = nullptr, *ready_end_ = nullptr;  // Rows that are in order.
    bool has_after_ = false;                            // Rows up to after_ have been handed out.
    Row after_{};
    bool has_bound_ = false;  // Rows from bound_ on did not fit.
    Row bound_{};
};

}  // namespace trommel::cpu
