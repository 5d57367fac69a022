#include <immintrin.h>

#include "kernels/cpu/slot_search.h"

namespace trommel::cpu {
namespace {

#define TROMMEL_TARGET __attribute__((always_inline, target("avx2,bmi"))) inline

TROMMEL_TARGET uint32_t matches(const SlotLine& line, uint64_t tag) {
    const __m256i wanted = _mm256_set1_epi64x(static_cast<long long>(tag));
    const __m256i first = _mm256_load_si256(reinterpret_cast<const __m256i*>(&line));
    const __m256i equal = _mm256_cmpeq_epi64(first, wanted);
    const auto bits = static_cast<uint32_t>(_mm256_movemask_pd(_mm256_castsi256_pd(equal)));
    return bits | uint32_t{line.tag[4] == tag} << 4;
}

#include "kernels/cpu/slot_search_pass.h"

}  // namespace

__attribute__((target("avx2,bmi"))) uint32_t find_slots_avx2(const SlotSearch& search) {
    return search_lines(search);
}

}  // namespace trommel::cpu
