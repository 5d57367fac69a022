#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "trommel/status.h"

#include "net/hmac.h"

namespace trommel::net {

// The keys of sources that sign their frames (net/wire.h). One thread at a time.
class FrameKeys {
   public:
    static constexpr size_t kKeysMax = 65536;
    static constexpr size_t kFileBytesMax = size_t{16} << 20;
    static constexpr size_t kKeyBytesMin = 16, kKeyBytesMax = 64;

    // Reads a file of lines "SOURCE_ID HEXKEY"; '#' begins a comment. Refused when others than its
    // owner may read it, and by builds without libcrypto. Messages never show a key.
    Status load(const std::string& path);
    // The same for its text; `origin` is what messages call it.
    Status parse(std::string_view text, const std::string& origin);

    // Whether the last bytes of a signed frame are the signature of its source.
    bool verify(uint32_t source_id, std::string_view frame);
    // Writes the signature into the last bytes of a frame that was made with kFrameSigned. False
    // when there is no key for the source.
    bool sign(uint32_t source_id, char* frame, size_t bytes);

    size_t size() const { return keys_.size(); }

   private:
    Status add(std::string_view line);

    std::unordered_map<uint32_t, std::unique_ptr<Hmac>> keys_;
};

// What `trommel version --verbose` tells of.
bool built_with_signatures();

}  // namespace trommel::net
