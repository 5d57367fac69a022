// In the place of the .cu files where there was no CUDA toolkit.
#include "kernels/cuda/cuda_shard.h"
#include "kernels/cuda/devices.h"

namespace trommel::cuda {

Devices visible_devices() {
    Devices devices;
    devices.why_none = "this was built without CUDA";
    return devices;
}

Status make_cuda_shard(const Config&, const cpu::ShardOptions&, std::unique_ptr<cpu::Backend>&) {
    return Status::error(Code::unreachable, "engine.type gpu: " + visible_devices().why_none);
}

}  // namespace trommel::cuda
