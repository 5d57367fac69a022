#pragma once
#include <memory>
#include <string>

#include "net/byte_stream.h"

namespace trommel::net {

// A Zstandard file of one or more frames, decompressed. `path` stands in messages. Only in a build
// with libzstd.
std::unique_ptr<ByteStream> make_zstd_stream(const std::string& path, std::unique_ptr<File> file);

}  // namespace trommel::net
