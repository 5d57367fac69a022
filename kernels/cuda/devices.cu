#include <cuda_runtime_api.h>

#include "kernels/cuda/devices.h"

namespace trommel::cuda {
namespace {

Gpu describe(int index, const cudaDeviceProp& properties) {
    Gpu gpu;
    gpu.name = properties.name;
    gpu.major = properties.major;
    gpu.minor = properties.minor;
    gpu.processors = static_cast<uint32_t>(properties.multiProcessorCount);
    gpu.memory_bytes = properties.totalGlobalMem;
    char bus[32] = "";
    if (cudaDeviceGetPCIBusId(bus, sizeof bus, index) == cudaSuccess) gpu.bus = bus;
    return gpu;
}

}  // namespace

Devices visible_devices() {
    DeviceAnswer answer;
    cudaRuntimeGetVersion(&answer.runtime_version);
    cudaDriverGetVersion(&answer.driver_version);  // Leaves 0 where there is no driver.
    cudaError_t error = cudaGetDeviceCount(&answer.count);

    Devices devices;
    devices.runtime_version = answer.runtime_version;
    devices.driver_version = answer.driver_version;
    for (int i = 0; error == cudaSuccess && i < answer.count; ++i) {
        cudaDeviceProp properties;
        error = cudaGetDeviceProperties(&properties, i);
        if (error == cudaSuccess) devices.gpus.push_back(describe(i, properties));
    }
    // One GPU that cannot be asked makes all of them useless: their numbers would be wrong.
    if (error != cudaSuccess) devices.gpus.clear();
    answer.error = error;
    answer.says = cudaGetErrorString(error);
    devices.why_none = why_no_device(answer);
    cudaGetLastError();  // Or the next caller would find it.
    return devices;
}

}  // namespace trommel::cuda
