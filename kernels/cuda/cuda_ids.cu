#include "kernels/cuda/cuda_device.cuh"
#include "kernels/cuda/device_ids.h"

// Compiles the exact memory of ids for GPUs.
namespace trommel::cuda {

template class DeviceIds<CudaDevice, Ids64>;
template class DeviceIds<CudaDevice, Ids128>;

}  // namespace trommel::cuda
