#include "net/row_writer.h"

#include <bit>

#include "trommel/key.h"

#include "net/rfc3339.h"

namespace trommel::net {
namespace {

bool is_text(TimeForm form) {
    return form == TimeForm::rfc3339;
}
int digits_to_us(TimeForm form) {
    return form == TimeForm::s ? 6 : form == TimeForm::ms ? 3 : 0;
}

constexpr uint32_t bit_of(Lexeme lexeme) {
    return uint32_t{1} << static_cast<unsigned>(lexeme);
}

// Whole nanoseconds to microseconds, with floor (E3).
Fault parse_ns(std::string_view text, int64_t& time_us) {
    const bool negative = !text.empty() && text[0] == '-';
    uint128 ns = 0;
    const Fault fault = parse_u128(text.substr(negative ? 1 : 0), ns);
    if (fault == Fault::not_an_unsigned_integer) return Fault::not_plain;
    const uint128 us = negative ? ns / 1000 + (ns % 1000 != 0 ? 1 : 0) : ns / 1000;
    if (fault != Fault::none || us >= uint128{kTimeLimitUs}) return Fault::out_of_range;
    time_us = negative ? -static_cast<int64_t>(us) : static_cast<int64_t>(us);
    return Fault::none;
}

}  // namespace

RowWriter::RowWriter(const DecodeOptions& options, const DecodeContext& context)
    : id_form_(options.id.form),
      time_form_(options.time.form),
      max_time_us_(options.max_time_us.value_or(INT64_MAX)),
      max_future_us_(options.max_future_us),
      context_(context) {
    if (options.partition) add_use(*options.partition, Kind::partition);
    add_use(options.id.field, Kind::id);
    add_use(options.time.field, Kind::time, 0, digits_to_us(time_form_));
    for (size_t k = 0; k < options.key.size(); ++k) {
        const FieldType type = options.key[k].type;
        add_use(options.key[k].name,
                type == FieldType::integer ? Kind::key_integer : Kind::key_text, k);
        key_types_.push_back(type);
    }
    for (size_t v = 0; v < options.values.size(); ++v) {
        add_use(options.values[v].name, Kind::value, v, options.values[v].digits);
    }
    if (!key_types_.empty()) {
        const bool one_integer = key_types_.size() == 1 && key_types_[0] == FieldType::integer;
        key_shape_ = one_integer ? KeyShape::integer : KeyShape::encoded;
    }
    if (options.partition) partition_use_ = &fields_[field(*options.partition)].uses.front();
}

void RowWriter::add_use(const std::string& name, Kind kind, size_t index, int digits) {
    uint32_t f = field(name);
    if (f == kUnused) {
        f = fields();
        fields_.push_back({name, {}});
        by_first_[name.empty() ? 0 : static_cast<uint8_t>(name[0])] |= uint32_t{1} << f;
    }
    Use use{kind, static_cast<uint32_t>(index), digits, lexemes_for(kind), {}};
    for (size_t i = 1; i < kFaults; ++i) {
        use.details[i] = "field '" + name + "': " + to_text(static_cast<Fault>(i));
    }
    fields_[f].uses.push_back(std::move(use));
}

void RowWriter::look_at_clock() {
    if (!max_future_us_) return;
    const int64_t now = context_.clock->wall_us();
    if (__builtin_add_overflow(now, *max_future_us_, &max_now_us_)) max_now_us_ = INT64_MAX;
}

void RowWriter::begin(RecordBatch& batch) {
    batch_ = &batch;
    row_ = batch.count;
    seen_ = 0;
    detail_ = {};
    has_partition_ = false;
}

// Marks a field as seen; false when it was already.
bool RowWriter::see(uint32_t field) {
    const uint32_t bit = uint32_t{1} << field;
    const bool first = (seen_ & bit) == 0;
    seen_ |= bit;
    return first;
}

bool RowWriter::put(uint32_t field, Lexeme lexeme, std::string_view text) {
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

bool RowWriter::put_number(uint32_t field, const PlainNumber& number) {
    if (!see(field)) return false;
    for (const Use& use : fields_[field].uses) {
        if ((use.lexemes & bit_of(Lexeme::number)) == 0) return false;
        if (convert_number(use, number) != Fault::none) return false;
    }
    return true;
}

// What JSON types may serve a purpose; a cell has no type. Ids in integer forms may be quoted,
// since JSON numbers beyond 2^53 do not survive every writer.
uint32_t RowWriter::lexemes_for(Kind kind) const {
    const bool integer_id =
        kind == Kind::id && (id_form_ == IdForm::u64 || id_form_ == IdForm::u128);
    const bool number = kind == Kind::value || kind == Kind::key_integer || integer_id ||
                        (kind == Kind::time && !is_text(time_form_));
    uint32_t lexemes = bit_of(Lexeme::cell);
    if (number) lexemes |= bit_of(Lexeme::number);
    if (!number || integer_id) lexemes |= bit_of(Lexeme::string);
    return lexemes;
}

Fault RowWriter::wrong_type(const Use& use, Lexeme lexeme) {
    if (lexeme == Lexeme::null) return Fault::null;
    if (lexeme == Lexeme::lone_surrogate) return Fault::lone_surrogate;
    const bool number = (use.lexemes & bit_of(Lexeme::number)) != 0;
    return number ? Fault::not_a_number : Fault::not_a_string;
}

Fault RowWriter::convert(const Use& use, std::string_view text) {
    switch (use.kind) {
        case Kind::partition:
            if (text.size() > kPartitionNameBytesMax) return Fault::name_too_long;
            partition_ = text;
            has_partition_ = true;
            return Fault::none;
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

Fault RowWriter::convert_id(std::string_view text) {
    if (id_form_ == IdForm::bytes) {
        batch_->id_text[row_] = text;
        return Fault::none;
    }
    if (id_form_ == IdForm::u64) return parse_u64(text, batch_->id_lo[row_]);
    uint128 id = 0;
    const Fault fault = id_form_ == IdForm::u128   ? parse_u128(text, id)
                        : id_form_ == IdForm::uuid ? parse_uuid(text, id)
                                                   : parse_hex(text, id);
    batch_->id_lo[row_] = static_cast<uint64_t>(id);
    batch_->id_hi[row_] = static_cast<uint64_t>(id >> 64);
    return fault;
}

Fault RowWriter::convert_time(const Use& use, std::string_view text) {
    int64_t time = 0;
    if (is_text(time_form_)) {
        if (!parse_rfc3339(text, time)) return Fault::not_rfc3339;
    } else {
        const Fault fault = time_form_ == TimeForm::ns ? parse_ns(text, time)
                                                       : parse_decimal(text, use.digits, time);
        if (fault != Fault::none) return fault;
    }
    return set_time(time);
}

Fault RowWriter::set_time(int64_t time_us) {
    if (time_us >= kTimeLimitUs || time_us <= -kTimeLimitUs) return Fault::out_of_range;
    if (time_us > max_time_us_) return Fault::after_max_time;
    if (time_us > max_now_us_) return Fault::after_max_future;
    batch_->time_us[row_] = time_us;
    return Fault::none;
}

// Of the purposes that a number may serve. 128 bits and nanoseconds are left to convert().
Fault RowWriter::convert_number(const Use& use, const PlainNumber& number) {
    switch (use.kind) {
        case Kind::id:
            if (id_form_ != IdForm::u64 || number.negative || number.fraction != 0) {
                return Fault::not_an_unsigned_integer;
            }
            batch_->id_lo[row_] = number.digits;
            return Fault::none;
        case Kind::time: {
            int64_t time_us = 0;
            if (time_form_ == TimeForm::ns) return Fault::not_plain;
            const Fault fault = scale_number(number, use.digits, time_us);
            return fault == Fault::none ? set_time(time_us) : fault;
        }
        case Kind::key_integer:
            return scale_number(number, 0, key_integers_[use.index]);
        case Kind::value:
            return scale_number(number, use.digits, batch_->values[use.index][row_]);
        default:
            return Fault::not_a_string;
    }
}

// The first fault is the one that is told.
void RowWriter::blame(const Use& use, Fault fault) {
    if (detail_.empty()) detail_ = use.details[static_cast<size_t>(fault)];
}

bool RowWriter::finish() {
    const auto all = static_cast<uint32_t>((uint64_t{1} << fields()) - 1);
    if (const uint32_t missing = all & ~seen_; missing != 0) {
        const auto first = static_cast<size_t>(std::countr_zero(missing));
        blame(fields_[first].uses.front(), Fault::missing);
    }
    if (!detail_.empty()) {
        batch_->verdict[row_] = Verdict::corrupt;
        batch_->detail[row_] = detail_;
        return false;
    }
    if (key_shape_ == KeyShape::integer) batch_->key_int[row_] = key_integers_[0];
    if (key_shape_ == KeyShape::encoded) batch_->key_text[row_] = encode_key();
    return true;
}

std::string_view RowWriter::encode_key() {
    size_t size = 0;
    for (size_t k = 0; k < key_types_.size(); ++k) {
        size += key_types_[k] == FieldType::integer ? 8 : encoded_text_size(key_texts_[k]);
    }
    char* const encoded = batch_->allocate_text(size);
    char* end = encoded;
    for (size_t k = 0; k < key_types_.size(); ++k) {
        end = key_types_[k] == FieldType::integer ? encode_integer(key_integers_[k], end)
                                                  : encode_text(key_texts_[k], end);
    }
    return {encoded, size};
}

void RowWriter::reject(std::string_view detail) {
    batch_->verdict[row_] = Verdict::corrupt;
    batch_->detail[row_] = detail;
    has_partition_ = false;
}

void RowWriter::settle() {
    uint32_t partition = 0;
    if (has_partition_ && !context_.partitions->find_or_add(partition_, partition)) {
        batch_->verdict[row_] = Verdict::corrupt;
        batch_->detail[row_] =
            partition_use_->details[static_cast<size_t>(Fault::too_many_partitions)];
    }
    batch_->partition[row_] = partition;
}

}  // namespace trommel::net
