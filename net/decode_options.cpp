#include "net/decode_options.h"

#include <string>
#include <utility>

namespace trommel::net {
namespace {

Status refuse(std::string what) {
    return Status::error(Code::invalid_config, std::move(what));
}

Status validate_binary(const DecodeOptions& options) {
    if (options.partition) return refuse("decode: binary frames have no partition field");
    if (options.id.form != IdForm::u64 && options.id.form != IdForm::u128) {
        return refuse("decode: ids in binary frames are u64 or u128");
    }
    if (options.key.size() > 1 ||
        (!options.key.empty() && options.key[0].type == FieldType::text)) {
        return refuse("decode: binary frames have one key, an integer");
    }
    if (options.values.size() > 1) return refuse("decode: binary frames have one value");
    return {};
}

Status validate_csv(const DecodeOptions& options) {
    const char delimiter = options.csv_delimiter;
    if (delimiter == '"' || delimiter == '\n' || delimiter == '\r' || delimiter == '\0' ||
        static_cast<unsigned char>(delimiter) >= 0x80) {
        return refuse("decode.delimiter must be one ASCII character, not a quote or a line end");
    }
    return {};
}

}  // namespace

Status validate(const DecodeOptions& options, const Config& config) {
    if (id_type(options.id.form) != config.dedup.id_type) {
        return refuse("decode: the id's form does not give the ids that dedup was set up for");
    }
    if (options.key.size() != config.key.size() || options.values.size() != config.values.size()) {
        return refuse("decode: fields are missing for the job's keys or values, or are too many");
    }
    for (size_t k = 0; k < options.key.size(); ++k) {
        if (options.key[k].type != config.key[k].type) {
            return refuse("decode: key field '" + options.key[k].name + "' has another type");
        }
    }
    for (size_t v = 0; v < options.values.size(); ++v) {
        if (options.values[v].digits != config.values[v].digits) {
            return refuse("decode: value field '" + options.values[v].name + "' has other digits");
        }
    }
    if (options.key.size() > kKeyFieldsMax || options.values.size() > kValuesMax) {
        return refuse("decode: too many key or value fields");
    }
    if (options.record_bytes_max == 0 || options.record_bytes_max > kRecordBytesMax) {
        return refuse("decode: the longest record may be 1 byte to 16 MiB");
    }
    if (options.format == Format::binary) return validate_binary(options);
    if (options.format == Format::csv) return validate_csv(options);
    return {};
}

}  // namespace trommel::net
