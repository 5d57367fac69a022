#include "hostpath/id_hasher.h"

#define XXH_INLINE_ALL
#include <algorithm>
#include <cstring>
#include <string_view>
#include <xxhash.h>

#include "kernels/rules/dedup.h"

namespace trommel::hostpath {

IdHasher::IdHasher(const Config& config, uint64_t job_seed)
    : dedup_(config.dedup),
      key_shape_(key_shape(config)),
      place_seed_(rules::hash_seed(job_seed, rules::Purpose::id)),
      bytes_seed_(rules::hash_seed(job_seed, rules::Purpose::id_bytes).a),
      scope_seed_(rules::hash_seed(job_seed, rules::Purpose::scope).a) {}

void IdHasher::hash(Batch& batch, const uint32_t* rows, uint32_t count) const {
    RecordBatch& records = batch.records;
    if (dedup_.mode == DedupMode::off) {
        // Nobody looks for ids; the record's number deals events evenly to shards.
        for (uint32_t k = 0; k < count; ++k) {
            batch.hash[rows[k]] = rules::hash_u64(records.first_record + rows[k], place_seed_);
        }
        return;
    }
    const bool wide = rules::has_wide_ids(dedup_);
    if (dedup_.scope == Scope::key) {
        hash_scoped(batch, rows, count);
    } else if (dedup_.id_type == IdType::bytes) {
        hash_bytes(batch, rows, count);
    }
    const uint64_t* const lo = batch.ids().lo;
    const uint64_t* const hi = batch.ids().hi;
    if (wide) {
        for (uint32_t k = 0; k < count; ++k) {
            batch.hash[rows[k]] = rules::hash_u128(lo[rows[k]], hi[rows[k]], place_seed_);
        }
    } else {
        for (uint32_t k = 0; k < count; ++k)
            batch.hash[rows[k]] = rules::hash_u64(lo[rows[k]], place_seed_);
    }
}

void IdHasher::hash_bytes(Batch& batch, const uint32_t* rows, uint32_t count) const {
    for (uint32_t k = 0; k < count; ++k) {
        const uint32_t row = rows[k];
        const std::string_view id = batch.records.id_text[row];
        const XXH128_hash_t hash = XXH3_128bits_withSeed(id.data(), id.size(), bytes_seed_);
        batch.lo[row] = hash.low64;
        batch.hi[row] = hash.high64;
        if (dedup_.verify) batch.text[row] = id;
    }
}

// An id within a key is the 128-bit hash of both: the key's length, the key, the id.
void IdHasher::hash_scoped(Batch& batch, const uint32_t* rows, uint32_t count) const {
    RecordBatch& records = batch.records;
    for (uint32_t k = 0; k < count; ++k) {
        const uint32_t row = rows[k];
        std::string_view key, id;
        uint64_t id_words[2];
        if (key_shape_ == KeyShape::integer) {
            key = {reinterpret_cast<const char*>(&records.key_int[row]), sizeof(int64_t)};
        } else if (key_shape_ == KeyShape::encoded) {
            key = records.key_text[row];
        }
        if (dedup_.id_type == IdType::bytes) {
            id = records.id_text[row];
        } else {
            id_words[0] = records.id_lo[row];
            id_words[1] = dedup_.id_type == IdType::u128 ? records.id_hi[row] : 0;
            id = {reinterpret_cast<const char*>(id_words), sizeof id_words};
        }
        const auto key_bytes = static_cast<uint32_t>(key.size());
        char* const joined = records.allocate_text(sizeof key_bytes + key.size() + id.size());
        std::memcpy(joined, &key_bytes, sizeof key_bytes);
        std::copy_n(key.data(), key.size(), joined + sizeof key_bytes);
        std::copy_n(id.data(), id.size(), joined + sizeof key_bytes + key.size());
        const std::string_view scoped(joined, sizeof key_bytes + key.size() + id.size());
        const XXH128_hash_t hash = XXH3_128bits_withSeed(scoped.data(), scoped.size(), scope_seed_);
        batch.lo[row] = hash.low64;
        batch.hi[row] = hash.high64;
        if (dedup_.verify) batch.text[row] = scoped;
    }
}

}  // namespace trommel::hostpath
