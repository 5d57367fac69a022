#include <cstdio>
#include <string>

#include "kernels/cuda/cuda_device.cuh"
#include "tests/kernels/cuda/windows_check.h"

// Do the windows of a real GPU answer as the CPU's do? Exits with 77 (skipped) where there is none.
int main() {
    using namespace trommel::cuda;
    std::string why;
    const auto device = CudaDevice::create(0, why);
    if (device == nullptr) {
        std::printf("SKIPPED: no GPU here: %s\n", why.c_str());
        return 77;
    }
    for (const uint64_t keys : {uint64_t{1}, uint64_t{1000}, uint64_t{1} << 20}) {
        CheckedWindows<CudaDevice> windows(*device, {.seed = keys,
                                                     .batches = 60,
                                                     .batch_events = 65536,
                                                     .keys = keys,
                                                     .budget_bytes = uint64_t{4} << 30});
        const std::string fault = windows.fault();
        std::printf("%llu keys, %llu rows: %s\n", static_cast<unsigned long long>(keys),
                    static_cast<unsigned long long>(windows.rows()),
                    fault.empty() ? "as on the CPU" : fault.c_str());
        if (!fault.empty()) return 1;
    }
    return 0;
}
