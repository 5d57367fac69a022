#include "kernels/cuda/devices.h"

#include <cstdio>

namespace trommel::cuda {
namespace {

// Values of cudaError_t, which CUDA promises to keep. This file is compiled without CUDA as well.
constexpr int kInsufficientDriver = 35;
constexpr int kNoDevice = 100;

}  // namespace

std::string version_text(int version) {
    return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string to_text(const Gpu& gpu) {
    char memory[32];
    std::snprintf(memory, sizeof memory, "%.1f GiB",
                  static_cast<double>(gpu.memory_bytes) / (1024.0 * 1024 * 1024));
    return gpu.name + ", compute capability " + std::to_string(gpu.major) + "." +
           std::to_string(gpu.minor) + ", " + std::to_string(gpu.processors) + " processors, " +
           memory + ", at " + gpu.bus;
}

std::string why_no_device(const DeviceAnswer& answer) {
    if (answer.error == 0 && answer.count > 0) return "";
    if (answer.error == kInsufficientDriver && answer.driver_version == 0) {
        return "there is no NVIDIA driver on this machine";
    }
    if (answer.error == kInsufficientDriver) {
        return "the NVIDIA driver knows CUDA " + version_text(answer.driver_version) +
               " and this was built with " + version_text(answer.runtime_version) +
               "; a newer driver is needed";
    }
    if (answer.error == 0 || answer.error == kNoDevice) {
        return "the NVIDIA driver sees no GPU; there is none, or CUDA_VISIBLE_DEVICES hides it";
    }
    return "CUDA cannot start: " + answer.says + " (error " + std::to_string(answer.error) + ")";
}

}  // namespace trommel::cuda
