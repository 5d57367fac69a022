#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "trommel/record_batch.h"

#include "net/decoder.h"

// What the fuzz targets of decoders share: the same bytes decoded whole and in cuts that the first
// two bytes choose must give the same records.
namespace trommel::fuzz {

inline void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "violated: %s\n", what);
    std::abort();
}

struct Record {
    std::string raw, detail;
    std::string fields;  // What was read; empty when it is corrupt.
    uint32_t partition = 0;
    std::string text;  // All there is to compare.
    bool operator==(const Record&) const = default;
};

inline std::string fields_of(const RecordBatch& batch, uint32_t row) {
    if (batch.verdict[row] == Verdict::corrupt) return {};
    std::string text = " t" + std::to_string(batch.time_us[row]);
    text += " " + (batch.id_text.empty() ? std::to_string(batch.id_lo[row])
                                         : std::string(batch.id_text[row]));
    if (batch.id_text.empty() && !batch.id_hi.empty())
        text += "," + std::to_string(batch.id_hi[row]);
    if (!batch.key_int.empty()) text += " " + std::to_string(batch.key_int[row]);
    if (!batch.key_text.empty()) text += " " + std::string(batch.key_text[row]);
    for (const auto& column : batch.values) text += " " + std::to_string(column[row]);
    return text;
}

inline std::string text_of(const RecordBatch& batch, uint32_t row) {
    const std::string text =
        std::to_string(batch.first_record + row) + "@" + std::to_string(batch.offset[row]) + " p" +
        std::to_string(batch.partition[row]) + " " + std::string(batch.raw[row]);
    if (batch.verdict[row] == Verdict::corrupt)
        return text + " ! " + std::string(batch.detail[row]);
    return text + fields_of(batch, row);
}

// The records of `bytes` from chunks of that many bytes and batches of that many
// rows.
inline std::vector<Record> decode(std::string_view bytes, const net::DecodeOptions& options,
                                  size_t chunk_bytes, uint32_t capacity) {
    Config config;
    config.dedup.id_type = net::id_type(options.id.form);
    config.key = options.key;
    config.values = options.values;
    net::PartitionTable partitions("(source)");
    std::unique_ptr<net::Decoder> decoder;
    require(net::make_decoder(options, {&partitions, nullptr}, decoder).ok(), "a decoder is made");
    decoder->begin_stream();

    std::vector<Record> records;
    RecordBatch batch(config, capacity);
    size_t wanted = chunk_bytes;
    for (size_t at = 0;;) {
        // A buffer of its own for each chunk: reading past the padding is seen.
        const std::string_view part = bytes.substr(at, wanted);
        std::vector<char> buffer(part.size() + net::kPaddingBytes);
        std::copy(part.begin(), part.end(), buffer.begin());
        const bool last = at + part.size() == bytes.size();
        batch.clear();
        batch.first_record = records.size();
        const net::Decoded decoded =
            decoder->decode({{buffer.data(), part.size()}, at, last, INT64_MAX}, batch);
        require(decoded.consumed <= part.size(), "no more is consumed than there is");
        require(decoded.stop != net::Stop::held, "nothing is held without a limit");
        require(decoded.stop != net::Stop::full || batch.full(), "full means full");
        for (uint32_t row = 0; row < batch.count; ++row) {
            const bool corrupt = batch.verdict[row] == Verdict::corrupt;
            records.push_back({std::string(batch.raw[row]),
                               std::string(corrupt ? batch.detail[row] : std::string_view()),
                               fields_of(batch, row), batch.partition[row], text_of(batch, row)});
        }
        at += decoded.consumed;
        const bool hungry = decoded.stop == net::Stop::hungry;
        if (hungry && last) {
            require(at == bytes.size(), "a stream is consumed to its end");
            return records;
        }
        wanted = hungry ? std::max(chunk_bytes, 2 * (part.size() - decoded.consumed)) : chunk_bytes;
    }
}

// Decodes what follows the first two bytes; returns the records.
inline std::vector<Record> check_cuts(const uint8_t* bytes, size_t size,
                                      const net::DecodeOptions& options) {
    if (size < 2) return {};
    const std::string_view stream(reinterpret_cast<const char*>(bytes) + 2, size - 2);
    const std::vector<Record> whole = decode(stream, options, size, 64);
    require(decode(stream, options, size_t{1} + bytes[0], 1 + bytes[1] % 16u) == whole,
            "cuts change nothing");
    return whole;
}

}  // namespace trommel::fuzz
