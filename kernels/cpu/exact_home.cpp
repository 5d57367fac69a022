#include "kernels/cpu/exact_home.h"

#include <array>

namespace trommel::cpu {

HomeLines home_lines(SimdLevel simd) {
    constexpr std::array<HomeLines, 3> kLoops = {home_lines_scalar, home_lines_avx2,
                                                 home_lines_avx512};
    return kLoops[static_cast<size_t>(simd)];
}

HomePassFunction home_pass(IdKind kind, SimdLevel simd) {
    if (kind == IdKind::verified) return nullptr;
    constexpr std::array<std::array<HomePassFunction, 3>, 2> kPasses = {
        {{home_pass_64_scalar, home_pass_64_avx2, home_pass_64_avx512},
         {home_pass_128_scalar, home_pass_128_avx2, home_pass_128_avx512}}};
    return kPasses[kind == IdKind::u64 ? 0 : 1][static_cast<size_t>(simd)];
}

}  // namespace trommel::cpu
