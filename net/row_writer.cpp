#include "net/row_writer.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "trommel/key.h"

namespace trommel::net {
namespace {

bool is_text(TimeForm form) {
    return form == TimeForm::rfc3339;
}
int digits_to_us(TimeForm form) {
    return form == TimeForm::s ? 6 : form == TimeForm::ms ? 3 : 0;
}

// Copies `text` to `out`. False when there is a NUL byte in it.
bool copy_without_nul(std::string_view text, char* out) {
    uint64_t nuls = 0;
    if (text.size() < 8) {
        for (size_t at = 0; at < text.size(); ++at) {
            out[at] = text[at];
            nuls |= static_cast<uint64_t>(text[at] == '\0');
        }
        return nuls == 0;
    }
    const auto copy_eight = [&](size_t at) {
        const uint64_t eight = load_eight(text.data() + at);
        nuls |= mark_equal(eight, '\0');
        std::memcpy(out + at, &eight, sizeof eight);
    };
    for (size_t at = 0; at + 8 < text.size(); at += 8) copy_eight(at);
    copy_eight(text.size() - 8);  // Some of it perhaps once more.
    return nuls == 0;
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
    all_ = static_cast<uint32_t>((uint64_t{1} << fields()) - 1);
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

bool RowWriter::refuses_quotes(uint32_t field) const {
    const std::vector<Use>& uses = fields_[field].uses;
    return std::any_of(uses.begin(), uses.end(), [&](const Use& use) {
        return use.kind == Kind::time || (use.kind == Kind::id && id_form_ != IdForm::bytes);
    });
}

Fault RowWriter::wrong_type(const Use& use, Lexeme lexeme) {
    if (lexeme == Lexeme::null) return Fault::null;
    if (lexeme == Lexeme::lone_surrogate) return Fault::lone_surrogate;
    const bool number = (use.lexemes & bit_of(Lexeme::number)) != 0;
    return number ? Fault::not_a_number : Fault::not_a_string;
}

Fault RowWriter::convert_partition(std::string_view text) {
    if (text.size() > kPartitionNameBytesMax) return Fault::name_too_long;
    partition_ = text;
    has_partition_ = true;
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
        if (!parse_rfc3339(text, time, last_date_)) return Fault::not_rfc3339;
    } else {
        const Fault fault = time_form_ == TimeForm::ns ? parse_ns(text, time)
                                                       : parse_decimal(text, use.digits, time);
        if (fault != Fault::none) return fault;
    }
    return set_time(time);
}

// The first fault is the one that is told.
void RowWriter::blame(const Use& use, Fault fault) {
    if (detail_.empty()) detail_ = use.details[static_cast<size_t>(fault)];
}

bool RowWriter::mark_unreadable() {
    if (const uint32_t missing = all_ & ~seen_; missing != 0) {
        const auto first = static_cast<size_t>(std::countr_zero(missing));
        blame(fields_[first].uses.front(), Fault::missing);
    }
    batch_->verdict[row_] = Verdict::corrupt;
    batch_->detail[row_] = detail_;
    return false;
}

// Texts mostly have no NUL bytes, and then their encoding is themselves and two bytes.
std::string_view RowWriter::encode_key() {
    size_t size = 0;
    for (size_t k = 0; k < key_types_.size(); ++k) {
        size += key_types_[k] == FieldType::integer ? 8 : key_texts_[k].size() + 2;
    }
    char* const encoded = batch_->allocate_text(size);
    char* end = encoded;
    for (size_t k = 0; k < key_types_.size(); ++k) {
        if (key_types_[k] == FieldType::integer) {
            end = encode_integer(key_integers_[k], end);
            continue;
        }
        if (!copy_without_nul(key_texts_[k], end)) return encode_key_with_nuls();
        end = encode_text({}, end + key_texts_[k].size());
    }
    return {encoded, size};
}

std::string_view RowWriter::encode_key_with_nuls() {
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

void RowWriter::find_partition() {
    if (context_.partitions->find_or_add(partition_, batch_->partition[row_])) return;
    batch_->verdict[row_] = Verdict::corrupt;
    batch_->detail[row_] = partition_use_->details[static_cast<size_t>(Fault::too_many_partitions)];
}

}  // namespace trommel::net
