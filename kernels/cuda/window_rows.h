#pragma once
#include <algorithm>
#include <cstdint>

#include "kernels/cpu/memory.h"
#include "kernels/cpu/row_order.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/table_pool.h"
#include "kernels/cuda/window_stages.h"
#include "kernels/rules/hash.h"

namespace trommel::cuda {

// The panes of a window.
struct WindowPanes {
    PaneRefs refs;            // On the device.
    CellTable first;          // The table of the first.
    uint64_t first_cell = 0;  // Cells of all panes before it,
    uint64_t cells = 0;       // and of these.
};

// The rows of one window after the other: the cells of its panes combined, in the order of their
// keys, brought over a few thousand at a time. What that takes is reserved ahead, so it does not
// fail for want of memory. One owner, one thread; it waits for the device.
template <Device D>
class WindowRows {
   public:
    // `order` compares the texts of encoded keys; null where there are none, and then the device
    // sorts. All must outlive it.
    WindowRows(D& device, const CellWords& words, const rules::HashSeed& seed, TablePool<D>& pool,
               cpu::MemoryBudget& budget, cpu::RowOrder* order)
        : device_(device),
          words_(words),
          seed_(seed),
          pool_(pool),
          budget_(budget),
          order_(order) {}
    ~WindowRows() { budget_.give(fixed_bytes_ + reserved_bytes_); }
    WindowRows(const WindowRows&) = delete;
    WindowRows& operator=(const WindowRows&) = delete;

    // Room for rows on their way; false when there is no memory. Once, before anything else.
    bool allocate_chunk();

    // What a window takes that has at most so many rows, and is combined or is one table of at most
    // so many cells.
    uint64_t bytes_for(uint64_t rows, uint64_t cells, bool is_combined) const;
    uint64_t reserved_bytes() const { return reserved_bytes_; }
    // Reserves that much, at least; false, and nothing changed, when the budget has not that much.
    bool reserve(uint64_t bytes);
    // Keeps only so much, unless a window is open; false when there was not more.
    bool give_up(uint64_t bytes);

    // Begins a window; false when it cannot (error()).
    bool open(const WindowPanes& panes);
    bool is_open() const { return is_open_; }
    // The words of the next row (CellWords::write_plain), until the next call; null when there is
    // none, or the device is lost.
    const uint64_t* next() {
        if (chunk_next_ == chunk_rows_ && !fetch_chunk()) return nullptr;
        return chunk_image_.data() + size_t{chunk_next_++} * words_.words;
    }
    void close() { is_open_ = false; }

    const char* error() const { return error_; }

   private:
    static constexpr uint64_t kChunkBytesMax = uint64_t{4} << 20;

    template <class T>
    bool ensure(Array<D, T>& array, uint64_t count) {
        if (array.count() >= count) return true;
        array.clear();
        array = Array<D, T>(device_, count);
        if (!array && pool_.release_free()) array = Array<D, T>(device_, count);
        return reserved(static_cast<bool>(array));
    }
    bool reserved(bool there_was_memory) {
        if (!there_was_memory) error_ = kNoMemory;
        return there_was_memory;
    }
    static constexpr const char* kNoMemory =
        "the device has less memory than engine.memory gives to keys and panes";

    // Sorting has room for as many rows as a table of so many cells has when it is half full, so
    // that it does not need a little more for each window.
    static uint64_t sorted_room(uint64_t cells) { return cells / 2 + 1; }
    bool combine(const WindowPanes& panes);
    bool select();
    bool sort();
    void begin_pass();
    bool fetch_chunk();
    void take_from_order();
    template <class T>
    T read(const T* from, const PinnedArray<D, T>& to) {
        device_.copy_out(Queue::compute, to.data(), from, sizeof(T));
        wait();
        return to[0];
    }
    void wait() {
        device_.record(Queue::compute, done_);
        device_.wait(done_);
    }

    D& device_;
    const CellWords& words_;
    const rules::HashSeed& seed_;
    TablePool<D>& pool_;
    cpu::MemoryBudget& budget_;
    cpu::RowOrder* const order_;
    const char* error_ = "";
    typename D::Ticket done_{};

    // As large as the largest window so far needed; within what is reserved.
    uint64_t reserved_bytes_ = 0;
    Array<D, uint64_t> combined_;
    Array<D, uint8_t> flags_;
    Array<D, uint32_t> places_;  // Of the rows in source_; behind the last flag's their number.
    Array<D, uint64_t> keys_;

    bool is_open_ = false;
    CellTable source_;
    uint32_t rows_ = 0, next_row_ = 0;  // The next one to be fetched.

    uint64_t fixed_bytes_ = 0;
    uint32_t chunk_rows_max_ = 0, chunk_rows_ = 0, chunk_next_ = 0;
    Array<D, uint64_t> chunk_;
    Array<D, uint32_t> chunk_places_;
    PinnedArray<D, uint64_t> chunk_image_;
    PinnedArray<D, uint32_t> chunk_places_image_;
    Array<D, uint64_t> cells_;
    PinnedArray<D, uint64_t> cells_image_;
    PinnedArray<D, uint32_t> rows_image_;
};

template <Device D>
bool WindowRows<D>::allocate_chunk() {
    const uint64_t row_bytes = words_.words * sizeof(uint64_t);
    const uint64_t bytes = std::clamp(budget_.max_bytes() / 16, row_bytes, kChunkBytesMax);
    chunk_rows_max_ = static_cast<uint32_t>(bytes / row_bytes);
    const uint64_t charged = chunk_rows_max_ * (row_bytes + sizeof(uint32_t)) + sizeof(uint64_t);
    if (!budget_.take(charged)) return false;
    fixed_bytes_ = charged;
    const size_t chunk_words = size_t{chunk_rows_max_} * words_.words;
    chunk_ = Array<D, uint64_t>(device_, chunk_words);
    chunk_image_ = PinnedArray<D, uint64_t>(device_, chunk_words);
    chunk_places_ = Array<D, uint32_t>(device_, chunk_rows_max_);
    chunk_places_image_ = PinnedArray<D, uint32_t>(device_, chunk_rows_max_);
    cells_ = Array<D, uint64_t>(device_, 1);
    cells_image_ = PinnedArray<D, uint64_t>(device_, 1);
    rows_image_ = PinnedArray<D, uint32_t>(device_, 1);
    done_ = device_.make_ticket();
    return chunk_ && chunk_image_ && chunk_places_ && chunk_places_image_ && cells_ &&
           cells_image_ && rows_image_;
}

// --- Memory

template <Device D>
uint64_t WindowRows<D>::bytes_for(uint64_t rows, uint64_t cells, bool is_combined) const {
    if (rows == 0) return 0;
    uint64_t bytes = 0;
    if (is_combined) {
        const uint32_t bits = pool_.bits_for(rows, words_);
        bytes = pool_.bytes(bits);
        cells = std::max(cells, pool_.capacity_of(bits, words_) + uint64_t{1});
    }
    bytes += cells * (sizeof(uint8_t) + sizeof(uint32_t));  // Flags and places.
    if (order_ != nullptr) return bytes;
    return bytes + std::max(rows, sorted_room(cells)) * (sizeof(uint64_t) + kSortBytes);
}

template <Device D>
bool WindowRows<D>::reserve(uint64_t bytes) {
    if (bytes <= reserved_bytes_) return true;
    if (!budget_.take(bytes - reserved_bytes_)) return false;
    reserved_bytes_ = bytes;
    return true;
}

template <Device D>
bool WindowRows<D>::give_up(uint64_t bytes) {
    if (is_open_ || bytes >= reserved_bytes_) return false;
    device_.wait_all();
    combined_.clear();
    flags_.clear();
    places_.clear();
    keys_.clear();
    budget_.give(reserved_bytes_ - bytes);
    reserved_bytes_ = bytes;
    return true;
}

// --- A window

template <Device D>
bool WindowRows<D>::open(const WindowPanes& panes) {
    source_ = panes.first;
    if (panes.refs.count > 1 && !combine(panes)) return false;
    if (!select()) return false;
    next_row_ = chunk_rows_ = chunk_next_ = 0;
    if (order_ != nullptr) {
        order_->begin_window();
        begin_pass();
    } else if (!sort()) {
        return false;
    }
    is_open_ = true;
    return true;
}

template <Device D>
bool WindowRows<D>::combine(const WindowPanes& panes) {
    device_.fill(Queue::compute, cells_.data(), 0, cells_.bytes());
    device_.launch(panes.refs.count, CountCells{panes.refs, cells_.data()});
    const uint32_t bits = pool_.bits_for(read(cells_.data(), cells_image_), words_);
    if (device_.is_lost() || !ensure(combined_, pool_.bytes(bits) / sizeof(uint64_t))) return false;
    const uint32_t capacity = pool_.capacity_of(bits, words_);
    source_ = {combined_.data(), capacity, capacity};
    device_.launch(source_.cells(), ClearTable{source_, words_});
    for (const bool settles : {false, true}) {
        if (settles && !words_.has_stamped) break;
        for (uint64_t done = 0; done < panes.cells;) {
            const auto part =
                static_cast<uint32_t>(std::min<uint64_t>(panes.cells - done, INT32_MAX));
            device_.launch(part, MergeCells{panes.refs, panes.first_cell + done, source_, words_,
                                            seed_, settles});
            done += part;
        }
    }
    return true;
}

// The places of the cells that have events.
template <Device D>
bool WindowRows<D>::select() {
    const uint32_t cells = source_.cells();
    if (!ensure(flags_, cells) || !ensure(places_, cells + uint64_t{1})) return false;
    if (!reserved(device_.reserve_select(cells))) return false;
    uint32_t* const count = places_.data() + cells;
    device_.launch(cells, FlagCells{source_, words_, flags_.data()});
    device_.select(flags_.data(), cells, places_.data(), count);
    rows_ = read(count, rows_image_);
    return !device_.is_lost();
}

template <Device D>
bool WindowRows<D>::sort() {
    const auto room =
        static_cast<uint32_t>(std::max<uint64_t>(rows_, sorted_room(source_.cells())));
    if (!ensure(keys_, room) || !reserved(device_.reserve_sort(room))) return false;
    device_.launch(rows_, ReadKeys{source_, words_, places_.data(), keys_.data(), true});
    device_.sort(keys_.data(), places_.data(), rows_, 64);
    return true;
}

// Gives the rows' handles to the order.
template <Device D>
void WindowRows<D>::begin_pass() {
    order_->begin_pass(rows_);
    for (uint32_t first = 0; first < rows_; first += chunk_rows_max_) {
        const uint32_t count = std::min(chunk_rows_max_, rows_ - first);
        const uint32_t* const places = places_.data() + first;
        device_.launch(count, ReadKeys{source_, words_, places, chunk_.data(), false});
        device_.copy_out(Queue::compute, chunk_image_.data(), chunk_.data(),
                         count * sizeof(uint64_t));
        device_.copy_out(Queue::compute, chunk_places_image_.data(), places,
                         count * sizeof(uint32_t));
        wait();
        if (device_.is_lost()) break;
        for (uint32_t i = 0; i < count; ++i) {
            order_->add(static_cast<uint32_t>(chunk_image_[i]), chunk_places_image_[i]);
        }
    }
    order_->end_pass();
}

// Brings the next rows over; false when there are none.
template <Device D>
bool WindowRows<D>::fetch_chunk() {
    chunk_rows_ = chunk_next_ = 0;
    const uint32_t* places = places_.data() + next_row_;
    if (order_ != nullptr) {
        take_from_order();
        places = chunk_places_.data();
    } else {
        chunk_rows_ = std::min(chunk_rows_max_, rows_ - next_row_);
        next_row_ += chunk_rows_;
    }
    if (chunk_rows_ == 0) return false;
    device_.launch(chunk_rows_, ReadRows{source_, words_, places, chunk_.data()});
    device_.copy_out(Queue::compute, chunk_image_.data(), chunk_.data(),
                     size_t{chunk_rows_} * words_.words * sizeof(uint64_t));
    wait();
    if (device_.is_lost()) chunk_rows_ = 0;
    return chunk_rows_ > 0;
}

template <Device D>
void WindowRows<D>::take_from_order() {
    const auto peek = [this] {
        int64_t work = INT64_MAX;
        order_->prepare(work);
        return order_->peek();
    };
    if (peek() == nullptr && !order_->is_complete()) begin_pass();
    while (chunk_rows_ < chunk_rows_max_) {
        const cpu::RowOrder::Row* const row = peek();
        if (row == nullptr) break;
        chunk_places_image_[chunk_rows_++] = row->cell;
        order_->pop();
    }
    device_.copy_in(Queue::compute, chunk_places_.data(), chunk_places_image_.data(),
                    chunk_rows_ * sizeof(uint32_t));
}

}  // namespace trommel::cuda
