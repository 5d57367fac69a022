#pragma once
#include <cstdint>

#include "kernels/cpu/simd_level.h"
#include "kernels/rules/filter.h"

// The two loops of the filter, one file per SIMD level. All levels give the same answers and leave
// the same memory behind: rules::filter_judge() says what they compute.
namespace trommel::cpu {

struct FilterPass {
    uint64_t* words;      // The lines of this filter.
    uint64_t first_line;  // The number of words[0]'s line among the lines of all groups.
    uint64_t lines_per_group;
    const rules::FilterAge* ages;  // By slot.
    const uint64_t* hash;          // Of row.
    const uint32_t* rows = nullptr;
    const uint8_t* slots = nullptr;  // Of rows[k].
    uint8_t* is_new = nullptr;       // Out, of rows[k]: 0 duplicate, 1 new and remembered.
    uint32_t count = 0;
    uint32_t following = 0;  // Rows behind these whose lines may be fetched already.

    uint64_t* line_of(uint64_t hash_of_row) const {
        const uint64_t line = rules::filter_line_of(hash_of_row, lines_per_group) - first_line;
        return words + line * rules::kFilterWords;
    }
};

// How far ahead lines are fetched.
inline constexpr uint32_t kFilterLookahead = 128;

struct FilterKernels {
    void (*judge)(const FilterPass& pass);
    // Empties every cell of words[0, count) whose stamp is not in the set `keep`.
    void (*sweep)(uint64_t* words, uint64_t count, uint32_t keep);
};

// For sweeps: what a cell becomes.
struct alignas(16) FilterKept {
    explicit FilterKept(uint32_t keep) {
        for (uint32_t stamp = 0; stamp < 16; ++stamp) {
            cells[stamp] = static_cast<uint8_t>((keep >> stamp & 1) * stamp);
        }
    }
    uint8_t cells[16];
};

FilterKernels filter_kernels(SimdLevel level);

void filter_judge_scalar(const FilterPass& pass);
void filter_sweep_scalar(uint64_t* words, uint64_t count, uint32_t keep);
void filter_judge_avx2(const FilterPass& pass);
void filter_judge_avx512(const FilterPass& pass);
void filter_sweep_avx2(uint64_t* words, uint64_t count, uint32_t keep);
void filter_sweep_avx512(uint64_t* words, uint64_t count, uint32_t keep);

}  // namespace trommel::cpu
