#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/cpu/memory.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/table_pool.h"
#include "kernels/cuda/window_rows.h"
#include "kernels/cuda/window_stages.h"
#include "kernels/rules/hash.h"

namespace trommel::cuda {

// The panes that have events, a table of cells each, and the device's directory of them. They grow
// when a batch that is halted says so, as far as memory goes. One owner, one thread.
template <Device D>
class PaneTables {
   public:
    static constexpr int64_t kNone = INT64_MAX;

    // A window has at most `panes_per_window` panes; `rows` will hand it out. All must outlive it.
    PaneTables(D& device, const CellWords& words, const rules::HashSeed& seed, TablePool<D>& pool,
               cpu::MemoryBudget& budget, WindowRows<D>& rows, int64_t panes_per_window)
        : device_(device),
          words_(words),
          seed_(seed),
          pool_(pool),
          budget_(budget),
          rows_(rows),
          panes_per_window_(static_cast<uint64_t>(panes_per_window)) {}
    ~PaneTables() {
        for (const Pane& pane : panes_) pool_.give(pane.table.block, pane.bits);
        budget_.give(fixed_bytes_);
    }
    PaneTables(const PaneTables&) = delete;
    PaneTables& operator=(const PaneTables&) = delete;

    // False when there is no memory to begin with. Once, before anything else.
    bool allocate_directory();

    // For FindCells.
    PaneRefs refs() const { return {directory_.data(), static_cast<uint32_t>(panes_.size())}; }
    WantedPanes* wanted() const { return wanted_.data(); }
    bool is_missing_refused() const { return is_missing_refused_; }

    // Makes the panes that are wanted, and enlarges those that are there and too small. Where there
    // is no memory for that, events that need it will be refused until a pane goes. Waits.
    void make_room();

    // Will there be room for so many events of panes [first, last], whatever keys they have? A
    // bound (windows.md); it may say no where there is.
    bool has_room(int64_t first, int64_t last, uint64_t events) const;

    uint64_t count() const { return panes_.size(); }
    int64_t first() const { return first_from(INT64_MIN); }
    // The index of the first pane from this one on; kNone when there is none.
    int64_t first_from(int64_t index) const {
        const auto pane = at_or_after(index);
        return pane == panes_.end() ? kNone : pane->index;
    }
    // Panes [begin, end), of which there is one.
    WindowPanes between(int64_t begin, int64_t end) const;
    // Panes before this one go.
    void drop_before(int64_t index);

   private:
    static constexpr uint32_t kPanesMax = 65536;
    static constexpr uint32_t kGrowFastBits = 24;  // Tables below 16 MiB grow fourfold.

    struct Pane {
        int64_t index;
        CellTable table;
        uint32_t bits;
        bool is_full = false;
        uint32_t limit_before = 0;  // It was full, and may hold so many.

        uint64_t rows_max() const { return std::max(table.limit, limit_before) + uint64_t{1}; }
    };

    auto at_or_after(int64_t index) const {
        return std::lower_bound(panes_.begin(), panes_.end(), index,
                                [](const Pane& pane, int64_t at) { return pane.index < at; });
    }
    // Half full: a key is found in 1.2 sectors then, and in 1.9 when it is 80 %.
    static uint32_t usual_limit(uint32_t capacity) { return std::max(capacity / 2, 1u); }
    static uint32_t full_limit(uint32_t capacity) { return capacity - capacity / 8; }

    // Not just for a few more, or the batch would be halted for each few of its keys.
    static bool has_spare(const Pane& pane, uint64_t used) {
        return used + pane.table.limit / 16 < pane.table.limit;
    }

    void wait() {
        device_.record(Queue::compute, wanted_copied_);
        device_.wait(wanted_copied_);
    }
    Pane* wanted_pane(uint32_t place);
    // The largest block that a table grows to which stops at the first that has so many keys and
    // some to spare: four times one that is too small. Above kBitsMax: there is none.
    uint32_t bits_at_most(uint64_t keys) const {
        const uint64_t limit = keys + keys / 15 + 1;
        const uint32_t bits = pool_.bits_for(limit, words_);
        if (pool_.capacity_of(bits, words_) < 2 * limit) return pool_.kBitsMax + 1;
        return bits <= kGrowFastBits ? bits + 1 : bits;
    }
    bool make_table(uint32_t bits, CellTable& table);
    bool make_pane(int64_t index);
    bool make_pane(int64_t index, uint32_t bits);
    bool grow(Pane& pane);
    bool grow_to(Pane& pane, uint32_t bits);
    void fill_up(Pane& pane);
    uint64_t closing_bytes() const;
    bool reserve_closing() { return rows_.reserve(closing_bytes()); }
    bool give_up_caches();
    void write_directory();

    D& device_;
    const CellWords& words_;
    const rules::HashSeed& seed_;
    TablePool<D>& pool_;
    cpu::MemoryBudget& budget_;
    WindowRows<D>& rows_;
    const uint64_t panes_per_window_;

    std::vector<Pane> panes_;  // By index.
    uint32_t panes_max_ = 0;
    bool is_missing_refused_ = false;  // There is no memory for further panes.
    uint64_t fixed_bytes_ = 0;
    Array<D, PaneRef> directory_;
    PinnedArray<D, PaneRef> directory_image_;
    typename D::Ticket directory_copied_{};
    Array<D, WantedPanes> wanted_;
    PinnedArray<D, WantedPanes> wanted_image_;
    PinnedArray<D, uint64_t> used_image_;  // [WantedPanes::kPlaces] Of those, how many cells are.
    typename D::Ticket wanted_copied_{};
};

template <Device D>
bool PaneTables<D>::allocate_directory() {
    panes_max_ = static_cast<uint32_t>(
        std::clamp<uint64_t>(budget_.max_bytes() / pool_.bytes(pool_.kBitsMin), 1, kPanesMax));
    const uint64_t charged = panes_max_ * sizeof(PaneRef) + sizeof(WantedPanes);
    if (!budget_.take(charged)) return false;
    fixed_bytes_ = charged;
    directory_ = Array<D, PaneRef>(device_, panes_max_);
    directory_image_ = PinnedArray<D, PaneRef>(device_, panes_max_);
    wanted_ = Array<D, WantedPanes>(device_, 1);
    wanted_image_ = PinnedArray<D, WantedPanes>(device_, 1);
    used_image_ = PinnedArray<D, uint64_t>(device_, WantedPanes::kPlaces);
    directory_copied_ = device_.make_ticket();
    wanted_copied_ = device_.make_ticket();
    if (!directory_ || !directory_image_ || !wanted_ || !wanted_image_ || !used_image_) {
        return false;
    }
    device_.fill(Queue::compute, wanted_.data(), 0, wanted_.bytes());
    return true;
}

template <Device D>
void PaneTables<D>::make_room() {
    device_.copy_out(Queue::compute, wanted_image_.data(), wanted_.data(), wanted_.bytes());
    device_.fill(Queue::compute, wanted_.data(), 0, wanted_.bytes());
    wait();
    // While many threads brought new keys, places were reserved that nobody took in the end.
    for (uint32_t w = 0; w < WantedPanes::kPlaces && !device_.is_lost(); ++w) {
        const Pane* const pane = wanted_pane(w);
        if (pane == nullptr) continue;
        device_.copy_out(Queue::compute, &used_image_[w], pane->table.used(), sizeof(uint64_t));
    }
    wait();
    if (device_.is_lost()) return;
    for (uint32_t w = 0; w < WantedPanes::kPlaces; ++w) {
        if (wanted_image_[0].word[w] == 0) continue;
        if (Pane* const pane = wanted_pane(w); pane == nullptr) {
            is_missing_refused_ |= !make_pane(WantedPanes::index_of(wanted_image_[0].word[w]));
        } else if (!has_spare(*pane, used_image_[w]) && !grow(*pane)) {
            fill_up(*pane);
        }
    }
    write_directory();
}

// Null: nothing is wanted there, or a pane that is not there yet.
template <Device D>
typename PaneTables<D>::Pane* PaneTables<D>::wanted_pane(uint32_t place) {
    const uint64_t word = wanted_image_[0].word[place];
    if (word == 0) return nullptr;
    const auto at = at_or_after(WantedPanes::index_of(word));
    if (at == panes_.end() || at->index != WantedPanes::index_of(word)) return nullptr;
    return &panes_[static_cast<size_t>(at - panes_.begin())];
}

// Each pane from `first` to `last` gets all of the events, none of whose keys it has.
template <Device D>
bool PaneTables<D>::has_room(int64_t first, int64_t last, uint64_t events) const {
    uint64_t needed = 0, rows = 0, rows_most = 0, missing = static_cast<uint64_t>(last - first) + 1;
    uint32_t bits_most = pool_.kBitsMin;
    // It is in a block of 2^from bytes, or in none, and grows to 2^bits. The blocks on its way are
    // powers of two, so all of them together are no more than twice the last.
    const auto grows = [&](uint32_t from, uint32_t bits, uint64_t panes, uint64_t rows_now) {
        const uint64_t its_rows =
            std::max(rows_now, usual_limit(pool_.capacity_of(bits, words_)) + uint64_t{1});
        needed += panes * 2 * (pool_.bytes(bits) - (from == 0 ? 0 : pool_.bytes(from)));
        rows += panes * its_rows;
        rows_most = std::max(rows_most, its_rows);
        bits_most = std::max(bits_most, bits);
    };
    for (const Pane& pane : panes_) {
        if (pane.is_full) return false;
        const bool gets_some = first <= pane.index && pane.index <= last;
        missing -= gets_some ? 1 : 0;
        const uint32_t bits =
            gets_some ? bits_at_most(full_limit(pane.table.capacity) + events) : pane.bits;
        if (bits > pool_.kBitsMax) return false;
        grows(pane.bits, bits, 1, pane.rows_max());
    }
    missing = std::min(missing, events);
    if (missing > 0) {
        const uint32_t bits = std::max({+pool_.kBitsMin, bits_at_most(events), bits_most - 2});
        if (is_missing_refused_ || missing > panes_max_ - panes_.size()) return false;
        if (bits > pool_.kBitsMax) return false;
        grows(0, bits, missing, 0);
    }
    rows = std::min(rows, rows_most * panes_per_window_);
    const uint64_t cells_most = pool_.capacity_of(bits_most, words_) + uint64_t{1};
    const uint64_t closing = rows_.bytes_for(rows, cells_most, panes_per_window_ > 1);
    needed += closing - std::min(closing, rows_.reserved_bytes());
    return needed <= budget_.left_bytes();
}

template <Device D>
bool PaneTables<D>::make_table(uint32_t bits, CellTable& table) {
    table.block = pool_.take(bits);
    if (table.block == nullptr) return false;
    table.capacity = pool_.capacity_of(bits, words_);
    table.limit = usual_limit(table.capacity);
    device_.launch(table.cells(), ClearTable{table, words_});
    return true;
}

// As large as will do most likely: a quarter of the largest, which it may yet become in one step.
template <Device D>
bool PaneTables<D>::make_pane(int64_t index) {
    uint32_t bits = pool_.kBitsMin;
    for (const Pane& pane : panes_) bits = std::max(bits, pane.bits - 2);
    if (make_pane(index, bits)) return true;
    if (bits > pool_.kBitsMin && make_pane(index, pool_.kBitsMin)) return true;
    return give_up_caches() && make_pane(index, pool_.kBitsMin);
}

template <Device D>
bool PaneTables<D>::make_pane(int64_t index, uint32_t bits) {
    Pane pane{index, {}, bits};
    if (panes_.size() == panes_max_ || !make_table(bits, pane.table)) return false;
    const auto at = panes_.insert(at_or_after(index), pane);
    if (reserve_closing()) return true;
    pool_.give(pane.table.block, bits);
    panes_.erase(at);
    return false;
}

template <Device D>
bool PaneTables<D>::grow(Pane& pane) {
    const auto grow_somehow = [&] {
        return (pane.bits < kGrowFastBits && grow_to(pane, pane.bits + 2)) ||
               grow_to(pane, pane.bits + 1);
    };
    return grow_somehow() || (give_up_caches() && grow_somehow());
}

template <Device D>
bool PaneTables<D>::grow_to(Pane& pane, uint32_t bits) {
    if (bits > pool_.kBitsMax) return false;
    const Pane smaller = pane;
    Pane larger = pane;
    larger.bits = bits;
    larger.limit_before = 0;
    if (!make_table(bits, larger.table)) return false;
    pane = larger;
    if (!reserve_closing()) {
        pane = smaller;
        pool_.give(larger.table.block, bits);
        return false;
    }
    device_.launch(smaller.table.cells(), MoveCells{smaller.table, larger.table, words_, seed_});
    pool_.give(smaller.table.block, smaller.bits);
    return true;
}

// It cannot grow: what is left of it is used, however long that makes the search.
template <Device D>
void PaneTables<D>::fill_up(Pane& pane) {
    pane.is_full = true;
    const uint32_t limit = pane.table.limit;
    pane.table.limit = full_limit(pane.table.capacity);
    if (!reserve_closing()) pane.table.limit = limit;
    pane.limit_before = pane.table.limit;
}

// What closing the largest window can take.
template <Device D>
uint64_t PaneTables<D>::closing_bytes() const {
    uint64_t rows = 0, rows_most = 0, cells_most = 0;
    auto first = panes_.begin();
    for (const Pane& last : panes_) {
        rows += last.rows_max();
        while (static_cast<uint64_t>(last.index - first->index) >= panes_per_window_) {
            rows -= (first++)->rows_max();
        }
        rows_most = std::max(rows_most, rows);
        cells_most = std::max<uint64_t>(cells_most, last.table.cells());
    }
    return rows_.bytes_for(rows_most, cells_most, panes_per_window_ > 1);
}

// Tables that nobody has, and what an earlier, larger window needed.
template <Device D>
bool PaneTables<D>::give_up_caches() {
    const bool tables = pool_.release_free();
    return rows_.give_up(closing_bytes()) || tables;
}

template <Device D>
void PaneTables<D>::write_directory() {
    device_.wait(directory_copied_);
    uint64_t cells = 0;
    for (size_t p = 0; p < panes_.size(); ++p) {
        const Pane& pane = panes_[p];
        directory_image_[p] = {pane.index, pane.table, cells, pane.is_full};
        cells += pane.table.cells();
    }
    if (panes_.empty()) return;
    device_.copy_in(Queue::compute, directory_.data(), directory_image_.data(),
                    panes_.size() * sizeof(PaneRef));
    device_.record(Queue::compute, directory_copied_);
}

template <Device D>
WindowPanes PaneTables<D>::between(int64_t begin, int64_t end) const {
    const auto first = at_or_after(begin), last = at_or_after(end);
    WindowPanes panes;
    panes.refs = {directory_.data() + (first - panes_.begin()),
                  static_cast<uint32_t>(last - first)};
    panes.first = first->table;
    for (auto pane = panes_.begin(); pane != last; ++pane) {
        (pane < first ? panes.first_cell : panes.cells) += pane->table.cells();
    }
    return panes;
}

template <Device D>
void PaneTables<D>::drop_before(int64_t index) {
    const auto end = at_or_after(index);
    if (end == panes_.begin()) return;
    for (auto pane = panes_.begin(); pane != end; ++pane) pool_.give(pane->table.block, pane->bits);
    panes_.erase(panes_.begin(), end);
    // There is memory again.
    is_missing_refused_ = false;
    for (Pane& pane : panes_) {
        pane.is_full = false;
        pane.table.limit = usual_limit(pane.table.capacity);
    }
    write_directory();
}

}  // namespace trommel::cuda
