#pragma once
#include <string>
#include <string_view>

#include "net/decoder.h"
#include "net/row_writer.h"

namespace trommel::net {

// A decoder of records that end with a line end. What JSON lines and CSV share: byte order mark,
// blank lines, records without an end or without an end in sight. A Format has
//
//   Format(const DecodeOptions&, const DecodeContext&, RowWriter&);
//   void begin_stream();
//   void begin_record();  // What find_end() sees next begins a record, perhaps one seen before.
//   // The line end that ends the record, or npos. The bytes before `scanned`, which it moves, were
//   // looked at by earlier calls.
//   size_t find_end(std::string_view bytes, size_t& scanned);
//   // The record is in the row that begin() was called for.
//   Outcome decode(std::string_view record, RecordBatch& batch);
//   void skip_record();  // It was too long to look at.
enum class Outcome : uint8_t {
    row,      // The row is filled and readable.
    corrupt,  // The row is filled and marked.
    none,     // It was no record (a header).
};

template <class Format>
class RecordDecoder final : public Decoder {
   public:
    RecordDecoder(const DecodeOptions& options, const DecodeContext& context)
        : writer_(options, context),
          format_(options, context, writer_),
          record_bytes_max_(options.record_bytes_max),
          too_long_("record longer than " + std::to_string(options.record_bytes_max) + " bytes") {}

    void begin_stream() override {
        at_stream_begin_ = true;
        skipping_ = false;
        format_.begin_stream();
        begin_record();
    }

    Decoded decode(const Chunk& chunk, RecordBatch& batch) override {
        writer_.look_at_clock();
        size_t at = 0;
        if (at_stream_begin_ && !take_byte_order_mark(chunk, at)) return {};
        while (at < chunk.bytes.size()) {
            if (batch.full()) return {at, Stop::full, 0};
            const std::string_view rest = chunk.bytes.substr(at);
            const size_t end = format_.find_end(rest, scanned_);
            const bool has_end = end != std::string_view::npos;
            if (!has_end && !chunk.last) return {at + wait_for_end(rest, chunk.offset + at, batch)};
            if (skipping_) {
                skipping_ = false;
            } else {
                const Decoded held = take_record(rest.substr(0, end), has_end, chunk, at, batch);
                if (held.stop == Stop::held) return held;
            }
            begin_record();
            at += has_end ? end + 1 : rest.size();
        }
        return {at};
    }

   private:
    static constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

    void begin_record() {
        scanned_ = 0;
        format_.begin_record();
    }

    // False when there are too few bytes to tell.
    bool take_byte_order_mark(const Chunk& chunk, size_t& at) {
        const std::string_view begin = chunk.bytes.substr(0, kByteOrderMark.size());
        if (begin == kByteOrderMark) {
            at = begin.size();
        } else if (!chunk.last && begin == kByteOrderMark.substr(0, begin.size())) {
            return false;
        }
        at_stream_begin_ = false;
        return true;
    }

    // `rest` holds no whole record. Returns how much of it is done with: nothing, unless it is too
    // long already. Two bytes more than the maximum are so even if "\r\n" is to come.
    size_t wait_for_end(std::string_view rest, uint64_t offset, RecordBatch& batch) {
        if (!skipping_) {
            if (rest.size() < record_bytes_max_ + 2) return 0;
            begin_row(rest.substr(0, record_bytes_max_), offset, batch);
            reject_too_long();
            writer_.settle();
            ++batch.count;
            skipping_ = true;
        }
        scanned_ = 0;
        return rest.size();
    }

    Decoded take_record(std::string_view record, bool has_end, const Chunk& chunk, size_t at,
                        RecordBatch& batch) {
        if (has_end && !record.empty() && record.back() == '\r') record.remove_suffix(1);
        const bool too_long = record.size() > record_bytes_max_;
        if (!too_long && is_blank(record)) return {};
        begin_row(record.substr(0, record_bytes_max_), chunk.offset + at, batch);
        if (too_long) {
            reject_too_long();
        } else {
            const Outcome outcome = format_.decode(record, batch);
            if (outcome == Outcome::none) return {};
            const int64_t time_us = batch.time_us[batch.count];
            if (outcome == Outcome::row && time_us > chunk.until_us) {
                begin_record();
                return {at, Stop::held, time_us};
            }
        }
        writer_.settle();
        ++batch.count;
        return {};
    }

    void reject_too_long() {
        writer_.reject(too_long_);
        format_.skip_record();
    }

    static bool is_blank(std::string_view record) {
        if (!record.empty() && record[0] > ' ') return false;  // As usual.
        return record.find_first_not_of(" \t\r\v\f\n") == std::string_view::npos;
    }

    void begin_row(std::string_view raw, uint64_t offset, RecordBatch& batch) {
        writer_.begin(batch);
        batch.raw[batch.count] = raw;
        batch.offset[batch.count] = offset;
        batch.verdict[batch.count] = Verdict::pending;
        batch.detail[batch.count] = {};
    }

    RowWriter writer_;
    Format format_;
    const uint64_t record_bytes_max_;
    const std::string too_long_;
    bool at_stream_begin_ = true;
    bool skipping_ = false;  // The rest of a record that was too long.
    size_t scanned_ = 0;     // Of the record at hand.
};

}  // namespace trommel::net
