#pragma once
#include <cstdint>

#include "trommel/record_batch.h"

#include "kernels/cuda/cell_table.h"
#include "kernels/cuda/halt.h"
#include "kernels/rules/hash.h"
#include "kernels/rules/window.h"

// What runs on a device for the windows of a batch, and when a window is closed (windows.md). Index
// arithmetic, the rules and atomics.
namespace trommel::cuda {

// What a batch came to; zero at first.
struct WindowCounts {
    uint64_t refused;  // Unique events for which there was no key, pane or cell.
    uint64_t twins;    // Of pairs looked at, those of one cell: says how skewed the batch is.
};

// The events of a batch. All pointers are to device memory.
struct WindowBatch {
    static constexpr uint32_t kTwinEvery = 64;  // One pair of neighbours in so many is looked at.

    uint64_t number = 0;  // What it halts with: above 0, and no other batch's (halt.h).
    uint32_t count = 0;
    // Null without a key; the integer, or the handle of an encoded key, of which CellWords::kNoKey
    // says that there was no memory for it.
    const uint64_t* key = nullptr;
    const int64_t* time_us = nullptr;
    ValueColumns values;
    Verdict* verdict = nullptr;  // In: unique or not. Out: some of the unique ones are refused.
    uint64_t** cell = nullptr;   // [count] To work with.
    WindowCounts* counts = nullptr;
    // The number of the batch that cannot go on until the host has made room; 0: none. Later ones
    // do nothing meanwhile, and are submitted again after it.
    uint64_t* halted = nullptr;
};

struct PaneRef {
    int64_t index;
    CellTable table;
    uint64_t first_cell;  // Cells of the panes before it.
    bool is_full;         // It cannot grow: events that find no room are refused.
};

// The panes there are, by index.
struct PaneRefs {
    const PaneRef* pane = nullptr;
    uint32_t count = 0;

    // Null: there is none. Panes mostly follow on each other, and then it is one look.
    TROMMEL_HD const PaneRef* find(int64_t index) const {
        if (count == 0 || index < pane[0].index) return nullptr;
        const auto ahead = static_cast<uint64_t>(index) - static_cast<uint64_t>(pane[0].index);
        if (ahead < count && pane[ahead].index == index) return &pane[ahead];
        uint32_t begin = 0, end = count;
        while (end - begin > 1) {
            const uint32_t middle = begin + (end - begin) / 2;
            (pane[middle].index <= index ? begin : end) = middle;
        }
        return pane[begin].index == index ? &pane[begin] : nullptr;
    }
    // The one that holds a cell, counted through all of them.
    TROMMEL_HD const PaneRef& of_cell(uint64_t cell) const {
        uint32_t begin = 0, end = count;
        while (end - begin > 1) {
            const uint32_t middle = begin + (end - begin) / 2;
            (pane[middle].first_cell <= cell ? begin : end) = middle;
        }
        return pane[begin];
    }
};

// Panes that have to be made, or to grow, before a batch can go on: a set, in device memory, of
// what fits. What does not is found out the next time.
struct WantedPanes {
    static constexpr uint32_t kPlaces = 256, kProbes = 8;

    uint64_t word[kPlaces];  // 0: none.

    TROMMEL_HD void note(int64_t index) {
        const uint64_t wanted = word_of(index);
        const uint64_t hash = rules::mix64(wanted);
        for (uint32_t probe = 0; probe < kProbes; ++probe) {
            uint64_t* const at = &word[(hash + probe) % kPlaces];
            uint64_t seen = load(at);
            if (seen == 0) seen = exchange_if(at, 0, wanted);
            if (seen == 0 || seen == wanted) return;
        }
    }
    // Panes lie within 2^61 of 0.
    TROMMEL_HD static uint64_t word_of(int64_t index) {
        return static_cast<uint64_t>(index) ^ uint64_t { 1 } << 63;
    }
    TROMMEL_HD static int64_t index_of(uint64_t word) {
        return static_cast<int64_t>(word ^ uint64_t{1} << 63);
    }
};

// Item: an event. Finds or adds the cells of the unique events and changes nothing in them, so that
// it may run again, as often as room has to be made first.
struct FindCells {
    WindowBatch batch;
    PaneRefs panes;
    CellWords layout;
    rules::HashSeed seed;
    WantedPanes* wanted;
    int64_t offset_us, pane_us;
    int64_t open_from;        // Panes before it are final.
    bool are_keys_handles;    // So that kNoKey is none.
    bool is_missing_refused;  // There is no memory for further panes.

    TROMMEL_HD void operator()(uint32_t event) const {
        if (!HaltWord(batch.halted).is_clear_but_for(batch.number)) return;
        batch.cell[event] = batch.verdict[event] == Verdict::unique ? find(event) : nullptr;
    }

   private:
    // Null: the event is refused, or the batch is halted.
    TROMMEL_HD uint64_t* find(uint32_t event) const {
        const uint64_t key = batch.key == nullptr ? 0 : batch.key[event];
        if (are_keys_handles && key == CellWords::kNoKey) return nullptr;
        const int64_t index = rules::pane_index(batch.time_us[event], offset_us, pane_us);
        if (index < open_from) return nullptr;
        const PaneRef* const pane = panes.find(index);
        if (pane != nullptr) {
            uint64_t* const cell = pane->table.find_or_add(key, layout.words, seed);
            if (cell != nullptr || pane->is_full) return cell;
        } else if (is_missing_refused) {
            return nullptr;
        }
        wanted->note(index);
        HaltWord(batch.halted).halt(batch.number);
        return nullptr;
    }
};

// Item: an event. Adds it to its cell, once all have been found.
struct AddEvents {
    WindowBatch batch;
    CellWords layout;

    TROMMEL_HD void operator()(uint32_t event) const {
        if (!HaltWord(batch.halted).is_clear()) return;
        if (batch.verdict[event] != Verdict::unique) return;
        uint64_t* const cell = batch.cell[event];
        if (cell == nullptr) {
            batch.verdict[event] = Verdict::refused;
            add_alike(&batch.counts->refused, uint64_t{1});
            return;
        }
        if (event % WindowBatch::kTwinEvery == 1 && batch.cell[event - 1] == cell) {
            add(&batch.counts->twins, uint64_t{1});
        }
        layout.add(in_device_memory(cell), batch.values, batch.time_us, event);
    }
};

// The same for batches in which many events are of few cells: a block adds up in its own memory
// first, so that those cells are touched once for thousands of events. A cell has up to eight
// places there, for a block's threads would wait for each other at one; a cell that finds no place
// is changed where it is.
struct AddSkewedEvents {
    static constexpr uint32_t kThreads = 256, kPhases = 3;
    static constexpr uint32_t kEventsPerBlock = 8 * kThreads;
    static constexpr uint32_t kWords = 4096, kPlacesMax = 256, kProbes = 4;
    static constexpr uint64_t kCopies = 8;  // Cells are 8-byte aligned: a copy's number fits in.

    struct Shared {
        uint64_t word[kWords];
    };

    AddEvents each;

    // A power of two.
    TROMMEL_HD uint32_t places() const {
        uint32_t places = kPlacesMax;
        while (places * each.layout.words > kWords) places /= 2;
        return places;
    }

    template <uint32_t kPhase>
    TROMMEL_HD void phase(Shared& shared, uint32_t block, uint32_t thread) const {
        if (!HaltWord(each.batch.halted).is_clear()) return;
        if constexpr (kPhase == 0) {
            for (uint32_t place = thread; place < places(); place += kThreads) {
                uint64_t* const cell = shared.word + place * each.layout.words;
                cell[CellWords::kKey] = 0;
                each.layout.clear(cell);
            }
        } else if constexpr (kPhase == 1) {
            for (uint32_t step = 0; step < kEventsPerBlock; step += kThreads) {
                const uint32_t event = block * kEventsPerBlock + step + thread;
                if (event < each.batch.count) add_event(shared, event, thread);
            }
        } else {
            for (uint32_t place = thread; place < places(); place += kThreads) {
                const uint64_t* const from = shared.word + place * each.layout.words;
                if (from[CellWords::kKey] == 0) continue;
                const uint64_t address = from[CellWords::kKey] / kCopies * kCopies;
                each.layout.combine(in_device_memory(reinterpret_cast<uint64_t*>(address)), from);
            }
        }
    }

   private:
    TROMMEL_HD void add_event(Shared& shared, uint32_t event, uint32_t thread) const {
        const WindowBatch& batch = each.batch;
        uint64_t* const cell = batch.cell[event];
        uint64_t* const copy = cell == nullptr || batch.verdict[event] != Verdict::unique
                                   ? nullptr
                                   : place_in(shared, cell, thread);
        if (copy == nullptr) return each(event);
        if (event % WindowBatch::kTwinEvery == 1 && batch.cell[event - 1] == cell) {
            add(&batch.counts->twins, uint64_t{1});
        }
        each.layout.add(copy, batch.values, batch.time_us, event);
    }
    TROMMEL_HD uint64_t* place_in(Shared& shared, uint64_t* cell, uint32_t thread) const {
        const uint64_t copy = reinterpret_cast<uint64_t>(cell) + thread % kCopies;
        const auto first = static_cast<uint32_t>(rules::mix64(copy));
        for (uint32_t probe = 0; probe < kProbes; ++probe) {
            uint64_t* const at =
                shared.word + ((first + probe) & (places() - 1)) * each.layout.words;
            uint64_t seen = load(&at[CellWords::kKey]);
            if (seen == 0) seen = exchange_if(&at[CellWords::kKey], 0, copy);
            if (seen == 0 || seen == copy) return at;
        }
        return nullptr;
    }
};

// Item: an event. The second launch for what is first and last (CellWords).
struct SettleEvents {
    WindowBatch batch;
    CellWords layout;

    TROMMEL_HD void operator()(uint32_t event) const {
        if (!HaltWord(batch.halted).is_clear() || batch.cell[event] == nullptr) return;
        layout.settle(in_device_memory(batch.cell[event]), batch.values, batch.time_us, event);
    }
};

// Item: a pane. Adds up how many cells they have.
struct CountCells {
    PaneRefs panes;
    uint64_t* cells;

    TROMMEL_HD void operator()(uint32_t p) const { add(cells, *panes.pane[p].table.used() + 1); }
};

// Item: a cell of the panes of a window, counted from `first_cell` on. Combines them by key, in two
// launches.
struct MergeCells {
    PaneRefs panes;
    uint64_t first_cell;
    CellTable into;
    CellWords layout;
    rules::HashSeed seed;
    bool settles;  // The second launch.

    TROMMEL_HD void operator()(uint32_t item) const {
        const uint64_t at = first_cell + item;
        const PaneRef& pane = panes.of_cell(at);
        const uint64_t* const from =
            pane.table.cell(static_cast<uint32_t>(at - pane.first_cell), layout.words);
        if (from[CellWords::kCount] == 0) return;
        uint64_t* cell = into.find_or_add(from[CellWords::kKey], layout.words, seed);
        if (cell == nullptr) return;  // Never: there is a place for each of them.
        cell = in_device_memory(cell);
        settles ? layout.settle(cell, from) : layout.combine(cell, from);
    }
};

// Item: a cell. Which of them have events?
struct FlagCells {
    CellTable table;
    CellWords layout;
    uint8_t* flag;

    TROMMEL_HD void operator()(uint32_t place) const {
        flag[place] = table.cell(place, layout.words)[CellWords::kCount] != 0;
    }
};

// Item: a row. Its key, as a word whose order is that of the integer if it is one.
struct ReadKeys {
    CellTable table;
    CellWords layout;
    const uint32_t* place;
    uint64_t* key;
    bool are_integers;

    TROMMEL_HD void operator()(uint32_t row) const {
        const uint64_t word = table.cell(place[row], layout.words)[CellWords::kKey];
        key[row] = are_integers ? rules::order_word(static_cast<int64_t>(word), false) : word;
    }
};

// Item: a row. Its cell, for the host.
struct ReadRows {
    CellTable table;
    CellWords layout;
    const uint32_t* place;
    uint64_t* row_words;

    TROMMEL_HD void operator()(uint32_t row) const {
        layout.write_plain(row_words + uint64_t{row} * layout.words,
                           table.cell(place[row], layout.words));
    }
};

}  // namespace trommel::cuda
