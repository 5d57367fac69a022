// Measures with events of the CUDA runtime, on the compute stream of each device.
#include <algorithm>
#include <cuda_runtime.h>
#include <memory>

#include "bench/kit/device_rates.h"
#include "kernels/cuda/cuda_device.cuh"
#include "kernels/cuda/devices.h"

namespace trommel::cuda {

// Compiled once, in cuda_shard.cu.
extern template class DeviceFilter<CudaDevice>;
extern template class DeviceIds<CudaDevice, Ids64>;
extern template class DeviceIds<CudaDevice, Ids128>;
extern template class DeviceWindows<CudaDevice>;
extern template class DeviceShard<CudaDevice>;

}  // namespace trommel::cuda

namespace trommel::bench {
namespace {

class EventClock {
   public:
    explicit EventClock(cuda::CudaDevice& device) : stream_(device.stream(cuda::Queue::compute)) {
        cudaEventCreate(&began_);
        cudaEventCreate(&ended_);
    }
    ~EventClock() {
        cudaEventDestroy(began_);
        cudaEventDestroy(ended_);
    }
    EventClock(const EventClock&) = delete;
    EventClock& operator=(const EventClock&) = delete;

    void start() { cudaEventRecord(began_, stream_); }
    void stop() { cudaEventRecord(ended_, stream_); }
    // What fails here has failed the device too, which is asked.
    double seconds() {
        float milliseconds = 0;
        cudaEventSynchronize(ended_);
        cudaEventElapsedTime(&milliseconds, began_, ended_);
        return static_cast<double>(milliseconds) / 1e3;
    }

   private:
    const cudaStream_t stream_;
    cudaEvent_t began_ = nullptr, ended_ = nullptr;
};

struct CudaRig {
    using Device = cuda::CudaDevice;
    using Clock = EventClock;

    std::unique_ptr<Device> make_device(std::string& why) const {
        return Device::create(ordinal, why);
    }
    int ordinal;
};

}  // namespace

Status measure_gpu_rates(GpuScale scale, const EnergyReading& energy, std::vector<GpuRate>& rates) {
    const cuda::Devices devices = cuda::visible_devices();
    if (const std::string why = cuda::why_none_able(devices); !why.empty()) {
        return Status::error(Code::unreachable, "no GPU to measure: " + why);
    }
    CudaRig rig{static_cast<int>(cuda::first_able(devices))};
    size_t free = 0, total = 0;
    cudaSetDevice(rig.ordinal);
    if (const cudaError_t error = cudaMemGetInfo(&free, &total); error != cudaSuccess) {
        return Status::error(Code::internal, cudaGetErrorString(error));
    }
    RatesScale sizes;
    if (scale == GpuScale::quick) sizes = quick_rates(free);
    sizes.device_bytes = free;
    return DeviceRates<CudaRig>(rig, sizes, energy).measure(rates);
}

}  // namespace trommel::bench
