#pragma once
#include <cstdint>
#include <cstring>
#include <vector>

#include "trommel/config.h"
#include "trommel/record_batch.h"

#include "kernels/rules/aggregate.h"

namespace trommel::cpu {

// Where the carries of a cell are. Asked only about cells whose sums do not fit into 64 bits.
class CarryPlaces {
   public:
    virtual char* carries_of(const char* cell) const = 0;

   protected:
    ~CarryPlaces() = default;
};

// What a cell, the partial result of one key in one pane, window or session, consists of: always
// the count of its events (a cell is empty iff that is 0), and of each value the fields that the
// declared aggregates need, each once (avg is a sum and the count). A cell is plain bytes, 8-byte
// aligned, in two parts: its body, and a carry for each sum, which is 2^64 times the carry plus 64
// bits of the body. The top bit of the count says whether the carries count; else they are
// undefined. So hardly an event touches them, and they may lie elsewhere (CarryPlaces); a cell in
// one piece has them behind the body. Immutable after construction: any thread.
class CellLayout {
   public:
    explicit CellLayout(const Config& config);

    uint32_t bytes() const { return body_bytes_ + carry_bytes_; }  // A multiple of 8, at most 1032.
    uint32_t body_bytes() const { return body_bytes_; }
    uint32_t carry_bytes() const { return carry_bytes_; }

    static uint64_t count(const char* cell) { return count_word(cell) & ~kHasCarries; }
    static bool has_carries(const char* cell) { return (count_word(cell) & kHasCarries) != 0; }

    // Counts one more event; what the other fields are to be told with update_values().
    static void count_one(char* cell) { set_count_word(cell, count_word(cell) + 1); }

    // Makes `cell` the empty one, the identity of combine(); touches its body alone.
    void clear(char* cell) const { std::memcpy(cell, empty_.data(), body_bytes_); }

    // Cells in one piece. Adds what `from` holds to `into`: associative and commutative.
    void combine(char* into, const char* from) const { combine(into, from, in_one_piece_); }
    // Adds event rows[i] of the batch to cells[i], for each i. Cells may repeat.
    void update(char* const* cells, const RecordBatch& batch, const uint32_t* rows,
                uint32_t count) const;
    // The declared aggregates of a cell that is not empty, in declared order. avg is scaled by
    // 10^Aggregate::digits, the others as their value is.
    void finish(const char* cell, int128* out) const;

    // The same where the carries of `from`, or of both, are somewhere else.
    void combine(char* into, const char* from, const CarryPlaces& from_places) const {
        combine(into, in_one_piece_, from, from_places);
    }
    void combine(char* into, const CarryPlaces& into_places, const char* from,
                 const CarryPlaces& from_places) const;
    void update_values(char* const* cells, const CarryPlaces& places, const RecordBatch& batch,
                       const uint32_t* rows, uint32_t count) const;
    // Copies such a cell into one piece.
    void copy(char* into, const char* from, const CarryPlaces& from_places) const;

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
    struct Place {
        uint32_t offset = 0;  // In the body, behind the count; 0: there is no such field.
        uint32_t carry = 0;   // Of a sum: where its carry is among the carries.
    };
    struct Field {
        Op op;
        uint32_t value;
        Place place;
    };
    // What update_values() does in one pass: all of one value's fields that are numbers.
    struct Numbers {
        uint32_t value;
        Place sum, min, max;
    };
    struct Result {
        AggregateKind kind;
        Place place;
        int value_digits, digits;
    };
    struct InOnePiece final : CarryPlaces {
        uint32_t body_bytes = 0;
        char* carries_of(const char* cell) const override {
            return const_cast<char*>(cell) + body_bytes;
        }
    };
    static constexpr uint64_t kHasCarries = uint64_t{1} << 63;

    static uint64_t count_word(const char* cell) {
        uint64_t word;
        std::memcpy(&word, cell, sizeof word);
        return word;
    }
    static void set_count_word(char* cell, uint64_t word) { std::memcpy(cell, &word, sizeof word); }
    Place place_for(Op op, uint32_t value);
    void note_number(const Field& field);
    static int128 sum_of(const char* cell, const CarryPlaces& places, Place place);
    void set_sum(char* cell, const CarryPlaces& places, Place place, int128 sum) const;
    template <bool kSum, bool kMin, bool kMax>
    void update_numbers(char* const* cells, const CarryPlaces& places, const Numbers& numbers,
                        const int64_t* values, const uint32_t* rows, uint32_t count) const;

    uint32_t body_bytes_ = 0, carry_bytes_ = 0;
    InOnePiece in_one_piece_;
    std::vector<Field> fields_;
    std::vector<Numbers> numbers_;
    std::vector<Result> results_;
    std::vector<char> empty_;
};

}  // namespace trommel::cpu
