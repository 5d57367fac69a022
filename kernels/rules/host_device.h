#pragma once
// Rules are the same text on the host and on a device: constexpr, no state, no allocation.
#if defined(__CUDACC__)
#define TROMMEL_HD __host__ __device__
#else
#define TROMMEL_HD
#endif
