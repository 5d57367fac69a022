#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "trommel/ledger.h"
#include "trommel/transport.h"

namespace trommel {

struct PartitionReport {
    std::string name;
    Ledger ledger;
    int64_t newest_us = INT64_MIN;  // Newest event time shown; INT64_MIN: none.
    bool idle = false;
};

struct ShardReport {
    uint64_t events = 0;  // On-time events that this shard judged.
    uint64_t unique = 0;
    uint64_t live_ids = 0;             // Remembered now.
    std::optional<uint64_t> keys = 0;  // Key slots in use now; not known of integers on a GPU.
    uint64_t id_bytes = 0;             // Committed for ids.
    uint64_t key_bytes = 0;            // Committed for keys, panes and sessions.
    uint64_t huge_page_bytes = 0;      // Of id_bytes, granted as huge pages.
};

// What a run did. Plain numbers, taken at one moment.
struct Report {
    Ledger ledger;
    std::vector<PartitionReport> partitions;
    std::vector<ShardReport> shards;
    std::optional<Transport> transport;  // Of a source that can lose events (L3).
    uint64_t rows = 0;  // Final rows handed out.
    uint64_t dead_letters = 0;
    uint64_t bytes_read = 0;
    int64_t watermark_us = INT64_MIN;
    double seconds = 0;  // Wall time of run(), 0 for an embedded engine.
    uint64_t resident_bytes_max = 0;
    uint32_t pinned_workers = 0;  // EngineOptions::pin: how many the system has pinned.
    std::string engine;  // "cpu" or "gpu": what really ran.
    std::string simd;    // "scalar", "avx2" or "avx512": what was really used.
    // approximate: unique events lost per day at this run's rate and the declared error rate.
    double expected_lost_per_day = 0;
    int64_t horizon_shortened_us =
        0;                 // OnFull::forget: how much earlier ids were forgotten, at worst.
    bool complete = true;  // false: stopped by OnFull::stop or an error.

    // Adds a partition, and its ledger to the total.
    void add(PartitionReport partition) {
        ledger.in += partition.ledger.in;
        for (size_t v = 0; v < kVerdicts; ++v) {
            ledger.by_verdict[v] += partition.ledger.by_verdict[v];
        }
        partitions.push_back(std::move(partition));
    }
};

}  // namespace trommel
