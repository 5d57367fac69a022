#pragma once
#include <cstdint>

namespace trommel::hostpath {

// What a step came to.
enum class Progress : uint8_t { worked, idle, finished };

}  // namespace trommel::hostpath
