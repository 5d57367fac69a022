#include "net/csv_decoder.h"

#include <cstring>
#include <vector>

#include "trommel/json_text.h"

#include "net/record_decoder.h"

namespace trommel::net {
namespace {

// The cells of one record, from left to right.
class CsvCells {
   public:
    CsvCells(std::string_view record, char delimiter) : rest_(record), delimiter_(delimiter) {}

    bool more() const { return more_; }
    bool malformed() const { return malformed_; }

    // The next cell; one in quotes without them, its text in `batch` if that differs.
    // Precondition: more().
    std::string_view next(RecordBatch& batch) {
        if (!rest_.empty() && rest_[0] == '"') return next_quoted(batch);
        const std::string_view cell = rest_.substr(0, rest_.find(delimiter_));
        malformed_ |= cell.find('"') != std::string_view::npos;
        end_cell(cell.size());
        return cell;
    }

   private:
    std::string_view next_quoted(RecordBatch& batch) {
        size_t end = 1;  // Of the closing quote.
        size_t doubled = 0;
        while (true) {
            end = rest_.find('"', end);
            if (end == std::string_view::npos) {
                malformed_ = true;
                more_ = false;
                return {};
            }
            if (rest_.substr(end + 1, 1) != "\"") break;
            ++doubled;
            end += 2;
        }
        const std::string_view quoted = rest_.substr(1, end - 1);
        end_cell(end + 1);
        return doubled == 0 ? quoted : undouble(quoted, doubled, batch);
    }

    static std::string_view undouble(std::string_view quoted, size_t doubled, RecordBatch& batch) {
        char* const text = batch.allocate_text(quoted.size() - doubled);
        size_t size = 0;
        for (size_t at = 0; at < quoted.size(); at += quoted[at] == '"' ? 2U : 1U) {
            text[size++] = quoted[at];
        }
        return {text, size};
    }

    // Moves past a cell of `size` bytes and the delimiter behind it.
    void end_cell(size_t size) {
        rest_.remove_prefix(size);
        more_ = !rest_.empty();
        if (!more_) return;
        malformed_ |= rest_[0] != delimiter_;
        rest_.remove_prefix(1);
    }

    std::string_view rest_;
    const char delimiter_;
    bool more_ = true;  // A record has at least one cell, an empty one.
    bool malformed_ = false;
};

class CsvFormat {
   public:
    CsvFormat(const DecodeOptions& options, const DecodeContext&, RowWriter& writer)
        : writer_(writer), delimiter_(options.csv_delimiter) {
        has_header_ = options.csv_columns.empty();
        for (const std::string& name : options.csv_columns) columns_.push_back(writer_.field(name));
    }

    void begin_stream() { header_expected_ = has_header_; }
    void begin_record() { state_ = State::cell_begin; }

    void skip_record() {
        if (!header_expected_) return;
        header_expected_ = false;
        columns_.clear();
    }

    size_t find_end(std::string_view bytes, size_t& scanned) {
        if (scanned == 0 && state_ == State::cell_begin) {
            const size_t end = bytes.find('\n');
            if (end != npos && std::memchr(bytes.data(), '"', end) == nullptr) return end;
        }
        for (; scanned < bytes.size(); ++scanned) {
            const char c = bytes[scanned];
            if (c == '\n' && state_ != State::quoted) return scanned;
            state_ = after(state_, c);
        }
        return npos;
    }

    Outcome decode(std::string_view record, RecordBatch& batch) {
        if (header_expected_) {
            read_header(record, batch);
            return Outcome::none;
        }
        const std::string_view problem = read_cells(record, batch);
        if (!problem.empty()) {
            writer_.reject(problem);
            return Outcome::corrupt;
        }
        return writer_.finish() ? Outcome::row : Outcome::corrupt;
    }

   private:
    static constexpr size_t npos = std::string_view::npos;

    // Where a byte stands, as far as it matters to a line end.
    enum class State : uint8_t { cell_begin, bare, quoted, quote_in_quoted };

    State after(State state, char c) const {
        if (state == State::quoted) return c == '"' ? State::quote_in_quoted : State::quoted;
        if (c == delimiter_) return State::cell_begin;
        const bool opens = state == State::cell_begin || state == State::quote_in_quoted;
        return c == '"' && opens ? State::quoted : State::bare;
    }

    // A header that cannot be read names no column, and no record fits it.
    void read_header(std::string_view record, RecordBatch& batch) {
        header_expected_ = false;
        columns_.clear();
        CsvCells cells(record, delimiter_);
        while (cells.more()) columns_.push_back(writer_.field(cells.next(batch)));
        if (cells.malformed() || !is_utf8(record)) columns_.clear();
    }

    // What is wrong with the record as a whole, or nothing.
    std::string_view read_cells(std::string_view record, RecordBatch& batch) {
        if (!is_utf8(record)) return "not valid UTF-8";
        CsvCells cells(record, delimiter_);
        size_t count = 0;
        for (; cells.more(); ++count) {
            const std::string_view cell = cells.next(batch);
            const uint32_t field = count < columns_.size() ? columns_[count] : RowWriter::kUnused;
            if (field != RowWriter::kUnused) writer_.put(field, Lexeme::cell, cell);
        }
        if (cells.malformed()) return "quotes that do not enclose a cell";
        if (count != columns_.size()) return "another number of columns than the header's";
        return {};
    }

    RowWriter& writer_;
    const char delimiter_;
    bool has_header_ = false;
    bool header_expected_ = false;
    std::vector<uint32_t> columns_;  // The field that each column is, or kUnused.
    State state_ = State::cell_begin;
};

}  // namespace

std::unique_ptr<Decoder> make_csv_decoder(const DecodeOptions& options,
                                          const DecodeContext& context) {
    return std::make_unique<RecordDecoder<CsvFormat>>(options, context);
}

}  // namespace trommel::net
