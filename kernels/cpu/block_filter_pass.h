#pragma once
#include <algorithm>
#include <cstdint>

#include "kernels/cpu/prefetch.h"
#include "kernels/cpu/simd_level.h"
#include "kernels/rules/filter.h"

// The loops of the filter, one file per SIMD level. All levels give the same answers and leave the
// same memory behind: rules::filter_judge() and rules::filter_judge_plain() say what they compute.
namespace trommel::cpu {

struct FilterLines {
    uint64_t* words;      // The lines of this filter.
    uint64_t first_line;  // The number of words[0]'s line among the lines of all groups.
    uint64_t lines_per_group;

    uint64_t* line_of(uint64_t hash) const {
        const uint64_t line = rules::filter_line_of(hash, lines_per_group) - first_line;
        return words + line * rules::kFilterWords;
    }
};

struct FilterPass : FilterLines {
    const rules::FilterAge* ages;  // By slot.
    const uint64_t* hash;          // Of row.
    const uint32_t* rows = nullptr;
    const uint8_t* slots = nullptr;  // Of rows[k].
    uint8_t* is_new = nullptr;       // Out, of rows[k]: 0 duplicate, 1 new and remembered.
    uint32_t count = 0;
    uint32_t following = 0;  // Rows behind these whose lines may be fetched already.
};

struct PlainFilterPass : FilterLines {
    const uint64_t* hash;  // Of row.
    const uint32_t* rows = nullptr;
    uint8_t* is_new = nullptr;  // Out, of rows[k]: 0 duplicate, 1 new.
    uint32_t count = 0;
    uint64_t keep = ~uint64_t{0};  // 0: nothing is remembered.
};

// How far ahead lines are fetched.
inline constexpr uint32_t kFilterLookahead = 128;

// Where the ids of the next rows live: worked out once, when their lines are asked for.
class PlainFilterPlaces {
   public:
    explicit PlainFilterPlaces(const PlainFilterPass& pass) : pass_(pass) {
        for (uint32_t k = 0; k < std::min(kFilterLookahead, pass.count); ++k) ask_for_row(k);
    }
    __attribute__((always_inline)) void ask_for_row(uint32_t k) {
        const uint64_t hash = pass_.hash[pass_.rows[k]];
        uint64_t* const line = pass_.line_of(hash);
        lines_[k % kPlaces] = line;
        bits_[k % kPlaces] = rules::filter_bits_of(hash);
        ask_for(line);
    }
    uint64_t* line(uint32_t k) const { return lines_[k % kPlaces]; }
    uint64_t bits(uint32_t k) const { return bits_[k % kPlaces]; }

   private:
    static constexpr uint32_t kPlaces = 256;  // The remainder is then the lowest byte.
    static_assert(kPlaces > kFilterLookahead);

    const PlainFilterPass& pass_;
    uint64_t* lines_[kPlaces];
    uint64_t bits_[kPlaces];
};

struct FilterKernels {
    void (*judge)(const FilterPass& pass);
    // Returns how many were new.
    uint32_t (*judge_plain)(const PlainFilterPass& pass);
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
uint32_t filter_judge_plain_scalar(const PlainFilterPass& pass);
void filter_sweep_scalar(uint64_t* words, uint64_t count, uint32_t keep);
void filter_judge_avx2(const FilterPass& pass);
void filter_judge_avx512(const FilterPass& pass);
uint32_t filter_judge_plain_avx2(const PlainFilterPass& pass);
uint32_t filter_judge_plain_avx512(const PlainFilterPass& pass);
void filter_sweep_avx2(uint64_t* words, uint64_t count, uint32_t keep);
void filter_sweep_avx512(uint64_t* words, uint64_t count, uint32_t keep);

}  // namespace trommel::cpu
