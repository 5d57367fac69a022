#include "kernels/cuda/devices.h"

#include <algorithm>
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

size_t first_able(const Devices& devices) {
    const auto found = std::find_if(devices.gpus.begin(), devices.gpus.end(), is_able);
    return static_cast<size_t>(found - devices.gpus.begin());
}

std::string why_none_able(const Devices& devices) {
    if (devices.gpus.empty()) return devices.why_none;
    if (first_able(devices) < devices.gpus.size()) return "";
    return "a GPU of compute capability 8.0 or more is needed, and there is " +
           to_text(devices.gpus.front());
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
