#include "kernels/cuda/cuda_device.cuh"
#include "kernels/cuda/device_windows.h"

namespace trommel::cuda {

template class DeviceWindows<CudaDevice>;

}  // namespace trommel::cuda
