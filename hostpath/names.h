#pragma once
#include <cstdint>
#include <string_view>

namespace trommel::hostpath {

// Where the emitter gets names for dead letters from. Readable by any thread for what it was
// handed.
class Names {
   public:
    virtual ~Names() = default;
    virtual std::string_view source_name(uint32_t lane) const = 0;
    virtual std::string_view partition_name(uint32_t partition) const = 0;
};

}  // namespace trommel::hostpath
