#if defined(__x86_64__)
#include <immintrin.h>

#include "kernels/cpu/block_filter_pass.h"

#if !defined(__clang__)  // g++ 12 warns about its own _mm512_undefined_epi32().
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#define TROMMEL_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))

namespace trommel::cpu {
namespace {

TROMMEL_AVX512 inline __m512i all(uint64_t value) {
    return _mm512_set1_epi64(static_cast<long long>(value));
}

// Bit i: does lane i of `set` contain the stamp in lane i?
TROMMEL_AVX512 inline __mmask8 holds(__m512i set, __m512i stamps) {
    return _mm512_test_epi64_mask(_mm512_srlv_epi64(set, stamps), all(1));
}

// rules::filter_judge() with a lane per word. Duplicates are a matter of chance, so nothing
// branches on them: a duplicate raises no cell.
TROMMEL_AVX512 inline uint8_t judge_line(uint64_t* line, uint64_t cells,
                                         const rules::FilterAge& age) {
    const __m512i words = _mm512_load_si512(line);
    const __m512i places =
        _mm512_srlv_epi64(all(cells << 2), _mm512_set_epi64(28, 24, 20, 16, 12, 8, 4, 0));
    const __m512i shifts = _mm512_and_si512(places, all(15 << 2));
    const __m512i held = _mm512_and_si512(_mm512_srlv_epi64(words, shifts), all(15));
    const bool is_new = holds(all(age.fresh), held) != 0xff;
    const auto raised = static_cast<__mmask8>(holds(all(age.older), held) & (0u - is_new));
    const __m512i change = _mm512_sllv_epi64(_mm512_xor_si512(held, all(age.stamp)), shifts);
    _mm512_store_si512(line, _mm512_mask_xor_epi64(words, raised, words, change));
    return is_new;
}

// rules::filter_judge_plain() with a lane per word. A rotation takes its distance modulo 64: what
// stands above a lane's six bits need not be cut off.
TROMMEL_AVX512 inline uint8_t judge_plain(uint64_t* line, uint64_t bits, uint64_t keep) {
    const __m512i shifts =
        _mm512_srlv_epi64(all(bits), _mm512_set_epi64(42, 36, 30, 24, 18, 12, 6, 0));
    const __m512i cells = _mm512_rolv_epi64(all(1), shifts);
    const __m512i words = _mm512_load_si512(line);
    _mm512_store_si512(line, _mm512_or_si512(words, _mm512_and_si512(cells, all(keep))));
    return _mm512_testn_epi64_mask(words, cells) != 0;
}

}  // namespace

TROMMEL_AVX512 void filter_judge_avx512(const FilterPass& given) {
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

TROMMEL_AVX512 uint32_t filter_judge_plain_avx512(const PlainFilterPass& given) {
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

TROMMEL_AVX512 void filter_sweep_avx512(uint64_t* words, uint64_t count, uint32_t keep) {
    const FilterKept kept(keep);
    const __m512i low_kept =
        _mm512_broadcast_i32x4(_mm_load_si128(reinterpret_cast<const __m128i*>(kept.cells)));
    const __m512i high_kept = _mm512_slli_epi16(low_kept, 4);
    const __m512i low_cells = _mm512_set1_epi8(15);
    for (uint64_t w = 0; w < count; w += rules::kFilterWords) {
        const __m512i held = _mm512_load_si512(words + w);
        const __m512i low = _mm512_and_si512(held, low_cells);
        const __m512i high = _mm512_and_si512(_mm512_srli_epi16(held, 4), low_cells);
        const __m512i left = _mm512_or_si512(_mm512_shuffle_epi8(low_kept, low),
                                             _mm512_shuffle_epi8(high_kept, high));
        if (_mm512_cmpneq_epi64_mask(left, held) != 0) _mm512_store_si512(words + w, left);
    }
}

}  // namespace trommel::cpu
#endif
