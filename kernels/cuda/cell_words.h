#pragma once
#include <cstdint>

#include "trommel/config.h"

#include "kernels/cpu/cell_layout.h"
#include "kernels/cuda/atomics.h"
#include "kernels/rules/aggregate.h"
#include "kernels/rules/host_device.h"

namespace trommel::cuda {

// The columns of values of a batch, in device memory. [i] is null where the job has no such value.
struct ValueColumns {
    const int64_t* column[kValuesMax] = {};
};

// A cell as a device keeps it: 64-bit words, first the key, then the count of its events, then the
// parts of cpu::CellLayout. What is a minimum, maximum, first or last is kept as the word that
// rules::order_word makes least, so that one atomic operation does for all of them.
//
// A first or last is two words, and no device can change both at once. So it takes two launches:
// add() lowers the time, and whoever lowers it empties the value; settle() lowers the value, for
// events of the time that has stayed. Everything else is done by add() alone.
struct CellWords {
    static constexpr uint32_t kPartsMax = 5 * kValuesMax;
    static constexpr uint32_t kKey = 0, kCount = 1, kFirstPart = 2;
    static constexpr uint64_t kNoKey = ~uint64_t{0};

    enum class Form : uint8_t { sum, least, stamped };
    struct Part {
        Form form;
        bool reversed;  // Maximum and last.
        uint8_t value;
        uint8_t word;  // Of the cell.
    };

    Part part[kPartsMax];
    uint32_t parts = 0;
    uint32_t words = kFirstPart;  // Of a cell, with what pads it to whole sectors of 32 bytes.
    bool has_stamped = false;

    // Makes everything but the key that of no events.
    TROMMEL_HD void clear(uint64_t* cell) const {
        cell[kCount] = 0;
        for (uint32_t p = 0; p < parts; ++p) {
            uint64_t* const at = cell + part[p].word;
            const bool is_sum = part[p].form == Form::sum;
            at[0] = is_sum ? 0 : rules::kLeastIdentity;
            if (part[p].form != Form::least) at[1] = is_sum ? 0 : rules::kLeastIdentity;
        }
    }

    // An event, which others may do to the same cell at the same time.
    TROMMEL_HD void add(uint64_t* cell, const ValueColumns& values, const int64_t* time_us,
                        uint32_t event) const {
        cuda::add(&cell[kCount], uint64_t{1});
        for (uint32_t p = 0; p < parts; ++p) {
            uint64_t* const at = cell + part[p].word;
            const int64_t value = values.column[part[p].value][event];
            switch (part[p].form) {
                case Form::sum:
                    add_wide(&at[0], &at[1], static_cast<uint64_t>(value),
                             value < 0 ? ~uint64_t{0} : 0);
                    break;
                case Form::least:
                    lower_to(at, rules::order_word(value, part[p].reversed));
                    break;
                case Form::stamped:
                    lower_time(at, rules::order_word(time_us[event], part[p].reversed));
                    break;
            }
        }
    }
    TROMMEL_HD void settle(uint64_t* cell, const ValueColumns& values, const int64_t* time_us,
                           uint32_t event) const {
        for (uint32_t p = 0; p < parts; ++p) {
            if (part[p].form != Form::stamped) continue;
            uint64_t* const at = cell + part[p].word;
            const bool reversed = part[p].reversed;
            if (load(&at[0]) != rules::order_word(time_us[event], reversed)) continue;
            lower_to(&at[1], rules::order_word(values.column[part[p].value][event], reversed));
        }
    }

    // The same for all that another cell holds, which nobody changes meanwhile.
    TROMMEL_HD void combine(uint64_t* into, const uint64_t* from) const {
        cuda::add(&into[kCount], from[kCount]);
        for (uint32_t p = 0; p < parts; ++p) {
            uint64_t* const at = into + part[p].word;
            const uint64_t* const its = from + part[p].word;
            switch (part[p].form) {
                case Form::sum:
                    add_wide(&at[0], &at[1], its[0], its[1]);
                    break;
                case Form::least:
                    lower_to(at, its[0]);
                    break;
                case Form::stamped:
                    lower_time(at, its[0]);
                    break;
            }
        }
    }
    TROMMEL_HD void settle(uint64_t* into, const uint64_t* from) const {
        for (uint32_t p = 0; p < parts; ++p) {
            if (part[p].form != Form::stamped) continue;
            uint64_t* const at = into + part[p].word;
            const uint64_t* const its = from + part[p].word;
            if (load(&at[0]) == its[0]) lower_to(&at[1], its[1]);
        }
    }

    // The cell with its parts in the words that cpu::CellLayout::assemble() takes.
    TROMMEL_HD void write_plain(uint64_t* out, const uint64_t* cell) const {
        *out++ = cell[kKey];
        *out++ = cell[kCount];
        for (uint32_t p = 0; p < parts; ++p) {
            const uint64_t* const at = cell + part[p].word;
            const uint32_t count = part[p].form == Form::least ? 1 : 2;
            for (uint32_t w = 0; w < count; ++w) {
                *out++ = part[p].form == Form::sum
                             ? at[w]
                             : static_cast<uint64_t>(rules::value_of_word(at[w], part[p].reversed));
            }
        }
    }

   private:
    // Looks before it writes: hardly an event makes anything smaller, and many may read at once.
    TROMMEL_HD static void lower_to(uint64_t* at, uint64_t word) {
        if (word < load(at)) lower(at, word);
    }
    TROMMEL_HD static void lower_time(uint64_t* at, uint64_t time_word) {
        for (uint64_t seen = load(&at[0]); time_word < seen;) {
            const uint64_t before = exchange_if(&at[0], seen, time_word);
            if (before == seen) {
                store(&at[1], rules::kLeastIdentity);
                return;
            }
            seen = before;
        }
    }
};

inline CellWords cell_words(const cpu::CellLayout& layout) {
    using Op = cpu::CellLayout::Op;
    CellWords words;
    for (const cpu::CellLayout::Part& part : layout.parts()) {
        CellWords::Form form = CellWords::Form::least;
        if (part.op == Op::sum) form = CellWords::Form::sum;
        if (part.op == Op::first || part.op == Op::last) form = CellWords::Form::stamped;
        words.has_stamped |= form == CellWords::Form::stamped;
        words.part[words.parts++] = {form, part.op == Op::max || part.op == Op::last,
                                     static_cast<uint8_t>(part.value),
                                     static_cast<uint8_t>(words.words)};
        words.words += cpu::CellLayout::words(part.op);
    }
    words.words = (words.words + 3) / 4 * 4;
    return words;
}
static_assert(CellWords::kFirstPart + 8 * kValuesMax <= UINT8_MAX);

}  // namespace trommel::cuda
