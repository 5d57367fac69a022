#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "trommel/clock.h"
#include "trommel/config.h"
#include "trommel/file_system.h"
#include "trommel/source.h"
#include "trommel/status.h"

#include "net/decode_options.h"

namespace trommel::net {

struct FileSourceOptions {
    // Read one after another as one source; records and offsets are counted through all of them.
    // "-" is standard input. ".gz" and ".zst" are decompressed. At least one.
    std::vector<std::string> paths;
    DecodeOptions decode;
    size_t chunk_bytes = size_t{1} << 20;  // Most that a poll reads at once, but for a long record.
};

// A source of records in files. Without a partition field it has one partition, named after the
// source; with one, partition 0 is "(source)" (E6) and the others are discovered. Everything is
// borrowed. Fails when the options do not fit the config or each other.
Status make_file_source(const FileSourceOptions& options, const Config& config, FileSystem& files,
                        Clock& clock, std::unique_ptr<Source>& source);

}  // namespace trommel::net
