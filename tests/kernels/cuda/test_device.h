#pragma once

// The Device that tests of device code run on. They are built twice: for threads in shuffled order,
// and for Thrust's OpenMP backend where its headers are.
#if defined(TROMMEL_TEST_THRUST)
#include "tests/kernels/cuda/thrust_device.h"
namespace trommel::cuda {
using TestDevice = ThrustDevice;
}
#else
#include "tests/kernels/cuda/shuffled_device.h"
namespace trommel::cuda {
using TestDevice = ShuffledDevice;
}
#endif
