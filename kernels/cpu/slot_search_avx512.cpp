#include <immintrin.h>

#include "kernels/cpu/slot_search.h"

namespace trommel::cpu {
namespace {

#define TROMMEL_TARGET __attribute__((always_inline, target("avx512f,bmi"))) inline

TROMMEL_TARGET uint32_t matches(const SlotLine& line, uint64_t tag) {
    const __m512i wanted = _mm512_set1_epi64(static_cast<long long>(tag));
    return uint32_t{_mm512_mask_cmpeq_epi64_mask(0x1f, _mm512_load_si512(&line), wanted)};
}

#include "kernels/cpu/slot_search_pass.h"

}  // namespace

__attribute__((target("avx512f,bmi"))) uint32_t find_slots_avx512(const SlotSearch& search) {
    return search_lines(search);
}

}  // namespace trommel::cpu
