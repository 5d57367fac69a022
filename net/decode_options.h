#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "trommel/config.h"
#include "trommel/status.h"

namespace trommel::net {

enum class Format : uint8_t { json, csv, binary };
enum class IdForm : uint8_t { u64, u128, uuid, hex, bytes };
enum class TimeForm : uint8_t { rfc3339, s, ms, us, ns };

inline constexpr uint64_t kRecordBytesMax = uint64_t{16} << 20;
inline constexpr size_t kPartitionNameBytesMax = 256;

// How the bytes of a record become a row. Names are fields of the record (JSON members, CSV
// columns); one field may serve several purposes. The binary format has no names: see net/wire.h.
struct DecodeOptions {
    struct Id {
        std::string field;
        IdForm form = IdForm::bytes;
    };
    struct Time {
        std::string field;
        TimeForm form = TimeForm::rfc3339;
    };

    Format format = Format::json;
    std::optional<std::string> partition;  // Absent: each source is one partition.
    Id id;
    Time time;
    std::vector<KeyField> key;       // In the order and with the types of Config::key.
    std::vector<ValueField> values;  // In the order and with the digits of Config::values.

    // csv: the columns' names in order; empty: the first record of each file is a header.
    std::vector<std::string> csv_columns;
    char csv_delimiter = ',';

    std::optional<int64_t> max_time_us;    // Absolute, inclusive; a later event is corrupt (T6).
    std::optional<int64_t> max_future_us;  // Ahead of the wall clock; likewise.
    uint64_t record_bytes_max = kRecordBytesMax;  // 1 to 16 MiB; a longer record is corrupt.
};

// The id type of the batches that such records fill.
constexpr IdType id_type(IdForm form) {
    if (form == IdForm::u64) return IdType::u64;
    return form == IdForm::bytes ? IdType::bytes : IdType::u128;
}

// Whether records decoded with `options` fill batches made for `config`; says what does not fit.
Status validate(const DecodeOptions& options, const Config& config);

}  // namespace trommel::net
