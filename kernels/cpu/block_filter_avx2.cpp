#if defined(__x86_64__)
#include <immintrin.h>

#include "kernels/cpu/block_filter_pass.h"

#define TROMMEL_AVX2 __attribute__((target("avx2")))

namespace trommel::cpu {
namespace {

TROMMEL_AVX2 inline __m256i all(uint64_t value) {
    return _mm256_set1_epi64x(static_cast<long long>(value));
}

// The top bit of lane i: does lane i of `set` contain the stamp in lane i?
TROMMEL_AVX2 inline __m256d holds(__m256i set, __m256i stamps) {
    return _mm256_castsi256_pd(_mm256_sllv_epi64(set, _mm256_sub_epi64(all(63), stamps)));
}

// Half a line: four words, the shifts to their cells, and what these hold.
struct Half {
    __m256i words, shifts, held;
};

TROMMEL_AVX2 inline Half half_of(const uint64_t* words, uint64_t cells) {
    Half half;
    half.words = _mm256_load_si256(reinterpret_cast<const __m256i*>(words));
    const __m256i places = _mm256_srlv_epi64(all(cells << 2), _mm256_set_epi64x(12, 8, 4, 0));
    half.shifts = _mm256_and_si256(places, all(15 << 2));
    half.held = _mm256_and_si256(_mm256_srlv_epi64(half.words, half.shifts), all(15));
    return half;
}

TROMMEL_AVX2 inline int seen_cells(const Half& half, __m256i fresh) {
    return _mm256_movemask_pd(holds(fresh, half.held));
}

TROMMEL_AVX2 inline void raise(uint64_t* words, const Half& half, __m256i older, __m256i stamp) {
    const __m256i change = _mm256_sllv_epi64(_mm256_xor_si256(half.held, stamp), half.shifts);
    const __m256d before = _mm256_castsi256_pd(half.words);
    const __m256d after = _mm256_castsi256_pd(_mm256_xor_si256(half.words, change));
    const __m256d raised = _mm256_blendv_pd(before, after, holds(older, half.held));
    _mm256_store_pd(reinterpret_cast<double*>(words), raised);
}

// rules::filter_judge() with a lane per word. Duplicates are a matter of chance, so nothing
// branches on them: a duplicate raises no cell.
TROMMEL_AVX2 inline uint8_t judge_line(uint64_t* line, uint64_t cells,
                                       const rules::FilterAge& age) {
    const Half first = half_of(line, cells);
    const Half second = half_of(line + 4, cells >> 16);
    const __m256i fresh = all(age.fresh);
    const bool is_new = (seen_cells(first, fresh) & seen_cells(second, fresh)) != 15;
    const __m256i older = all(age.older & (uint64_t{0} - is_new));
    const __m256i stamp = all(age.stamp);
    raise(line, first, older, stamp);
    raise(line + 4, second, older, stamp);
    return is_new;
}

// The cells of four words: six of `bits` for each.
TROMMEL_AVX2 inline __m256i cells_of(uint64_t bits) {
    const __m256i shifts = _mm256_srlv_epi64(all(bits), _mm256_set_epi64x(18, 12, 6, 0));
    return _mm256_sllv_epi64(all(1), _mm256_and_si256(shifts, all(63)));
}

// rules::filter_judge_plain() with a lane per word.
TROMMEL_AVX2 inline uint8_t judge_plain(uint64_t* line, uint64_t bits, uint64_t keep) {
    auto* const place = reinterpret_cast<__m256i*>(line);
    const __m256i first = _mm256_load_si256(place);
    const __m256i second = _mm256_load_si256(place + 1);
    const __m256i first_cells = cells_of(bits);
    const __m256i second_cells = cells_of(bits >> 24);
    const __m256i kept = all(keep);
    _mm256_store_si256(place, _mm256_or_si256(first, _mm256_and_si256(first_cells, kept)));
    _mm256_store_si256(place + 1, _mm256_or_si256(second, _mm256_and_si256(second_cells, kept)));
    return (_mm256_testc_si256(first, first_cells) & _mm256_testc_si256(second, second_cells)) == 0;
}

}  // namespace

TROMMEL_AVX2 void filter_judge_avx2(const FilterPass& given) {
    const FilterPass pass = given;  // A copy, since is_new might alias the original.
    const uint32_t available = pass.count + pass.following;
    for (uint32_t k = 0; k < pass.count; ++k) {
        if (k + kFilterLookahead < available) {
            ask_for(pass.line_of(pass.hash[pass.rows[k + kFilterLookahead]]));
        }
        const uint64_t hash = pass.hash[pass.rows[k]];
        pass.is_new[k] =
            judge_line(pass.line_of(hash), rules::filter_cells_of(hash), pass.ages[pass.slots[k]]);
    }
}

TROMMEL_AVX2 uint32_t filter_judge_plain_avx2(const PlainFilterPass& given) {
    const PlainFilterPass pass = given;  // A copy, since is_new might alias the original.
    PlainFilterPlaces places(pass);
    uint32_t found = 0;
    uint32_t k = 0;
    for (; k + kFilterLookahead < pass.count; ++k) {
        places.ask_for_row(k + kFilterLookahead);
        found += pass.is_new[k] = judge_plain(places.line(k), places.bits(k), pass.keep);
    }
    for (; k < pass.count; ++k) {
        found += pass.is_new[k] = judge_plain(places.line(k), places.bits(k), pass.keep);
    }
    return found;
}

TROMMEL_AVX2 void filter_sweep_avx2(uint64_t* words, uint64_t count, uint32_t keep) {
    const FilterKept kept(keep);
    const __m256i low_kept =
        _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(kept.cells)));
    const __m256i high_kept = _mm256_slli_epi16(low_kept, 4);
    const __m256i low_cells = _mm256_set1_epi8(15);
    for (uint64_t w = 0; w < count; w += 4) {
        auto* const place = reinterpret_cast<__m256i*>(words + w);
        const __m256i held = _mm256_load_si256(place);
        const __m256i low = _mm256_and_si256(held, low_cells);
        const __m256i high = _mm256_and_si256(_mm256_srli_epi16(held, 4), low_cells);
        const __m256i left = _mm256_or_si256(_mm256_shuffle_epi8(low_kept, low),
                                             _mm256_shuffle_epi8(high_kept, high));
        const __m256i change = _mm256_xor_si256(left, held);
        if (_mm256_testz_si256(change, change) == 0) _mm256_store_si256(place, left);
    }
}

}  // namespace trommel::cpu
#endif
