#pragma once
#include <cstdint>

#include "trommel/config.h"

#include "hostpath/batch.h"
#include "kernels/rules/hash.h"

namespace trommel::hostpath {

// Gives every on-time event its place: hashes its id, within its scope, once. One thread at a time.
class IdHasher {
   public:
    IdHasher(const Config& config, uint64_t job_seed);

    // Fills batch.hash, .lo, .hi and .text of `rows[0..count)` as the job needs them.
    void hash(Batch& batch, const uint32_t* rows, uint32_t count) const;

   private:
    void hash_bytes(Batch& batch, const uint32_t* rows, uint32_t count) const;
    void hash_scoped(Batch& batch, const uint32_t* rows, uint32_t count) const;

    const DedupOptions dedup_;
    const KeyShape key_shape_;
    const rules::HashSeed place_seed_;
    const uint64_t bytes_seed_;
    const uint64_t scope_seed_;
};

}  // namespace trommel::hostpath
