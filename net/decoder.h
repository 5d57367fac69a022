#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "trommel/clock.h"
#include "trommel/record_batch.h"
#include "trommel/status.h"

#include "net/decode_options.h"
#include "net/partition_table.h"

namespace trommel::net {

// That many bytes behind a chunk may be read (not used) by a decoder.
inline constexpr size_t kPaddingBytes = 64;

// A stretch of a stream, beginning where the decoder stopped before. After Stop::hungry it is
// longer than what was left then, or the last.
struct Chunk {
    std::string_view bytes;        // Stays where it is as long as the batch: rows point into it.
    uint64_t offset = 0;           // Of bytes[0] in the source.
    bool last = false;             // The stream ends here.
    int64_t until_us = INT64_MAX;  // A record with a later time is left where it is.
};

enum class Stop : uint8_t {
    hungry,  // No whole record is left; the rest and more bytes are needed. last: nothing is left.
    full,    // The batch is.
    held,    // The next record is later than until_us.
};
struct Decoded {
    size_t consumed = 0;  // Bytes that are not to be shown again.
    Stop stop = Stop::hungry;
    int64_t held_time_us = 0;
};

// Cuts a stream into records and puts each into a row of a batch (contract E5, E6). What cannot be
// read becomes a corrupt row with a detail that lives as long as the decoder. The answer is a
// function of the stream: how it is cut into chunks and batches changes nothing. One thread at a
// time.
class Decoder {
   public:
    virtual ~Decoder() = default;
    // What follows is the beginning of a stream: a byte order mark and a header are expected anew.
    virtual void begin_stream() = 0;
    virtual Decoded decode(const Chunk& chunk, RecordBatch& batch) = 0;
};

// Memory that a decoder needs only while it decodes, so that all decoders of a thread may share it.
class DecodeScratch {
   public:
    virtual ~DecodeScratch() = default;
};
std::unique_ptr<DecodeScratch> make_decode_scratch();

// What decoders look at and add to. Borrowed.
struct DecodeContext {
    PartitionTable* partitions =
        nullptr;                       // 0: corrupt records' and, without a field, all records'.
    Clock* clock = nullptr;            // Asked once per chunk, and only for max_future.
    DecodeScratch* scratch = nullptr;  // Null: the decoder has its own.
};

// The decoder of options.format, or why there is none in this build.
// Precondition: validate(options, …) is ok.
Status make_decoder(const DecodeOptions& options, const DecodeContext& context,
                    std::unique_ptr<Decoder>& decoder);

// What `trommel version --verbose` tells of.
bool built_with_json();

}  // namespace trommel::net
