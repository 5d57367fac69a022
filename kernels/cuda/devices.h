#pragma once
#include <cstdint>
#include <string>
#include <vector>

// Which GPUs this process could use, or why it could use none. Works the same in a build without
// CUDA and on a machine without a driver.
namespace trommel::cuda {

struct Gpu {
    std::string name;  // As its driver says: "NVIDIA H200".
    std::string bus;   // "0000:3b:00.0"
    int major = 0;     // Compute capability major.minor: 9.0 is an H100 or H200.
    int minor = 0;
    uint32_t processors = 0;    // Streaming multiprocessors.
    uint64_t memory_bytes = 0;  // All of it, also what others use now.
};

struct Devices {
    std::vector<Gpu> gpus;    // In the order of CUDA's numbers, which CUDA_VISIBLE_DEVICES changes.
    std::string why_none;     // Why `gpus` is empty; empty if it is not.
    int runtime_version = 0;  // 13000 is CUDA 13.0, which this was built with. 0: without CUDA.
    int driver_version = 0;   // The newest CUDA that the driver knows. 0: no driver.
};

// Code is compiled for compute capability 8.0 (A100) and up; older GPUs cannot run it.
constexpr bool is_able(const Gpu& gpu) {
    return gpu.major >= 8;
}

// The number of the first that is able, and why there is none: empty if there is one.
size_t first_able(const Devices& devices);
std::string why_none_able(const Devices& devices);

// Asks the driver. Any thread may; the first call in a process may take a second, because the
// driver starts. It makes no context and takes no memory on any GPU.
Devices visible_devices();

// "NVIDIA H200, compute capability 9.0, 132 processors, 139.8 GiB, at 0000:3b:00.0".
std::string to_text(const Gpu& gpu);

// "13.0" of 13000.
std::string version_text(int version);

// What CUDA answered when it was asked for devices.
struct DeviceAnswer {
    int error = 0;     // cudaError_t.
    std::string says;  // The error in CUDA's words.
    int count = 0;     // Of devices, if error is 0.
    int runtime_version = 0;
    int driver_version = 0;
};

// Why there is none, for a person, with what to do about it. Empty if there are some.
std::string why_no_device(const DeviceAnswer& answer);

}  // namespace trommel::cuda
