#include <cstdio>
#include <string>

#include "kernels/cuda/cuda_device.cuh"
#include "tests/kernels/cuda/device_check.h"

// Does a real GPU do what a Device must? Exits with 77 (skipped) where there is none.
int main() {
    std::string why;
    const auto device = trommel::cuda::CudaDevice::create(0, why);
    if (device == nullptr) {
        std::printf("SKIPPED: no GPU here: %s\n", why.c_str());
        return 77;
    }
    const char* const fault = trommel::cuda::fault_of(*device);
    if (fault != nullptr) std::printf("the GPU fails at: %s %s\n", fault, device->error());
    return fault == nullptr ? 0 : 1;
}
