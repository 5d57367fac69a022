#include <immintrin.h>

#include "kernels/cpu/exact_home.h"
#include "kernels/cpu/prefetch.h"

namespace trommel::cpu {
namespace {

#define TROMMEL_TARGET \
    __attribute__((always_inline, target("avx512f,avx512bw,avx512dq,avx512vl,bmi"))) inline
#define TROMMEL_LAMBDA_TARGET \
    __attribute__((always_inline, target("avx512f,avx512bw,avx512dq,avx512vl,bmi")))

struct Ops {
    TROMMEL_TARGET static __m512i needle(uint64_t first, uint64_t second) {
        return _mm512_mask_set1_epi64(_mm512_set1_epi64(static_cast<long long>(first)), 0x38,
                                      static_cast<long long>(second));
    }
    TROMMEL_TARGET static uint32_t equal8(const void* line, __m512i needle) {
        return _mm512_cmpeq_epi64_mask(_mm512_load_si512(line), needle);
    }
    TROMMEL_TARGET static uint32_t live8(const void* line, uint16_t floor) {
        const __m128i ticks = _mm_load_si128(static_cast<const __m128i*>(line) + 3);
        const __m128i above = _mm_sub_epi16(ticks, _mm_set1_epi16(static_cast<short>(floor)));
        return _mm_cmplt_epu16_mask(above, _mm_set1_epi16(static_cast<short>(kLiveTicks)));
    }
};

#include "kernels/cpu/exact_home_pass.h"

}  // namespace

__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi"))) void home_pass_64_avx512(
    HomePass& pass) {
    run_home_pass<Home64>(pass);
}
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi"))) void home_pass_128_avx512(
    HomePass& pass) {
    run_home_pass<Home128>(pass);
}
__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,bmi"))) void home_lines_avx512(
    const PageMap& map, const uint64_t* hash, const uint32_t* rows, uint32_t count,
    uint32_t* lines) {
    find_home_lines(map, hash, rows, count, lines);
}

}  // namespace trommel::cpu
