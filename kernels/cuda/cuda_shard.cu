#include "kernels/cuda/cuda_device.cuh"
#include "kernels/cuda/cuda_shard.h"
#include "kernels/cuda/device_shard.h"
#include "kernels/cuda/devices.h"

// All device code but sorting is compiled for GPUs here.
namespace trommel::cuda {

template class DeviceFilter<CudaDevice>;
template class DeviceIds<CudaDevice, Ids64>;
template class DeviceIds<CudaDevice, Ids128>;
template class DeviceWindows<CudaDevice>;
template class DeviceShard<CudaDevice>;

Status make_cuda_shard(const Config& config, const cpu::ShardOptions& options,
                       std::unique_ptr<cpu::Backend>& shard) {
    const Devices devices = visible_devices();
    std::string why = why_none_able(devices);
    std::unique_ptr<CudaDevice> device;
    if (why.empty()) device = CudaDevice::create(static_cast<int>(first_able(devices)), why);
    if (device == nullptr) return Status::error(Code::unreachable, "engine.type gpu: " + why);
    return DeviceShard<CudaDevice>::create(std::move(device), config, options, shard);
}

}  // namespace trommel::cuda
