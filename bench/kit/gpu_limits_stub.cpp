// In the place of gpu_limits.cu where there was no CUDA toolkit.
#include "bench/kit/gpu_limits.h"
#include "kernels/cuda/devices.h"

namespace trommel::bench {

Status measure_gpu_limits(GpuScale, const std::string&, GpuLimits&) {
    return Status::error(Code::unreachable,
                         "no GPU to measure: " + cuda::visible_devices().why_none);
}

}  // namespace trommel::bench
