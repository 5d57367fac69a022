#pragma once
#include <cstdint>

#include "trommel/status.h"

namespace trommel::cpu {

enum class SimdLevel : uint8_t { scalar, avx2, avx512 };

const char* to_text(SimdLevel level);

// The best level that this processor has.
SimdLevel detect_simd();

// detect_simd(), or what TROMMEL_SIMD=scalar|avx2|avx512 asks for. An unknown name or a level that
// the processor lacks is an error that says so.
Status simd_from_environment(SimdLevel& level);

}  // namespace trommel::cpu
