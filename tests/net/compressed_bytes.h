#pragma once
#include <gtest/gtest.h>
#include <string>
#include <vector>
#include <zlib.h>
#include <zstd.h>

#include "net/byte_stream.h"
#include "tests/net/scripted_file.h"

namespace trommel::net {

inline std::string gzip(const std::string& bytes) {
    std::string out(compressBound(static_cast<uLong>(bytes.size())) + 64, '\0');
    std::string in = bytes;  // zlib wants it writable.
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

inline std::string zstd(const std::string& bytes) {
    std::string out(ZSTD_compressBound(bytes.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
    return out;
}

// What a stream called `name` brings before it ends (or fails: then `failure` says why).
inline std::string read_stream(const std::string& name, std::vector<std::string> pieces,
                               size_t read_bytes, Status& failure) {
    std::unique_ptr<ByteStream> stream;
    failure = make_byte_stream(name, std::make_unique<ScriptedFile>(std::move(pieces)), stream);
    if (!failure.ok()) return {};
    std::string all;
    std::string buffer(read_bytes, '\0');
    while (true) {
        File::ReadResult result = stream->read(buffer.data(), buffer.size());
        if (result.kind == File::Read::nothing_yet) continue;
        if (result.kind != File::Read::bytes) {
            failure = std::move(result.status);
            return all;
        }
        EXPECT_GT(result.bytes, 0u);
        all.append(buffer, 0, result.bytes);
    }
}

// 300,000 bytes that compress about as text does.
inline std::string some_text() {
    std::string text;
    for (int i = 0; text.size() < 300'000; ++i) text += "line " + std::to_string(i * 7919) + "\n";
    return text;
}

// The tests of a compressed format that do not depend on which it is.
struct CompressedFormat {
    const char* name;
    std::string (*compress)(const std::string&);
    const char* too_early;
};

inline void expect_reads_any_cut(const CompressedFormat& format) {
    const std::string text = some_text();
    const std::string stored =
        format.compress(text) + format.compress("") + format.compress("tail");
    for (const size_t piece : {size_t{1}, size_t{7}, size_t{1000}, stored.size()}) {
        for (const size_t read_bytes : {size_t{13}, size_t{4096}, size_t{1} << 20}) {
            std::vector<std::string> pieces = in_pieces(stored, piece);
            for (size_t i = 0; i < pieces.size(); i += 50)
                pieces.insert(pieces.begin() + static_cast<ptrdiff_t>(i), "");
            Status failure;
            EXPECT_EQ(read_stream(format.name, pieces, read_bytes, failure), text + "tail");
            EXPECT_TRUE(failure.ok()) << failure.message;
        }
    }
}

inline void expect_truncation_is_told(const CompressedFormat& format) {
    const std::string stored = format.compress("a first part") + format.compress("and a second");
    const size_t boundary = format.compress("a first part").size();
    for (size_t size = 0; size < stored.size(); ++size) {
        if (size == boundary) continue;
        Status failure;
        read_stream(format.name, {stored.substr(0, size)}, 100, failure);
        EXPECT_EQ(failure.code, Code::io) << size;
        EXPECT_EQ(failure.message,
                  std::string("cannot read ") + format.name + ": " + format.too_early);
    }
}

}  // namespace trommel::net
