#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "trommel/record_batch.h"
#include "trommel/status.h"

#include "kernels/cpu/id_memory.h"
#include "kernels/rules/lateness.h"

namespace trommel::hostpath {

// A batch on its way: receiver -> every worker -> emitter -> receiver. Only its handle moves.
// Workers read it at the same time and write only the verdicts of their own rows.
struct Batch {
    Batch(const Config& config, uint32_t records_max)
        : records(config, records_max), hash(records_max), order(records_max) {
        const bool hashed_ids = config.dedup.id_type == IdType::bytes;
        if (hashed_ids || config.dedup.scope == Scope::key) {
            lo.resize(records_max);
            hi.resize(records_max);
        }
        if (config.dedup.verify) text.resize(records_max);
        stretches.reserve(records_max + 1);
    }

    // Where shards look for ids.
    cpu::IdColumns ids() const {
        const bool are_hashes = !lo.empty();
        return {hash.data(), are_hashes ? lo.data() : records.id_lo.data(),
                are_hashes ? hi.data() : records.id_hi.data(), text.data(), records.time_us.data()};
    }

    RecordBatch records;
    std::vector<uint64_t> hash;          // Placement hash of each on-time row.
    std::vector<uint64_t> lo, hi;        // Ids, where they are hashes: of bytes, or of id and key.
    std::vector<std::string_view> text;  // verify: the id's bytes within its scope.
    // The on-time rows, by shard and within a shard in the source's order: shard s has
    // order[shard_begin[s], shard_begin[s+1]).
    std::vector<uint32_t> order;
    std::array<uint32_t, kShardsMax + 1> shard_begin{};

    int64_t watermark_us = rules::kUnknownUs;  // The job's, before the first record.
    // Rows [previous end, row_end) and the job's watermark once the first of them was seen.
    // Memories of ids keep a bounded range of times, so within a stretch the watermark moves by at
    // most a horizon.
    struct Stretch {
        uint32_t row_end;
        int64_t watermark_us;
    };
    std::vector<Stretch> stretches;
    uint64_t sequence = 0;  // Batches of a run are numbered from 0.
    uint32_t lane = 0;
    bool last = false;  // Nothing follows; has no records.
    Status status;      // last only: why the input ended early.
};

}  // namespace trommel::hostpath
