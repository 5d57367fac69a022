#include "net/row_format.h"

#include <chrono>

#include "trommel/json_text.h"

#include "net/number_text.h"

namespace trommel::net {
namespace {

constexpr int64_t floor_divide(int64_t value, int64_t by) {
    return value / by - (value % by < 0 ? 1 : 0);
}

// With leading zeros to at least `width` digits.
void append_padded(std::string& out, uint64_t value, int width) {
    char text[20];
    char* const end = std::to_chars(text, text + sizeof text, value).ptr;
    for (auto written = end - text; written < width; ++written) out += '0';
    out.append(text, end);
}

}  // namespace

void append_csv_field(std::string& out, std::string_view text) {
    if (text.find_first_of(",\"\r\n") == text.npos) {
        out += text;
        return;
    }
    out += '"';
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    out += '"';
}

void append_rfc3339(std::string& out, int64_t time_us) {
    constexpr int64_t kDayUs = int64_t{86400} * 1000000;
    const int64_t day = floor_divide(time_us, kDayUs);
    const auto in_day =
        static_cast<uint64_t>(time_us % kDayUs + (time_us % kDayUs < 0 ? kDayUs : 0));
    // Our own year: std::chrono::year ends at 32767, contract E3 at 38505. The Gregorian calendar
    // repeats every 400 years, which are 146097 days.
    const int64_t cycle = floor_divide(day, 146097);
    const std::chrono::year_month_day date{
        std::chrono::sys_days{std::chrono::days{day - cycle * 146097}}};
    const int64_t year = int{date.year()} + cycle * 400;
    if (year < 0 || year > 9999) out += year < 0 ? '-' : '+';
    const auto years = static_cast<uint64_t>(year < 0 ? -year : year);
    append_padded(out, years, 4);
    out += '-';
    append_padded(out, unsigned{date.month()}, 2);
    out += '-';
    append_padded(out, unsigned{date.day()}, 2);
    out += 'T';
    const uint64_t second = in_day / 1000000;
    append_padded(out, second / 3600, 2);
    out += ':';
    append_padded(out, second / 60 % 60, 2);
    out += ':';
    append_padded(out, second % 60, 2);
    if (in_day % 1000000 != 0) {
        out += '.';
        append_padded(out, in_day % 1000000, 6);
    }
    out += 'Z';
}

RowFormatter::RowFormatter(const Config& config, RowFormat format, RowTimeFormat time_format)
    : format_(format),
      time_format_(time_format),
      key_(config.key),
      shape_(key_shape(config)),
      line_end_(format == RowFormat::csv ? "\n" : "}\n") {
    std::vector<std::string_view> names{"start", "end"};
    for (const KeyField& field : config.key) names.push_back(field.name);
    for (const Aggregate& aggregate : config.aggregates) {
        names.push_back(aggregate.name);
        digits_.push_back(aggregate.digits);
    }
    for (const Window& window : config.windows) {
        std::string& begin = windows_.emplace_back(format == RowFormat::csv ? "" : "{\"window\":");
        append_text(begin, window.name);
    }
    if (format == RowFormat::csv) header_ = "window";
    for (const std::string_view name : names) {
        std::string& before = before_.emplace_back(",");
        if (format == RowFormat::csv) {
            header_ += ',';
            append_csv_field(header_, name);
        } else {
            append_json_string(before, name);
            before += ':';
        }
    }
    if (format == RowFormat::csv) header_ += '\n';
}

void RowFormatter::append_text(std::string& out, std::string_view text) const {
    if (format_ == RowFormat::csv) {
        append_csv_field(out, text);
    } else {
        append_json_string(out, text);
    }
}

void RowFormatter::append_time(std::string& out, int64_t time_us) const {
    switch (time_format_) {
        case RowTimeFormat::us:
            return append_number(out, time_us);
        case RowTimeFormat::ms:
            return append_number(out, floor_divide(time_us, 1000));
        case RowTimeFormat::s:
            return append_number(out, floor_divide(time_us, 1000000));
        case RowTimeFormat::rfc3339:
            break;
    }
    if (format_ == RowFormat::json) out += '"';
    append_rfc3339(out, time_us);
    if (format_ == RowFormat::json) out += '"';
}

void RowFormatter::append_row(std::string& out, const RowBatch& rows, size_t row) {
    const std::string* before = before_.data();
    out += windows_[rows.window[row]];
    out += *before++;
    append_time(out, rows.start_us[row]);
    out += *before++;
    append_time(out, rows.end_us[row]);
    if (shape_ == KeyShape::integer) {
        out += *before++;
        append_number(out, rows.key_int[row]);
    } else if (shape_ == KeyShape::encoded) {
        decode_key(rows.key_text(row), key_, parts_);
        for (const KeyPart& part : parts_) {
            out += *before++;
            if (part.type == FieldType::integer) {
                append_number(out, part.integer);
            } else {
                append_text(out, part.text);
            }
        }
    }
    for (size_t a = 0; a < digits_.size(); ++a) {
        out += *before++;
        append_decimal(out, rows.aggregates[a][row], digits_[a]);
    }
    out += line_end_;
}

}  // namespace trommel::net
