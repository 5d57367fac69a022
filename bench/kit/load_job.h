#pragma once
#include <cstdint>
#include <string>

#include "trommel/config.h"

#include "net/decode_options.h"
#include "net/synthetic_stream.h"

namespace trommel::bench {

// What load tests have the engine do: exact deduplication of 64-bit ids and a tumbling window with
// count, sum, min and max per key.
struct LoadJob {
    uint64_t keys = 1'000'000;
    double duplicate_share = 0.05;
    uint64_t duplicate_distance = 100'000;
    int64_t horizon_us = int64_t{600} * 1'000'000;
    int64_t window_us = 10'000'000;
    int64_t out_of_order_us = 10'000;
    uint32_t threads = 1;
    uint64_t memory_bytes = uint64_t{8} << 30;
    bool prefault = false;  // EngineOptions::prefault
};

Config config_of(const LoadJob& job);
net::DecodeOptions decode_of(const LoadJob& job);
// The stream that goes with it, with its own times.
net::SyntheticOptions stream_of(const LoadJob& job, uint64_t events);
// Of a steady stream, after so long its stores hold as much as they ever will.
int64_t full_after_us(const LoadJob& job);
// For people: "5 % duplicates, 1,000,000 keys, …".
std::string to_text(const LoadJob& job);

}  // namespace trommel::bench
