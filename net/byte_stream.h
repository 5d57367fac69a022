#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "trommel/file_system.h"
#include "trommel/status.h"

namespace trommel::net {

// The bytes of a file as a reader means them: decompressed where its name says that it is
// compressed.
class ByteStream {
   public:
    virtual ~ByteStream() = default;
    // As File::read().
    virtual File::ReadResult read(char* out, size_t size) = 0;
    virtual uint64_t bytes_read() const = 0;  // Of the file as stored.
};

// By the name: ".gz" (gzip, any number of members), ".zst" (Zstandard, any number of frames), or
// plain. `path` stands in messages. Fails when the format is not in this build.
Status make_byte_stream(const std::string& path, std::unique_ptr<File> file,
                        std::unique_ptr<ByteStream>& stream);

// What `trommel version --verbose` tells of.
bool built_with_gzip();
bool built_with_zstd();

}  // namespace trommel::net
