#pragma once
#include <memory>
#include <string>

#include "net/byte_stream.h"

namespace trommel::net {

// A gzip file of one or more members, decompressed. `path` stands in messages. Only in a build with
// zlib.
std::unique_ptr<ByteStream> make_gzip_stream(const std::string& path, std::unique_ptr<File> file);

}  // namespace trommel::net
