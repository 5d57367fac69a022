#include <immintrin.h>

#include "kernels/cpu/exact_home.h"
#include "kernels/cpu/prefetch.h"

namespace trommel::cpu {
namespace {

#define TROMMEL_TARGET __attribute__((always_inline, target("avx2,bmi"))) inline
#define TROMMEL_LAMBDA_TARGET __attribute__((always_inline, target("avx2,bmi")))

struct Ops {
    struct Needle {
        __m256i low, high;
    };
    TROMMEL_TARGET static Needle needle(uint64_t first, uint64_t second) {
        const auto a = static_cast<long long>(first), b = static_cast<long long>(second);
        return {_mm256_setr_epi64x(a, a, a, b), _mm256_set1_epi64x(b)};
    }
    TROMMEL_TARGET static uint32_t equal8(const void* line, const Needle& needle) {
        const auto* const halves = static_cast<const __m256i*>(line);
        const __m256i low = _mm256_cmpeq_epi64(_mm256_load_si256(halves), needle.low);
        const __m256i high = _mm256_cmpeq_epi64(_mm256_load_si256(halves + 1), needle.high);
        return static_cast<uint32_t>(_mm256_movemask_pd(_mm256_castsi256_pd(low)) |
                                     _mm256_movemask_pd(_mm256_castsi256_pd(high)) << 4);
    }
    TROMMEL_TARGET static uint32_t live8(const void* line, uint16_t floor) {
        const __m128i ticks = _mm_load_si128(static_cast<const __m128i*>(line) + 3);
        const __m128i above = _mm_sub_epi16(ticks, _mm_set1_epi16(static_cast<short>(floor)));
        const __m128i limit = _mm_set1_epi16(static_cast<short>(kLiveTicks - 1));
        const __m128i live = _mm_cmpeq_epi16(_mm_subs_epu16(above, limit), _mm_setzero_si128());
        return static_cast<uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(live, _mm_setzero_si128())));
    }
};

#include "kernels/cpu/exact_home_pass.h"

}  // namespace

__attribute__((target("avx2,bmi"))) void home_pass_64_avx2(HomePass& pass) {
    run_home_pass<Home64>(pass);
}
__attribute__((target("avx2,bmi"))) void home_pass_128_avx2(HomePass& pass) {
    run_home_pass<Home128>(pass);
}
__attribute__((target("avx2,bmi"))) void home_lines_avx2(const PageMap& map, const uint64_t* hash,
                                                         const uint32_t* rows, uint32_t count,
                                                         uint32_t* lines) {
    find_home_lines(map, hash, rows, count, lines);
}

}  // namespace trommel::cpu
