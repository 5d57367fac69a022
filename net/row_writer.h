#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trommel/record_batch.h"

#include "net/decoder.h"
#include "net/fault.h"
#include "net/number.h"
#include "net/rfc3339.h"

namespace trommel::net {

// What a field's text was written as. A CSV cell may be anything; in JSON the type must fit.
enum class Lexeme : uint8_t { string, number, null, other, lone_surrogate, cell };

// Converts the used fields of one record at a time and puts them into the next row of a batch:
//   begin(); put() for each field; finish().
class RowWriter {
   public:
    RowWriter(const DecodeOptions& options, const DecodeContext& context);

    static constexpr uint32_t kUnused = UINT32_MAX;
    // The number of the field `name`, or kUnused.
    uint32_t field(std::string_view name) const {
        uint32_t left = by_first_[name.empty() ? 0 : static_cast<uint8_t>(name[0])];
        for (; left != 0; left &= left - 1) {
            const auto f = static_cast<uint32_t>(__builtin_ctz(left));
            if (fields_[f].name == name) return f;
        }
        return kUnused;
    }
    const std::string& field_name(uint32_t field) const { return fields_[field].name; }
    uint32_t fields() const { return static_cast<uint32_t>(fields_.size()); }

    // Reads the clock, for max_future. Once per chunk.
    void look_at_clock();

    // The row batch.count of `batch` is next. Texts given to put() must live as long as the batch.
    void begin(RecordBatch& batch) {
        batch_ = &batch;
        row_ = batch.count;
        seen_ = 0;
        detail_ = {};
        has_partition_ = false;
    }
    // The first put() of a field counts (E5). True when it did and was read: a number that was is a
    // JSON number.
    bool put(uint32_t field, Lexeme lexeme, std::string_view text);
    // The same for a number that was taken apart. False as well for one that put() could read.
    bool put_number(uint32_t field, const PlainNumber& number);
    // Whether a text with a quotation mark in it can never be read as this field.
    bool refuses_quotes(uint32_t field) const;
    // Whether the row is readable; if not it is marked corrupt. Its partition is set by settle().
    bool finish() {
        if (seen_ != all_ || !detail_.empty()) return mark_unreadable();
        if (key_shape_ == KeyShape::integer) batch_->key_int[row_] = key_integers_[0];
        if (key_shape_ == KeyShape::encoded) batch_->key_text[row_] = encode_key();
        return true;
    }
    // Marks the row corrupt as a whole, without a partition: nothing that was put counts.
    void reject(std::string_view detail);
    // Gives the row its partition, which may be a new one. Not for a record that is left for later.
    void settle() {
        batch_->partition[row_] = 0;
        if (has_partition_) find_partition();
    }

   private:
    enum class Kind : uint8_t { partition, id, time, key_text, key_integer, value };
    // One purpose of a field, and what to say when it does not serve.
    struct Use {
        Kind kind;
        uint32_t index;    // Of the key part or value.
        int digits;        // value; time in s, ms or us: to microseconds.
        uint32_t lexemes;  // That it may be written as, as bits.
        std::array<std::string, kFaults> details;
    };
    struct Field {
        std::string name;
        std::vector<Use> uses;
    };

    void add_use(const std::string& name, Kind kind, size_t index = 0, int digits = 0);
    uint32_t lexemes_for(Kind kind) const;
    static Fault wrong_type(const Use& use, Lexeme lexeme);
    bool see(uint32_t field);
    bool mark_unreadable();
    void find_partition();
    Fault convert(const Use& use, std::string_view text);
    Fault convert_id(std::string_view text);
    Fault convert_time(const Use& use, std::string_view text);
    Fault convert_partition(std::string_view text);
    Fault convert_number(const Use& use, const PlainNumber& number);
    Fault set_time(int64_t time_us);
    void blame(const Use& use, Fault fault);
    std::string_view encode_key();
    std::string_view encode_key_with_nuls();

    std::vector<Field> fields_;
    std::array<uint32_t, 256> by_first_{};  // Fields whose name begins with this byte, as bits.
    uint32_t all_ = 0;                      // Fields, as bits.
    IdForm id_form_;
    TimeForm time_form_;
    std::vector<FieldType> key_types_;
    KeyShape key_shape_ = KeyShape::none;
    int64_t max_time_us_;
    std::optional<int64_t> max_future_us_;
    int64_t max_now_us_ = INT64_MAX;
    DecodeContext context_;
    const Use* partition_use_ = nullptr;
    Rfc3339Date last_date_;

    // The record at hand.
    RecordBatch* batch_ = nullptr;
    uint32_t row_ = 0;
    uint32_t seen_ = 0;  // Fields, as bits.
    std::string_view detail_;
    std::string_view partition_;
    bool has_partition_ = false;
    std::array<std::string_view, kKeyFieldsMax> key_texts_;
    std::array<int64_t, kKeyFieldsMax> key_integers_{};
};

// What is done to every value stands here, so that it can be inlined.

constexpr uint32_t bit_of(Lexeme lexeme) {
    return uint32_t{1} << static_cast<unsigned>(lexeme);
}

// Marks a field as seen; false when it was already.
inline bool RowWriter::see(uint32_t field) {
    const uint32_t bit = uint32_t{1} << field;
    const bool first = (seen_ & bit) == 0;
    seen_ |= bit;
    return first;
}

inline bool RowWriter::put(uint32_t field, Lexeme lexeme, std::string_view text) {
    if (!see(field)) return false;
    bool read = true;
    for (const Use& use : fields_[field].uses) {
        const bool fits = (use.lexemes & bit_of(lexeme)) != 0;
        const Fault fault = fits ? convert(use, text) : wrong_type(use, lexeme);
        if (fault == Fault::none) continue;
        blame(use, fault);
        read = false;
    }
    return read;
}

inline bool RowWriter::put_number(uint32_t field, const PlainNumber& number) {
    if (!see(field)) return false;
    for (const Use& use : fields_[field].uses) {
        if ((use.lexemes & bit_of(Lexeme::number)) == 0) return false;
        if (convert_number(use, number) != Fault::none) return false;
    }
    return true;
}

inline Fault RowWriter::convert(const Use& use, std::string_view text) {
    switch (use.kind) {
        case Kind::partition:
            return convert_partition(text);
        case Kind::id:
            return convert_id(text);
        case Kind::time:
            return convert_time(use, text);
        case Kind::key_text:
            key_texts_[use.index] = text;
            return Fault::none;
        case Kind::key_integer:
            return parse_decimal(text, 0, key_integers_[use.index]);
        case Kind::value:
            return parse_decimal(text, use.digits, batch_->values[use.index][row_]);
    }
    return Fault::none;
}

// Of the purposes that a number may serve. 128 bits and nanoseconds are left to convert().
inline Fault RowWriter::convert_number(const Use& use, const PlainNumber& number) {
    int64_t time_us = 0;
    switch (use.kind) {
        case Kind::id:
            if (id_form_ != IdForm::u64 || number.negative || number.fraction != 0) break;
            batch_->id_lo[row_] = number.digits;
            return Fault::none;
        case Kind::time:
            if (time_form_ == TimeForm::ns) break;
            if (const Fault fault = scale_number(number, use.digits, time_us);
                fault != Fault::none) {
                return fault;
            }
            return set_time(time_us);
        case Kind::key_integer:
            return scale_number(number, 0, key_integers_[use.index]);
        case Kind::value:
            return scale_number(number, use.digits, batch_->values[use.index][row_]);
        case Kind::partition:
        case Kind::key_text:
            break;
    }
    return Fault::not_plain;
}

inline Fault RowWriter::set_time(int64_t time_us) {
    if (time_us >= kTimeLimitUs || time_us <= -kTimeLimitUs) return Fault::out_of_range;
    if (time_us > max_time_us_) return Fault::after_max_time;
    if (time_us > max_now_us_) return Fault::after_max_future;
    batch_->time_us[row_] = time_us;
    return Fault::none;
}

}  // namespace trommel::net
