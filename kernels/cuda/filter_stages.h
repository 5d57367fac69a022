#pragma once
#include <cstdint>

#include "kernels/cpu/id_memory.h"
#include "kernels/cuda/atomics.h"
#include "kernels/cuda/id_stages.h"
#include "kernels/rules/filter.h"
#include "kernels/rules/host_device.h"

// The launches of the filter of approximate mode on a device (control: device_filter.h). Answers
// are a function of the order of arrival, so the events of a line are judged one after the other:
// sorted by line, stably, a line's events are a run in order, and the item at its head judges it
// all.
namespace trommel::cuda {

// A batch, in device memory. All pointers but the last have `count` entries.
struct FilterBatch {
    const uint64_t* hash = nullptr;   // Placement hash.
    const uint8_t* slot = nullptr;    // Slices above the floor; kFilterSlots: it does not fit.
    uint32_t count = 0;               // At most the filter's events_max.
    cpu::Outcome* outcome = nullptr;  // Out.
    IdCounts* counts = nullptr;       // Out, with OnFull::forget: slices_early.
};

// What the events of a batch go by, all of them.
struct FilterRoom {
    uint32_t roomy;             // Bit s: slot s has room.
    uint32_t forgotten_slots;   // From the floor on: these went early. Older events count as of the
                                // first slot that is left.
    uint32_t forgotten_stamps;  // Their stamps. The sweep takes the cells when it comes to them.
};

// What a filter has beside its lines; zero at first.
struct FilterState {
    uint64_t ids[rules::kFilterSlots];  // Remembered, by slot. The plain form has slot 0 only.
    FilterRoom room;
    // Of the batch that is judged, with OnFull::forget: how many found no room, and the newest of
    // their slots.
    uint64_t full;
    uint64_t newest_full;
};

struct FilterRef {
    uint64_t* words;
    uint64_t lines_per_group;
    FilterState* state;
    uint64_t ids_max;  // That an event may have in view.
};

struct FindLines {
    FilterBatch batch;
    uint64_t lines_per_group;
    uint64_t* line;  // Out: what the batch is sorted by,
    uint32_t* row;   // and with it.
    TROMMEL_HD void operator()(uint32_t i) const {
        line[i] = rules::filter_line_of(batch.hash[i], lines_per_group);
        row[i] = i;
    }
};

// Item: one. Notes which slots have room, once for a batch, so that all its events see the same.
struct FindRoom {
    FilterRef filter;
    int64_t floor;  // Slice.
    TROMMEL_HD void operator()(uint32_t) const {
        FilterState& state = *filter.state;
        find_room();
        state.full = state.newest_full = 0;
    }
    TROMMEL_HD void find_room() const {
        FilterState& state = *filter.state;
        uint32_t roomy = 0;
        for (uint32_t slot = 0; slot < rules::kFilterSlots; ++slot) {
            roomy |= uint32_t{rules::filter_view(state.ids, slot) < filter.ids_max} << slot;
        }
        state.room.roomy = roomy;
        state.room.forgotten_stamps =
            rules::filter_stamp_set(floor, floor + int64_t{state.room.forgotten_slots} - 1);
    }
};

// Item: one. OnFull::forget, behind a batch's first turn: the oldest slots go for the events that
// found no room. The floor stays, since the host goes by it.
struct ForgetOldest {
    FindRoom room;
    uint32_t floor_early;  // Slices that the floor itself is above where it is due.
    IdCounts* counts;
    TROMMEL_HD void operator()(uint32_t) const {
        FilterState& state = *room.filter.state;
        const uint32_t slots = rules::filter_slots_to_forget(
            state.ids, room.filter.ids_max, state.full, static_cast<uint32_t>(state.newest_full));
        if (slots == 0) {
            state.full = 0;  // There is nothing to judge again for.
            return;
        }
        for (uint32_t slot = 0; slot < slots; ++slot) state.ids[slot] = 0;
        state.room.forgotten_slots = slots;  // More than before: one of them had ids.
        room.find_room();
        const uint32_t early = floor_early + slots;
        if (early > counts->slices_early) counts->slices_early = early;
    }
};

// Item: one. The floor passes `count` slots.
struct DropSlots {
    FilterState* state;
    uint32_t count;
    TROMMEL_HD void operator()(uint32_t) const {
        for (uint32_t slot = 0; slot < rules::kFilterSlots; ++slot) {
            state->ids[slot] = slot + count < rules::kFilterSlots ? state->ids[slot + count] : 0;
        }
        uint32_t& forgotten = state->room.forgotten_slots;
        forgotten = forgotten > count ? forgotten - count : 0;
    }
};

struct SweepWords {
    uint64_t* words;
    uint32_t keep;  // Stamps.
    TROMMEL_HD void operator()(uint32_t i) const {
        const uint64_t held = words[i];
        uint64_t left = 0;
        for (uint32_t shift = 0; shift < 64; shift += 4) {
            const uint64_t stamp = held >> shift & 15;
            left |= stamp * (keep >> stamp & 1) << shift;
        }
        if (left != held) words[i] = left;
    }
};

// The line of a run, in registers meanwhile. It comes and goes by 16 bytes, which is the most that
// one access moves.
struct FilterLine {
    struct alignas(2 * sizeof(uint64_t)) Part {
        uint64_t low, high;
    };
    uint64_t word[rules::kFilterWords];

    TROMMEL_HD explicit FilterLine(const uint64_t* from) {
        for (uint32_t w = 0; w < rules::kFilterWords; w += 2) {
            const Part part = *reinterpret_cast<const Part*>(from + w);
            word[w] = part.low;
            word[w + 1] = part.high;
        }
    }
    TROMMEL_HD void store(uint64_t* to) const {
        for (uint32_t w = 0; w < rules::kFilterWords; w += 2) {
            *reinterpret_cast<Part*>(to + w) = {word[w], word[w + 1]};
        }
    }
};

// OnFull::forget takes a batch in two turns; in the second one only what found no room is judged.
enum class FilterTurn : uint8_t { only, first, second };

struct JudgeLines {
    FilterBatch batch;
    FilterRef filter;
    const uint64_t* line;  // Sorted,
    const uint32_t* row;   // and the rows in their order.
    FilterTurn turn;
    rules::FilterAge age[rules::kFilterSlots];
    TROMMEL_HD void operator()(uint32_t i) const {
        if (turn == FilterTurn::second && filter.state->full == 0) return;
        if (i > 0 && line[i - 1] == line[i]) return;
        const FilterRoom room = filter.state->room;
        uint64_t* const words = filter.words + line[i] * rules::kFilterWords;
        FilterLine held(words);
        for (uint32_t k = i; k < batch.count && line[k] == line[i]; ++k) {
            if (turn != FilterTurn::second || batch.outcome[row[k]] == cpu::Outcome::full) {
                judge(held, row[k], room);
            }
        }
        held.store(words);
    }
    TROMMEL_HD void judge(FilterLine& held, uint32_t event, const FilterRoom& room) const {
        uint32_t slot = batch.slot[event];
        if (slot >= rules::kFilterSlots) {
            batch.outcome[event] = cpu::Outcome::full;
            return;
        }
        if (slot < room.forgotten_slots) slot = room.forgotten_slots;
        const bool has_room = (room.roomy >> slot & 1) != 0;
        rules::FilterAge its = age[slot];
        its.fresh &= ~uint64_t{room.forgotten_stamps};
        if (!has_room) its.older = 0;  // Only looked up: a copy is still a duplicate.
        const uint32_t cells = rules::filter_cells_of(batch.hash[event]);
        const bool is_new = rules::filter_judge(held.word, cells, its);
        if (is_new && has_room) add_alike(&filter.state->ids[slot], uint64_t{1});
        if (is_new && !has_room && turn == FilterTurn::first) note_full(slot);
        batch.outcome[event] = !is_new    ? cpu::Outcome::duplicate
                               : has_room ? cpu::Outcome::unique
                                          : cpu::Outcome::full;
    }
    TROMMEL_HD void note_full(uint32_t slot) const {
        add_alike(&filter.state->full, uint64_t{1});
        if (load(&filter.state->newest_full) < slot) raise(&filter.state->newest_full, slot);
    }
};

struct JudgePlainLines {
    FilterBatch batch;
    FilterRef filter;
    const uint64_t* line;
    const uint32_t* row;
    TROMMEL_HD void operator()(uint32_t i) const {
        if (i > 0 && line[i - 1] == line[i]) return;
        uint64_t* const words = filter.words + line[i] * rules::kFilterWords;
        FilterLine held(words);
        const bool has_room = (filter.state->room.roomy & 1) != 0;
        uint64_t remembered = 0;
        for (uint32_t k = i; k < batch.count && line[k] == line[i]; ++k) {
            const uint64_t bits = rules::filter_bits_of(batch.hash[row[k]]);
            const bool is_new =
                rules::filter_judge_plain(held.word, bits, has_room ? ~uint64_t{0} : 0);
            remembered += is_new && has_room;
            batch.outcome[row[k]] = !is_new    ? cpu::Outcome::duplicate
                                    : has_room ? cpu::Outcome::unique
                                               : cpu::Outcome::full;
        }
        if (remembered > 0) add(&filter.state->ids[0], remembered);
        held.store(words);
    }
};

}  // namespace trommel::cuda
