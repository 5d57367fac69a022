#include "kernels/cuda/cuda_device.cuh"
#include "kernels/cuda/device_filter.h"

namespace trommel::cuda {

template class DeviceFilter<CudaDevice>;

}  // namespace trommel::cuda
