#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "net/synthetic_stream.h"
#include "net/wire.h"

namespace trommel::net {

enum class RecordFormat : uint8_t { json, csv };

// Writes synthetic records as lines that the decoders read back:
//   json  {"id":1,"key":2,"time":3,"v0":4}, and "partition":"p0" at the end if there are several
//   csv   id,key,time,v0 with a header line, and a column partition at the end if there are several
// Ids are unsigned 64-bit numbers, times microseconds. Corrupt records are damaged so that they are
// corrupt (contract E5) for any job that uses id and time: cut off, a byte that is not UTF-8 where
// the id should be, or a word for a time.
class RecordWriter {
   public:
    RecordWriter(RecordFormat format, bool with_partition)
        : csv_(format == RecordFormat::csv), with_partition_(with_partition) {}

    void append_header(std::string& out) const;
    // One record with its line end.
    void append(std::string& out, const SyntheticRecord& record) const;

   private:
    bool csv_;
    bool with_partition_;
};

// Writes synthetic records as binary frames (wire.h) of kEventsPerFrame events, the last one
// shorter. Precondition: no record is corrupt; a damaged frame would take its neighbours with it,
// and in a file all that follows, so the truth would not hold.
class FrameWriter {
   public:
    static constexpr size_t kEventsPerFrame = 1024;

    // Appends a frame when this record fills it.
    void append(std::string& out, const SyntheticRecord& record);
    // Appends the frame that is not full, if there is one.
    void finish(std::string& out);

   private:
    FrameHeader header_;
    std::vector<WireEvent> events_;
};

}  // namespace trommel::net
