#pragma once
#include <cstdint>

#include "kernels/cpu/exact_line.h"
#include "kernels/cpu/exact_page_map.h"
#include "kernels/cpu/exact_table.h"
#include "kernels/cpu/simd_level.h"
#include "kernels/rules/dedup.h"

// The loops of the exact table that run over every event of a batch, in SIMD levels.
namespace trommel::cpu {

// The work of one pass over the home lines of a batch, shared by the SIMD variants.
struct HomePass {
    char* lines;                 // The table.
    const uint32_t* line_index;  // Of rows[k].
    const uint32_t* rows;
    const uint16_t* ticks;  // Of rows[k].
    uint32_t count;
    const uint64_t* hash;  // Of row.
    const uint64_t* lo;    // Of row.
    const uint64_t* hi;    // Of row; Line128 only.
    uint16_t floor;
    uint32_t reach;
    int64_t floor_tick;      // Whose low 16 bits are `floor`.
    uint32_t* live_by_tick;  // 65,536 counters.
    uint8_t* outcomes;       // Outcome of rows[k]; not written for deferred ones.
    int64_t* renewed_from;   // Out, of row: the tick before, where the outcome is `renewed`.
    uint32_t* deferred;      // Out: positions k that one line could not decide, in order.
    uint32_t deferred_count;
    uint32_t inserted;  // Out.
};

// How far ahead lines are asked for. 128 reached the highest rate of random line updates on an AMD
// EPYC of family 26 (330 M/s against 197 at 48 for 256 MiB); an Intel Xeon of model 207 does not
// care between 64 and 256.
inline constexpr uint32_t kLookahead = 128;

// Lines are fetched into the second-level cache (`prefetch.h`), and this far ahead into the first:
// copy or new id is a branch that is mispredicted again and again, and is then found out sooner.
inline constexpr uint32_t kLookaheadNear = 24;

// lines[k]: the home line of rows[k].
using HomeLines = void (*)(const PageMap& map, const uint64_t* hash, const uint32_t* rows,
                           uint32_t count, uint32_t* lines);
HomeLines home_lines(SimdLevel simd);

// Null for verified ids: their equality needs the bytes, and they are settled one by one.
using HomePassFunction = void (*)(HomePass&);
HomePassFunction home_pass(IdKind kind, SimdLevel simd);

void home_lines_scalar(const PageMap& map, const uint64_t* hash, const uint32_t* rows,
                       uint32_t count, uint32_t* lines);
void home_lines_avx2(const PageMap& map, const uint64_t* hash, const uint32_t* rows, uint32_t count,
                     uint32_t* lines);
void home_lines_avx512(const PageMap& map, const uint64_t* hash, const uint32_t* rows,
                       uint32_t count, uint32_t* lines);

void home_pass_64_scalar(HomePass& pass);
void home_pass_128_scalar(HomePass& pass);
void home_pass_64_avx2(HomePass& pass);
void home_pass_128_avx2(HomePass& pass);
void home_pass_64_avx512(HomePass& pass);
void home_pass_128_avx512(HomePass& pass);

}  // namespace trommel::cpu
