#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "trommel/clock.h"
#include "trommel/status.h"

#include "net/connection.h"
#include "net/decode_options.h"
#include "net/decoder.h"
#include "net/partition_table.h"
#include "net/pending_bytes.h"

namespace trommel::net {

// What the connections of one source that send lines share: the decoders, which stay as long as the
// source, because rows point to what they say about corrupt records; and the partitions.
class RecordConnections {
   public:
    // Precondition: validate(options, …) is ok, and the format is not binary.
    RecordConnections(const DecodeOptions& options, size_t buffer_bytes, Clock& clock);

    // Whether there is a decoder for the format in this build.
    Status check();

    // A connection from `peer`, the name of its partition where no field is.
    std::unique_ptr<Connection> connect(std::string peer);
    const PartitionTable& partitions() const { return partitions_; }

   private:
    class RecordConnection;

    std::unique_ptr<Decoder> take_decoder();

    const DecodeOptions options_;
    const size_t buffer_bytes_;
    PartitionTable partitions_;
    std::unique_ptr<DecodeScratch> scratch_;
    const DecodeContext context_;
    std::vector<std::unique_ptr<Decoder>> unused_;
};

}  // namespace trommel::net
