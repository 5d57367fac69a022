#pragma once
#include <cstdint>
#include <memory>

#include "trommel/config.h"

#include "kernels/cpu/id_memory.h"
#include "kernels/cpu/memory.h"
#include "kernels/cpu/simd_level.h"
#include "kernels/rules/hash.h"

namespace trommel::cpu {

enum class IdKind : uint8_t {
    u64,
    u128,      // Also byte strings, by their 128-bit hash.
    verified,  // Byte strings that are kept and compared.
};

struct ExactTableOptions {
    IdKind kind = IdKind::u64;
    int64_t horizon_us = kForeverUs;
    int64_t allowed_lateness_us = 0;
    int64_t lateness_pane_us = 0;
    uint32_t group_begin = 0, group_end = 256;  // The hash groups that this table holds.
    uint32_t rows_max = 65536;                  // Longest batch; row numbers are below it.
    rules::HashSeed seed;                       // The one that made IdColumns::hash.
    SimdLevel simd = SimdLevel::scalar;
    uint64_t expected_ids = 0;  // The table is made for as many, as far as the budget goes.
};

// An exact, expiring hash table of ids: one 64-byte line decides almost every event, entries expire
// in place, and it grows a few 4 KiB pages per batch. Essay with drawing and numbers:
// exact_table.md. Returns null when the budget does not cover the smallest table (4 KiB per group).
std::unique_ptr<IdMemory> make_exact_table(const ExactTableOptions& options, MemoryBudget& budget);

// Bytes that `ids` live ids take at the table's usual fill; for `check`.
uint64_t exact_table_bytes(IdKind kind, uint64_t ids);

}  // namespace trommel::cpu
