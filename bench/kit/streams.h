#pragma once
#include <cstddef>
#include <cstdint>

namespace trommel::bench {

// One pass over memory, line by line, as fast as one core can. `lines` are of 64 bytes, aligned;
// their number is a multiple of 4. Writes go past the caches where the processor has such stores.
struct StreamKernels {
    uint64_t (*sum)(const char* lines, size_t count);  // Of all 64-bit words.
    void (*fill)(char* lines, size_t count, uint64_t word);
    void (*copy)(char* to, const char* from, size_t count);
};
const StreamKernels& stream_kernels();

}  // namespace trommel::bench
