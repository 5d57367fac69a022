#pragma once
#include <cstdint>

#include "kernels/cpu/id_memory.h"
#include "kernels/cuda/atomics.h"
#include "kernels/rules/filter.h"
#include "kernels/rules/host_device.h"

// The launches of the filter of approximate mode on a device (control: device_filter.h). Answers
// are a function of the order of arrival, so the events of a line are judged one after the other:
// sorted by line, stably, a line's events are a run in order, and the item at its head judges it
// all.
namespace trommel::cuda {

// A batch, in device memory. All pointers have `count` entries.
struct FilterBatch {
    const uint64_t* hash = nullptr;   // Placement hash.
    const uint8_t* slot = nullptr;    // Slices above the floor; kFilterSlots: it does not fit.
    uint32_t count = 0;               // At most the filter's events_max.
    cpu::Outcome* outcome = nullptr;  // Out.
};

struct FilterRef {
    uint64_t* words;
    uint64_t lines_per_group;
    uint64_t* ids;     // By slot: how many are remembered. The plain form has slot 0 only.
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

// Notes which slots have room, once for a batch, so that all its events see the same: bit s.
struct FindRoom {
    FilterRef filter;
    uint64_t* roomy;
    TROMMEL_HD void operator()(uint32_t) const {
        uint64_t slots = 0;
        for (uint32_t slot = 0; slot < rules::kFilterSlots; ++slot) {
            const uint32_t first = slot < rules::kFilterLook ? 0 : slot - rules::kFilterLook;
            uint64_t view = 0;
            for (uint32_t s = first; s < rules::kFilterSlots; ++s) view += filter.ids[s];
            slots |= uint64_t{view < filter.ids_max} << slot;
        }
        *roomy = slots;
    }
};

struct DropSlots {
    uint64_t* ids;
    uint32_t count;
    TROMMEL_HD void operator()(uint32_t) const {
        for (uint32_t slot = 0; slot < rules::kFilterSlots; ++slot) {
            ids[slot] = slot + count < rules::kFilterSlots ? ids[slot + count] : 0;
        }
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

struct JudgeLines {
    FilterBatch batch;
    FilterRef filter;
    const uint64_t* line;  // Sorted,
    const uint32_t* row;   // and the rows in their order.
    const uint64_t* roomy;
    rules::FilterAge age[rules::kFilterSlots];
    TROMMEL_HD void operator()(uint32_t i) const {
        if (i > 0 && line[i - 1] == line[i]) return;
        uint64_t* const words = filter.words + line[i] * rules::kFilterWords;
        FilterLine held(words);
        for (uint32_t k = i; k < batch.count && line[k] == line[i]; ++k) judge(held, row[k]);
        held.store(words);
    }
    TROMMEL_HD void judge(FilterLine& held, uint32_t event) const {
        const uint32_t slot = batch.slot[event];
        if (slot >= rules::kFilterSlots) {
            batch.outcome[event] = cpu::Outcome::full;
            return;
        }
        const bool has_room = (*roomy >> slot & 1) != 0;
        rules::FilterAge its = age[slot];
        if (!has_room) its.older = 0;  // Only looked up: a copy is still a duplicate.
        const uint32_t cells = rules::filter_cells_of(batch.hash[event]);
        const bool is_new = rules::filter_judge(held.word, cells, its);
        if (is_new && has_room) add(&filter.ids[slot], 1);
        batch.outcome[event] = !is_new    ? cpu::Outcome::duplicate
                               : has_room ? cpu::Outcome::unique
                                          : cpu::Outcome::full;
    }
};

struct JudgePlainLines {
    FilterBatch batch;
    FilterRef filter;
    const uint64_t* line;
    const uint32_t* row;
    const uint64_t* roomy;
    TROMMEL_HD void operator()(uint32_t i) const {
        if (i > 0 && line[i - 1] == line[i]) return;
        uint64_t* const words = filter.words + line[i] * rules::kFilterWords;
        FilterLine held(words);
        const bool has_room = (*roomy & 1) != 0;
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
        if (remembered > 0) add(&filter.ids[0], remembered);
        held.store(words);
    }
};

}  // namespace trommel::cuda
