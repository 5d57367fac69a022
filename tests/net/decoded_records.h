#pragma once
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "trommel/key.h"
#include "trommel/record_batch.h"

#include "net/file_source.h"
#include "tests/kit/fake_clock.h"
#include "tests/kit/power_loss_file_system.h"

// Decoders as a reader of their results sees them: bytes in, a list of plain records out.
namespace trommel::net {

struct DecodedRecord {
    uint64_t number = 0, offset = 0;
    std::string raw;
    std::string detail;  // Empty: readable, and only then the fields below count.
    std::string partition;
    uint64_t id_lo = 0, id_hi = 0;
    std::string id_text;
    int64_t time_us = 0;
    int64_t key_int = 0;
    std::string key_text;
    std::vector<int64_t> values;

    bool corrupt() const { return !detail.empty(); }
    bool operator==(const DecodedRecord&) const = default;
    friend std::ostream& operator<<(std::ostream& out, const DecodedRecord& r) {
        return out << "#" << r.number << " @" << r.offset << " [" << r.partition << "] "
                   << (r.corrupt() ? r.detail : "id " + r.id_text + " " + std::to_string(r.id_lo))
                   << " time " << r.time_us << " raw " << r.raw.substr(0, 200);
    }
};

inline Config config_of(const DecodeOptions& options) {
    Config config;
    config.dedup.id_type = id_type(options.id.form);
    config.key = options.key;
    config.values = options.values;
    return config;
}

inline DecodedRecord record_of(const RecordBatch& batch, uint32_t row, const Source& source) {
    DecodedRecord record;
    record.number = batch.first_record + row;
    record.offset = batch.offset[row];
    record.raw = batch.raw[row];
    record.partition = source.partition_name(batch.partition[row]);
    if (batch.verdict[row] == Verdict::corrupt) {
        record.detail = batch.detail[row];
        EXPECT_NE(record.detail, "");
        return record;
    }
    EXPECT_EQ(batch.verdict[row], Verdict::pending);
    record.time_us = batch.time_us[row];
    if (!batch.id_text.empty()) {
        record.id_text = batch.id_text[row];
    } else {
        record.id_lo = batch.id_lo[row];
    }
    if (batch.id_text.empty() && !batch.id_hi.empty()) record.id_hi = batch.id_hi[row];
    if (!batch.key_int.empty()) record.key_int = batch.key_int[row];
    if (!batch.key_text.empty()) record.key_text = batch.key_text[row];
    for (const auto& column : batch.values) record.values.push_back(column[row]);
    return record;
}

// How a source is read; the answer must not depend on it.
struct Cuts {
    uint32_t capacity = 16;
    size_t chunk_bytes = size_t{1} << 20;
};

// Appends what `source` has until it says something else than `records`; that is returned.
inline Source::Poll drain(Source& source, const Config& config, uint32_t capacity,
                          std::vector<DecodedRecord>& records, int64_t until_us = INT64_MAX) {
    RecordBatch batch(config, capacity);
    while (true) {
        batch.clear();
        Source::Poll poll = source.poll(batch, until_us);
        for (uint32_t row = 0; row < batch.count; ++row) {
            records.push_back(record_of(batch, row, source));
        }
        EXPECT_EQ(poll.state == Source::State::records, batch.count > 0);
        if (poll.state != Source::State::records) return poll;
    }
}

// Everything in files of the given contents, as one source.
inline std::vector<DecodedRecord> decode_files(const std::vector<std::string>& contents,
                                               const DecodeOptions& options, Cuts cuts = {}) {
    testkit::PowerLossFileSystem files;
    testkit::FakeClock clock;
    FileSourceOptions source_options;
    for (size_t i = 0; i < contents.size(); ++i) {
        source_options.paths.push_back("file" + std::to_string(i));
        files.put(source_options.paths.back(), contents[i]);
    }
    source_options.decode = options;
    source_options.chunk_bytes = cuts.chunk_bytes;
    const Config config = config_of(options);
    std::unique_ptr<Source> source;
    const Status status = make_file_source(source_options, config, files, clock, source);
    EXPECT_TRUE(status.ok()) << status.message;
    if (!status.ok()) return {};
    const Status opened = source->open();
    EXPECT_TRUE(opened.ok()) << opened.message;
    std::vector<DecodedRecord> records;
    Source::Poll poll = drain(*source, config, cuts.capacity, records);
    // A poll gives up after some chunks without a record, which tests make small.
    for (int i = 0; i < 1'000'000 && poll.state == Source::State::nothing; ++i) {
        poll = drain(*source, config, cuts.capacity, records);
    }
    EXPECT_EQ(poll.state, Source::State::ended) << poll.status.message;
    return records;
}

inline std::vector<DecodedRecord> decode_all(const std::string& bytes, const DecodeOptions& options,
                                             Cuts cuts = {}) {
    return decode_files({bytes}, options, cuts);
}

// The key of one text field.
inline std::string text_key(std::string_view text) {
    std::string encoded(encoded_text_size(text), '\0');
    encode_text(text, encoded.data());
    return encoded;
}

}  // namespace trommel::net
