#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trommel/config.h"
#include "trommel/record_batch.h"

#include "net/decode_options.h"

namespace trommel::bench {

// What a stream holds, told by who wrote it and by who read it: sums, so that order does not
// matter. Keys by a hash of their encoded form.
struct Tally {
    uint64_t records = 0, ids = 0, keys = 0, times = 0, values = 0;

    void add(const RecordBatch& batch);  // Corrupt rows do not count.
    bool operator==(const Tally&) const = default;
};

// A stream in memory, cut where a batch of kSliceRecords ends.
struct EncodedStream {
    std::string bytes;    // net::kPaddingBytes more than the stream has.
    size_t size = 0;      // Without those.
    uint64_t unique = 0;  // Records that are no copies.
    Tally tally;
    std::vector<size_t> cuts;  // Slice s is [cuts[s], cuts[s + 1]).

    std::string_view slice(size_t s) const {
        return {bytes.data() + cuts[s], cuts[s + 1] - cuts[s]};
    }
    size_t slices() const { return cuts.size() - 1; }
};
inline constexpr uint32_t kSliceRecords = 4096;

// Lines of about 145 bytes, one event each millisecond, one in five a copy of an earlier one:
//   {"id":UUID,"time":RFC 3339,"key":text,"amount":decimal,"count":integer,"size":integer}
EncodedStream make_json_lines(uint64_t records);
net::DecodeOptions json_lines_decode();

// The same events as lines of comma-separated values, without a header.
EncodedStream make_csv_lines(uint64_t records);
net::DecodeOptions csv_lines_decode();

// The same events as frames (net/wire.h): the id's low half, a number for a key, one value.
EncodedStream make_frames(uint64_t records);
net::DecodeOptions frames_decode();

// A config whose batches records of these options fill.
Config config_for(const net::DecodeOptions& decode);

}  // namespace trommel::bench
