#include "kernels/cpu/row_order.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace trommel::cpu {
namespace {

constexpr uint64_t kRadixMin = 1024;  // Below this, comparing is quicker than counting.
constexpr uint64_t kRunMin = 32;      // Below this, comparing whole keys is.
constexpr uint32_t kDepthMax = 16;    // Keys that agree so far (128 bytes) are compared whole.
constexpr uint64_t kSortMax = 4096;   // Rows that are sorted at once: 64 KiB, and as much again.
constexpr size_t kDealsMax = 16;      // More than that many buckets of buckets are, as well.
constexpr uint64_t kReadPerWork = 4;  // Reading a row in passing is a fraction of moving it.
constexpr size_t kDigits = 8, kDigitValues = 256;
constexpr uint64_t kReserveMax = uint64_t{1} << 37;

}  // namespace

RowOrder::RowOrder(const KeyDictionary& keys, MemoryBudget& budget)
    : keys_(keys),
      least_(std::make_unique<Row[]>(2 * size_t{kRowsMin})),
      region_(static_cast<size_t>(std::min(budget.max_bytes(), kReserveMax)), budget) {
    deals_.reserve(kDealsMax);
}

void RowOrder::begin_window() {
    has_after_ = false;
}

void RowOrder::begin_pass(uint64_t rows_expected) {
    count_ = 0;
    next_ = ready_end_ = nullptr;
    deals_.clear();
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
    if (count_ <= kSortMax) {
        make_ready(0, count_, 0, false);
    } else {
        begin_deal(0, count_, 0, true, false);
    }
}

bool RowOrder::prepare(int64_t& work) {
    while (next_ == ready_end_ && !deals_.empty()) {
        if (work <= 0) return false;
        go_on(deals_.back(), work);
    }
    return true;
}

// Of rows whose keys agree before word `depth`.
void RowOrder::begin_deal(uint64_t begin, uint64_t end, uint32_t depth, bool has_words,
                          bool in_spare) {
    Deal& deal = deals_.emplace_back();
    deal.begin = deal.next = begin;
    deal.end = end;
    deal.depth = depth;
    deal.has_words = has_words;
    deal.in_spare = in_spare;
}

void RowOrder::go_on(Deal& deal, int64_t& work) {
    switch (deal.step) {
        case Deal::Step::look:
            return look(deal, work);
        case Deal::Step::count:
            return count(deal, work);
        case Deal::Step::move:
            return move(deal, work);
        case Deal::Step::hand_out:
            return hand_out(deal, work);
    }
}

// The rows that a step may go on with, for which work is taken off.
uint64_t RowOrder::take_rows(const Deal& deal, int64_t& work, uint64_t rows_per_work) {
    const uint64_t left = deal.end - deal.next;
    const uint64_t rows =
        std::min(left, std::min(left, static_cast<uint64_t>(work)) * rows_per_work);
    work -= static_cast<int64_t>(rows / rows_per_work) + 1;
    return rows;
}

// Finds the least and the greatest word.
void RowOrder::look(Deal& deal, int64_t& work) {
    Row* const rows = half(deal.in_spare);
    const uint64_t end = deal.next + take_rows(deal, work, deal.has_words ? kReadPerWork : 1);
    for (uint64_t r = deal.next; r < end && !deal.has_words; ++r) {
        rows[r].word = keys_.sort_word(rows[r].slot, deal.depth);
    }
    for (uint64_t r = deal.next; r < end; ++r) {
        deal.least = std::min(deal.least, rows[r].word);
        deal.most = std::max(deal.most, rows[r].word);
    }
    deal.next = end;
    if (end == deal.end) choose_digit(deal);
}

// The leading bits in which words differ; where none does, the next word has to be looked at.
void RowOrder::choose_digit(Deal& deal) {
    deal.next = deal.begin;
    if (deal.least != deal.most) {
        const auto bits = static_cast<uint32_t>(std::bit_width(deal.least ^ deal.most));
        deal.shift = bits > kBucketBits ? bits - kBucketBits : 0;
        deal.bucket_end.fill(0);
        deal.step = Deal::Step::count;
        return;
    }
    deal.least = UINT64_MAX;
    deal.most = 0;
    deal.has_words = false;
    ++deal.depth;
    // None of two keys is a prefix of the other, so rows that agree to the end of one are one
    // key's.
    const bool is_one_key = deal.depth >= keys_.sort_words(half(deal.in_spare)[deal.begin].slot);
    if (!is_one_key && deal.depth < kDepthMax) return;
    const Deal done = deal;
    deals_.pop_back();
    make_ready(done.begin, done.end, done.depth - 1, done.in_spare);
}

void RowOrder::count(Deal& deal, int64_t& work) {
    const Row* const rows = half(deal.in_spare);
    const uint64_t end = deal.next + take_rows(deal, work, kReadPerWork);
    for (uint64_t r = deal.next; r < end; ++r) ++deal.bucket_end[deal.bucket_of(rows[r])];
    deal.next = end;
    if (end < deal.end) return;
    uint64_t place = deal.begin;
    for (uint64_t& at : deal.bucket_end) place += std::exchange(at, place);
    deal.next = deal.begin;
    deal.step = Deal::Step::move;
}

void RowOrder::move(Deal& deal, int64_t& work) {
    const Row* const from = half(deal.in_spare);
    Row* const to = half(!deal.in_spare);
    const uint64_t end = deal.next + take_rows(deal, work, 1);
    for (uint64_t r = deal.next; r < end; ++r) {
        to[deal.bucket_end[deal.bucket_of(from[r])]++] = from[r];
    }
    deal.next = end;
    if (end < deal.end) return;
    deal.next = deal.begin;
    deal.step = Deal::Step::hand_out;
}

// As many buckets as may be sorted at once; one that is too large is dealt in its turn.
void RowOrder::hand_out(Deal& deal, int64_t& work) {
    if (deal.next == deal.end) return deals_.pop_back();
    const uint64_t begin = deal.next;
    uint64_t end = deal.bucket_end[deal.bucket++];
    while (deal.bucket < kBuckets && deal.bucket_end[deal.bucket] - begin <= kSortMax) {
        end = deal.bucket_end[deal.bucket++];
    }
    deal.next = end;
    if (end - begin > kSortMax && deals_.size() < kDealsMax) {
        begin_deal(begin, end, deal.depth, true, !deal.in_spare);
    } else {
        work -= static_cast<int64_t>(end - begin);
        make_ready(begin, end, deal.depth, !deal.in_spare);
    }
}

void RowOrder::make_ready(uint64_t begin, uint64_t end, uint32_t depth, bool in_spare) {
    Row* const rows = half(in_spare) + begin;
    sort(rows, half(!in_spare) + begin, end - begin, depth);
    next_ = rows;
    ready_end_ = std::unique(rows, rows + (end - begin),
                             [](const Row& a, const Row& b) { return a.slot == b.slot; });
}

// Sorts rows whose keys agree before word `depth`; then those that agree in it, by the next.
void RowOrder::sort(Row* rows, Row* spare, uint64_t count, uint32_t depth) {
    sort_by_word(rows, spare, count);
    for (uint64_t run = 0; run < count;) {
        const uint64_t word = rows[run].word;
        uint64_t end = run + 1;
        while (end < count && rows[end].word == word) ++end;
        // None of two keys is a prefix of the other, so a run that ends here is one key.
        if (end - run > 1 && depth + 1 < keys_.sort_words(rows[run].slot)) {
            if (end - run < kRunMin || depth + 1 >= kDepthMax) {
                sort_by_key(rows + run, end - run);
            } else {
                for (uint64_t r = run; r < end; ++r) {
                    rows[r].word = keys_.sort_word(rows[r].slot, depth + 1);
                }
                sort(rows + run, spare, end - run, depth + 1);
            }
        }
        run = end;
    }
}

void RowOrder::sort_by_key(Row* rows, uint64_t count) {
    std::sort(rows, rows + count, [this](const Row& a, const Row& b) {
        return a.slot != b.slot && keys_.compare(a.slot, b.slot) < 0;
    });
}

// Least significant digit first; digits that are the same in all rows are skipped.
void RowOrder::sort_by_word(Row* rows, Row* spare, uint64_t count) {
    if (count < kRadixMin) {
        std::sort(rows, rows + count, [](const Row& a, const Row& b) { return a.word < b.word; });
        return;
    }
    std::array<std::array<uint64_t, kDigitValues>, kDigits> counts{};
    for (uint64_t r = 0; r < count; ++r) {
        for (size_t d = 0; d < kDigits; ++d) ++counts[d][rows[r].word >> (8 * d) & 0xff];
    }
    Row* from = rows;
    Row* to = spare;
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
