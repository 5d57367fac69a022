#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trommel/config.h"
#include "trommel/key.h"
#include "trommel/record_batch.h"
#include "trommel/sink.h"

namespace trommel::net {

enum class RowFormat : uint8_t { csv, json };
// How window bounds are printed. ms and s round towards minus infinity, as times are divided
// everywhere (contract E3). rfc3339 is UTC, with six fraction digits where the microseconds are not
// 0.
enum class RowTimeFormat : uint8_t { us, ms, s, rfc3339 };

// Turns window rows into text.
//
// csv: what Python's csv.writer(lineterminator="\n") prints: a field is quoted when it holds a
// comma, a quote, CR or LF. (Pythons before 3.11.9 and 3.12.3 left a lone CR bare, which csv.reader
// then took for a line end; that mistake is not repeated.) Its other special case, a row of one
// empty field, cannot occur: a row has at least three fields. Key bytes stay as they are.
//
// json: one object per line, {"window", "start", "end", key fields, aggregates} by name and in this
// order. Sums may be longer than a double is exact. Key bytes that are not UTF-8 become U+FFFD.
class RowFormatter {
   public:
    explicit RowFormatter(const Config& config, RowFormat format = RowFormat::csv,
                          RowTimeFormat time_format = RowTimeFormat::us);

    // The line before the first row: the column names in CSV, nothing in JSON.
    void append_header(std::string& out) const { out += header_; }
    // One row with its line end.
    void append_row(std::string& out, const RowBatch& rows, size_t row);

   private:
    void append_text(std::string& out, std::string_view text) const;
    void append_time(std::string& out, int64_t time_us) const;

    RowFormat format_;
    RowTimeFormat time_format_;
    std::vector<KeyField> key_;
    KeyShape shape_;
    std::string header_;
    std::vector<std::string> windows_;  // What a row of the window begins with.
    // Per column after the window's name (start, end, key fields, aggregates): what stands before
    // it.
    std::vector<std::string> before_;
    std::string_view line_end_;
    std::vector<int> digits_;     // Per aggregate.
    std::vector<KeyPart> parts_;  // Reused from row to row.
};

// Appends one field of a CSV row that has several, quoted where it has to be.
void append_csv_field(std::string& out, std::string_view text);

// "2013-09-26T00:00:00Z". Years outside 0 to 9999, which RFC 3339 does not know, have a sign and at
// least four digits (ISO 8601's expanded form).
void append_rfc3339(std::string& out, int64_t time_us);

}  // namespace trommel::net
