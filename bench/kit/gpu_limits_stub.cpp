// In the place of gpu_limits.cu and gpu_rates.cu where there was no CUDA toolkit.
#include "bench/kit/gpu_limits.h"
#include "bench/kit/gpu_rates.h"
#include "kernels/cuda/devices.h"

namespace trommel::bench {

namespace {

Status no_gpu() {
    return Status::error(Code::unreachable,
                         "no GPU to measure: " + cuda::visible_devices().why_none);
}

}  // namespace

Status measure_gpu_limits(GpuScale, const std::string&, GpuLimits&) {
    return no_gpu();
}

Status measure_gpu_rates(GpuScale, const EnergyReading&, std::vector<GpuRate>&) {
    return no_gpu();
}

}  // namespace trommel::bench
