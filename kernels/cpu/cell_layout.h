#pragma once
#include <cstdint>
#include <cstring>
#include <vector>

#include "trommel/config.h"
#include "trommel/record_batch.h"

#include "kernels/rules/aggregate.h"

namespace trommel::cpu {

// What a cell, the partial result of one key in one pane, window or session, consists of: always
// the count of its events (a cell is empty iff that is 0), and of each value the fields that the
// declared aggregates need, each once (avg is a sum and the count). A cell is plain bytes, 8-byte
// aligned. Immutable after construction: any thread.
class CellLayout {
   public:
    explicit CellLayout(const Config& config);

    uint32_t bytes() const { return bytes_; }  // A multiple of 8, at most 1032.

    static uint64_t count(const char* cell) {
        uint64_t events;
        std::memcpy(&events, cell, sizeof events);
        return events;
    }

    // Counts one more event; what the other fields are to be told with update_values().
    static void count_one(char* cell) {
        const uint64_t events = count(cell) + 1;
        std::memcpy(cell, &events, sizeof events);
    }

    // Makes `cell` the empty one: the identity of combine().
    void clear(char* cell) const { std::memcpy(cell, empty_.data(), bytes_); }
    // Adds what `from` holds to `into`. Associative and commutative.
    void combine(char* into, const char* from) const;
    // Adds event rows[i] of the batch to cells[i], for each i. Cells may repeat.
    void update(char* const* cells, const RecordBatch& batch, const uint32_t* rows,
                uint32_t count) const;
    void update_values(char* const* cells, const RecordBatch& batch, const uint32_t* rows,
                       uint32_t count) const;
    // The declared aggregates of a cell that is not empty, in declared order. avg is scaled by
    // 10^Aggregate::digits, the others as their value is.
    void finish(const char* cell, int128* out) const;

    // What a cell consists of besides its count, and how many 64-bit words each of that has for
    // those who keep cells in another form: a sum its low and its high half, first and last the
    // time and the value.
    enum class Op : uint8_t { sum, min, max, first, last };
    static constexpr uint32_t words(Op op) { return op == Op::min || op == Op::max ? 1 : 2; }
    struct Part {
        Op op;
        uint32_t value;  // Index into Config::values.
    };
    std::vector<Part> parts() const;
    // Makes `cell` the one of `count` events whose parts have these words, in the order of parts().
    void assemble(char* cell, uint64_t count, const uint64_t* words) const;

   private:
    struct Field {
        Op op;
        uint32_t value;
        uint32_t offset;
    };
    // What update_values() does in one pass: all of one value's fields that are numbers.
    struct Numbers {
        uint32_t value;
        uint32_t sum = 0, min = 0, max = 0;  // Offsets; 0: there is none.
    };
    struct Result {
        AggregateKind kind;
        uint32_t offset;
        int value_digits, digits;
    };

    uint32_t field_offset(Op op, uint32_t value);
    void note_number(const Field& field);

    uint32_t bytes_ = 0;
    std::vector<Field> fields_;
    std::vector<Numbers> numbers_;
    std::vector<Result> results_;
    std::vector<char> empty_;
};

}  // namespace trommel::cpu
