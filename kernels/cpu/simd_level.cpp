#include "kernels/cpu/simd_level.h"

#include <cstdlib>
#include <string>

namespace trommel::cpu {

const char* to_text(SimdLevel level) {
    constexpr const char* kNames[] = {"scalar", "avx2", "avx512"};
    return kNames[static_cast<size_t>(level)];
}

SimdLevel detect_simd() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
        return SimdLevel::avx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")) return SimdLevel::avx2;
#endif
    return SimdLevel::scalar;
}

Status simd_from_environment(SimdLevel& level) {
    const SimdLevel best = level = detect_simd();
    const char* const asked = std::getenv("TROMMEL_SIMD");
    if (asked == nullptr || *asked == '\0') return {};
    for (const SimdLevel known : {SimdLevel::scalar, SimdLevel::avx2, SimdLevel::avx512}) {
        if (std::string(asked) != to_text(known)) continue;
        level = known;
        if (known <= best) return {};
        return Status::error(
            Code::invalid_config,
            std::string("TROMMEL_SIMD=") + asked + ": this processor has only " + to_text(best));
    }
    return Status::error(Code::invalid_config,
                         std::string("TROMMEL_SIMD=") + asked + ": use scalar, avx2 or avx512");
}

}  // namespace trommel::cpu
